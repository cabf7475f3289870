"""What can go wrong with the sandbox itself, as one sentence and one next step."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox cannot do what was asked of it.

    Args:
        message: One sentence that says what is wrong.
        hint: What to do next, a command where there is one.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
