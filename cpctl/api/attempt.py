"""One sending of a request: what came of it, and its answer while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cpctl.api import policy
from cpctl.api.body import decoded
from cpctl.api.line import Cut, Late
from cpctl.api.policy import Standing
from cpctl.errors import BadAnswer, CpctlError, Unreachable
from cpctl.resources.clock import Clock
from cpctl.resources.exchange import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.api.line import Line
    from cpctl.api.quick import QuickLine


class Failure(Exception):
    """An attempt that brought no success: what the user would see if it was the last, and what is known."""

    def __init__(
        self, error: CpctlError, standing: Standing, status: int = 0, retry_after_s: float | None = None
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.standing = standing
        self.retry_after_s = retry_after_s
        self.settles = standing is Standing.FINAL and status not in policy.NOT_KEPT


class Attempt:
    """One sending of a request, the first has number 1: its line, the answer's head, when time is over (monotonic)."""

    def __init__(self, request: Request, line: Line | QuickLine, ends: float, number: int) -> None:
        self.request, self.line, self.ends, self.number = request, line, ends, number
        self.status = 0
        self.headers: dict[str, str] = {}


class Streamed:
    """A `StreamedAnswer`."""

    def __init__(self, attempt: Attempt, clock: Clock) -> None:
        self.status = attempt.status
        self.headers: Mapping[str, str] = attempt.headers
        self._attempt = attempt
        self._clock = clock

    def chunks(self, idle_s: Callable[[], float] | None = None) -> Iterator[bytes]:
        """The body's bytes as they arrive; raises Unreachable or BadAnswer when the line is cut."""
        attempt = self._attempt
        left_s = max(attempt.ends - self._clock.monotonic(), 0.001)
        attempt.line.healthy = False  # until the last byte is there
        try:
            yield from decoded(
                attempt.line.chunks(idle_s or left_s), attempt.headers, policy.ENDLESS if idle_s else policy.BODY_LIMIT
            )
        except Late as fault:
            if idle_s:
                raise Unreachable(reason="Late", detail="nothing came any more") from fault
            limit_s = attempt.request.deadline_s
            raise Unreachable(reason="Late", detail=f"the answer was not complete within {limit_s:g} s") from fault
        except Cut as fault:
            raise BadAnswer(reason="Cut", detail=f"the answer was cut: {fault}") from fault
        attempt.line.healthy = True
