"""Cards of offers: held + active + free = capacity at every moment; and the sums that providers and provinces show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change, Store
from cpctl.sandbox.times import rfc3339

PLATFORM: Final = ""
"""The scope of what belongs to nobody's project."""


def offer_named(reader: Change | Store, name: str) -> Mapping[str, Any]:
    """The offer on sale. Raises Problem: it is gone."""
    item = reader.find("offers", PLATFORM, name)
    if item is None or item.obj["status"]["state"] == "withdrawn":
        raise Problem("OfferGone", f"offer {name} is gone", offer=name)
    return item.obj


def move(change: Change, name: str, cards: int, source: str, target: str, at_s: float) -> None:
    """Move cards of an offer between `free`, `held` and `active`.

    Raises:
        Problem: NoCapacity, when fewer are free.
    """
    item = change.find("offers", PLATFORM, name)
    assert item is not None, f"an order names offer {name}, which is not in the catalogue"
    status = dict(item.obj["status"])
    if status[source] < cards:
        raise no_capacity(name, status[source], cards)
    status[source] -= cards
    status[target] += cards
    status["asOf"] = rfc3339(at_s)
    if status["state"] in ("ok", "sold-out"):
        status["state"] = "ok" if status["free"] else "sold-out"
    change.put("offers", PLATFORM, {**item.obj, "status": status})
    freed = cards * ((target == "free") - (source == "free"))
    change.eased = change.eased or freed > 0
    if freed:
        tell_sums(change, item.obj["spec"], freed)


def no_capacity(offer: str, available: int, wanted: int) -> Problem:
    """The refusal for lack of cards; nothing was bought."""
    return Problem(
        "NoCapacity",
        f"offer {offer} has {available} free cards, {wanted} were asked for",
        offer=offer,
        available=available,
    )


def tell_sums(change: Change, spec: Mapping[str, Any], freed: int) -> None:
    """Bring the free cards of an offer's provider, product and sub-platform up to date."""
    for plural, key in (("providers", "provider"), ("products", "product"), ("subplatforms", "subplatform")):
        item = change.find(plural, PLATFORM, spec[key])
        if item is not None:
            status = {**item.obj["status"], "freeCards": item.obj["status"]["freeCards"] + freed}
            if "utilisation" in status:
                status["utilisation"] = share(status["capacityCards"] - status["freeCards"], status["capacityCards"])
            change.put(plural, PLATFORM, {**item.obj, "status": status})


def share(part: int, whole: int) -> str:
    """A ratio with four places; of nothing, 0."""
    return f"{part / whole if whole else 0:.4f}"


def set_price(change: Change, name: str, price: str, at_s: float) -> None:
    """Move an offer's price, and its product's lowest. Raises Problem."""
    offer = offer_named(change, name)
    spec = {**offer["spec"], "price": price}
    status = {**offer["status"], "asOf": rfc3339(at_s)}
    change.put("offers", PLATFORM, {**offer, "spec": spec, "status": status})
    change.eased = True


def price_from(change: Change, product: str, prices: list[str]) -> None:
    """Bring a product's lowest price up to date."""
    item = change.find("products", PLATFORM, product)
    if item is not None and prices:
        status = {**item.obj["status"], "priceFrom": min(prices, key=float)}
        change.put("products", PLATFORM, {**item.obj, "status": status})
