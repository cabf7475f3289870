"""The Order as people write it: checked field by field, kept as written in one canonical form.

Only the fields that stand in the manifest are sent: defaults are the platform's, so that the same manifest stays the
same spec when they change. Names are put in their one form (`山西` becomes `shanxi`), amounts get their one number of
places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cpctl.errors import BadAnswer, BadManifest, UsageError
from cpctl.resources import words
from cpctl.resources.findings import checked

API_VERSION = "ccpp/v1"
WRITTEN_BY_PLATFORM = ("uid", "resourceVersion", "createdAt")

Billing = Literal["on-demand", "daily", "monthly", "spot"]
LatencyClass = Literal["metro", "regional", "national"]
Colocate = Literal["none", "province", "provider"]


class _Written(BaseModel):
    """A mapping in a manifest: no field but these, nothing converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class AllocationWanted(_Written):
    offer: words.ResourceName
    cards: words.Cards


class Placement(_Written):
    provinces: words.Provinces = []
    exclude_provinces: words.Provinces = Field(default=[], alias="excludeProvinces")
    providers: words.Names = []
    exclude_providers: words.Names = Field(default=[], alias="excludeProviders")
    colocate: Colocate = "none"
    max_providers: words.Providers | None = Field(default=None, alias="maxProviders")


class Requirements(_Written):
    min_memory_gib: words.MemoryGiB = Field(default=0, alias="minMemoryGiB")
    max_pue: words.Pue | None = Field(default=None, alias="maxPUE")
    min_green: words.Ratio | None = Field(default=None, alias="minGreen")
    interconnect: words.Word | None = None
    vendor: words.Vendors = []
    latency_class: Annotated[list[LatencyClass], Field(alias="latencyClass", max_length=3)] = []


class SpecLimits(_Written):
    max_price: words.Price | None = Field(default=None, alias="maxPrice")
    budget: words.Money | None = None


class OrderSpec(_Written):
    """What is to be bought: cards of accelerators wherever they are cheapest, or cards of certain offers."""

    accelerator: words.Accelerators = []
    cards: words.Cards | None = None
    allocations: Annotated[list[AllocationWanted], Field(min_length=1, max_length=1_000)] | None = None
    duration: words.Duration
    billing: Billing = "on-demand"
    placement: Placement = Placement()
    requirements: Requirements = Requirements()
    limits: SpecLimits = SpecLimits()
    image: words.Image | None = None
    ssh_keys: words.SshKeys = Field(default=[], alias="sshKeys")
    voucher: words.ResourceName | None = None

    @model_validator(mode="after")
    def _one_way(self) -> OrderSpec:
        """Either the planner chooses, or the manifest does."""
        if self.allocations is None:
            if not self.accelerator or self.cards is None:
                raise ValueError("either accelerator and cards are required, or allocations")
            return self
        chosen = {"accelerator", "cards", "placement", "requirements"} & self.model_fields_set
        if chosen:
            raise ValueError(f"allocations stand alone: leave out {', '.join(sorted(chosen))}")
        if len({wanted.offer for wanted in self.allocations}) < len(self.allocations):
            raise ValueError("allocations name an offer twice")
        return self

    def wire(self) -> dict[str, Any]:
        """The spec as written, in the form that is sent and compared."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class _Metadata(_Written):
    name: words.OrderName | None = None
    generate_name: str | None = Field(default=None, alias="generateName")
    labels: dict[words.LabelKey, words.LabelValue] = {}
    project: words.Word | None = None


class Manifest(_Written):
    """What every manifest has; its spec is its kind's own."""

    api_version: Literal["ccpp/v1"] = Field(alias="apiVersion")
    kind: str
    metadata: _Metadata


class _Order(Manifest):
    kind: Literal["Order"]
    spec: OrderSpec


M = TypeVar("M", bound=Manifest)


class OrderWanted(BaseModel):
    """An order somebody wants, whatever way it was asked for: a manifest, flags, a scenario.

    Attributes:
        name: Its identity in the project, for ever.
        project: The one the manifest names, if it names one.
        source: Where it was written, for messages.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    spec: OrderSpec
    labels: dict[str, str] = {}
    project: str | None = None
    source: str = "order"


def order_wanted(value: Mapping[str, Any], source: str, *, run_id: str | None = None) -> OrderWanted:
    """The order a manifest asks for; what only a platform writes (`status`, `uid` …) is ignored.

    Args:
        value: A document, as `resources.manifest` reads it.
        source: Where it stands.
        run_id: Completes `metadata.generateName`.

    Raises:
        BadManifest: Names the field and what it should be.
    """
    manifest, name = manifest_of(_Order, "Order", value, source, run_id)
    about = manifest.metadata
    return OrderWanted(name=name, spec=manifest.spec, labels=dict(about.labels), project=about.project, source=source)


def manifest_of(model: type[M], kind: str, value: Mapping[str, Any], source: str, run_id: str | None) -> tuple[M, str]:
    """A document as a manifest of that kind, and the name it stands for; raises BadManifest."""
    _checked_kind(value, kind, source)
    manifest = checked(model, _as_written(value), source)
    about = manifest.metadata
    name = about.name if about.generate_name is None else _generated(about, source, run_id)
    if name is None:
        raise BadManifest(source=source, detail="metadata.name is required (or generateName with --run-id)")
    return manifest, name


def order_spec(value: Mapping[str, Any], source: str) -> OrderSpec:
    """A spec alone: a scenario's template, or one built from flags.

    Raises:
        BadManifest: Names the field and what it should be.
    """
    return checked(OrderSpec, value, source, above=("spec",))


def order_name(text: str, kind: str = "order") -> str:
    """The name when it can be an order's, or a demand's.

    Raises:
        BadManifest: It is no DNS label.
    """
    return checked(_Metadata, {"name": text}, f"{kind} {words.shown(text)}").name or text


def order_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels when keys and values are ones.

    Raises:
        BadManifest: Names the one that is none.
    """
    return dict(checked(_Metadata, {"labels": dict(labels)}, "labels").labels)


def same_spec(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both specs buy the same; limits bound what is paid, not what is bought."""
    return _bought(one) == _bought(other)


def bought_key(spec: Mapping[str, Any]) -> str:
    """One text for all specs that buy the same.

    Raises:
        BadAnswer: It is nested too deeply to be a spec.
    """
    try:
        return json.dumps(_bought(spec), sort_keys=True)
    except RecursionError as error:
        raise BadAnswer(detail="the spec of an order is nested too deeply") from error


def _bought(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A spec in its canonical form without limits; one that is none of ours stays as it is."""
    try:
        form: Mapping[str, Any] = order_spec(spec, "order").wire()
    except UsageError:
        form = spec
    return {field: value for field, value in form.items() if field != "limits"}


def _checked_kind(value: Mapping[str, Any], kind: str, source: str) -> None:
    for field, right in (("apiVersion", API_VERSION), ("kind", kind)):
        if field in value and value[field] != right:
            raise BadManifest(source=source, detail=f'{field} "{words.shown(value[field])}" is not {right}')


def _as_written(value: Mapping[str, Any]) -> dict[str, Any]:
    """Without what only a platform writes, and without keys that have no value (`labels:` and nothing behind it)."""
    kept = {field: inner for field, inner in value.items() if field != "status"}
    metadata = kept.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = {field: inner for field, inner in metadata.items() if field not in WRITTEN_BY_PLATFORM}
    return _without_nulls(kept)


def _without_nulls(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field: _without_nulls(inner) if isinstance(inner, dict) else inner
        for field, inner in value.items()
        if inner is not None
    }


def _generated(about: _Metadata, source: str, run_id: str | None) -> str:
    if about.name is not None:
        raise BadManifest(source=source, detail="metadata has both name and generateName")
    if not run_id:
        raise BadManifest(source=source, detail="metadata.generateName needs --run-id or CPCTL_RUN_ID")
    joined = f"{about.generate_name}{run_id}"  # as it is: runs 7a and 7A are two, and never one order
    if not words.DNS_LABEL.fullmatch(joined):
        raise BadManifest(source=source, detail=f'generateName and run id make "{words.shown(joined)}", no DNS label')
    return joined
