"""Flags that narrow a list → query parameters of the contract; each value is parsed here, at the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import ge, le
from typing import Any, NamedTuple

from cpctl import units
from cpctl.errors import BadValue, UnknownName, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.registry import Kind
    from cpctl.runtime import Runtime
    from cpctl.selectors.condition import Condition

BILLING = ("on-demand", "daily", "monthly", "spot")
MODEL_KINDS = ("base", "vertical")
LATENCY = ("metro", "regional", "national")

Paths = tuple[str, ...]
Test = Callable[..., bool]


class Filter(NamedTuple):
    """A flag, the query parameter it becomes, and how its value is read.

    Attributes:
        test: From the parameter's value to what it says of an object's values.
        paths: Where those values stand, by the plural of each kind that shows them.
    """

    flag: str
    parameter: str
    read: Callable[[Any], str]
    test: Callable[[str], Test]
    paths: Mapping[str, Paths]


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


def _among(text: str) -> Test:
    """One of the words, in any case; a list that holds one of them."""
    words = frozenset(text.casefold().split(","))
    return lambda value: not words.isdisjoint(one.casefold() for one in _texts(value))


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _outside(text: str) -> Test:
    among = _among(text)
    return lambda value: not among(value)


def _figure(compare: Callable[[Any, Any], bool]) -> Callable[[str], Test]:
    """How a figure must compare with the one given; what is no figure does not."""

    def build(text: str) -> Test:
        from decimal import Decimal

        from cpctl.selectors.values import number

        figure = Decimal(text)
        return lambda value: (found := number(value)) is not None and compare(found, figure)

    return build


_at_most, _at_least = _figure(le), _figure(ge)


def _begins(text: str) -> Test:
    return lambda value: isinstance(value, str) and value.casefold().startswith(text.casefold())


def _serves(text: str) -> Test:
    """Whether an offer can sell so many cards now, minimum and step observed."""
    cards = int(text)

    def test(least: Any, step: Any, free: Any) -> bool:
        if not all(isinstance(value, int) for value in (least, step, free)) or step < 1:
            return False
        return bool(free >= cards >= least and (cards - least) % step == 0)

    return test


def _at(path: str, *plurals: str) -> dict[str, Paths]:
    return dict.fromkeys(plurals, (path,))


def _of(path: str) -> dict[str, Paths]:
    return _at(path, "offers")


def _printed(parse: Callable[[str], object]) -> Callable[[str], str]:
    return lambda text: str(parse(text))


_PROVINCE = _at("spec.province", "providers", "offers", "sources")
_PROVIDER = _at("spec.provider", "products", "offers", "sources")
_ACCELERATOR = _at("spec.accelerator", "products", "offers")
_SERVING = {"offers": ("spec.minCards", "spec.stepCards", "status.free")}
_provinces, _names = _each(lambda word: units.province(word).id), _each(_same)
_classes = _each(_one_of("latency class", LATENCY))


FILTERS: dict[str, Filter] = {
    "province": Filter("--province", "province", _provinces, _among, _PROVINCE),
    "exclude_province": Filter("--exclude-province", "excludeProvince", _provinces, _outside, _PROVINCE),
    "provider": Filter("--provider", "provider", _names, _among, _PROVIDER),
    "accelerator": Filter("--accelerator", "accelerator", _each(units.accelerator), _among, _ACCELERATOR),
    "vendor": Filter("--vendor", "vendor", _each(units.vendor), _among, _at("spec.vendor", "products", "offers")),
    "cards": Filter("--cards", "cards", lambda text: str(count("cards", text)), _serves, _SERVING),
    "min_memory": Filter("--min-memory", "minMemory", _printed(units.memory_gib), _at_least, _of("spec.memoryGiB")),
    "max_price": Filter("--max-price", "maxPrice", _printed(units.price), _at_most, _of("spec.price")),
    "max_pue": Filter("--max-pue", "maxPue", _printed(units.pue), _at_most, _of("spec.pue")),
    "min_green": Filter("--min-green", "minGreen", _printed(units.ratio), _at_least, _of("spec.green")),
    "billing": Filter("--billing", "billing", _one_of("billing mode", BILLING), _among, _of("spec.billing")),
    "interconnect": Filter("--interconnect", "interconnect", _same, _begins, _of("spec.interconnect")),
    "latency_class": Filter("--latency-class", "latencyClass", _classes, _among, _of("spec.latencyClass")),
    "task": Filter("--task", "task", _names, _among, _at("spec.tasks", "models")),
    "kind": Filter("--kind", "kind", _one_of("kind of model", MODEL_KINDS), _among, _at("spec.kind", "models")),
    "domain": Filter("--domain", "domain", _names, _among, _at("spec.domain", "models")),
    "publisher": Filter("--publisher", "publisher", _names, _among, _at("spec.publisher", "models")),
    "model": Filter("--model", "model", _names, _among, _at("spec.model", "sources")),
    "order": Filter("--order", "order", _same, _among, _at("spec.order", "cards", "bills")),
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
        if FILTERS[name].parameter not in kind.narrowed_by:
            legal = [row.flag for row in FILTERS.values() if row.parameter in kind.narrowed_by]
            only = f"it takes {', '.join(legal)}" if legal else "it takes none"
            raise UsageError(detail=f"{FILTERS[name].flag} is no filter of {kind.plural}; {only}")
    parameters = {FILTERS[name].parameter: FILTERS[name].read(value) for name, value in chosen.items()}
    for name in chosen:
        if not parameters[FILTERS[name].parameter]:
            raise UsageError(detail=f"{FILTERS[name].flag} is given nothing")
    return parameters


def conditions(kind: Kind, parameters: Mapping[str, str]) -> list[Condition]:
    """What the parameters say of each object, as far as objects of the kind show it."""
    from cpctl.selectors.condition import Condition

    rows = [row for row in FILTERS.values() if row.parameter in parameters and kind.plural in row.paths]
    return [
        Condition(
            f"{row.flag} {parameters[row.parameter]}", row.paths[kind.plural], row.test(parameters[row.parameter])
        )
        for row in rows
    ]


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
