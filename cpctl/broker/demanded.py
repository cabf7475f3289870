"""A demand that is there: found by its name, withdrawn, and what its end means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cpctl.broker.exactly_once import Read
from cpctl.broker.market import Market
from cpctl.errors import BadAnswer, Conflict, NoCapacity, NotFound
from cpctl.resources.demand import Demand, DemandPhase, demand_of
from cpctl.resources.exchange import Answer, Request


@dataclass(frozen=True)
class FoundDemand:
    """A demand as the platform sent it, and as we compute on it."""

    demand: Demand
    raw: Mapping[str, Any]

    @staticmethod
    def of(answer: Answer, name: str) -> FoundDemand:
        """Raises BadAnswer when the answer is no demand, or another one."""
        raw = answer.json()
        demand = demand_of(raw)
        if demand.name != name:
            raise BadAnswer(detail=f'the server answers with demand "{demand.name}" where "{name}" is meant')
        return FoundDemand(demand, raw)

    @property
    def spelled(self) -> str:
        """As other verbs take it."""
        return f"demand/{self.demand.name}"

    @property
    def end(self) -> Conflict | NoCapacity:
        """The error for a demand that will not be matched any more, with the platform's reason."""
        status = self.demand.status
        why = ": ".join(text for text in (status.reason, status.message) if text)
        detail = f'demand "{self.demand.name}" is {self.demand.phase}' + (f" ({why})" if why else "")
        if self.demand.phase is DemandPhase.EXPIRED and status.reason == "NoCapacity":
            return NoCapacity(detail=detail, hint="cpctl get offers")
        return Conflict(reason="Ended", detail=detail, hint=f"cpctl describe {self.spelled}")


def demand_path(market: Market, name: str = "") -> str:
    """The path of the demands, or of one; names are DNS labels."""
    return f"/v1/demands{f'/{name}' if name else ''}?project={market.project}"


def find(market: Market, name: str) -> FoundDemand | None:
    """The demand of that name, or None."""
    try:
        return FoundDemand.of(market.platform.send(Request("GET", demand_path(market, name))), name)
    except NotFound:
        return None


def named_demand(name: str) -> Read[FoundDemand]:
    """Reads the answer to what publishes a demand."""

    def read(answer: Answer) -> tuple[FoundDemand, str]:
        found = FoundDemand.of(answer, name)
        return found, f"{found.demand.phase} {found.demand.metadata.uid}"

    return read


def withdraw(market: Market, found: FoundDemand) -> FoundDemand:
    """Close a demand if it is open, and hide it; the demand as it was last. Done already is done."""
    name = found.demand.name
    path = f"{demand_path(market, name)}&uid={found.demand.metadata.uid}"
    try:
        return FoundDemand.of(market.platform.send(Request("DELETE", path)), name)
    except NotFound:
        return found
