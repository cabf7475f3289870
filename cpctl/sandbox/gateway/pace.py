"""How fast a stream goes: a wait for the first piece, then the source's pace, in bursts that spare the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

LONGEST_FIRST_S: Final = 0.3
SHORT: Final = 200  # events of an answer that is over within SHORT_S, however slow its source
SHORT_S: Final = 1.0
FASTEST: Final = 400.0  # events a second beyond that
BURST_S: Final = 0.06


class Pace(NamedTuple):
    """Seconds before the first event, and for all the others together."""

    first_s: float
    rest_s: float

    def faster(self, times: float) -> Pace:
        """So many times as fast; never slower."""
        by = max(times, 1.0)
        return Pace(self.first_s / by, self.rest_s / by)


def pace_of(source: Mapping[str, Any], events: int) -> Pace:
    """The pace of a source's answer."""
    status = source["status"]
    first_s = min(status["latencyMs"] / 1000, LONGEST_FIRST_S)
    own_s = events / max(status["tokensPerSecond"], 1)
    return Pace(first_s, min(own_s, SHORT_S + max(0, events - SHORT) / FASTEST))


async def paced(events: Sequence[bytes], pace: Pace) -> AsyncIterator[bytes]:
    """The events in bursts, on time."""
    await asyncio.sleep(pace.first_s)
    bursts = max(1, min(len(events), round(pace.rest_s / BURST_S)))
    for turn in range(bursts):
        yield b"".join(events[len(events) * turn // bursts : len(events) * (turn + 1) // bursts])
        if turn + 1 < bursts:
            await asyncio.sleep(pace.rest_s / bursts)
