"""Several objects, of which some fail: the others are acted on all the same, for what stops billing must not wait."""

from __future__ import annotations

from contextlib import contextmanager

from cpctl.errors import CpctlError, ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.runtime import Runtime


GRAVITY = {ExitCode.OUTCOME_UNKNOWN: 3, ExitCode.UNREACHABLE: 2, ExitCode.TIMED_OUT: 2, ExitCode.NOT_FOUND: 0}
"""Which code of several tells the truth of them all: something may still be billed, or it is only not there; else 1."""


class Failures:
    """What went wrong with some of several objects."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._all: list[tuple[str, CpctlError]] = []

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Around what is done with one of them (`order/x`): its failure is kept for the end."""
        try:
            yield
        except CpctlError as error:
            self._all.append((what, error))

    def end(self) -> None:
        """Tell them; the run ends as the gravest did, of equals as the first, whatever order they were given in.

        Raises:
            CpctlError: There was one.
        """
        if not self._all:
            return
        _, gravest = max(self._all, key=lambda one: GRAVITY.get(one[1].exit_code, 1))
        for what, error in self._all:
            if error is not gravest:
                self._rt.say(f"error: {what}: {error.message}")
        raise gravest
