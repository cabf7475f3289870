"""What may be asked of a plan: the request, offers as the planner reads them, and each constraint as a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

GOOD_STATE = "ok"


@dataclass(frozen=True)
class VoucherTerms:
    """What a voucher takes off.

    Attributes:
        ratio: The part of a covered line's amount.
        left: CNY that it takes off at most.
        province: Where covered offers are; None is anywhere.
        products: Which products are covered; empty is any.
    """

    ratio: Decimal
    left: Decimal
    province: str | None = None
    products: tuple[str, ...] = ()

    def covers(self, offer: Offer) -> bool:
        return self.province in (None, offer.province) and (not self.products or offer.product in self.products)


@dataclass(frozen=True)
class PlanRequest:
    """What is wanted; an empty tuple or None means that anything will do.

    Attributes:
        seconds: How long.
        max_price: CNY per card-hour, of each offer.
        colocate: Whether all cards are in one province, of one provider, or wherever ("none").
        max_providers: Of how many providers they may be.
        budget: Most the whole may cost, CNY.
        voucher: What is taken off; the total is what is left to pay.
        residency: Provinces that the profile keeps to; no plan goes elsewhere.
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
    colocate: str = "none"
    max_providers: int | None = None
    budget: Decimal | None = None
    voucher: VoucherTerms | None = None
    residency: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """Cards on sale; sold as `min_cards + k × step_cards`, up to `free`."""

    name: str
    product: str
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


class Filter(NamedTuple):
    """One constraint on offers.

    Attributes:
        name: What a person calls it: the flag.
        asked: Whether a request has it.
        passes: Which offers pass.
        shows: What an offer has in its place.
    """

    name: str
    asked: Callable[[PlanRequest], Any]
    passes: Callable[[PlanRequest, Offer], bool]
    shows: Callable[[Offer], object]


FILTERS = (
    Filter(
        "accelerator", lambda r: r.accelerators, lambda r, o: o.accelerator in r.accelerators, lambda o: o.accelerator
    ),
    Filter("billing", lambda r: r.billing, lambda r, o: o.billing == r.billing, lambda o: o.billing),
    Filter("residency", lambda r: r.residency, lambda r, o: o.province in r.residency, lambda o: o.province),
    Filter("province", lambda r: r.provinces, lambda r, o: o.province in r.provinces, lambda o: o.province),
    Filter(
        "exclude-province",
        lambda r: r.exclude_provinces,
        lambda r, o: o.province not in r.exclude_provinces,
        lambda o: o.province,
    ),
    Filter("provider", lambda r: r.providers, lambda r, o: o.provider in r.providers, lambda o: o.provider),
    Filter(
        "exclude-provider",
        lambda r: r.exclude_providers,
        lambda r, o: o.provider not in r.exclude_providers,
        lambda o: o.provider,
    ),
    Filter(
        "vendor",
        lambda r: r.vendors,
        lambda r, o: o.vendor.casefold() in {v.casefold() for v in r.vendors},
        lambda o: o.vendor,
    ),
    Filter(
        "min-memory",
        lambda r: r.min_memory_gib,
        lambda r, o: o.memory_gib >= r.min_memory_gib,
        lambda o: f"{o.memory_gib}Gi",
    ),
    Filter(
        "interconnect",
        lambda r: r.interconnect,
        lambda r, o: o.interconnect.casefold().startswith((r.interconnect or "").casefold()),
        lambda o: o.interconnect,
    ),
    Filter(
        "latency-class",
        lambda r: r.latency_classes,
        lambda r, o: o.latency_class in r.latency_classes,
        lambda o: o.latency_class,
    ),
    Filter("max-pue", lambda r: r.max_pue is not None, lambda r, o: o.pue <= (r.max_pue or 0), lambda o: o.pue),
    Filter(
        "min-green", lambda r: r.min_green is not None, lambda r, o: o.green >= (r.min_green or 0), lambda o: o.green
    ),
    Filter(
        "max-price", lambda r: r.max_price is not None, lambda r, o: o.price <= (r.max_price or 0), lambda o: o.price
    ),
)
NEVER_RELAXED = frozenset({"residency"})
BOUGHT = frozenset({"accelerator", "billing"})  # without these it would be another thing that is bought


def fitting(request: PlanRequest, offers: Iterable[Offer], without: str = "") -> list[Offer]:
    """The offers that pass every filter but one."""
    asked = [one for one in FILTERS if one.name != without and one.asked(request)]
    return [offer for offer in offers if all(one.passes(request, offer) for one in asked)]


def is_good(offer: Offer) -> bool:
    """Whether its state is one that is known to be good."""
    return offer.state == GOOD_STATE


class Together(NamedTuple):
    """One constraint on a plan as a whole: whether a request has it, and the request without it."""

    name: str
    asked: Callable[[PlanRequest], bool]
    without: Callable[[PlanRequest], PlanRequest]


TOGETHER = (
    Together("colocate", lambda r: r.colocate != "none", lambda r: replace(r, colocate="none")),
    Together("max-providers", lambda r: r.max_providers is not None, lambda r: replace(r, max_providers=None)),
)
