"""The cheapest allocation of cards over offers: pure, exact to the fen the platform will ask for.

Of allocations that cost the same, the one over fewer offers is taken; of those, chance decides, not a name: each offer
draws a number from the hash of its name and the request, so that the same request is planned the same way, and over
many requests no provider is favoured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from cpctl.broker.cover import TIE_LIMIT, Lot, amount_fen, can_make, cheapest, makeable
from cpctl.errors import NoCapacity

PERIOD_S = {"daily": 86_400, "monthly": 30 * 86_400}
GOOD_STATE = "ok"


@dataclass(frozen=True)
class PlanRequest:
    """What is wanted; an empty tuple or None means that anything will do.

    Attributes:
        seconds: How long.
        max_price: CNY per card-hour, of each offer.
    """

    accelerators: tuple[str, ...]
    cards: int
    seconds: int
    billing: str = "on-demand"
    provinces: tuple[str, ...] = ()
    exclude_provinces: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    exclude_providers: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    min_memory_gib: int = 0
    max_pue: Decimal | None = None
    min_green: Decimal | None = None
    interconnect: str | None = None
    latency_classes: tuple[str, ...] = ()
    max_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Cards on sale; sold as `min_cards + k × step_cards`, up to `free`."""

    name: str
    provider: str
    province: str
    accelerator: str
    vendor: str
    memory_gib: int
    interconnect: str
    billing: str
    price: Decimal
    min_cards: int
    step_cards: int
    pue: Decimal
    green: Decimal
    latency_class: str
    state: str
    free: int


class Allocation(NamedTuple):
    """Cards of one offer; `amount` is what they cost for the whole time."""

    offer: str
    cards: int
    price: Decimal
    amount: Decimal
    province: str
    provider: str


@dataclass(frozen=True)
class Plan:
    """What to buy.

    Attributes:
        allocations: By offer name.
        total: Sum of the amounts, CNY.
        per_hour: CNY an hour while all cards run.
        paid_s: Seconds that are paid for: whole days and months where the billing mode has them.
        absent: Provinces that did not answer when the offers were read.
    """

    request: PlanRequest
    allocations: tuple[Allocation, ...]
    total: Decimal
    per_hour: Decimal
    paid_s: int
    absent: tuple[str, ...] = ()


class Filter(NamedTuple):
    """One constraint: what a person calls it, whether a request has it, and which offers pass."""

    name: str
    asked: Callable[[PlanRequest], Any]
    passes: Callable[[PlanRequest, Offer], bool]


FILTERS = (
    Filter("accelerator", lambda r: r.accelerators, lambda r, o: o.accelerator in r.accelerators),
    Filter("billing", lambda r: r.billing, lambda r, o: o.billing == r.billing),
    Filter("province", lambda r: r.provinces, lambda r, o: o.province in r.provinces),
    Filter("exclude-province", lambda r: r.exclude_provinces, lambda r, o: o.province not in r.exclude_provinces),
    Filter("provider", lambda r: r.providers, lambda r, o: o.provider in r.providers),
    Filter("exclude-provider", lambda r: r.exclude_providers, lambda r, o: o.provider not in r.exclude_providers),
    Filter("vendor", lambda r: r.vendors, lambda r, o: o.vendor.casefold() in {v.casefold() for v in r.vendors}),
    Filter("min-memory", lambda r: r.min_memory_gib, lambda r, o: o.memory_gib >= r.min_memory_gib),
    Filter(
        "interconnect",
        lambda r: r.interconnect,
        lambda r, o: o.interconnect.casefold().startswith((r.interconnect or "").casefold()),
    ),
    Filter("latency-class", lambda r: r.latency_classes, lambda r, o: o.latency_class in r.latency_classes),
    Filter("max-pue", lambda r: r.max_pue is not None, lambda r, o: o.pue <= (r.max_pue or 0)),
    Filter("min-green", lambda r: r.min_green is not None, lambda r, o: o.green >= (r.min_green or 0)),
    Filter("max-price", lambda r: r.max_price is not None, lambda r, o: o.price <= (r.max_price or 0)),
)


def plan(request: PlanRequest, offers: Iterable[Offer], absent: Sequence[str] = ()) -> Plan:
    """The allocation of the least total.

    Args:
        offers: As read just now; only those in a state known to be good are used.
        absent: Provinces that did not answer; their offers must not be among the offers.

    Raises:
        NoCapacity: No allocation does; `values["without"]` names the constraints one of which stands in the way alone.
    """
    usable = [offer for offer in offers if offer.state == GOOD_STATE]
    fitting = _fitting(request, usable)
    paid_s = paid_seconds(request.billing, request.seconds)
    chosen = cheapest([_lot(request, offer) for offer in fitting], request.cards, paid_s)
    if chosen is None:
        raise _no_plan(request, usable, fitting, absent)
    allocations = sorted(_allocation(fitting[i], cards, paid_s) for i, cards in chosen.items())
    return Plan(
        request=request,
        allocations=tuple(allocations),
        total=sum((one.amount for one in allocations), Decimal("0.00")),
        per_hour=sum((one.price * one.cards for one in allocations), Decimal("0.0000")),
        paid_s=paid_s,
        absent=tuple(sorted(absent)),
    )


def paid_seconds(billing: str, seconds: int) -> int:
    """How long cards are paid for: the time itself, or the whole periods that cover it."""
    period = PERIOD_S.get(billing, 1)
    return -(-seconds // period) * period


def _fitting(request: PlanRequest, offers: Iterable[Offer]) -> list[Offer]:
    asked = [one for one in FILTERS if one.asked(request)]
    return [offer for offer in offers if all(one.passes(request, offer) for one in asked)]


def _lot(request: PlanRequest, offer: Offer) -> Lot:
    return Lot(int(offer.price * 10_000), offer.min_cards, offer.step_cards, offer.free, _draw(request, offer.name))


def _draw(request: PlanRequest, name: str) -> int:
    """The number by which chance decides among equals."""
    from hashlib import sha256

    ticket = f"{','.join(request.accelerators)} {request.cards} {request.seconds} {request.billing} {name}"
    return int.from_bytes(sha256(ticket.encode()).digest()[:4], "big") % TIE_LIMIT


def _allocation(offer: Offer, cards: int, paid_s: int) -> Allocation:
    amount = Decimal(amount_fen(int(offer.price * 10_000), cards, paid_s)).scaleb(-2)
    return Allocation(offer.name, cards, offer.price, amount, offer.province, offer.provider)


# ---- when there is none


def _no_plan(
    request: PlanRequest, usable: Sequence[Offer], fitting: Sequence[Offer], absent: Sequence[str]
) -> NoCapacity:
    """The reason, and the constraints that stand in the way alone."""
    without = tuple(one.name for one in FILTERS if one.asked(request) and _feasible(request, usable, one.name))
    detail = f"no offers make {request.cards} cards of {_wanted(request)}: {_reason(request, usable, fitting)}"
    if without:
        detail += f"; without {' or '.join(without)} there are enough"
    if absent:
        detail += f"; not answering: {', '.join(sorted(absent))}"
    return NoCapacity(
        detail=detail,
        hint="cpctl get offers",
        without=without,
        wanted=request.cards,
        absent=tuple(absent),
    )


def _wanted(request: PlanRequest) -> str:
    return " or ".join(request.accelerators) or "any accelerator"


def _reason(request: PlanRequest, usable: Sequence[Offer], fitting: Sequence[Offer]) -> str:
    if not fitting:
        return f"no offer passes {_emptied_by(request, usable)}"
    free = sum(offer.free for offer in fitting)
    if free < request.cards:
        return f"{free} are free in the {len(fitting)} offers that fit"
    made = makeable([_lot(request, offer) for offer in fitting], request.cards).bit_length() - 1
    return f"they are sold in minimum and step quantities, which make {made or 'none'} below that"


def _emptied_by(request: PlanRequest, usable: Sequence[Offer]) -> str:
    """The constraints, in order, up to the one after which no offer is left."""
    left: Sequence[Offer] = usable
    named = []
    for one in FILTERS:
        if one.asked(request):
            left = [offer for offer in left if one.passes(request, offer)]
            named.append(one.name)
        if not left:
            break
    return " and ".join(named)


def _feasible(request: PlanRequest, usable: Sequence[Offer], without: str) -> bool:
    asked = [one for one in FILTERS if one.name != without and one.asked(request)]
    fitting = (offer for offer in usable if all(one.passes(request, offer) for one in asked))
    return can_make((_lot(request, offer) for offer in fitting), request.cards)
