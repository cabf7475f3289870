"""Sub-platforms and providers: where each provider stands, how green it is and how dear."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cpctl.sandbox.catalogue import facts
from cpctl.sandbox.catalogue.objects import AS_OF, draw, places4, thing

if TYPE_CHECKING:
    from cpctl.sandbox.catalogue.stock import Lot

GREEN_PARK_PUE: Final = 4  # hundredths below what its division reaches
GREEN_PARK_SHARE: Final = 8
MOST_GREEN: Final = 99
LEAST_PUE: Final = 108


class Site(NamedTuple):
    """A provider with what the seed drew for it: PUE and green share in hundredths, its price position per mille."""

    firm: facts.Firm
    region: facts.Region
    pue: int
    green: int
    dearness: int
    latency: str


def _site(seed: int, firm: facts.Firm) -> Site:
    rng, region = draw(seed, firm.id), facts.regions()[firm.province]
    is_park = firm.kind == "green-dc"
    return Site(
        firm,
        region,
        max(LEAST_PUE, rng.choice(region.pue) - GREEN_PARK_PUE * is_park),
        min(MOST_GREEN, rng.choice(region.green) + GREEN_PARK_SHARE * is_park),
        rng.randrange(region.price.start * 10, region.price.stop * 10),
        rng.choices(list(region.latency), list(region.latency.values()))[0],
    )


def sites(seed: int) -> dict[str, Site]:
    """Every provider by id."""
    return {firm.id: _site(seed, firm) for firm in facts.firms()}


def provider_objects(seed: int, sites: dict[str, Site], lots: Sequence[Lot]) -> list[dict[str, Any]]:
    """The Provider objects."""
    held: dict[str, list[Lot]] = {name: [] for name in sites}
    for lot in lots:
        held[lot.good.site.firm.id].append(lot)
    return [_provider(seed, site.firm, held[name]) for name, site in sites.items()]


def _provider(seed: int, firm: facts.Firm, lots: Sequence[Lot]) -> dict[str, Any]:
    spec = {
        "subplatform": firm.province,
        "province": firm.province,
        "city": firm.city,
        "kind": firm.kind,
        "nameZh": firm.name_zh,
        "nameEn": firm.name_en,
    }
    status = {"state": "ok", "offers": len(lots), "freeCards": sum(lot.capacity for lot in lots)}
    return thing(seed, "Provider", firm.id, spec, status)


def subplatform_objects(seed: int, lots: Sequence[Lot]) -> list[dict[str, Any]]:
    """The SubPlatform objects, with the figures of a platform nobody has bought from yet."""
    held: dict[str, list[Lot]] = {name: [] for name in facts.regions()}
    for lot in lots:
        held[lot.good.site.region.id].append(lot)
    return [_subplatform(seed, region, held[region.id]) for region in facts.regions().values()]


def _subplatform(seed: int, region: facts.Region, lots: Sequence[Lot]) -> dict[str, Any]:
    cards = sum(lot.capacity for lot in lots)
    flops = sum(lot.capacity * Decimal(lot.good.sku.fp16_tflops or 0) for lot in lots) / 1000
    spec = {
        "province": region.id,
        "nameZh": f"{region.short_zh}分平台（模拟）",
        "gbt2260": region.gbt2260,
        "url": f"https://{region.id}.sandbox.example/",
    }
    status = {
        "state": "ok",
        "asOf": AS_OF,
        "capacityCards": cards,
        "freeCards": cards,
        "utilisation": "0.0000",
        "pue": f"{Decimal(_mean([(lot.good.site.pue, lot.capacity) for lot in lots], region.pue[0])) / 100:.2f}",
        "green": places4(100 * _mean([(lot.good.site.green, lot.capacity) for lot in lots], region.green[0])),
        "petaflops": f"{flops:.3f}",
    }
    return thing(seed, "SubPlatform", region.id, spec, status)


def _mean(weighed: Sequence[tuple[int, int]], otherwise: int) -> int:
    """The weighted mean, to the nearest whole."""
    weight = sum(count for _, count in weighed)
    return (2 * sum(value * count for value, count in weighed) + weight) // (2 * weight) if weight else otherwise
