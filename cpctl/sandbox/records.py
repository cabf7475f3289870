"""Order records in the database; the object that lists show is written with them, in the same transaction."""

from __future__ import annotations

from cpctl.sandbox.cards import step_due_s
from cpctl.sandbox.order import Order, decoded, shown
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change, Store
from cpctl.sandbox.times import next_midnight

RELEASING_S = 1
"""How long cards take to go back, in sandbox seconds."""


def due_s(order: Order) -> float | None:
    """When an order next changes by itself."""
    if order.phase == "Held":
        return order.held_until_s
    if order.phase == "Activating":
        return step_due_s(order, order.passed)
    if order.phase == "Active":
        assert order.ends_s is not None and order.billed_s is not None
        return order.ends_s if order.is_prepaid else min(order.ends_s, next_midnight(order.billed_s))
    if order.phase == "Releasing":
        assert order.stopped_s is not None
        return order.stopped_s + RELEASING_S
    return None


def save(change: Change, order: Order, *, current: bool = True) -> Order:
    """Write an order and what lists show of it; `current` says that its name stands for it."""
    change.db.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (uid) "
        "DO UPDATE SET current = excluded.current, due = excluded.due, record = excluded.record",
        (order.uid, order.project, order.name, int(current), due_s(order), order.encoded()),
    )
    if order.hidden:
        change.drop("orders", order.project, order.name)
    elif current:
        change.put("orders", order.project, shown(order))
    return order


def of_name(reader: Change | Store, project: str, name: str) -> Order | None:
    """The order that a name stands for, hidden or not."""
    sql = "SELECT record FROM orders WHERE project = ? AND name = ? AND current = 1"
    row = reader.db.execute(sql, (project, name)).fetchone()
    return None if row is None else decoded(row[0])


def visible(reader: Change | Store, project: str, name: str) -> Order:
    """The order of that name. Raises Problem."""
    order = of_name(reader, project, name)
    if order is None or order.hidden:
        raise Problem("NotFound", f'orders "{name}" not found')
    return order


def next_due(reader: Change | Store, now_s: float) -> Order | None:
    """The order that is first among those due."""
    row = reader.db.execute("SELECT record FROM orders WHERE due <= ? ORDER BY due, uid LIMIT 1", (now_s,)).fetchone()
    return None if row is None else decoded(row[0])


def first_due_s(reader: Store) -> float | None:
    """When the next order changes by itself."""
    row = reader.db.execute("SELECT min(due) FROM orders WHERE due IS NOT NULL").fetchone()
    return None if row is None else row[0]


def started(reader: Store, project: str) -> dict[str, list[tuple[int, Order]]]:
    """By name, the orders that it has stood for and that ever ran, with when they started; the last one first."""
    named: dict[str, list[tuple[int, Order]]] = {}
    for (record,) in reader.db.execute("SELECT record FROM orders WHERE project = ?", (project,)):
        order = decoded(record)
        if order.started_s is not None:
            named.setdefault(order.name, []).append((order.started_s, order))
    return {name: sorted(orders, key=lambda pair: -pair[0]) for name, orders in named.items()}


def running(reader: Store, project: str) -> list[Order]:
    """The project's orders that may be growing a bill."""
    sql = "SELECT record FROM orders WHERE project = ? AND due IS NOT NULL"
    return [order for row in reader.db.execute(sql, (project,)) if (order := decoded(row[0])).phase == "Active"]
