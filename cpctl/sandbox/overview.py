"""The national view: capacity, free cards, prices and efficiency by sub-platform and by accelerator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from cpctl.sandbox.answering import Asked, Trouble, answered
from cpctl.sandbox.money import rounded, scaled
from cpctl.sandbox.platform import CATALOGUE, Platform
from cpctl.sandbox.stock import PLATFORM, share

Offer = Mapping[str, Any]
PUE_OF_NOTHING: Final = "1.00"
PLACES: Final = {"pue": 2, "green": 4}


class Sums:
    """The figures of some offers; PUE and green share are weighted by cards. Whole numbers inside: fast, and exact."""

    def __init__(self) -> None:
        self.capacity = self.free = 0
        self.compute: Decimal | None = None
        self.weighted = dict.fromkeys(PLACES, 0)
        self.low: str | None = None
        self.high: str | None = None
        self.vendor = ""
        self.subplatforms: set[str] = set()

    def add(self, offer: Offer, tflops: Decimal | None) -> None:
        """Count one offer in; the compute of a card that no source can be trusted for is not counted."""
        spec, capacity = offer["spec"], offer["status"]["capacity"]
        self.capacity += capacity
        self.free += offer["status"]["free"]
        if tflops is not None:
            self.compute = (self.compute or Decimal(0)) + tflops * capacity
        for field in PLACES:
            self.weighted[field] += millionths(spec[field]) * capacity
        price = spec["price"]
        if self.low is None or millionths(price) < millionths(self.low):
            self.low = price
        if self.high is None or millionths(price) > millionths(self.high):
            self.high = price
        self.vendor = spec["vendor"]
        self.subplatforms.add(spec["subplatform"])

    def mean(self, field: str) -> str:
        """The mean of a field over cards, as a decimal string."""
        if not self.capacity:
            return PUE_OF_NOTHING if field == "pue" else "0.0000"
        places = PLACES[field]
        units = rounded(self.weighted[field], self.capacity * 10 ** (6 - places))
        return f"{units // 10**places}.{units % 10**places:0{places}d}"

    def figures(self) -> dict[str, Any]:
        """As the contract shows them."""
        return {
            "capacityCards": self.capacity,
            "freeCards": self.free,
            "priceFrom": self.low,
            "priceTo": self.high,
            "utilisation": share(self.capacity - self.free, self.capacity),
            "pue": self.mean("pue"),
            "green": self.mean("green"),
            "petaflops": None if self.compute is None else f"{self.compute / 1000:.3f}",
        }


Groups = dict[str, Sums]


@lru_cache(maxsize=50_000)
def millionths(text: str) -> int:
    """A decimal string as whole millionths."""
    return scaled(text, 6)


@lru_cache(maxsize=4)
def summed(
    platform: Platform, _revision: int, troubles: tuple[tuple[str, Trouble], ...]
) -> tuple[Sums, Groups, Groups]:
    """All offers, and by sub-platform and by accelerator, sorted; kept until stock changes (its revision does).

    The offers of sub-platforms that do not answer are left out, those of slow ones are as they were.
    """
    tflops = {
        each["metadata"]["name"]: Decimal(each["spec"]["fp16Tflops"])
        for each in platform.objects("products")
        if each["spec"]["fp16Tflops"] is not None
    }
    total, places, kinds = Sums(), defaultdict[str, Sums](Sums), defaultdict[str, Sums](Sums)
    asked = Asked(platform.provinces, dict(troubles))
    for item in answered(platform, "offers", platform.store.items("offers", PLATFORM), asked):
        offer, spec = item.obj, item.obj["spec"]
        for sums in (total, places[spec["subplatform"]], kinds[spec["accelerator"]]):
            sums.add(offer, tflops.get(spec["product"]))
    return total, places, dict(sorted(kinds.items()))


def overview(platform: Platform, asked: Asked, now_s: float) -> dict[str, Any]:
    """The whole view, and how complete it is."""
    troubles = tuple(asked.troubles.items())
    total, places, kinds = summed(platform, platform.store.revision("offers", PLATFORM), troubles)
    told = asked.told(now_s)
    answers = {each["name"]: each for each in told["subplatforms"]}
    counts = {plural: len(platform.objects(plural)) for plural in CATALOGUE}
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Overview",
        "spec": {},
        "status": {
            "total": total.figures() | counts,
            "subplatforms": [
                places[each["metadata"]["name"]].figures()
                | {
                    "name": each["spec"]["province"],
                    "nameZh": each["spec"]["nameZh"],
                    "state": answers[each["spec"]["province"]]["state"],
                    "asOf": answers[each["spec"]["province"]]["asOf"],
                }
                for each in platform.objects("subplatforms")
            ],
            "accelerators": [
                sums.figures() | {"name": name, "vendor": sums.vendor, "subplatforms": len(sums.subplatforms)}
                for name, sums in kinds.items()
            ],
        },
        "metadata": {"resourceVersion": str(platform.store.version), **told},
    }
