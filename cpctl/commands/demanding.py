"""Demands as apply and create publish them: the question, the receipt, and what travels along."""

from __future__ import annotations

from collections.abc import Callable

from cpctl.broker.choosing import own_limits
from cpctl.broker.demanded import FoundDemand
from cpctl.broker.demanding import Need, Outcome, most, publish
from cpctl.broker.market import Market
from cpctl.resources.demand import DemandPhase, DemandWanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.broker.limits import Limits
    from cpctl.commands.ordering import Wish
    from cpctl.runtime import Runtime


def published(rt: Runtime, market: Market, one: DemandWanted, wish: Wish, *, yes: bool) -> tuple[FoundDemand, Outcome]:
    """The demand, published if it is not there; nothing is ever switched on for it."""
    found, outcome = publish(market, need_of(rt, market, one, wish, yes=yes))
    if any(found.demand.metadata.labels.get(key) != value for key, value in one.labels.items()):
        rt.say(f'demand "{one.name}" keeps the labels it was published with')
    if outcome != "unchanged" or found.demand.phase is DemandPhase.MATCHED:
        _receipt(rt, market, found)
    if wish.activate:
        rt.say(f'demand "{one.name}" is not switched on; once it is matched: cpctl activate order/{one.name}')
    return found, outcome


def need_of(rt: Runtime, market: Market, one: DemandWanted, wish: Wish, *, yes: bool) -> Need:
    """What is to be published, with the limits of every place that sets one."""
    limits = own_limits(market.limits, one.spec, one.source)
    confirm = _asking(rt, market, one, limits, yes=yes)
    return Need(one, limits, confirm, is_new=wish.is_new, adopt=wish.adopt)


def _asking(rt: Runtime, market: Market, one: DemandWanted, limits: Limits, *, yes: bool) -> Callable[[], None]:
    """Shows the most that a match may reserve, and asks; raises to say no."""

    def confirm() -> None:
        spec, bound = one.spec, most(one.spec, limits)
        until = f"{spec.until:%Y-%m-%dT%H:%M:%SZ}"
        reserved = (
            f"at most {bound:.2f} CNY"
            if bound is not None
            else "whatever the cheapest cards cost then: no limit is set"
        )
        day = f", {limits['max-day'].amount} CNY a day" if "max-day" in limits else ""
        rt.confirm(
            f'Publish demand "{one.name}" at {market.title}, project {market.project}?\n'
            f"{spec.cards} cards of {', '.join(spec.accelerator)} for {spec.duration}, looked for until {until}.\n"
            f"A match reserves {reserved}{day}.",
            yes=yes,
            without="publishing a demand",
        )

    return confirm


def _receipt(rt: Runtime, market: Market, found: FoundDemand) -> None:
    """One line: whether it has been matched, and what is next."""
    demand, status = found.demand, found.demand.status
    why = f" ({status.message})" if status.message else ""
    way = (
        f"cpctl activate order/{status.match}"
        if status.match
        else f"cpctl wait {found.spelled} --for=condition=Matched"
    )
    rt.say(f'demand "{demand.name}" at {market.title}: {demand.phase}{why}; next: {way}')
