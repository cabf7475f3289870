"""The catalogue's tables, read as they stand in the package: what is known, before any seed."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple, TypeVar

T = TypeVar("T")
TEN_THOUSANDTHS: Final = 10_000


class Region(NamedTuple):
    """A connected division; shares and PUE in hundredths, prices in percent of an accelerator's band."""

    id: str
    gbt2260: str
    short_zh: str
    pue: range
    green: range
    price: range
    latency: dict[str, int]


class Firm(NamedTuple):
    """A fictitious provider."""

    id: str
    province: str
    kind: str
    city: str
    name_zh: str
    name_en: str

    @property
    def number(self) -> str:
        """Its number within the division: `01` to `12`."""
        return self.id[-2:]


class Sku(NamedTuple):
    """An accelerator as it is sold; `low` and `high` in ten-thousandths of a yuan per card-hour."""

    sku: str
    accelerator: str
    vendor: str
    name: str
    memory_gib: int
    fp16_tflops: str
    interconnect: str
    stack: str
    resources: tuple[str, ...]
    low: int
    high: int
    held_by: frozenset[str]
    note: str


class ModelFact(NamedTuple):
    """A model that can be hosted; an empty price is not public."""

    id: str
    name: str
    publisher: str
    publisher_zh: str
    kind: str
    domain: str
    tasks: tuple[str, ...]
    modalities: tuple[str, ...]
    open_weights: bool | None
    licence: str
    context: int | None
    unit: str
    price_in: str
    price_out: str


def text_of(name: str) -> str:
    """A table beside this file."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _rows(name: str) -> list[dict[str, str]]:
    lines = (line for line in text_of(name).splitlines() if not line.startswith("#"))
    return list(csv.DictReader(lines))


def _all(name: str, make: Callable[[dict[str, str]], T]) -> tuple[T, ...]:
    return tuple(make(row) for row in _rows(name))


def _hundredths(low: str, high: str) -> range:
    return range(int(Decimal(low) * 100), int(Decimal(high) * 100) + 1)


def _region(row: dict[str, str]) -> Region:
    return Region(
        row["id"],
        row["gbt2260"],
        row["short_zh"],
        _hundredths(row["pue_low"], row["pue_high"]),
        _hundredths(row["green_low"], row["green_high"]),
        range(int(row["price_low"]), int(row["price_high"]) + 1),
        {name: int(row[name]) for name in ("metro", "regional", "national")},
    )


def _sku(row: dict[str, str]) -> Sku:
    typed: dict[str, Any] = {
        "memory_gib": int(row["memory_gib"]),
        "resources": tuple(row["resources"].split()),
        "low": int(Decimal(row["low"]) * TEN_THOUSANDTHS),
        "high": int(Decimal(row["high"]) * TEN_THOUSANDTHS),
        "held_by": frozenset(row["held_by"].split()),
    }
    return Sku(**(row | typed))


def _model(row: dict[str, str]) -> ModelFact:
    typed: dict[str, Any] = {
        "tasks": tuple(row["tasks"].split()),
        "modalities": tuple(row["modalities"].split("+")),
        "open_weights": {"yes": True, "no": False}.get(row["open_weights"]),
        "context": int(row["context"]) if row["context"] else None,
    }
    return ModelFact(**(row | typed))


@cache
def regions() -> dict[str, Region]:
    """The ten connected divisions by id."""
    return {one.id: one for one in _all("regions.csv", _region)}


@cache
def firms() -> tuple[Firm, ...]:
    """The providers, division by division."""
    return _all("providers.csv", lambda row: Firm(**row))


@cache
def skus() -> dict[str, Sku]:
    """What is sold, by sku."""
    return {one.sku: one for one in _all("accelerators.csv", _sku)}


@cache
def models() -> tuple[ModelFact, ...]:
    """The models that can be hosted."""
    return _all("models.csv", _model)


@cache
def scenarios() -> list[dict[str, Any]]:
    """The scenarios, as scenarios.toml has them."""
    table: list[dict[str, Any]] = tomllib.loads(text_of("scenarios.toml"))["scenario"]
    return table
