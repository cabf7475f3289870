"""The one loop that waits: its deadline holds whatever the asking does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cpctl.broker.waiting import wait_until
from cpctl.errors import BadAnswer, Forbidden, TimedOut, Unreachable


class Clock:
    """Time that passes only by sleeping and asking."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def monotonic(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.time_s += seconds


def asking(clock, answers, *, takes_s=0.0):
    """Each answer in turn, the last for ever; an error is raised."""
    given = list(answers)

    def fetch(left_s):
        assert left_s > 0
        clock.time_s += min(takes_s, left_s)
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return fetch


def waited(clock, answers, *, limit_s=60.0, takes_s=0.0, seen=lambda _: None):
    fetch = asking(clock, answers, takes_s=takes_s)
    return wait_until(lambda phase: phase == "Active", fetch, clock, limit_s=limit_s, what="it", seen=seen)


def test_what_is_so_takes_no_time():
    clock = Clock()
    assert (waited(clock, ["Active"]), clock.time_s) == ("Active", 0.0)


def test_every_answer_is_shown():
    shown: list[str] = []
    waited(Clock(), ["Held", "Activating", "Active"], seen=shown.append)
    assert shown == ["Held", "Activating", "Active"]


@pytest.mark.parametrize("error", [Unreachable(detail="gone"), BadAnswer(detail="a proxy's page")])
def test_a_failure_that_passes_is_outlasted_and_one_that_stays_is_told(error):
    assert waited(Clock(), [error, error, "Active"]) == "Active"
    with pytest.raises(TimedOut, match=error.message):
        waited(Clock(), [error])


def test_a_refusal_ends_it():
    with pytest.raises(Forbidden):
        waited(Clock(), [Forbidden(detail="no")])


@pytest.mark.parametrize("limit_s", [0.05, 1.0, 3.0, 600.0])
@pytest.mark.parametrize("takes_s", [0.0, 0.3, 30.0, 10_000.0])
def test_the_deadline_holds(limit_s, takes_s):
    clock = Clock()
    with pytest.raises(TimedOut, match="goes on"):
        waited(clock, ["Held"], limit_s=limit_s, takes_s=takes_s)
    assert clock.time_s == pytest.approx(limit_s)


def test_it_asks_often_at_first_and_then_every_other_second():
    clock, times = Clock(), []
    with pytest.raises(TimedOut):
        waited(clock, ["Held"], seen=lambda _: times.append(clock.time_s))
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] == pytest.approx(0.2) and max(pauses) == pytest.approx(2.0)
    assert len(times) < 45
