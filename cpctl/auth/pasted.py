"""Logging in with a token that somebody already has, read from stdin: no flag takes a secret."""

from __future__ import annotations

from typing import TextIO

from cpctl.auth.oauth import Grant
from cpctl.errors import UsageError
from cpctl.resources.secret import LONGEST, checked


def pasted_token(stdin: TextIO) -> Grant:
    """The one line of stdin.

    Raises:
        UsageError: stdin is a terminal, which would show the token, or is not text.
        TokenRefused: It is no token.
    """
    if stdin.isatty():
        raise UsageError(
            detail="--with-token reads the token from stdin, and stdin is a terminal",
            hint="cpctl auth login --with-token < FILE",
        )
    try:
        text = stdin.read(LONGEST + 2)
    except UnicodeDecodeError as error:
        raise UsageError(detail="what stdin holds is no token") from error
    return Grant(checked(text.strip("\r\n")), None, None, pasted=True)
