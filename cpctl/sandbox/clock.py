"""The sandbox's clock: wall time, faster or moved ahead on request; it never goes back, nor stops while all is down."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from cpctl.sandbox.problems import invalid
from cpctl.sandbox.store import Change, Store, set_meta

SLOWEST: Final = 0.001
FASTEST: Final = 1_000_000.0
FARTHEST_S: Final = 10 * 366 * 86_400
"""One step ahead is at most ten years."""


class Anchor(NamedTuple):
    """Sandbox time is `sandbox_s` at wall time `wall_s` and goes on `speed` times faster."""

    sandbox_s: float
    wall_s: float
    speed: float

    def at(self, wall_s: float) -> float:
        """Sandbox time at a wall time; a wall clock that was set back stands still here."""
        return self.sandbox_s + max(0.0, wall_s - self.wall_s) * self.speed


class Clock:
    """Time for holds, billing and ends of orders, in epoch seconds.

    Args:
        store: Keeps the anchor.
        speed: From now on; None leaves it as it was.
        wall: Wall time in epoch seconds.
    """

    def __init__(self, store: Store, speed: float | None = None, wall: Callable[[], float] = time.time) -> None:
        self._store = store
        self._wall = wall
        self._seen = 0.0
        self._anchor = kept(store) or Anchor(wall(), wall(), 1.0)
        if speed is not None or not store.meta("clock"):
            self.set_speed(self.speed if speed is None else speed)

    @property
    def speed(self) -> float:
        """Sandbox seconds in a second."""
        return self._anchor.speed

    def now(self) -> float:
        """Sandbox time."""
        self._seen = max(self._seen, self._anchor.at(self._wall()))
        return self._seen

    def wall(self) -> float:
        """Wall time, for tokens and key windows."""
        return self._wall()

    def wall_s(self, sandbox_s: float) -> float:
        """How many wall seconds so many sandbox seconds are."""
        return sandbox_s / self.speed

    def set_speed(self, speed: float) -> None:
        """Go on at another speed. Raises Problem."""
        if not SLOWEST <= speed <= FASTEST:
            raise invalid("speed", f"must be between {SLOWEST} and {FASTEST:.0f}")
        self._move(Anchor(self.now(), self._wall(), speed))

    def advance(self, seconds: float) -> None:
        """Jump ahead. Raises Problem."""
        if not 0 <= seconds <= FARTHEST_S:
            raise invalid("advance", "must be a number of seconds ahead, ten years at most")
        self._move(Anchor(self.now() + seconds, self._wall(), self.speed))

    def _move(self, anchor: Anchor) -> None:
        with self._store.change() as change:
            keep(change, anchor)
        self._anchor = anchor


def keep(change: Change, anchor: Anchor) -> None:
    """Write the anchor, inside a transaction."""
    set_meta(change.db, "clock", " ".join(map(repr, anchor)))


def kept(store: Store) -> Anchor | None:
    """The anchor of the last run."""
    text = store.meta("clock")
    return Anchor(*map(float, text.split())) if text else None
