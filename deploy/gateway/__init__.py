"""Cloud Endpoints on a laptop: Envoy in front of Landfall, with the gateway's answers."""
