"""From a spec to priced allocations: the planner's choice or the manifest's own, quoted by the platform, in limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from cpctl.broker.constraints import BOUGHT, Offer, PlanRequest, VoucherTerms
from cpctl.broker.limits import Limits
from cpctl.broker.market import Market
from cpctl.broker.offers import query, read_offers
from cpctl.broker.planner import Allocation, Plan, plan
from cpctl.broker.vouchers import check_used, voucher_terms
from cpctl.errors import LimitExceeded, NoPlan
from cpctl.resources.order import OrderSpec
from cpctl.resources.partial import sentence
from cpctl.resources.quote import Quote, QuoteLine
from cpctl.units import duration_s


def choose(market: Market, spec: OrderSpec, limits: Limits) -> Quote:
    """The quote for what is to be bought; nothing is reserved.

    Raises:
        NoCapacity: No allocation does.
        LimitExceeded: It would cost more than somebody allowed, or go where residency does not allow.
    """
    quote = market.quote(spec.wire(), _allocations(market, spec, limits))
    check_lines(market, quote.status.lines, quote.status.total, limits)
    return quote


def check_lines(market: Market, lines: Sequence[QuoteLine | Allocation], total: Decimal, limits: Limits) -> None:
    """Refuse prices and a total above the limits, and provinces outside the residency. Raises LimitExceeded."""
    for line in lines:
        limits.check("max-price", line.price, f"offer {line.offer}")
        if market.residency and line.province not in market.residency:
            raise _residency(line.offer, line.province, market.residency)
    limits.check("max-order", total, "the order")


def _allocations(market: Market, spec: OrderSpec, limits: Limits) -> list[dict[str, Any]]:
    if spec.allocations is not None:
        voucher_terms(market.platform, market.project, spec.voucher)  # told as it is where the planner chooses
        return [{"offer": one.offer, "cards": one.cards} for one in spec.allocations]
    chosen = planned(market, spec, limits)
    return [{"offer": one.offer, "cards": one.cards} for one in chosen.allocations]


def planned(market: Market, spec: OrderSpec, limits: Limits) -> Plan:
    """The cheapest plan. A price limit narrows the choice; when it leaves none, the limit is what refuses."""
    terms = voucher_terms(market.platform, market.project, spec.voucher)
    request = plan_request(spec, limits, market.residency, terms)
    found = read_offers(market.platform, query(request))
    if found.troubles:
        market.say(f"warning: {sentence(found.troubles.values())}; only offers of now are chosen from")
    chosen = within(limits, request, found.offers, found.absent)
    check_used(chosen.allocations, spec.voucher)
    return chosen


def within(limits: Limits, request: PlanRequest, offers: Iterable[Offer], absent: Sequence[str]) -> Plan:
    """The cheapest plan among offers as they were read.

    Raises:
        NoPlan: There is none.
        LimitExceeded: A limit stands in the way, and nothing else does.
    """
    try:
        return plan(request, offers, absent)
    except NoPlan as refusal:
        without = set(refusal.without) - BOUGHT
        if without == {"max-price"} and "max-price" in limits:
            raise _price(limits, refusal) from refusal
        if "budget" in without and "max-order" in limits:
            raise _budget(limits, refusal) from refusal
        raise


def plan_request(
    spec: OrderSpec, limits: Limits, residency: frozenset[str], voucher: VoucherTerms | None = None
) -> PlanRequest:
    """What the planner is asked; residency narrows the provinces and nothing relaxes it.

    Args:
        voucher: What the spec's voucher takes off now.

    Raises:
        LimitExceeded: The spec names only provinces outside the residency.
    """
    placement, needs = spec.placement, spec.requirements
    if residency and placement.provinces and residency.isdisjoint(placement.provinces):
        raise _residency("placement", ", ".join(placement.provinces), residency)
    return PlanRequest(
        accelerators=tuple(spec.accelerator),
        cards=spec.cards or 0,
        seconds=duration_s(spec.duration),
        billing=spec.billing,
        provinces=tuple(placement.provinces),
        exclude_provinces=tuple(placement.exclude_provinces),
        providers=tuple(placement.providers),
        exclude_providers=tuple(placement.exclude_providers),
        vendors=tuple(needs.vendor),
        min_memory_gib=needs.min_memory_gib,
        max_pue=needs.max_pue,
        min_green=needs.min_green,
        interconnect=needs.interconnect,
        latency_classes=tuple(needs.latency_class),
        max_price=limits["max-price"].amount if "max-price" in limits else None,
        colocate=placement.colocate,
        max_providers=placement.max_providers,
        budget=limits["max-order"].amount if "max-order" in limits else None,
        voucher=voucher,
        residency=tuple(sorted(residency)),
    )


FLAGS = "create order"  # the source of an order that flags describe, not a manifest
PLAN_FLAGS = "plan"
DEMAND_FLAGS = "create demand"


def own_limits(limits: Limits, spec: OrderSpec, source: str) -> Limits:
    """The limits of profile and environment with those the order states itself."""
    is_flags = source in (FLAGS, PLAN_FLAGS, DEMAND_FLAGS)
    price, budget = ("--max-price", "--budget") if is_flags else (f"{source} (maxPrice)", f"{source} (budget)")
    return limits.and_also("max-price", spec.limits.max_price, price).and_also("max-order", spec.limits.budget, budget)


def _residency(what: str, where: str, residency: frozenset[str]) -> LimitExceeded:
    return LimitExceeded(
        reason="Residency",
        detail=f"{what} is in {where}; this profile's residency allows {', '.join(sorted(residency))};"
        " nothing was bought",
    )


def _budget(limits: Limits, refusal: NoPlan) -> LimitExceeded:
    """The same with who set the budget; what would do without another constraint is the next step."""
    limit, least = limits["max-order"], refusal.least
    others = [name for name in refusal.without if name != "budget"]
    return LimitExceeded(
        detail=f"the cheapest plan costs {least} CNY, the limit is {limit.amount} (max-order of {limit.set_by});"
        " nothing was bought",
        hint=f"without {' or '.join(others)} there is one within it" if others else None,
        limit="max-order",
        figure=str(least),
        set_by=limit.set_by,
    )


def _price(limits: Limits, refusal: NoPlan) -> LimitExceeded:
    limit = limits["max-price"]
    return LimitExceeded(
        detail=f"every allocation has a dearer card than {limit.amount} CNY per card-hour"
        f" (max-price of {limit.set_by}); nothing was bought",
        limit="max-price",
        set_by=limit.set_by,
    )
