"""Products and offers: who sells which cards, in which form, how many, at what price.

Every provider is dealt its products from what its kind holds, like cards from a shuffled pack, so that every
accelerator is on sale somewhere at any seed. Staples come first, in every division.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from random import Random
from typing import Any, Final, NamedTuple

from cpctl.sandbox.catalogue import facts
from cpctl.sandbox.catalogue.objects import AS_OF, digest, draw, places4, short_name, thing
from cpctl.sandbox.catalogue.providers import Site


class Form(NamedTuple):
    """How cards are sold: `least` + k × `step` of them, out of one of these capacities."""

    least: int
    step: int
    capacities: tuple[int, ...]
    zh: str


FORMS: Final[dict[str, Form]] = {
    "card": Form(1, 1, (1, 2, 3, 4, 6, 8, 12, 16), "零散卡，可单卡购买"),
    "container": Form(1, 1, (8, 16, 24, 32, 40), "容器实例，按卡购买"),
    "machine": Form(8, 8, (8, 16, 24, 32, 64), "八卡整机"),
    "cluster": Form(16, 16, (32, 64, 96, 128), "集群，十六卡起"),
}

# What a kind of provider sells, and how many products each has beside its staples.
TRADES: Final[dict[str, tuple[tuple[str, ...], int]]] = {
    "carrier-like": (("container", "machine", "cluster"), 3),
    "cloud": (("container", "machine"), 4),
    "iccenter": (("container", "machine", "cluster"), 3),
    "supercomputing": (("machine", "container"), 3),
    "green-dc": (("machine", "cluster"), 3),
    "loose-card": (("card",), 6),
    "maas": (("container",), 1),
    "campus": (("card", "container"), 3),
}


class Staple(NamedTuple):
    """What one provider of every division has on offer at any seed: examples, scenarios and tests lean on it."""

    number: str
    sku: str
    form: str
    billing: str
    capacity: int


STAPLES: Final = (
    Staple("06", "ascend-910b3-64g", "container", "on-demand", 64),
    Staple("01", "nvidia-h800-sxm5-80g", "container", "on-demand", 64),
    Staple("10", "nvidia-rtx4090-24g", "card", "on-demand", 16),
    Staple("04", "nvidia-a100-sxm4-80g", "container", "on-demand", 32),
    Staple("05", "nvidia-l20-48g", "container", "on-demand", 24),
    Staple("02", "nvidia-h800-sxm5-80g", "machine", "on-demand", 64),
    Staple("09", "ascend-910b3-64g", "cluster", "on-demand", 128),
    Staple("07", "ascend-910c-128g", "machine", "on-demand", 64),
    Staple("08", "hygon-k100ai-64g", "machine", "on-demand", 32),
    Staple("04", "nvidia-h800-sxm5-80g", "container", "spot", 16),
    Staple("01", "ascend-910b3-64g", "machine", "monthly", 32),
)

# Billing mode → how often it is drawn (percent), and its price position against on-demand (percent).
BILLING: Final[dict[str, tuple[int, int]]] = {
    "on-demand": (60, 100),
    "daily": (12, 85),
    "monthly": (10, 65),
    "spot": (18, 35),
}
JITTER: Final = 40  # per mille of the band, between offers of one provider
TICK: Final = 25  # ten-thousandths: prices end in .0000, .0025, .0050 …

STACK_IMAGES: Final[dict[str, tuple[str, ...]]] = {
    "cuda": ("pytorch-2.7-cuda12.6", "vllm-0.10-cuda12.6", "ubuntu-22.04-cuda12.6"),
    "cann": ("pytorch-2.6-cann8.1", "mindspore-2.6-cann8.1", "vllm-ascend-0.9-cann8.1"),
    "dtk": ("pytorch-2.5-dtk25.04", "ubuntu-22.04-dtk25.04"),
}


class Good(NamedTuple):
    """A product: one provider's cards of one sku in one form."""

    site: Site
    sku: facts.Sku
    form: str

    @property
    def name(self) -> str:
        """`pd-sx-06-ascend-910b3-64g-container`."""
        return f"pd-{self.site.firm.id.removeprefix('sbx-')}-{self.sku.sku}-{self.form}"


class Lot(NamedTuple):
    """An offer: part of a product's cards under one billing mode; `price` in ten-thousandths of a yuan."""

    name: str
    good: Good
    billing: str
    capacity: int
    price: int


# ---- products


def goods(seed: int, sites: dict[str, Site]) -> dict[str, Good]:
    """Every product by name, staples first."""
    staples = [_staple_good(site, staple) for staple in STAPLES for site in sites.values() if _has(site, staple)]
    dealt = [good for kind in TRADES for good in _dealt(seed, kind, sites)]
    return {good.name: good for good in staples + dealt}


def _has(site: Site, staple: Staple) -> bool:
    return site.firm.number == staple.number


def _staple_good(site: Site, staple: Staple) -> Good:
    return Good(site, facts.skus()[staple.sku], staple.form)


def _dealt(seed: int, kind: str, sites: dict[str, Site]) -> Iterator[Good]:
    """The products of all providers of one kind, dealt from the kind's shuffled pack."""
    forms, each = TRADES[kind]
    rng = draw(seed, "deal", kind)
    pack = [sku for sku in facts.skus().values() if kind in sku.held_by]
    rng.shuffle(pack)
    deck = cycle(pack)
    for site in sites.values():
        if site.firm.kind == kind:
            yield from (Good(site, sku, rng.choice(forms)) for sku in islice(deck, each))


def product_objects(seed: int, goods: dict[str, Good], lots: Sequence[Lot]) -> list[dict[str, Any]]:
    """The Product objects."""
    held: dict[str, list[Lot]] = {name: [] for name in goods}
    for lot in lots:
        held[lot.good.name].append(lot)
    return [_product(seed, good, held[name]) for name, good in goods.items()]


def _product(seed: int, good: Good, lots: Sequence[Lot]) -> dict[str, Any]:
    sku = good.sku
    spec = {
        "provider": good.site.firm.id,
        "sku": sku.sku,
        "accelerator": sku.accelerator,
        "vendor": sku.vendor,
        "memoryGiB": sku.memory_gib,
        "fp16Tflops": sku.fp16_tflops or None,
        "interconnect": sku.interconnect,
        "form": good.form,
        "images": list(images(sku.stack)),
        "resourceNames": list(sku.resources),
        "description": _description(good),
    }
    status = {
        "offers": len(lots),
        "freeCards": sum(lot.capacity for lot in lots),
        "priceFrom": places4(min(lot.price for lot in lots)) if lots else None,
    }
    return thing(seed, "Product", good.name, spec, status)


def images(stack: str) -> tuple[str, ...]:
    """Images that run on a vendor's software stack."""
    return STACK_IMAGES.get(stack, (f"pytorch-2.5-{stack}", f"ubuntu-22.04-{stack}"))


def _description(good: Good) -> str:
    sold = f"{good.site.firm.name_zh}：{good.sku.name}，每卡 {good.sku.memory_gib} GiB，{FORMS[good.form].zh}。"
    return f"{sold}{good.sku.note}模拟产品，价格为沙箱价格。"


# ---- offers


def lots(seed: int, goods: dict[str, Good], scale: int) -> list[Lot]:
    """`scale` offers: the staples in every division, then one of each product, then more of them in turn."""
    rng, taken, made = draw(seed, "lots"), set[str](), list[Lot]()
    for count, (good, billing, staple_capacity) in enumerate(islice(_plan(seed, goods), scale)):
        capacity = staple_capacity or rng.choice(FORMS[good.form].capacities)
        made.append(Lot(_free_name(seed, good, count, taken), good, billing, capacity, _price(rng, good, billing)))
    return made


def _plan(seed: int, goods: dict[str, Good]) -> Iterator[tuple[Good, str, int]]:
    """What to offer, without end: product, billing mode, capacity (0: to be drawn)."""
    for staple in STAPLES:
        form_and_sku = (staple.form, staple.sku)
        yield from (
            (good, staple.billing, staple.capacity)
            for good in goods.values()
            if (good.form, good.sku.sku) == form_and_sku and _has(good.site, staple)
        )
    rng = draw(seed, "plan")
    order = list(goods.values())
    rng.shuffle(order)
    yield from ((good, "on-demand", 0) for good in order)
    modes, weights = list(BILLING), [often for often, _ in BILLING.values()]
    yield from ((good, rng.choices(modes, weights)[0], 0) for good in cycle(order))


def _free_name(seed: int, good: Good, count: int, taken: set[str]) -> str:
    """A short name that says nothing of who offers, so that sorting by name favours nobody."""
    bits = digest(seed, good.name, count)
    while (name := f"of-{short_name(bits)}") in taken:
        bits >>= 5
    taken.add(name)
    return name


def _price(rng: Random, good: Good, billing: str) -> int:
    """Within the sku's band, where the provider and the billing mode put it."""
    place = good.site.dearness + rng.randint(-JITTER, JITTER)
    place = min(1000, max(0, place * BILLING[billing][1] // 100))
    exact = good.sku.low + (good.sku.high - good.sku.low) * place // 1000
    return exact // TICK * TICK


def offer_object(seed: int, lot: Lot) -> dict[str, Any]:
    """The Offer object, with all its cards free."""
    site, sku, form = lot.good.site, lot.good.sku, FORMS[lot.good.form]
    spec = {
        "product": lot.good.name,
        "provider": site.firm.id,
        "subplatform": site.region.id,
        "province": site.region.id,
        "city": site.firm.city,
        "accelerator": sku.accelerator,
        "vendor": sku.vendor,
        "memoryGiB": sku.memory_gib,
        "interconnect": sku.interconnect,
        "billing": lot.billing,
        "price": places4(lot.price),
        "minCards": form.least,
        "stepCards": form.step,
        "pue": f"{site.pue // 100}.{site.pue % 100:02d}",
        "green": places4(site.green * 100),
        "latencyClass": site.latency,
    }
    free = {"state": "ok", "capacity": lot.capacity, "free": lot.capacity, "held": 0, "active": 0, "asOf": AS_OF}
    return thing(seed, "Offer", lot.name, spec, free)
