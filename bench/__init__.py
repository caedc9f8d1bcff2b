"""Benchmarks, and the rig they run on: `make bench`, `make bench-wan`."""
