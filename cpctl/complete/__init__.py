"""Completion: what the shell says while a command line is typed."""
