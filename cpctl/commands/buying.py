"""What the verbs that buy, switch on and give back share: the market, the question, the waiting, the receipt."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cpctl.broker.limits import limits_of
from cpctl.broker.market import Found, Market
from cpctl.broker.waiting import wait_until
from cpctl.errors import BadAnswer
from cpctl.resources.placed import ENDED, ENDING, Phase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

    from cpctl.broker.journal import Journal
    from cpctl.broker.rehearsing import Line
    from cpctl.resources.quote import Quote
    from cpctl.runtime import Runtime

DEFAULT_TIMEOUT = "10m"


def market_of(rt: Runtime, project: str | None = None) -> Market:
    """Where this run buys. Asks the platform who it is talking to: records and conflicts are told by account."""
    profile = rt.profile
    account = rt.platform.one("/v1/whoami").get("account")
    if not isinstance(account, str) or not account:
        raise BadAnswer(detail="the platform does not say whose token this is")
    return Market(
        platform=rt.platform,
        journal=_journal(rt),
        clock=rt.clock,
        account=account,
        endpoint=profile.endpoint.url,
        project=project or profile.project,
        title=profile.title,
        limits=limits_of(profile.limits),
        residency=frozenset(profile.residency),
        say=rt.say,
    )


def _journal(rt: Runtime) -> Journal:
    """Of this user; without a home one in which nothing can be kept, since what only stops billing needs none."""
    from cpctl.broker.journal import Journal
    from cpctl.errors import LocalFailure
    from cpctl.profiles.files import replace

    try:
        return Journal(rt.journal_folder, write=replace, say=rt.say)
    except LocalFailure as failure:
        homeless = failure

    def refuse(path: Path, content: bytes) -> None:
        raise homeless

    return Journal(Path(os.devnull) / "journal", write=refuse, say=rt.say)


def asking(rt: Runtime, market: Market, name: str, *, yes: bool, switching_on: bool) -> Callable[[Quote], None]:
    """Shows the quote and its total, and asks; raises to say no."""

    def confirm(quote: Quote) -> None:
        if yes:
            return
        deed = "Place and switch on" if switching_on else "Place"
        question = f'{priced(quote)}\n{deed} order "{name}" at {market.title}, project {market.project}?'
        rt.confirm(question, yes=False, without="placing an order")

    return confirm


def priced(quote: Quote) -> str:
    """The lines of a quote and what they come to."""
    return priced_lines(quote.status.lines, quote.status.total)


def priced_lines(lines: Sequence[Line], total: Decimal | None) -> str:
    """Lines, quoted or planned, and what they come to."""
    from cpctl.output.tables import table

    rows = [[q.offer, q.province, q.provider, str(q.cards), str(q.price), str(q.amount)] for q in lines]
    titles = ["OFFER", "PROVINCE", "PROVIDER", "CARDS", "CNY/CARD-HOUR", "CNY"]
    if any(line.discount for line in lines):
        titles.insert(5, "DISCOUNT")
        rows = [[*row[:5], str(line.discount), row[5]] for row, line in zip(rows, lines, strict=True)]
    aligns = ["left"] * 3 + ["right"] * (len(titles) - 3)
    return f"{table(titles, rows, aligns=aligns)}total {total} CNY, the most that is ever charged"


def receipt(rt: Runtime, market: Market, found: Found) -> None:
    """One line: what is held or running, for how much, where."""
    order, status = found.order, found.order.status
    provinces = ", ".join(sorted({one.province for one in status.allocations}))
    rt.say(
        f'order "{order.name}" at {market.title}: {order.phase}, {status.cards.total} cards in {provinces or "-"},'
        f" {status.price_per_hour} CNY/hour, {status.total} CNY at most{_hold(found)}"
    )


def _hold(found: Found) -> str:
    """`, held until …`, for an order that is held."""
    until = found.order.status.held_until
    return f", held until {until:%Y-%m-%dT%H:%M:%SZ}" if found.order.phase is Phase.HELD and until else ""


def wait_for(
    rt: Runtime, market: Market, name: str, done: Callable[[Found], bool], *, limit_s: float, what: str
) -> Found:
    """The order once it is done, with progress on stderr.

    Raises:
        TimedOut: It took too long; it goes on.
        Conflict, NoCapacity: From `done`, when it can no longer come.
    """
    from cpctl.output.progress import progress

    shown = progress(rt.err, is_terminal=rt.err.isatty(), color=rt.colors)
    try:
        return wait_until(
            done,
            lambda left_s: market.read(name, left_s),
            rt.clock,
            limit_s=limit_s,
            what=f'order "{name}" {what}',
            seen=lambda found: shown.update(found.raw),
        )
    finally:
        shown.close()


def is_active(found: Found) -> bool:
    """Whether all cards are usable; raises when they never will be."""
    if found.order.phase in ENDING:
        raise found.end
    return found.order.phase is Phase.ACTIVE


def has_ended(found: Found) -> bool:
    """Whether it is over and its cards are back."""
    return found.order.phase in ENDED


@contextmanager
def told_when_interrupted(
    rt: Runtime, name: str, again: str, *, kind: str = "order", is_placing: bool = False
) -> Iterator[None]:
    """Ctrl-C and SIGTERM say what goes on without us.

    Args:
        again: What finishes it: the command to run again.
        kind: Of what has the name; of others than orders and demands nothing goes on, and nothing is said.
        is_placing: Whether it may not be there yet.
    """
    try:
        yield
    except KeyboardInterrupt:
        if kind in GOES_ON:
            there = f" if it was {PLACED[kind]}" if is_placing else ""
            rt.say(GOES_ON[kind].format(name=name, again=again, there=there))
        raise


PLACED = {"order": "placed", "demand": "published"}
GOES_ON = {
    "order": '\ninterrupted: order "{name}" goes on{there}; follow it: cpctl get order/{name};'
    " finish: {again}; stop it: cpctl release order/{name}",
    "demand": '\ninterrupted: demand "{name}" goes on{there}, and cards may be held for it;'
    " follow it: cpctl get demand/{name}; finish: {again}; stop it: cpctl delete demand/{name}",
}


def timeout_s(text: str | None) -> int:
    """`--timeout` in seconds."""
    from cpctl.units import duration_s

    return duration_s(text or DEFAULT_TIMEOUT)
