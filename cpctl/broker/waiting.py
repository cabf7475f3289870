"""Waiting until something is so, with a deadline that nothing outlasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cpctl.errors import BadAnswer, CpctlError, TimedOut, Unreachable
from cpctl.resources.clock import Clock

T = TypeVar("T")

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0


def wait_until(
    done: Callable[[T], bool],
    fetch: Callable[[float], T],
    clock: Clock,
    *,
    limit_s: float,
    what: str,
    seen: Callable[[T], None] = lambda _: None,
) -> T:
    """Ask until it is done; the deadline includes the asking.

    Args:
        done: May raise when it can no longer come.
        fetch: Asks once; takes the seconds it has.
        what: What is waited for, for messages: `order "x" to be Active`.
        seen: Is told every answer.

    Raises:
        TimedOut: `limit_s` went by; what was waited for goes on.
    """
    ends = clock.monotonic() + limit_s
    pause_s = FIRST_PAUSE_S
    last: CpctlError | None = None
    while (left_s := ends - clock.monotonic()) > 0:
        try:
            found = fetch(left_s)
        except (Unreachable, BadAnswer) as error:  # a passing failure; waiting is what we do anyway
            last = error
        else:
            seen(found)
            if done(found):
                return found
        clock.sleep(max(0.0, min(pause_s, ends - clock.monotonic())))
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
    raise timed_out(what, limit_s, last)


def timed_out(what: str, limit_s: float, last: CpctlError | None) -> TimedOut:
    """The error, with the last failure to ask when there was one."""
    from cpctl.units import duration

    why = f" (the last answer failed: {last.message})" if last else ""
    return TimedOut(detail=f"gave up waiting after {duration(max(1, round(limit_s)))} for {what}; it goes on{why}")
