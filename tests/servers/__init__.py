"""Stand-ins for the services that the tests talk to."""
