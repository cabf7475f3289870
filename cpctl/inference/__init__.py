"""Calling hosted models: bytes to events, events to an answer, one source chosen, its cost bounded."""
