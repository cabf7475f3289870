"""Verbs whose exit code 1 is an answer (`diff`: differences, `audit`: findings) say that there is none with another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cpctl.errors import BadAnswer, Unreachable


@contextmanager
def apart_from_1() -> Iterator[None]:
    """An answer that cannot be read is as good as none, and ends with 9.

    Raises:
        Unreachable: With the words of the BadAnswer.
    """
    try:
        yield
    except BadAnswer as error:
        raise Unreachable(
            reason=error.reason,
            detail=error.message,
            hint="{advice}" if error.advice else None,
            advice=error.advice,
            request_id=error.request_id,
        ) from error
