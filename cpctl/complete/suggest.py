"""What a person may type where nothing is fixed: how many cards, until when, a new name. Pure; any other is as good."""

from __future__ import annotations

from cpctl.complete.live import PROVINCE, names, narrowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line
    from cpctl.complete.live import Pairs, Read

HOUR_S, DAY_S = 3_600, 86_400
UNKNOWN_FREE, MOST_CARDS, MOST_DIGITS = 64, 100_000, 9  # an order takes no more cards
AHEAD = (("in 4 hours", 4 * HOUR_S), ("in a day", DAY_S), ("in 7 days", 7 * DAY_S), ("in 30 days", 30 * DAY_S))
BEHIND = (("a day ago", -DAY_S), ("7 days ago", -7 * DAY_S), ("30 days ago", -30 * DAY_S))


def suggested(slot: str, line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    """What to offer after a head, as the engine's other sources."""
    if slot == "@new":
        return [(name(line.key.rpartition(" ")[2], line.now), "a new name")], head
    if slot == "@until":
        return moments(line.now, BEHIND if line.key == "usage" else AHEAD), head
    return _shares(line, read, head) if slot == "@offer=" else (counts(_free(line, read)), head)


def _shares(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    """`OFFER=CARDS`: a name, then how many of its cards."""
    offer, equals, _ = line.last.partition("=")
    if not equals:
        return names(line, "offers", read).ending("="), head
    row = f"\n{read('offers').lines(offer)}".partition(f"\n{offer}\t")[2].partition("\n")[0]
    return counts(next(_free_of_each(row), None)), f"{offer}="


def _free(line: Line, read: Read) -> int | None:
    """What one offer has (`get` asks which could serve so many), or all together (`plan` and `create` spread)."""
    known = read("offers")
    fitting = narrowed(line, known)
    if line.key == "get":
        return max(_free_of_each(fitting.lines("")), default=0) if known.has_names else None
    return sum(fitting.values(PROVINCE).values()) if known.groups else None


def _free_of_each(lines: str) -> Iterator[int]:
    """The numbers of `NAME x N free, …`."""
    for beside in lines.split(" free, ")[:-1]:
        count = beside.rpartition(" x ")[2]
        if count.isdecimal() and len(count) <= MOST_DIGITS:
            yield int(count)


def counts(free: int | None) -> Iterator[tuple[str, str]]:
    """Numbers of cards as machines have them: 1 2 4 8 …, up to all that are free; None: nobody knows how many are."""
    beside = "" if free is None else f"of {free} free"
    most = UNKNOWN_FREE if free is None else min(free, MOST_CARDS)
    count = 1
    while count < most:
        yield str(count), beside
        count *= 2
    if most > 0:
        yield str(most), beside


def moments(now: float, steps: tuple[tuple[str, int], ...]) -> Iterator[tuple[str, str]]:
    """Full hours before or after now, as times with a zone."""
    for beside, step in steps:
        yield f"{_utc(now + step):%Y-%m-%dT%H:00:00Z}", beside


def name(kind: str, now: float) -> str:
    """A name that nobody has yet: the day, and the last of the milliseconds, which no two people have in common."""
    return f"{kind}-{_utc(now):%m%d}-{int(now * 1000) & 0xFFFF:04x}"


def _utc(seconds: float) -> datetime:
    from datetime import datetime, timedelta

    return datetime(1970, 1, 1) + timedelta(seconds=seconds)
