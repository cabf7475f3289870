"""What can go wrong with the sandbox itself, as one sentence and one next step."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox cannot do what was asked of it.

    Args:
        message: One sentence that says what is wrong.
        hint: What to do next, a command where there is one.
        is_usage: What was asked for is wrong, not the machine.
    """

    def __init__(self, message: str, hint: str = "", *, is_usage: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.is_usage = is_usage
