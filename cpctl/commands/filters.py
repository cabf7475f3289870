"""Flags that narrow a list → query parameters of the contract; each value is parsed here, at the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cpctl import units
from cpctl.errors import BadValue, UnknownName, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.registry import Kind
    from cpctl.runtime import Runtime

BILLING = ("on-demand", "daily", "monthly", "spot")
MODEL_KINDS = ("base", "vertical")


class Filter(NamedTuple):
    """A flag, the query parameter it becomes, and how its value is read."""

    flag: str
    parameter: str
    read: Callable[[Any], str]


def words(values: Iterable[str]) -> list[str]:
    """Words of repeated and comma-separated flags, in order, each once."""
    return list(dict.fromkeys(word.strip() for value in values for word in value.split(",") if word.strip()))


def _each(parse: Callable[[str], str]) -> Callable[[Sequence[str]], str]:
    return lambda values: ",".join(dict.fromkeys(parse(word) for word in words(values)))


def _same(word: str) -> str:
    return word


def _one_of(what: str, legal: tuple[str, ...]) -> Callable[[str], str]:
    def read(word: str) -> str:
        if word not in legal:
            raise UnknownName(what, word, legal)
        return word

    return read


def count(what: str, text: str) -> int:
    """A whole number above zero.

    Raises:
        BadValue: It is none.
    """
    return units.whole(text, what=what, least=1)


def number_within(what: str, text: str, low: int, high: int) -> int:
    """A whole number within bounds.

    Raises:
        BadValue: It is none.
    """
    if text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high:
        return int(text)
    raise BadValue(what=what, value=text[:40], expected=f"a whole number from {low} to {high}")


FILTERS: dict[str, Filter] = {
    "province": Filter("--province", "province", _each(lambda word: units.province(word).id)),
    "exclude_province": Filter("--exclude-province", "excludeProvince", _each(lambda word: units.province(word).id)),
    "provider": Filter("--provider", "provider", _each(_same)),
    "accelerator": Filter("--accelerator", "accelerator", _each(units.accelerator)),
    "vendor": Filter("--vendor", "vendor", _each(_same)),
    "cards": Filter("--cards", "cards", lambda text: str(count("cards", text))),
    "min_memory": Filter("--min-memory", "minMemory", lambda text: str(units.memory_gib(text))),
    "max_price": Filter("--max-price", "maxPrice", lambda text: str(units.price(text))),
    "max_pue": Filter("--max-pue", "maxPue", lambda text: str(units.pue(text))),
    "min_green": Filter("--min-green", "minGreen", lambda text: str(units.ratio(text))),
    "billing": Filter("--billing", "billing", _one_of("billing mode", BILLING)),
    "interconnect": Filter("--interconnect", "interconnect", _same),
    "task": Filter("--task", "task", _each(_same)),
    "kind": Filter("--kind", "kind", _one_of("kind of model", MODEL_KINDS)),
    "domain": Filter("--domain", "domain", _each(_same)),
    "publisher": Filter("--publisher", "publisher", _each(_same)),
    "model": Filter("--model", "model", _each(_same)),
    "order": Filter("--order", "order", _same),
}


def query(kind: Kind, given: Mapping[str, Any]) -> dict[str, str]:
    """The query of a list.

    Args:
        given: Values of flags by the names of FILTERS; None where a flag was not given.

    Raises:
        UsageError: The kind has no such filter, or a value does not parse.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    for name in chosen:
        if FILTERS[name].parameter not in kind.filters:
            legal = [row.flag for row in FILTERS.values() if row.parameter in kind.filters]
            only = f"it takes {', '.join(legal)}" if legal else "it takes none"
            raise UsageError(detail=f"{FILTERS[name].flag} is no filter of {kind.plural}; {only}")
    return {FILTERS[name].parameter: FILTERS[name].read(value) for name, value in chosen.items()}


def with_profile(rt: Runtime, kind: Kind, parameters: dict[str, str]) -> dict[str, str]:
    """The query with the profile's default provinces, which are named on stderr when they act."""
    provinces = rt.profile.provinces
    if (
        not provinces
        or "province" not in kind.filters
        or parameters.keys() & {"province", "excludeProvince", "provider"}
    ):
        return parameters
    rt.say(f"only {', '.join(provinces)}: the default of profile {rt.profile.name}")
    return parameters | {"province": ",".join(provinces)}
