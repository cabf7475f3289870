"""Whether the allocations of a request are what its spec asks for; the platform takes no client's word for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from cpctl.sandbox.problems import invalid
from cpctl.sandbox.times import duration_s

Spec = Mapping[str, Any]


def asked(spec: Spec, *path: str) -> Any:
    """A value of the spec; None where it says nothing."""
    value: Any = spec
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


RULES: Final[tuple[tuple[tuple[str, ...], Callable[[Any, Spec], bool]], ...]] = (
    (("accelerator",), lambda wanted, offer: offer["accelerator"] in wanted),
    (("placement", "provinces"), lambda wanted, offer: not wanted or offer["province"] in wanted),
    (("placement", "excludeProvinces"), lambda wanted, offer: offer["province"] not in wanted),
    (("placement", "providers"), lambda wanted, offer: not wanted or offer["provider"] in wanted),
    (("placement", "excludeProviders"), lambda wanted, offer: offer["provider"] not in wanted),
    (("requirements", "minMemoryGiB"), lambda wanted, offer: offer["memoryGiB"] >= wanted),
    (("requirements", "maxPUE"), lambda wanted, offer: Decimal(offer["pue"]) <= Decimal(wanted)),
    (("requirements", "minGreen"), lambda wanted, offer: Decimal(offer["green"]) >= Decimal(wanted)),
    (("requirements", "interconnect"), lambda wanted, offer: offer["interconnect"].lower().startswith(wanted.lower())),
    (("requirements", "vendor"), lambda wanted, offer: not wanted or offer["vendor"] in wanted),
    (("requirements", "latencyClass"), lambda wanted, offer: not wanted or offer["latencyClass"] in wanted),
)
"""What a spec may ask of every offer, with the test of an offer's spec."""


def allows(spec: Spec, sold: Mapping[str, Any]) -> bool:
    """Whether a spec allows an offer, whose spec is `sold`."""
    return bool(sold["billing"] == spec.get("billing", "on-demand")) and all(
        wanted is None or test(wanted, sold) for wanted, test in ((asked(spec, *path), test) for path, test in RULES)
    )


def check_offer(spec: Spec, offer: Mapping[str, Any], field: str) -> None:
    """Refuse an offer that the spec does not allow. Raises Problem."""
    name = offer["metadata"]["name"]
    billing = spec.get("billing", "on-demand")
    if offer["spec"]["billing"] != billing:
        raise invalid(field, f"{name} is billed {offer['spec']['billing']}, the order {billing}")
    for path, allows in RULES:
        wanted = asked(spec, *path)
        if wanted is not None and not allows(wanted, offer["spec"]):
            raise invalid(field, f"{name} is not what spec.{'.'.join(path)} asks for")


def check_quantity(offer: Mapping[str, Any], cards: int, field: str) -> None:
    """Refuse a quantity that is not minCards + k × stepCards. Raises Problem."""
    least, step = offer["spec"]["minCards"], offer["spec"]["stepCards"]
    if cards < least or (cards - least) % step:
        raise invalid(field, f"{offer['metadata']['name']} is sold from {least} cards in steps of {step}")


def check_sums(spec: Spec, allocations: Sequence[Mapping[str, Any]]) -> None:
    """Refuse offers named twice, and allocations that are not the spec's own or its number of cards. Raises Problem."""
    cards = {each["offer"]: each["cards"] for each in allocations}
    if len(cards) != len(allocations):
        raise invalid("allocations", "name an offer twice")
    if spec.get("allocations") is not None:
        written = spec["allocations"]
        if {each["offer"]: each["cards"] for each in written} != cards or len(written) != len(cards):
            raise invalid("allocations", "are not those of spec.allocations")
    elif spec.get("accelerator") is None:
        raise invalid("spec", "needs accelerator and cards, or allocations")
    elif spec.get("cards") is None:
        raise invalid("spec.cards", "is required with spec.accelerator")
    if spec.get("cards") not in (None, sum(cards.values())):
        raise invalid("allocations", f"are {sum(cards.values())} cards, spec.cards is {spec['cards']}")


def check_together(spec: Spec, lines: Sequence[Any]) -> None:
    """Refuse cards in more provinces, or of more providers, than the spec allows.

    Args:
        lines: Each with `province` and `provider`.

    Raises:
        Problem: They are.
    """
    together = asked(spec, "placement", "colocate") or "none"
    if together != "none":
        places = {getattr(line, together) for line in lines}
        if len(places) > 1:
            raise invalid("allocations", f"are of {len(places)} {together}s, spec.placement.colocate is {together}")
    most, providers = asked(spec, "placement", "maxProviders"), {line.provider for line in lines}
    if most is not None and len(providers) > most:
        raise invalid("allocations", f"are of {len(providers)} providers, spec.placement.maxProviders is {most}")


def asked_seconds(spec: Spec) -> int:
    """The duration of a spec in seconds. Raises Problem."""
    try:
        return duration_s(spec["duration"])
    except ValueError:
        raise invalid(
            "spec.duration", "must be like 90s, 30m, 24h, 7d or 1h30m, more than nothing and at most ten years"
        ) from None


def instant_s(text: str, field: str) -> int:
    """An RFC 3339 time in UTC as epoch seconds. Raises Problem."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise invalid(field, "must be a time in UTC such as 2026-01-31T08:00:00Z") from None
