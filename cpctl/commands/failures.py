"""Several objects, of which some fail: the others are acted on all the same, for what stops billing must not wait."""

from __future__ import annotations

from contextlib import contextmanager

from cpctl.errors import CpctlError, OutcomeUnknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.runtime import Runtime


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
        """Tell them; the run ends as the first did, or as one whose outcome is not known.

        Raises:
            CpctlError: There was one.
        """
        if not self._all:
            return
        last = next((one for one in self._all if isinstance(one[1], OutcomeUnknown)), self._all[0])
        for what, error in self._all:
            if error is not last[1]:
                self._rt.say(f"error: {what}: {error.message}")
        raise last[1]
