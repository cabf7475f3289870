"""Publishing a demand: exactly once, as an order is placed; its name is its identity, and its match's.

publish → unfinished record? → the same bytes again
        → the name exists?   → the same need within the same limits: it is there; another: Conflict
        → journal, send

The platform buys for it later, when nobody of ours looks on: so its limits travel with it, and a demand that was
published under wider ones than are wanted now is never taken for the one wanted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from cpctl.broker.choosing import plan_request
from cpctl.broker.cover import amount_fen
from cpctl.broker.demanded import FoundDemand, demand_path, find, named_demand
from cpctl.broker.exactly_once import send, unfinished
from cpctl.broker.journal import Record
from cpctl.broker.limits import WIRE, Limits
from cpctl.broker.market import Market, bytes_of
from cpctl.broker.planner import paid_seconds
from cpctl.errors import BadManifest, Conflict, CpctlError
from cpctl.resources.demand import OVER, Demand, DemandPhase, DemandSpec, DemandWanted, canonical, same_need
from cpctl.units import duration_s

VERB = "publish"
Outcome = Literal["created", "resumed", "unchanged"]


@dataclass(frozen=True)
class Need:
    """What somebody wants published.

    Attributes:
        limits: The market's with the demand's own.
        is_new: The name must be new, unless an earlier run of this very command did not get to its end.
        adopt: A demand that somebody else in the project published will do.
        confirm: Is called before anything is sent; raises to say no.
    """

    wanted: DemandWanted
    limits: Limits
    confirm: Callable[[], None]
    is_new: bool = False
    adopt: bool = False


def publish(market: Market, need: Need) -> tuple[FoundDemand, Outcome]:
    """The demand of that name, published if it is not there.

    Raises:
        Conflict: The name stands for an order, for another need, for wider limits, for somebody else's demand, or for
            one that is over.
        OutcomeUnknown: The request left and no definite answer came.
    """
    name, body = need.wanted.name, request_body(market, need)
    begun = unfinished(market, VERB, name)
    resumed = begun is not None and _is_still_wanted(market, begun, body) and _finished(market, begun)
    found = find(market, name)
    if found is None:
        return _published(market, need, body)
    check_same(market, need, found)
    return found, "resumed" if resumed else "unchanged"


def check(market: Market, need: Need) -> None:
    """Refuse what `publish` would refuse, as far as that is known without publishing; raises as it does."""
    found = find(market, need.wanted.name)
    if found is not None:
        check_same(market, need, found)
        return
    order = market.find(need.wanted.name)
    if order is not None:
        raise name_of_an_order(need.wanted.name, order.order.phase)
    request_body(market, need)
    _check_time(market, need)


def most(spec: DemandSpec, limits: Limits) -> Decimal | None:
    """CNY that a match reserves at most; None where nothing bounds it."""
    bounds = []
    if "max-order" in limits:
        bounds.append(limits["max-order"].amount)
    if "max-price" in limits:
        paid_s = paid_seconds(spec.billing, duration_s(spec.duration))
        price = int(limits["max-price"].amount * 10_000)
        bounds.append(Decimal(amount_fen(price, spec.cards, paid_s)).scaleb(-2))
    return min(bounds, default=None)


def request_body(market: Market, need: Need) -> dict[str, Any]:
    """The request: the spec as written within the profile's residency, and the limits.

    Raises:
        LimitExceeded: The spec names only provinces outside the residency.
    """
    wanted = need.wanted
    return {
        "metadata": {"name": wanted.name, **({"labels": wanted.labels} if wanted.labels else {})},
        "spec": spec_within(wanted.spec, market.residency, need.limits),
        "limits": need.limits.wire(),
    }


def spec_within(spec: DemandSpec, residency: frozenset[str], limits: Limits) -> dict[str, Any]:
    """The spec with no province outside the residency: the platform chooses, so it must be told."""
    whole = spec.wire()
    if not residency:
        return whole
    plan_request(spec, limits, residency)  # refuses a spec that is wholly outside
    provinces = [one for one in spec.placement.provinces if one in residency] or sorted(residency)
    return {**whole, "placement": {**whole.get("placement", {}), "provinces": provinces}}


def _is_still_wanted(market: Market, begun: Record, body: Mapping[str, Any]) -> bool:
    """Whether the record asks for what is wanted now; else it is closed, and its demand is looked up by name."""
    try:
        asked = json.loads(begun.body)
        same = asked["limits"] == body["limits"] and bytes_of(canonical(asked["spec"])) == bytes_of(body["spec"])
    except (ValueError, KeyError, TypeError, AttributeError):
        same = False
    if not same:
        market.journal.settle(begun, "outdated", "another need or other limits are wanted by now; looked up by name")
    return same


def _finished(market: Market, begun: Record) -> bool:
    """Send what an earlier run began; whether there is a demand of it."""
    market.say(f'demand "{begun.name}": finishing what an earlier run began')
    try:
        send(market, begun, named_demand(begun.name), again=True)
    except Conflict as refusal:
        if refusal.reason != "AlreadyExists":
            raise
        return False
    return True


def _published(market: Market, need: Need, body: Mapping[str, Any]) -> tuple[FoundDemand, Outcome]:
    name = need.wanted.name
    _check_time(market, need)
    need.confirm()
    try:
        found = send(market, market.record(VERB, name, demand_path(market), body), named_demand(name), again=False)
    except Conflict as refusal:
        if refusal.reason != "AlreadyExists":
            raise
        return _raced(market, need, refusal)
    return found, "created"


def _raced(market: Market, need: Need, refusal: CpctlError) -> tuple[FoundDemand, Outcome]:
    """Somebody published it since it was looked up; or the name stands for an order, or for a demand that is hidden."""
    name = need.wanted.name
    found = find(market, name)
    if found is not None:
        check_same(market, need, found)
        return found, "unchanged"
    order = market.find(name)
    if order is not None:
        raise name_of_an_order(name, order.order.phase) from refusal
    raise Conflict(
        reason="AlreadyExists",
        detail=f'the name "{name}" stands for a demand or an order that was deleted; nothing was published',
        hint="another name",
    ) from refusal


def name_of_an_order(name: str, phase: str) -> Conflict:
    """The error for a name that an order has."""
    return Conflict(
        reason="AlreadyExists",
        detail=f'the name "{name}" stands for an order ({phase}); nothing was published',
        hint="another name: a demand and an order cannot share one",
    )


def _check_time(market: Market, need: Need) -> None:
    """Refuse an end that is over by the platform's clock."""
    until, now = need.wanted.spec.until, market.platform.now()
    if until <= now:
        raise BadManifest(
            source=need.wanted.source,
            detail=f"spec.until {until:%Y-%m-%dT%H:%M:%SZ} is over: it is {now:%Y-%m-%dT%H:%M:%SZ}",
        )


def check_same(market: Market, need: Need, found: FoundDemand) -> None:
    """Refuse to take a demand that is there for the one wanted when it is not."""
    name, demand = need.wanted.name, found.demand
    body = request_body(market, need)
    if not same_need(demand.spec, body["spec"]):
        raise _taken(found, "with another spec", f"cpctl describe {found.spelled}; another need needs another name")
    if demand.status.created_by != market.account and not need.adopt:
        raise _taken(found, f"and is {demand.status.created_by}'s, you are {market.account}", "--adopt goes on with it")
    if need.is_new and not _is_ours_to_finish(market, name):
        raise _taken(found, "", "another name, or cpctl apply -f for what is safe to run again")
    if demand.phase in OVER:
        raise _taken(found, "and its name is taken for ever", "another name")
    wider = _wider(demand, need.limits)
    if demand.phase is not DemandPhase.MATCHED and wider:
        raise _taken(found, f"under wider limits ({', '.join(wider)})", f"cpctl delete {found.spelled}, another name")


def _taken(found: FoundDemand, how: str, hint: str) -> Conflict:
    demand = found.demand
    told = f'demand "{demand.name}" exists ({demand.phase}){f" {how}" if how else ""}; nothing was published'
    return Conflict(reason="AlreadyExists", detail=told, hint=hint)


def _wider(demand: Demand, wanted: Limits) -> list[str]:
    """The limits of now that the demand, as it was published, may pass."""
    limits, own = demand.status.limits, demand.spec.get("limits") or {}
    there = {"max-price": limits.max_price, "max-order": limits.max_order, "max-day": limits.max_day}
    for name, key in (("max-price", "maxPrice"), ("max-order", "budget")):
        stated = _amount(own.get(key))
        there[name] = min((one for one in (there[name], stated) if one is not None), default=None)
    return [name for name in WIRE if name in wanted and _passes(there[name], wanted[name].amount)]


def _passes(there: Decimal | None, wanted: Decimal) -> bool:
    return there is None or there > wanted


def _amount(text: object) -> Decimal | None:
    return Decimal(str(text)) if text is not None else None


def _is_ours_to_finish(market: Market, name: str) -> bool:
    """Whether a run on this machine published it and did not get to its end."""
    record = market.journal.open(VERB, market.project, name)
    return record is not None and (record.account, record.endpoint) == (market.account, market.endpoint)
