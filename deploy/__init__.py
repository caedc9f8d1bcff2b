"""Setting up what Landfall runs in, and what stands in for it on a laptop."""
