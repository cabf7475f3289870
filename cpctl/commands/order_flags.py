"""Flags that describe an order → its spec: read here alone, so that `plan` plans what `create` buys."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cpctl.commands.filters import BILLING, LATENCY, number_within, words
from cpctl.errors import BadValue, UnknownName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cpctl.resources.order import OrderSpec
    from cpctl.runtime import Runtime

COLOCATE = ("none", "province", "provider")
CHOSEN_BY_PLANNER = frozenset({"accelerator", "cards", "placement", "requirements"})
CARDS_LIMIT, PROVIDERS_LIMIT = 100_000, 1_000
KEY_SIZE_LIMIT = 16_384
Word = str | None
Words = list[str] | None


class OrderFlags(NamedTuple):
    """The values of the flags, as typed; None where a flag was not given."""

    accelerator: Words = None
    cards: Word = None
    duration: Word = None
    billing: Word = None
    province: Words = None
    exclude_province: Words = None
    provider: Words = None
    exclude_provider: Words = None
    vendor: Words = None
    min_memory: Word = None
    max_price: Word = None
    max_pue: Word = None
    min_green: Word = None
    interconnect: Word = None
    latency_class: Words = None
    colocate: Word = None
    max_providers: Word = None
    budget: Word = None
    voucher: Word = None
    offer: Words = None
    scenario: Word = None
    image: Word = None
    ssh_key: Words = None


def spec_of(rt: Runtime, given: OrderFlags, source: str) -> OrderSpec:
    """The spec that the flags describe, on top of a scenario's when one is named.

    Args:
        source: What a message about the whole spec begins with.

    Raises:
        UsageError: A value does not parse, or the whole is no order.
    """
    from cpctl.resources.order import order_spec

    return order_spec(fields_of(rt, given), source)


def fields_of(rt: Runtime, given: OrderFlags) -> dict[str, Any]:
    """The same, not checked yet."""
    template = _template(rt, given.scenario) if given.scenario else {}
    if given.offer:
        template = {key: value for key, value in template.items() if key not in CHOSEN_BY_PLANNER}
    return template | _fields(given)


def _fields(given: OrderFlags) -> dict[str, Any]:
    """The fields of the spec that flags stand for."""
    return _kept(
        accelerator=given.accelerator and words(given.accelerator),
        cards=_count("cards", given.cards),
        allocations=given.offer and [_allocation(text) for text in given.offer],
        duration=given.duration,
        billing=_one_of("billing mode", given.billing, BILLING),
        placement=_kept(
            provinces=given.province and words(given.province),
            excludeProvinces=given.exclude_province and words(given.exclude_province),
            providers=given.provider and words(given.provider),
            excludeProviders=given.exclude_provider and words(given.exclude_provider),
            colocate=_one_of("colocation", given.colocate, COLOCATE),
            maxProviders=_count("max-providers", given.max_providers, PROVIDERS_LIMIT),
        ),
        requirements=_kept(
            minMemoryGiB=_memory(given.min_memory),
            maxPUE=given.max_pue,
            minGreen=given.min_green,
            interconnect=given.interconnect,
            vendor=given.vendor and words(given.vendor),
            latencyClass=[_one_of("latency class", word, LATENCY) for word in words(given.latency_class or ())],
        ),
        limits=_kept(maxPrice=given.max_price, budget=given.budget),
        voucher=given.voucher,
        image=given.image,
        sshKeys=given.ssh_key and [_public_key(text) for text in given.ssh_key],
    )


def _kept(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {key: value for key, value in fields.items() if value not in (None, [], {})}


def _template(rt: Runtime, name: str) -> dict[str, Any]:
    """A scenario's order; flags put theirs in the place of its fields."""
    from cpctl.commands.reading import one
    from cpctl.errors import BadAnswer
    from cpctl.registry import find

    template = one(rt, find("scenario"), name).get("spec", {}).get("order")
    if not isinstance(template, dict):
        raise BadAnswer(detail=f'scenario "{name}" comes without an order')
    return dict(template)


def _count(what: str, text: str | None, most: int = CARDS_LIMIT) -> int | None:
    return number_within(what, text, 1, most) if text is not None else None


def _memory(text: str | None) -> int | None:
    from cpctl.units import memory_gib

    return memory_gib(text) if text is not None else None


def _one_of(what: str, word: str | None, legal: tuple[str, ...]) -> str | None:
    if word is not None and word not in legal:
        raise UnknownName(what, word, legal)
    return word


def _allocation(text: str) -> dict[str, Any]:
    name, equals, cards = text.partition("=")
    if not equals or not name:
        raise BadValue(what="offer", value=text[:80], expected="OFFER=N, such as of-1a2b3c4d=8")
    return {"offer": name, "cards": _count("cards", cards)}


def labels_of(texts: Sequence[str]) -> dict[str, str]:
    """Labels from KEY=VALUE; raises UsageError."""
    from cpctl.resources.order import order_labels

    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise BadValue(what="label", value=text[:80], expected="KEY=VALUE")
        found[key] = value
    labels: Mapping[str, str] = order_labels(found)
    return dict(labels)


def _public_key(text: str) -> str:
    """A key as it is, or the content of its file; a private one is refused before it goes anywhere."""
    if " " in text and not Path(text).exists():
        return text
    try:
        with Path(text).expanduser().open(encoding="utf-8") as file:
            content = file.read(KEY_SIZE_LIMIT)
    except (OSError, ValueError) as error:
        raise BadValue(what="SSH key", value=text[:80], expected="a public key, or a file that holds one") from error
    if "PRIVATE KEY" in content:
        raise BadValue(what="SSH key", value=text[:80], expected="a public key: this file holds a private one")
    return content.strip()
