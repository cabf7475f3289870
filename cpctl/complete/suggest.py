"""What a person may type where nothing is fixed: cards, times, a new name, labels. Pure; any other is as good."""

from __future__ import annotations

from cpctl.complete._words import KINDS
from cpctl.complete.live import LABELS, PROVINCE, labels_of
from cpctl.complete.narrowing import having, narrowed, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line
    from cpctl.complete.narrowing import Pairs, Read

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
        given = [one.partition("=")[0] for one in line.value("--offer").split(",")]
        return narrowed(line, "offers", read("offers")).but(given).ending("="), head
    row = f"\n{read('offers').lines(offer)}".partition(f"\n{offer}\t")[2].partition("\n")[0]
    return counts(next(_free_of_each(row), None)), f"{offer}="


def _free(line: Line, read: Read) -> int | None:
    """What one offer has (`get` asks which could serve so many), or all together (`plan` and `create` spread)."""
    known = read("offers")
    fitting = narrowed(line, "offers", known)
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


# what is on the line of a command that buys


def on_sale(lines: str) -> str:
    """Offers that still have a card; all of them, which say how many they have, where none of these has."""
    if " x 0 free, " not in lines:
        return lines
    return "".join([line for line in lines.splitlines(keepends=True) if " x 0 free, " not in line]) or lines


# labels


def label_changes(line: Line, read: Read) -> tuple[list[tuple[str, str]], bool]:
    """`KEY=VALUE` and `KEY-` behind the orders of `label`, or a further order; whether it is whole then.

    Offered to take off are the labels that these orders have.
    """
    pairs = labels_of(read, ["orders"])
    if "=" in line.last:
        return [(pair, "") for pair in pairs], True
    changed = {word.partition("=")[0].removesuffix("-") for word in line.plain[1:] if "=" in word or word[-1:] == "-"}
    keys = dict.fromkeys(pair.partition("=")[0] for pair in pairs)
    found = [(f"{key}=", "label") for key in keys if key not in changed]
    found += [(f"{key}-", f"take off {key}={value}") for key, value in _own_labels(line, read) if key not in changed]
    if not changed and KINDS.get(line.plain[0].lower()) is None:
        found.append(("order/", ""))
    fitting = [word for word, _ in found if word.startswith(line.last)]
    return found, bool(fitting) and all(word[-1] == "-" for word in fitting)


def _own_labels(line: Line, read: Read) -> Iterator[tuple[str, str]]:
    """The labels of the orders on the line."""
    orders = read("orders")
    own = {word.rpartition("/")[2] for word in line.plain}
    seen: dict[str, str] = {}
    for labels in orders.values(LABELS["orders"]):
        with_them = having(orders, LABELS["orders"], {labels})
        if labels and not own.isdisjoint(name for name, _ in rows(with_them)):
            seen |= dict(pair.split("=", 1) for pair in labels.split(",") if "=" in pair)
    yield from sorted(seen.items())
