"""From what is wanted to orders and demands: what apply and create do, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from cpctl.broker import demanding, purchase
from cpctl.broker.choosing import own_limits
from cpctl.broker.demanded import FoundDemand
from cpctl.broker.manifests import Wanted
from cpctl.broker.market import Found, Market
from cpctl.broker.purchase import Intent, Obtained
from cpctl.commands.buying import asking, is_active, market_of, receipt, timeout_s, told_when_interrupted, wait_for
from cpctl.commands.demanding import need_of, published
from cpctl.errors import Conflict, CpctlError, OutcomeUnknown, Unreachable, UsageError
from cpctl.resources.demand import DemandWanted
from cpctl.resources.order import OrderWanted
from cpctl.resources.placed import SWITCHED_ON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.runtime import Runtime


KINDS: dict[type, tuple[str, str]] = {OrderWanted: ("order", "place"), DemandWanted: ("demand", demanding.VERB)}
"""What is wanted: the kind, and the journal's verb for it."""


@dataclass(frozen=True)
class Wish:
    """What is to happen to each.

    Attributes:
        needs_yes: Where nobody can be asked, only --yes says so.
        is_new: The name must be new (create).
        again: What finishes it after an interruption, in words.
    """

    activate: bool
    wait: bool
    timeout: str | None
    yes: bool
    again: str
    needs_yes: bool = False
    is_new: bool = False
    adopt: bool = False
    recreate: bool = False


class Result(NamedTuple):
    """An order or demand, and how this run came by it: created, resumed, configured (other labels) or unchanged."""

    found: Found | FoundDemand
    outcome: str


def ordered(rt: Runtime, wanted: Sequence[Wanted], wish: Wish) -> Iterator[Result]:
    """Each one, as soon as it is placed or published; a failure ends the run, and what was done before stays done."""
    limit_s = waiting_s(wanted, wish)
    yes = wish.yes or (not wish.needs_yes and not rt.asks)
    market_at = cache(lambda project: market_of(rt, project))
    if len(wanted) > 1:
        _check_all(rt, market_at, wanted, wish)
    spent = False
    for one in wanted:
        kind, verb = KINDS[type(one)]
        interrupted = told_when_interrupted(rt, one.name, wish.again, kind=kind, is_placing=True)
        with ExitStack() as alone, interrupted, told_where(rt, one, alone=len(wanted) == 1):
            try:
                market = market_at(one.project)
                alone.enter_context(_creating(rt, market, kind, one.name) if wish.is_new else nullcontext())
                if isinstance(one, DemandWanted):
                    result = Result(*published(rt, market, one, wish, yes=yes))
                    spent = spent or result.outcome != "unchanged"
                else:
                    obtained = purchase.obtain(market, intent_of(rt, market, one, wish, yes=yes))
                    spent = spent or obtained.outcome != "unchanged"
                    result = _brought_up(rt, market, obtained, wish, yes=yes, limit_s=limit_s)
            except Unreachable as error:
                if not spent:
                    raise
                raise _half_way(kind, one.name, error) from error
            yield result
            market.close(verb, one.name)


@contextmanager
def _creating(rt: Runtime, market: Market, kind: str, name: str) -> Iterator[None]:
    """While one run creates a name, another one of this machine is told that it exists: only one may own it.

    A run that died holds nothing; the same command then finishes what it began.

    Raises:
        Conflict: Another run is at it.
    """
    from cpctl.profiles.files import Busy, locked

    path = rt.journal_folder.parent / "creating" / f"{market.project}.{name}"
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, limit_s=0))
        except Busy as error:
            raise Conflict(
                reason="AlreadyExists",
                detail=f'{kind} "{name}" is being created by another run on this machine; nothing was bought',
                hint="another name, or cpctl apply -f for what is safe to run again",
            ) from error
        yield


def waiting_s(wanted: Sequence[Wanted], wish: Wish) -> int:
    """How long is waited for each at most. Raises UsageError for a wish that nothing comes of."""
    if wish.wait and not wish.activate:
        raise UsageError(detail="--wait waits for cards to come up, which needs --activate")
    if wish.activate and all(isinstance(one, DemandWanted) for one in wanted):
        raise UsageError(
            detail="--activate switches orders on, and there are demands only",
            hint="cpctl wait demand/NAME --for=condition=Matched, then cpctl activate order/NAME",
        )
    return timeout_s(wish.timeout)


def _check_all(rt: Runtime, market_at: Callable[[str | None], Market], wanted: Sequence[Wanted], wish: Wish) -> None:
    """What is wrong with any of them ends the run before the first one is bought."""
    for one in wanted:
        with told_where(rt, one, alone=False):
            market = market_at(one.project)
            if isinstance(one, DemandWanted):
                demanding.check(market, need_of(rt, market, one, wish, yes=True))
            else:
                purchase.check(market, intent_of(rt, market, one, wish, yes=True))


@contextmanager
def told_where(rt: Runtime, one: Wanted, *, alone: bool) -> Iterator[None]:
    """Where there are several, say which one a failure is about; those before it stay as they are."""
    try:
        yield
    except CpctlError:
        if not alone:
            rt.say(f'{KINDS[type(one)][0]} "{one.name}" ({one.source}):')
        raise


def _half_way(kind: str, name: str, error: Unreachable) -> OutcomeUnknown:
    """The platform went away after this run has bought: "nothing happened" (9) would be wrong."""
    return OutcomeUnknown(
        reason="HalfWay",
        detail=f'{kind} "{name}" is not as far as it was to go: {error.message}',
        hint="run the same command again: it finishes what was begun and never buys twice",
    )


def intent_of(rt: Runtime, market: Market, one: OrderWanted, wish: Wish, *, yes: bool) -> Intent:
    """What is to be bought, with the limits of every place that sets one."""
    return Intent(
        wanted=one,
        limits=own_limits(market.limits, one.spec, one.source),
        confirm=asking(rt, market, one.name, yes=yes, switching_on=wish.activate),
        is_new=wish.is_new,
        adopt=wish.adopt,
        recreate=wish.recreate,
    )


def _brought_up(rt: Runtime, market: Market, obtained: Obtained, wish: Wish, *, yes: bool, limit_s: float) -> Result:
    """The order as far as the wish goes; one that was there and is switched on by this run is resumed."""
    found, outcome = obtained.found, obtained.outcome
    if obtained.outcome == "created":
        receipt(rt, market, found)
    if not wish.activate:
        return Result(found, outcome)
    if found.order.phase not in SWITCHED_ON:
        if obtained.outcome != "created":
            ask_to_activate(rt, market, found, yes=yes)
        outcome = "created" if outcome == "created" else "resumed"
    found = purchase.activate(market, found)  # one that is on stays so, and what an earlier run began for it is done
    if wish.wait and not is_active(found):
        found = wait_for(rt, market, found.order.name, is_active, limit_s=limit_s, what="to be Active")
    return Result(found, outcome)


def ask_to_activate(rt: Runtime, market: Market, found: Found, *, yes: bool) -> None:
    """Switching on starts the billing: a question of its own, unless placing has just asked it."""
    order = found.order
    question = f'Switch on order "{order.name}" at {market.title}, {order.status.total} CNY at most?'
    rt.confirm(question, yes=yes, without="switching an order on")


def printed(results: Iterable[Result], form: str | None, *, single: bool) -> Iterator[str]:
    """A line as each order is done, or one document at the end."""
    if form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        documents, failure = _documents(results)
        if documents or not failure:
            whole = list_of(documents, is_complete=failure is None)
            yield from map(VALUE_PRINTERS[form], documents if single else [whole])
        if failure:
            raise failure
        return
    for found, outcome in results:
        yield f"{found.spelled}\n" if form == "name" else f"{found.spelled} {outcome}\n"


def _document(result: Result) -> Mapping[str, Any]:
    return {**result.found.raw, "result": result.outcome}


def _documents(results: Iterable[Result]) -> tuple[list[Mapping[str, Any]], CpctlError | None]:
    """Every order that something became of, and what the run ended with."""
    found: list[Mapping[str, Any]] = []
    try:
        found.extend(map(_document, results))
    except CpctlError as error:
        return found, error
    return found, None


def list_of(items: list[Mapping[str, Any]], *, is_complete: bool) -> dict[str, Any]:
    """Several objects as one document."""
    return {"apiVersion": "ccpp/v1", "kind": "List", "items": items, "metadata": {"complete": is_complete}}
