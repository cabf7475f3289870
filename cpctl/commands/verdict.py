"""Verbs whose exit code 1 is an answer (`diff`: differences, `audit`: findings) say that there is none with another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cpctl.errors import CpctlError, ExitCode, LocalFailure, Unreachable


@contextmanager
def apart_from_1() -> Iterator[None]:
    """An answer that cpctl does not know is as good as none, and ends with 9; what this machine says stays what it is.

    Raises:
        Unreachable: With the words of the answer.
    """
    try:
        yield
    except CpctlError as error:
        if error.exit_code is not ExitCode.FAILED or isinstance(error, LocalFailure):
            raise
        raise Unreachable(
            reason=error.reason,
            detail=error.message,
            hint="{advice}" if error.advice else None,
            advice=error.advice,
            request_id=error.request_id,
        ) from error
