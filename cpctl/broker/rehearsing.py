"""What a run would send, found out without sending it: by reading alone (`client`), or with a quote (`server`).

Nothing is written, neither at the platform nor in the journal. What only the platform's transaction can tell is not
told: whether somebody else is quicker to the cards, or to the money.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from cpctl.broker import demanding, foreseeing
from cpctl.broker.choosing import check_lines, choose, plan_request, planned
from cpctl.broker.constraints import Offer
from cpctl.broker.demanded import demand_path
from cpctl.broker.demanding import Need
from cpctl.broker.journal import Record
from cpctl.broker.labels import missing
from cpctl.broker.limits import Limits
from cpctl.broker.market import Market
from cpctl.broker.offers import offer_of
from cpctl.broker.planner import Allocation, allocated
from cpctl.broker.purchase import Intent, check_price, place_body
from cpctl.broker.purse import Purse
from cpctl.broker.vouchers import check_used, voucher_terms
from cpctl.errors import BadManifest, LimitExceeded, NoCapacity, NotFound
from cpctl.resources.exchange import Request
from cpctl.resources.order import AllocationWanted, OrderSpec
from cpctl.resources.placed import SWITCHED_ON


class Line(Protocol):
    """Cards of one offer at a price, planned or quoted."""

    @property
    def offer(self) -> str: ...
    @property
    def cards(self) -> int: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def discount(self) -> Decimal: ...
    @property
    def province(self) -> str: ...
    @property
    def provider(self) -> str: ...


@dataclass(frozen=True)
class Sent:
    """A request as it would be sent; its Idempotency-Key is made when it is, unless an earlier run made one."""

    method: str
    path: str
    body: Mapping[str, Any]
    key: str | None = None


@dataclass(frozen=True)
class Rehearsed:
    """What would become of one order or demand.

    Attributes:
        outcome: created, resumed, configured or unchanged.
        sent: The requests that write, in their order.
        lines: What would be bought; nothing when nothing would be.
        total: What that costs at most, CNY.
        why_not: Of a demand: why it would not be matched at once.
    """

    spelled: str
    outcome: str
    sent: tuple[Sent, ...] = ()
    lines: Sequence[Line] = ()
    total: Decimal | None = None
    why_not: str | None = None


def rehearse_order(market: Market, purse: Purse, intent: Intent, *, quoted: bool, activate: bool) -> Rehearsed:
    """What `obtain`, and switching on after it, would send.

    Args:
        purse: Of the market's project; what would be bought is paid from it.
        quoted: Ask the platform for a quote; else its offers are read and reckoned with here.

    Raises:
        As `obtain`, as far as that is known without buying.
    """
    expected = foreseeing.expected(market, intent)
    spelled, found = expected.spelled, expected.found
    if found is None and expected.begun is not None:
        return Rehearsed(spelled, "resumed", (_again(expected.begun),))
    if found is None:
        lines, total = _priced(market, intent.wanted.spec, intent.limits, quoted=quoted)
        purse.pay(f'order "{intent.wanted.name}"', total, sum(line.cards for line in lines), intent.limits)
        body = place_body(intent, lines, total, expected.replaces)
        return Rehearsed(spelled, "created", (Sent("POST", market.order_path(), body),), lines, total)
    labels = missing(found, intent.wanted.labels)
    path = market.order_path(found.order.name)
    sent = [Sent("PATCH", path, {"metadata": {"labels": labels}})] if labels else []
    is_switched = activate and found.order.phase not in SWITCHED_ON
    if is_switched:
        check_price(market.limits, found)
        sent.append(Sent("POST", market.order_path(found.order.name, "activate"), {"uid": found.order.uid}))
    return Rehearsed(spelled, "resumed" if is_switched else expected.outcome, tuple(sent))


def _again(begun: Record) -> Sent:
    """The bytes of an earlier run."""
    return Sent("POST", begun.path, json.loads(begun.body), begun.key)


def _priced(market: Market, spec: OrderSpec, limits: Limits, *, quoted: bool) -> tuple[Sequence[Line], Decimal]:
    """What would be bought, and what it costs at most; within the limits."""
    if not quoted:
        return _reckoned(market, spec, limits)
    quote = choose(market, spec, limits)
    return quote.status.lines, quote.status.total


def _reckoned(market: Market, spec: OrderSpec, limits: Limits) -> tuple[Sequence[Line], Decimal]:
    """The plan, or the manifest's own allocations, at the prices of now."""
    if spec.allocations is None:
        plan = planned(market, spec, limits)
        lines: Sequence[Allocation] = plan.allocations
    else:
        terms = voucher_terms(market.platform, market.project, spec.voucher)
        request = plan_request(spec, limits, market.residency, terms)
        lines = allocated(request, [(_offer(market, one, spec), one.cards) for one in spec.allocations])
        check_used(lines, spec.voucher)
    total = sum((line.amount for line in lines), Decimal("0.00"))
    check_lines(market, lines, total, limits)
    return lines, total


def _offer(market: Market, wanted: AllocationWanted, spec: OrderSpec) -> Offer:
    """The offer of an allocation, if it can sell that now."""
    try:
        offer = offer_of(market.platform.send(Request("GET", f"/v1/offers/{wanted.offer}")).json())
    except NotFound as gone:  # a quote says the same in its own words
        detail = f"offer {wanted.offer} is gone; nothing was bought"
        raise NoCapacity(reason="OfferGone", detail=detail, hint="cpctl get offers") from gone
    source = f"offer {offer.name}"
    if offer.billing != spec.billing:
        raise BadManifest(source=source, detail=f"is billed {offer.billing}, the order {spec.billing}")
    if wanted.cards < offer.min_cards or (wanted.cards - offer.min_cards) % offer.step_cards:
        raise BadManifest(source=source, detail=f"is sold from {offer.min_cards} cards in steps of {offer.step_cards}")
    if wanted.cards > offer.free:
        detail = f"{source} has {offer.free} cards free, {wanted.cards} are wanted; nothing was bought"
        raise NoCapacity(detail=detail, hint="cpctl get offers")
    return offer


def rehearse_demand(market: Market, purse: Purse, need: Need, *, quoted: bool) -> Rehearsed:
    """What `publish` would send, and what a match at once would hold. Raises as `publish` does."""
    expected = foreseeing.expected_demand(market, need)
    if expected.begun is not None:
        return Rehearsed(expected.spelled, "resumed", (_again(expected.begun),))
    if expected.found is not None:
        return Rehearsed(expected.spelled, expected.outcome)
    demanding.check(market, need)
    sent = (Sent("POST", demand_path(market), demanding.request_body(market, need)),)
    try:
        lines, total = _priced(market, need.wanted.spec.order, need.limits, quoted=quoted)
    except NoCapacity as lack:
        return Rehearsed(expected.spelled, "created", sent, why_not=lack.message)
    try:
        purse.pay(f'demand "{need.wanted.name}"', total, sum(line.cards for line in lines), need.limits)
    except LimitExceeded as refusal:  # it is published all the same, and waits
        return Rehearsed(expected.spelled, "created", sent, why_not=refusal.message)
    return Rehearsed(expected.spelled, "created", sent, lines, total)
