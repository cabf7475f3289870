"""Measurements. Nothing here is a test: `make bench` prints a table, and a person reads it."""
