"""Instants as epoch seconds inside, RFC 3339 with Z on the wire; a money day begins at 00:00 in Beijing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

BEIJING_OFFSET_S: Final = 8 * 3600
DAY_S: Final = 86_400
UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": DAY_S}
DURATION: Final = re.compile(r"(?:[0-9]{1,9}[smhd])+")
LONGEST_S: Final = 10 * 366 * DAY_S
"""No order is longer than ten years."""


def rfc3339(epoch_s: float) -> str:
    """An instant in UTC, whole seconds, as `2026-01-02T03:04:05Z`."""
    return datetime.fromtimestamp(int(epoch_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def beijing_day(epoch_s: float) -> str:
    """The Beijing date of an instant, as `2026-01-02`."""
    return datetime.fromtimestamp(int(epoch_s) + BEIJING_OFFSET_S, UTC).strftime("%Y-%m-%d")


def next_midnight(epoch_s: float) -> int:
    """The first Beijing midnight after an instant."""
    return (int(epoch_s) + BEIJING_OFFSET_S) // DAY_S * DAY_S + DAY_S - BEIJING_OFFSET_S


def days(start_s: int, end_s: int) -> list[tuple[int, int]]:
    """The stretch [start, end) cut at every Beijing midnight."""
    cuts = [start_s]
    while (midnight := next_midnight(cuts[-1])) < end_s:
        cuts.append(midnight)
    return list(zip(cuts, [*cuts[1:], end_s], strict=True)) if end_s > start_s else []


def duration_s(text: str) -> int:
    """`90s`, `30m`, `24h`, `7d`, `1h30m` as seconds. Raises ValueError, also for none and for more than ten years."""
    if not DURATION.fullmatch(text):
        raise ValueError(text)
    total = sum(int(count) * UNIT_S[unit] for count, unit in re.findall(r"([0-9]+)([smhd])", text))
    if not 0 < total <= LONGEST_S:
        raise ValueError(text)
    return total
