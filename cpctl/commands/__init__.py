"""One file per verb; a verb is a generator of stdout text that returns the exit code."""
