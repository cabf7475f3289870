"""Every line of money, append-only; balance and reserve are the sums of a project's lines, kept with each of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, NamedTuple

from cpctl.sandbox.accounts import PROJECTS
from cpctl.sandbox.money import fen, rounded, yuan
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change, Store
from cpctl.sandbox.times import beijing_day, rfc3339

MICRO_PER_FEN: Final = 10_000
MICRO_PER_YUAN: Final = 1_000_000
LINE: Final = "seq, at, kind, account, project, ref, amount, reserved"


class Funds(NamedTuple):
    """A project's money in fen, and its cards."""

    balance: int
    reserved: int
    cards: int
    quota: int

    @property
    def available(self) -> int:
        """What a new order may reserve."""
        return self.balance - self.reserved


def open_project(change: Change, name: str, at_s: float) -> None:
    """Make a project with its first credit."""
    row = PROJECTS[name]
    change.db.execute("INSERT INTO projects VALUES (?, 0, 0, 0, ?)", (name, row.quota))
    metadata = {"name": name, "uid": row.uid, "labels": {}, "createdAt": rfc3339(at_s)}
    spec = {"titleZh": row.title_zh, "members": list(row.members)}
    status = {"balance": "0.00", "reserved": "0.00"}
    change.put(
        "projects",
        "",
        {"apiVersion": "ccpp/v1", "kind": "Project", "metadata": metadata, "spec": spec, "status": status},
    )
    post(change, "credit", name, row.members[0], "opening-balance", at_s, amount=fen(row.credit))


def post(
    change: Change,
    kind: str,
    project: str,
    account: str,
    ref: str,
    at_s: float,
    *,
    amount: int = 0,
    reserved: int = 0,
    day: str = "",
) -> None:
    """Append one line.

    Args:
        change: The transaction.
        kind: credit, reserve, unreserve, charge or call.
        project: The payer.
        account: Who caused it.
        ref: The order, bill or source it is about.
        at_s: Sandbox time.
        amount: Fen added to the balance.
        reserved: Fen added to what is reserved.
        day: The Beijing day whose spending it is; by default that of `at_s`.
    """
    values = (int(at_s), day or beijing_day(at_s), kind, account, project, ref, amount, reserved)
    change.db.execute(
        "INSERT INTO ledger (at, day, kind, account, project, ref, amount, reserved) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    change.db.execute(
        "UPDATE projects SET balance = balance + ?, reserved = reserved + ? WHERE name = ?", (amount, reserved, project)
    )
    change.eased = change.eased or amount > 0 or reserved < 0
    item = change.find("projects", "", project)
    assert item is not None, f"project {project} has no object"
    held = funds(change, project)
    status = {**item.obj["status"], "balance": yuan(held.balance), "reserved": yuan(held.reserved)}
    change.put("projects", "", {**item.obj, "status": status})


def funds(reader: Change | Store, project: str) -> Funds:
    """What a project has."""
    row = reader.db.execute(
        "SELECT balance, reserved, cards, quota FROM projects WHERE name = ?", (project,)
    ).fetchone()
    return Funds(*row)


def take_cards(change: Change, project: str, cards: int) -> None:
    """Count cards against the project's quota; negative gives back."""
    change.db.execute("UPDATE projects SET cards = cards + ? WHERE name = ?", (cards, project))
    change.eased = change.eased or cards < 0


def spent_on(reader: Change | Store, project: str, day: str) -> int:
    """Fen spent on a Beijing day: charges of its bills, and model calls."""
    sql = "SELECT coalesce(sum(-amount), 0) FROM ledger WHERE project = ? AND day = ? AND kind IN ('charge', 'call')"
    return int(reader.db.execute(sql, (project, day)).fetchone()[0])


def charge_call(change: Change, project: str, account: str, source: str, cost: Decimal, at_s: float) -> None:
    """Add a model call's cost, to six places, and post what makes whole fen.

    Raises:
        Problem: InsufficientBalance.
    """
    key = (project, account, source, beijing_day(at_s))
    micro = int((cost * MICRO_PER_YUAN).to_integral_value())
    change.db.execute(
        "INSERT INTO calls VALUES (?, ?, ?, ?, ?, 0) "
        "ON CONFLICT (project, account, source, day) DO UPDATE SET micro = micro + excluded.micro",
        (*key, micro),
    )
    where = "WHERE project = ? AND account = ? AND source = ? AND day = ?"
    total, posted = change.db.execute(f"SELECT micro, posted FROM calls {where}", key).fetchone()  # noqa: S608
    due, available = rounded(total, MICRO_PER_FEN) - posted, funds(change, project).available
    if due > available:
        detail = f"project {project} has {yuan(available)} CNY available, the call costs more"
        raise Problem("InsufficientBalance", detail, available=yuan(available))
    if due:
        change.db.execute(f"UPDATE calls SET posted = posted + ? {where}", (due, *key))  # noqa: S608
        post(change, "call", project, account, source, at_s, amount=-due)


def lines(reader: Store, project: str, since: int, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Ledger lines after `since` as the contract shows them, and whether more follow."""
    sql = f"SELECT {LINE} FROM ledger WHERE project = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
    found = reader.db.execute(sql, (project, since, limit + 1)).fetchall()
    return [shown(row) for row in found[:limit]], len(found) > limit


def shown(row: tuple[Any, ...]) -> dict[str, Any]:
    """One line on the wire."""
    seq, at_s, kind, account, project, ref, amount, reserved = row
    return {
        "seq": seq,
        "at": rfc3339(at_s),
        "kind": kind,
        "account": account,
        "project": project,
        "ref": ref,
        "amount": yuan(amount),
        "reserved": yuan(reserved),
    }
