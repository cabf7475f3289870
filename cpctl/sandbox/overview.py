"""The national view: capacity, free cards, prices and efficiency by sub-platform and by accelerator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from cpctl.sandbox.platform import CATALOGUE, Platform
from cpctl.sandbox.stock import share
from cpctl.sandbox.times import rfc3339

Offer = Mapping[str, Any]
CENT: Final = Decimal("0.01")
BASIS: Final = Decimal("0.0001")
PUE_OF_NOTHING: Final = "1.00"


def figures(offers: Iterable[Offer], tflops: Mapping[str, Decimal]) -> dict[str, Any]:
    """The sums of some offers; PUE and green share are weighted by cards."""
    rows = list(offers)
    capacity = sum(offer["status"]["capacity"] for offer in rows)
    free = sum(offer["status"]["free"] for offer in rows)
    prices = sorted((offer["spec"]["price"] for offer in rows), key=Decimal)
    compute = sum(
        (tflops.get(offer["spec"]["product"], Decimal(0)) * offer["status"]["capacity"] for offer in rows), Decimal(0)
    )
    return {
        "capacityCards": capacity,
        "freeCards": free,
        "priceFrom": prices[0] if prices else None,
        "priceTo": prices[-1] if prices else None,
        "utilisation": share(capacity - free, capacity),
        "pue": weighted(rows, "pue", capacity, CENT, PUE_OF_NOTHING),
        "green": weighted(rows, "green", capacity, BASIS, "0.0000"),
        "petaflops": f"{compute / 1000:.3f}",
    }


def weighted(rows: Iterable[Offer], field: str, capacity: int, place: Decimal, empty: str) -> str:
    """The mean of a field over cards."""
    if not capacity:
        return empty
    total = sum((Decimal(offer["spec"][field]) * offer["status"]["capacity"] for offer in rows), Decimal(0))
    return str((total / capacity).quantize(place, ROUND_HALF_UP))


def grouped(offers: Iterable[Offer], field: str) -> dict[str, list[Offer]]:
    """Offers by a field of their spec, sorted by it."""
    groups: dict[str, list[Offer]] = {}
    for offer in offers:
        groups.setdefault(offer["spec"][field], []).append(offer)
    return dict(sorted(groups.items()))


def overview(platform: Platform, now_s: float) -> dict[str, Any]:
    """The whole view; the offers of sub-platforms that do not answer are left out, and it says so."""
    states = platform.faults.states("/v1/overview", platform.provinces)
    offers = [offer for offer in platform.objects("offers") if states.get(offer["spec"]["province"]) != "down"]
    tflops = {
        each["metadata"]["name"]: Decimal(each["spec"]["fp16Tflops"] or 0) for each in platform.objects("products")
    }
    by_platform = grouped(offers, "subplatform")
    counts = {plural: len(platform.objects(plural)) for plural in CATALOGUE}
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Overview",
        "spec": {},
        "status": {
            "total": figures(offers, tflops) | counts,
            "subplatforms": [
                figures(by_platform.get(each["metadata"]["name"], ()), tflops)
                | {
                    "name": each["spec"]["province"],
                    "nameZh": each["spec"]["nameZh"],
                    "state": states.get(each["spec"]["province"], "ok"),
                }
                for each in platform.objects("subplatforms")
            ],
            "accelerators": [
                figures(rows, tflops)
                | {
                    "name": name,
                    "vendor": rows[0]["spec"]["vendor"],
                    "subplatforms": len({offer["spec"]["subplatform"] for offer in rows}),
                }
                for name, rows in grouped(offers, "accelerator").items()
            ],
        },
        "metadata": {
            "resourceVersion": str(platform.store.version),
            "complete": not states,
            "subplatforms": [
                {"name": name, "state": states.get(name, "ok"), "asOf": rfc3339(now_s)} for name in platform.provinces
            ],
        },
    }
