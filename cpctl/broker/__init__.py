"""Find the cheapest cards, buy them exactly once, and give them back."""
