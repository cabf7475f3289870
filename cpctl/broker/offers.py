"""Offers as the planner reads them, out of what a platform lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from cpctl import units
from cpctl.broker.constraints import Offer, PlanRequest
from cpctl.errors import BadAnswer, UsageError
from cpctl.resources.page import AnyPage
from cpctl.resources.partial import Trouble, troubles

CARDS_LIMIT = 10**9
CHUNK = 5_000


class Listed(NamedTuple):
    """Attributes:
    offers: Those of sub-platforms that answered now; last good rows of another time are no basis for a purchase.
    troubles: The sub-platforms that did not answer so, by name.
    """

    offers: list[Offer]
    troubles: Mapping[str, Trouble]

    @property
    def absent(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(sorted(self.troubles))


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 256:
        raise ValueError
    return value


def _count(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= CARDS_LIMIT:
            raise ValueError
        return value

    return read


def _number(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: parse(_text(value))


FIELDS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("metadata", "name", _text),
    ("spec", "product", _text),
    ("spec", "provider", _text),
    ("spec", "province", _text),
    ("spec", "accelerator", _text),
    ("spec", "vendor", _text),
    ("spec", "memoryGiB", _count(0)),
    ("spec", "interconnect", _text),
    ("spec", "billing", _text),
    ("spec", "price", _number(units.price)),
    ("spec", "minCards", _count(1)),
    ("spec", "stepCards", _count(1)),
    ("spec", "pue", _number(units.pue)),
    ("spec", "green", _number(units.ratio)),
    ("spec", "latencyClass", _text),
    ("status", "state", _text),
    ("status", "free", _count(0)),
)
"""In the order of Offer's own fields."""

PATHS = (*(f"{part}.{field}" for part, field, _ in FIELDS), "spec.subplatform")


ROWS = {"fields": ",".join(PATHS), "as": "rows"}


class Lister(Protocol):
    """What lists offers; `api.platform.Platform` does."""

    def pages(self, path: str, query: Mapping[str, str], *, chunk: int) -> Iterator[AnyPage]: ...

    def now(self) -> datetime: ...


def read_offers(platform: Lister, asked: Mapping[str, str]) -> Listed:
    """Offers as they are now.

    Args:
        asked: Of `query`.

    Raises:
        BadAnswer: A row that is no offer.
    """
    return listed(platform.pages("/v1/offers", asked, chunk=CHUNK), platform.now)


def query(request: PlanRequest) -> dict[str, str]:
    """What the platform is asked to list for a purchase: the request's filters that it knows, as compact rows."""
    provinces = request.provinces or request.residency
    return {
        **_words("accelerator", request.accelerators),
        **_words("billing", (request.billing,)),
        **_words("province", [one for one in provinces if not request.residency or one in request.residency]),
        **_words("excludeProvince", request.exclude_provinces),
        **_words("provider", request.providers),
        **_words("vendor", request.vendors),
        **ROWS,
    }


def wide_query(request: PlanRequest) -> dict[str, str]:
    """What it is asked to list for a plan that tells what constraints cost: every offer of the accelerators."""
    return {**_words("accelerator", request.accelerators), **_words("province", request.residency), **ROWS}


def _words(name: str, words: Iterable[str]) -> dict[str, str]:
    return {name: text} if (text := ",".join(words)) else {}


def listed(pages: Iterable[AnyPage], now: Callable[[], datetime]) -> Listed:
    """Every offer of every page, without those of sub-platforms that did not answer now.

    Args:
        now: The platform's time, as its latest answer told it.

    Raises:
        BadAnswer: A row that is no offer.
    """
    items: list[Mapping[str, Any]] = []
    found: dict[str, Trouble] = {}
    for number, page in enumerate(pages):
        items += page.items
        found |= troubles(page.metadata, now(), first=number == 0)
    return Listed([offer_of(item) for item in items if found.keys().isdisjoint(_places(item))], found)


def offer_of(item: Mapping[str, Any]) -> Offer:
    """One offer.

    Raises:
        BadAnswer: A field is missing, or of a value that no contract allows.
    """
    values = []
    for part, field, read in FIELDS:
        try:
            values.append(read(item[part][field]))
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise BadAnswer(detail=f"the server listed an offer with a wrong {part}.{field}") from error
    return Offer(*values)


def _places(item: Mapping[str, Any]) -> list[str]:
    """The sub-platform and the province of an offer; a list may name either."""
    spec = item.get("spec")
    return [str(spec.get(key)) for key in ("subplatform", "province")] if isinstance(spec, dict) else []
