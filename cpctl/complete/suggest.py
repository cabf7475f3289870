"""What a person may type where nothing is fixed: cards, times, a new name, labels. Pure; any other is as good."""

from __future__ import annotations

from cpctl.complete._words import KINDS
from cpctl.complete.narrowing import LABELS, PROVINCE, having, narrowed, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line
    from cpctl.complete.narrowing import Pairs, Read

FREE = " free in "
HOUR_S, DAY_S = 3_600, 86_400
UNKNOWN_FREE, MOST_CARDS, MOST_DIGITS = 64, 100_000, 9  # an order takes no more cards
AHEAD = (("in 4 hours", 4 * HOUR_S), ("in a day", DAY_S), ("in 7 days", 7 * DAY_S), ("in 30 days", 30 * DAY_S))
LONGER = tuple((beside.replace("in ", "") + " longer", step) for beside, step in AHEAD)
BEHIND = (("a day ago", -DAY_S), ("7 days ago", -7 * DAY_S), ("30 days ago", -30 * DAY_S))


def suggested(slot: str, line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    """What to offer after a head, as the engine's other sources."""
    if slot == "@new":
        return [(name(line.key.rpartition(" ")[2], line.now), "a new name")], head
    if slot == "@until":
        if line.key == "usage":
            return moments(line.now, BEHIND), head
        end = _end(line, read) if line.key == "extend" else 0.0
        return (moments(end, LONGER) if end > line.now else moments(line.now, AHEAD)), head
    return _shares(line, read, head) if slot == "@offer=" else (counts(_free(line, read)), head)


def _shares(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    """`OFFER=CARDS`: a name, then how many of its cards."""
    offer, equals, _ = line.last.partition("=")
    if not equals:
        given = [one.partition("=")[0] for one in line.value("--offer").split(",")]
        return narrowed(line, "offers", read("offers")).but(given).ending("="), head
    row = f"\n{read('offers').lines(offer)}".partition(f"\n{offer}\t")[2].partition("\n")[0]
    return counts(next(_free_of_each(row), None), *_sold(row)), f"{offer}="


def _free(line: Line, read: Read) -> int | None:
    """What one offer has (`get` asks which could serve so many), or all together (`plan` and `create` spread)."""
    known = read("offers")
    fitting = narrowed(line, "offers", known)
    if line.key == "get":
        return max(_free_of_each(fitting.lines("")), default=0) if known.has_names else None
    return sum(fitting.values(PROVINCE).values()) if known.groups else None


def _free_of_each(lines: str) -> Iterator[int]:
    """The numbers of `NAME x N free in …`."""
    for beside in lines.split(FREE)[:-1]:
        count = beside.rpartition(" x ")[2]
        if count.isdecimal() and len(count) <= MOST_DIGITS:
            yield int(count)


def _sold(row: str) -> tuple[int, int]:
    """From how many cards on, and in steps of how many, an offer is sold: `in 8s`, `in 2s-from-4`."""
    step, _, least = row.partition(FREE)[2].partition(",")[0].partition("s-from-")
    step = step.removesuffix("s")
    if not step.isdecimal() or len(step) > MOST_DIGITS or len(least) > MOST_DIGITS:
        return 1, 1
    return int(least) if least.isdecimal() else int(step), max(int(step), 1)


def counts(free: int | None, least: int = 1, step: int = 1) -> Iterator[tuple[str, str]]:
    """Numbers of cards as machines have them: 1 2 4 8 …, up to all that are free; None: nobody knows how many are.

    Of an offer that is sold from `least` cards on, in steps: those that it sells.
    """
    beside = "" if free is None else f"of {free} free"
    most = UNKNOWN_FREE if free is None else min(free, MOST_CARDS)
    most = least + (most - least) // step * step
    count = least
    while count < most:
        yield str(count), beside
        count = least - (least - 2 * count) // step * step  # the next that is sold from twice as many on
    if most >= least:
        yield str(most), beside


def moments(now: float, steps: tuple[tuple[str, int], ...]) -> Iterator[tuple[str, str]]:
    """Full hours before or after now, as times with a zone."""
    for beside, step in steps:
        yield f"{_utc(now + step):%Y-%m-%dT%H:00:00Z}", beside


def _end(line: Line, read: Read) -> float:
    """The latest end of the orders on the line; 0 where none is known."""
    own = {word.rpartition("/")[2] for word in line.plain}
    found = [word for name, beside in rows(read("orders")) if name in own for word in beside.split(" ")[1:2]]
    return max([_seconds(word) for word in found if word[-1:] == "Z"], default=0.0)


def _seconds(text: str) -> float:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def name(kind: str, now: float) -> str:
    """A name that nobody has yet: the day, and the last of the milliseconds, which no two people have in common."""
    return f"{kind}-{_utc(now):%m%d}-{int(now * 1000) & 0xFFFF:04x}"


def _utc(seconds: float) -> datetime:
    from datetime import datetime, timedelta

    return datetime(1970, 1, 1) + timedelta(seconds=seconds)


# what is on the line of a command that buys


def on_sale(lines: bytes, billing: str) -> bytes:
    """Offers that still have a card and are billed so; all, which say what they have, where none of them is such."""
    wanted, none = f" CNY {billing or 'on-demand'}, ", f" x 0{FREE}"
    every = lines.decode("utf-8", "surrogateescape").split("\n")  # of text: to look into bytes takes thrice as long
    found = "\n".join([one for one in every if wanted in one and none not in one])
    return f"{found}\n".encode("utf-8", "surrogateescape") if found else lines


# labels


def label_changes(line: Line, read: Read) -> tuple[list[tuple[str, str]], bool]:
    """`KEY=VALUE` and `KEY-` behind the orders of `label`, or a further order; whether it is whole then.

    Offered to take off are the labels that these orders have.
    """
    from cpctl.complete.live import labels_of

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
