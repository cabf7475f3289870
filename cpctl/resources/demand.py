"""The Demand: as people write it, checked as an order is, and as the platform answers it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cpctl.errors import UsageError
from cpctl.resources import words
from cpctl.resources.answers import Answered, Name, ShortText, Text, answered
from cpctl.resources.findings import checked
from cpctl.resources.order import Manifest, OrderSpec, manifest_of, order_spec
from cpctl.resources.placed import Condition


def _never(_: object) -> None:
    raise ValueError("the cards of a demand are the platform's to choose: accelerator and cards")


class DemandSpec(OrderSpec):
    """What an order's spec says, but for offers of one's own choosing, and until when it is looked for."""

    accelerator: words.Accelerators
    cards: words.Cards
    allocations: Annotated[None, BeforeValidator(_never)] = None
    until: words.Instant

    @property
    def order(self) -> OrderSpec:
        """The spec of the order that matches it."""
        return order_spec({field: value for field, value in self.wire().items() if field != "until"}, "demand")


class _Demand(Manifest):
    kind: Literal["Demand"]
    spec: DemandSpec


class DemandWanted(BaseModel):
    """A demand somebody wants published.

    Attributes:
        name: Its identity in the project, for ever; no order has it but the one that matches.
        project: The one the manifest names, if it names one.
        source: Where it was written, for messages.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    spec: DemandSpec
    labels: dict[str, str] = {}
    project: str | None = None
    source: str = "demand"


def demand_wanted(value: Mapping[str, Any], source: str, *, run_id: str | None = None) -> DemandWanted:
    """The demand a manifest asks for; as `order_wanted`.

    Raises:
        BadManifest: Names the field and what it should be.
    """
    manifest, name = manifest_of(_Demand, "Demand", value, source, run_id)
    about = manifest.metadata
    return DemandWanted(name=name, spec=manifest.spec, labels=dict(about.labels), project=about.project, source=source)


def demand_spec(value: Mapping[str, Any], source: str) -> DemandSpec:
    """A spec alone, built from flags or sent by a platform.

    Raises:
        BadManifest: Names the field and what it should be.
    """
    return checked(DemandSpec, value, source, above=("spec",))


def same_need(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both specs look for the same until the same time; limits bound what is paid, and are compared apart."""
    return _needed(one) == _needed(other)


def _needed(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in canonical(spec).items() if field != "limits"}


def canonical(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """A platform's spec in the form in which manifests are compared; one that is none of ours stays as it is."""
    try:
        return demand_spec(spec, "demand").wire()
    except UsageError:
        return spec


class DemandPhase(StrEnum):
    """Where a demand is; UNKNOWN stands for any word a newer platform may say."""

    OPEN = "Open"
    MATCHED = "Matched"
    CLOSED = "Closed"
    EXPIRED = "Expired"
    UNKNOWN = "Unknown"


OVER = frozenset({DemandPhase.CLOSED, DemandPhase.EXPIRED})


def _phase(word: object) -> DemandPhase:
    try:
        return DemandPhase(str(word))
    except ValueError:
        return DemandPhase.UNKNOWN


class _Metadata(Answered):
    name: Name
    uid: ShortText
    labels: dict[str, str] = Field(default_factory=dict)


class _Limits(Answered):
    max_price: words.Price | None = Field(default=None, alias="maxPrice")
    max_order: words.Money | None = Field(default=None, alias="maxOrder")
    max_day: words.Money | None = Field(default=None, alias="maxDay")


class _Status(Answered):
    phase: Annotated[DemandPhase, BeforeValidator(_phase)]
    reason: Text | None = None
    message: Text | None = None
    created_by: ShortText = Field(alias="createdBy")
    conditions: list[Condition] = Field(default_factory=list)
    limits: _Limits = _Limits()
    match: Name | None = None


class Demand(Answered):
    """A demand; `spec` is as it was sent, unread."""

    metadata: _Metadata
    spec: dict[str, Any]
    status: _Status

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def phase(self) -> DemandPhase:
        return self.status.phase


def demand_of(value: object) -> Demand:
    """The demand an answer is.

    Raises:
        BadAnswer: It is none.
    """
    return answered(Demand, value, "a demand")
