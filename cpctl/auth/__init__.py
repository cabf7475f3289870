"""Whose token is shown to a platform, and how one is got."""
