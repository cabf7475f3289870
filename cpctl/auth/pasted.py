"""Logging in with a token that somebody already has, read from stdin: no flag takes a secret."""

from __future__ import annotations

from collections.abc import Callable

from cpctl.auth.oauth import Grant
from cpctl.errors import UsageError
from cpctl.resources.secret import LONGEST, checked


def pasted_token(read: Callable[[int], bytes]) -> Grant:
    """The one line of stdin.

    Raises:
        UsageError: It is not text.
        TokenRefused: It is no token.
    """
    try:
        text = read(LONGEST + 2).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(detail="what stdin holds is no token") from error
    return Grant(checked(text.strip("\r\n")), None, None, pasted=True)
