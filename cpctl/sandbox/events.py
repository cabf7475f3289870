"""What happened to orders and demands, as objects people can list."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from cpctl.sandbox.demand import Demand
from cpctl.sandbox.order import Order
from cpctl.sandbox.store import Change
from cpctl.sandbox.times import rfc3339

KEPT: Final = 20_000
"""Events of a project before the oldest go."""


def tell(
    change: Change, about: Order | Demand, reason: str, message: str, at_s: float, *, severity: str = "Normal"
) -> None:
    """Add an event about an order or a demand; names sort by time."""
    metadata = {
        "name": f"ev-{change.version + 1:012d}",
        "uid": str(uuid.uuid4()),
        "labels": {},
        "createdAt": rfc3339(at_s),
        "project": about.project,
    }
    kind = "Order" if isinstance(about, Order) else "Demand"
    spec = {"about": {"kind": kind, "name": about.name}, "reason": reason, "message": message, "severity": severity}
    status = {"at": rfc3339(at_s), "count": 1}
    change.put(
        "events",
        about.project,
        {"apiVersion": "ccpp/v1", "kind": "Event", "metadata": metadata, "spec": spec, "status": status},
    )


def forget(change: Change, project: str, names: Sequence[str]) -> None:
    """Drop a project's oldest events beyond what is kept."""
    for name in sorted(names)[:-KEPT]:
        change.drop("events", project, name)
