"""The filters that lists take by name, a row each; several values are alternatives, several filters all hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from cpctl.sandbox import bodies
from cpctl.sandbox.paths import getter, number
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.shapes import Text

Test = Callable[[Mapping[str, Any]], bool]


class Catalogue(Protocol):
    """What filters look values up in."""

    def objects(self, plural: str) -> Sequence[Mapping[str, Any]]:
        """All objects of a catalogue kind."""


Filter = Callable[[str, str, Catalogue], Test]
"""(parameter, its text, catalogue) → test. Raises Problem."""


def values_of(text: str) -> list[str]:
    """Comma-separated words."""
    return [word.strip() for word in text.split(",") if word.strip()]


def known_values(catalogue: Catalogue, plural: str, path: str) -> list[str]:
    """Every value a field has in the catalogue, sorted."""
    read = getter(path)
    found: set[str] = set()
    for obj in catalogue.objects(plural):
        value = read(obj)
        found.update(value if isinstance(value, list) else [value])
    return sorted(found)


def among_known(field: str, text: str, allowed: Sequence[str]) -> frozenset[str]:
    """The words, each of which must be known. Raises Problem."""
    wanted = values_of(text)
    for word in wanted:
        if word not in allowed:
            raise Problem("UnknownValue", f'{field} "{word}" is unknown', field=field, allowed=list(allowed))
    return frozenset(wanted)


def one_of(path: str, plural: str, known: str = "") -> Filter:
    """The field is one of the words; `known` is where legal words are found (by default the field itself)."""

    def build(field: str, text: str, catalogue: Catalogue) -> Test:
        wanted = among_known(field, text, known_values(catalogue, plural, known or path))
        read = getter(path)
        return lambda obj: read(obj) in wanted

    return build


def none_of(path: str, plural: str) -> Filter:
    """The field is none of the words."""
    build = one_of(path, plural)

    def inverted(field: str, text: str, catalogue: Catalogue) -> Test:
        test = build(field, text, catalogue)
        return lambda obj: not test(obj)

    return inverted


def any_of(path: str, plural: str) -> Filter:
    """The field is a list that holds one of the words."""

    def build(field: str, text: str, catalogue: Catalogue) -> Test:
        wanted = among_known(field, text, known_values(catalogue, plural, path))
        read = getter(path)
        return lambda obj: not wanted.isdisjoint(read(obj))

    return build


def free_words(path: str, most: int) -> Filter:
    """The field is one of the words, whatever they are; at most so many characters."""

    def build(field: str, text: str, _catalogue: Catalogue) -> Test:
        Text(most=most).check(text, field)
        wanted = frozenset(values_of(text))
        read = getter(path)
        return lambda obj: read(obj) in wanted

    return build


def bound(path: str, shape: Text, holds: Callable[[Decimal, Decimal], bool]) -> Filter:
    """The field compares with the figure; `holds(field, figure)`."""

    def build(field: str, text: str, _catalogue: Catalogue) -> Test:
        shape.check(text, field)
        figure, read = Decimal(text), getter(path)

        def test(obj: Mapping[str, Any]) -> bool:
            value = number(read(obj))
            return value is not None and holds(value, figure)

        return test

    return build


def able_to_serve(field: str, text: str, _catalogue: Catalogue) -> Test:
    """Offers that can sell this many cards now, minimum and step observed."""
    WHOLE.check(text, field)
    cards = int(text)
    if not 1 <= cards <= 1_000_000:
        raise invalid(field, "must be 1 to 1000000")

    def test(offer: Mapping[str, Any]) -> bool:
        least, step = offer["spec"]["minCards"], offer["spec"]["stepCards"]
        return bool(offer["status"]["free"] >= cards >= least and (cards - least) % step == 0)

    return test


def begins_with(path: str) -> Filter:
    """The field begins with the word, in any case."""

    def build(field: str, text: str, _catalogue: Catalogue) -> Test:
        Text(most=64).check(text, field)
        wanted, read = text.lower(), getter(path)
        return lambda obj: str(read(obj)).lower().startswith(wanted)

    return build


def through(path: str, plural: str, key: str, looked_up: str) -> Filter:
    """`path` names an object (of `plural`, by `key`) whose `looked_up` field is one of the words."""

    def build(field: str, text: str, catalogue: Catalogue) -> Test:
        wanted = among_known(field, text, known_values(catalogue, "subplatforms", "spec.province"))
        read, read_key, read_field = getter(path), getter(key), getter(looked_up)
        names = {read_key(obj) for obj in catalogue.objects(plural) if read_field(obj) in wanted}
        return lambda obj: read(obj) in names

    return build


def at_most(value: Decimal, figure: Decimal) -> bool:
    return value <= figure


def at_least(value: Decimal, figure: Decimal) -> bool:
    return value >= figure


WHOLE: Final = Text(r"[0-9]{1,9}")
MEMORY_GIB: Final = Text(r"[0-9]{1,5}|100000")
PROVINCE: Final = "spec.province"
PROVIDER: Final = one_of("spec.provider", "providers", "metadata.name")

FILTERS: Final[dict[str, dict[str, Filter]]] = {
    "providers": {
        "province": one_of(PROVINCE, "subplatforms"),
        "subplatform": one_of("spec.subplatform", "subplatforms", "metadata.name"),
        "kind": one_of("spec.kind", "providers"),
    },
    "products": {
        "province": through("spec.provider", "providers", "metadata.name", PROVINCE),
        "provider": PROVIDER,
        "accelerator": one_of("spec.accelerator", "products"),
        "vendor": one_of("spec.vendor", "products"),
    },
    "offers": {
        "province": one_of(PROVINCE, "subplatforms"),
        "excludeProvince": none_of(PROVINCE, "subplatforms"),
        "provider": PROVIDER,
        "accelerator": one_of("spec.accelerator", "products"),
        "vendor": one_of("spec.vendor", "products"),
        "subplatform": one_of("spec.subplatform", "subplatforms", "metadata.name"),
        "cards": able_to_serve,
        "minMemory": bound("spec.memoryGiB", MEMORY_GIB, at_least),
        "maxPrice": bound("spec.price", bodies.MAX_PRICE, at_most),
        "maxPue": bound("spec.pue", bodies.PUE, at_most),
        "minGreen": bound("spec.green", bodies.RATIO, at_least),
        "billing": lambda field, text, catalogue: billed(field, text),
        "interconnect": begins_with("spec.interconnect"),
        "latencyClass": one_of("spec.latencyClass", "offers"),
    },
    "models": {
        "province": through("metadata.name", "sources", "spec.model", PROVINCE),
        "task": any_of("spec.tasks", "models"),
        "kind": one_of("spec.kind", "models"),
        "domain": one_of("spec.domain", "models"),
        "publisher": one_of("spec.publisher", "models"),
    },
    "sources": {
        "province": one_of(PROVINCE, "subplatforms"),
        "provider": PROVIDER,
        "model": one_of("spec.model", "models", "metadata.name"),
    },
    "cards": {"order": free_words("spec.order", 63)},
    "bills": {"order": free_words("spec.order", 63)},
    "events": {"kind": free_words("spec.about.kind", 64), "name": free_words("spec.about.name", 128)},
}


def billed(field: str, text: str) -> Test:
    """Offers of these billing modes."""
    wanted = among_known(field, text, bodies.BILLING.words)
    return lambda obj: obj["spec"]["billing"] in wanted


def tests(plural: str, query: Mapping[str, str], catalogue: Catalogue) -> list[Test]:
    """The tests of every filter the query names. Raises Problem."""
    named = {name: build for name, build in FILTERS.get(plural, {}).items() if name in query}
    for name in named:
        if not values_of(query[name]):
            raise invalid(name, "must not be empty")
    return [build(name, query[name], catalogue) for name, build in named.items()]
