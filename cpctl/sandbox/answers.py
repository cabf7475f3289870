"""First answers to Idempotency-Keys: kept in the transaction that acted, given again byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change

KEPT_S: Final = 8 * 86_400.0
"""Wall seconds; the contract promises seven days."""


class Answer(NamedTuple):
    """A whole response."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def fingerprint(method: str, target: str, body: bytes) -> str:
    """What must be equal for a key to be used again."""
    return hashlib.sha256(b"\n".join((method.encode(), target.encode(), body))).hexdigest()


def first_answer(change: Change, account: str, key: str, print_: str, wall_s: float) -> Answer | None:
    """The answer that this key got before. Raises Problem: it belongs to another body."""
    sql = "SELECT fingerprint, status, body, headers, at FROM answers WHERE account = ? AND key = ?"
    row = change.db.execute(sql, (account, key)).fetchone()
    if row is None or row[4] < wall_s - KEPT_S:
        return None
    if row[0] != print_:
        raise Problem("IdempotencyMismatch", "this key was used with another body")
    return Answer(row[1], row[2], json.loads(row[3]) | {"Idempotent-Replayed": "true"})


def keep(change: Change, account: str, key: str, print_: str, answer: Answer, wall_s: float) -> None:
    """Remember the first answer."""
    values = (account, key, print_, answer.status, json.dumps(dict(answer.headers)), answer.body, wall_s)
    change.db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def forget(change: Change, wall_s: float) -> None:
    """Drop the answers that are past their time."""
    change.db.execute("DELETE FROM answers WHERE at < ?", (wall_s - KEPT_S,))
