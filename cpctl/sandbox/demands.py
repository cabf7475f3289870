"""Demand records in the database; the object that lists show is written with them, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cpctl.sandbox.demand import Demand, decoded, shown
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change, Store


def save(change: Change, demand: Demand) -> Demand:
    """Write a demand, and what lists show of it when that is another than before."""
    change.db.execute(
        "INSERT INTO demands (uid, project, name, due, record) VALUES (?, ?, ?, ?, ?) ON CONFLICT (uid) "
        "DO UPDATE SET due = excluded.due, record = excluded.record",
        (demand.uid, demand.project, demand.name, demand.due_s, demand.encoded()),
    )
    before = change.find("demands", demand.project, demand.name)
    if demand.hidden:
        change.drop("demands", demand.project, demand.name)
    elif before is None or before.obj["status"] != shown(demand)["status"]:
        change.put("demands", demand.project, shown(demand))
    return demand


def of_name(reader: Change | Store, project: str, name: str) -> Demand | None:
    """The demand that a name stands for, hidden or not."""
    sql = "SELECT record FROM demands WHERE project = ? AND name = ?"
    row = reader.db.execute(sql, (project, name)).fetchone()
    return None if row is None else decoded(row[0])


def visible(reader: Change | Store, project: str, name: str) -> Demand:
    """The demand of that name. Raises Problem."""
    demand = of_name(reader, project, name)
    if demand is None or demand.hidden:
        raise Problem("NotFound", f'demands "{name}" not found')
    return demand


def open_ones(reader: Change | Store) -> list[Demand]:
    """Every demand that may still be matched, the earliest first."""
    rows = reader.db.execute("SELECT record FROM demands WHERE due IS NOT NULL ORDER BY seq").fetchall()
    return [decoded(row[0]) for row in rows]


def next_due(reader: Change | Store, now_s: float) -> Demand | None:
    """The demand that is first among those due."""
    row = reader.db.execute("SELECT record FROM demands WHERE due <= ? ORDER BY due, seq LIMIT 1", (now_s,)).fetchone()
    return None if row is None else decoded(row[0])


def first_due_s(reader: Store) -> float | None:
    """When the next demand is to be looked at."""
    row = reader.db.execute("SELECT min(due) FROM demands WHERE due IS NOT NULL").fetchone()
    return None if row is None else row[0]


def taken(demand: Demand, spec: Mapping[str, Any] | None) -> Problem:
    """The refusal of a name that stands for a demand; `spec` is that of another one, if it is one."""
    return Problem(
        "AlreadyExists",
        f'demands "{demand.name}" already exists',
        uid=demand.uid,
        specEqual=spec is not None and without_limits(demand.spec) == without_limits(spec),
        phase=demand.phase,
        createdBy=demand.account,
    )


def without_limits(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A spec without its limits, which do not change what is wanted."""
    return {key: value for key, value in spec.items() if key != "limits"}
