"""The program that somebody reads long output with, when CPCTL_PAGER names one; it is asked for, never assumed."""

from __future__ import annotations

import shlex
import subprocess
from contextlib import suppress

VARIABLE = "CPCTL_PAGER"


class Pager:
    """A running pager; what is written to it is what would have gone to the terminal.

    Raises:
        ValueError: The command line has a quote that is not closed, or is none.
        OSError: It cannot be started.
    """

    def __init__(self, command: str) -> None:
        words = shlex.split(command)
        if not words:
            raise ValueError("it is empty")
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, encoding="utf-8", errors="backslashreplace")

    def write(self, text: str) -> None:
        """Raises BrokenPipeError when its reader has left."""
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def close(self) -> None:
        """Let it come to its end: it is its reader who leaves, and Ctrl-C is the pager's key."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        while True:
            with suppress(KeyboardInterrupt):
                self._process.wait()
                return
