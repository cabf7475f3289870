"""Tokens: made here, kept by their SHA-256 only, on wall time."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, NamedTuple

from cpctl.sandbox.accounts import ACCOUNTS, Account
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change, Store

ACCESS_S: Final = 15 * 60
REFRESH_S: Final = 30 * 86_400
SCOPES: Final = ("orders", "models")


class Grant(NamedTuple):
    """What a token stands for; `expires` is wall time, None for the token files."""

    account: Account
    use: str
    family: str
    expires: float | None


def digest(token: str) -> str:
    """How a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def fresh(prefix: str) -> str:
    """A new token."""
    return f"{prefix}-{secrets.token_urlsafe(32)}"


def register(
    change: Change, token: str, account: str, use: str, *, family: str, client: str, expires: float | None
) -> None:
    """Make a token valid; `use` is file, access or refresh."""
    values = (digest(token), family, use, account, client, expires)
    change.db.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?, 0)", values)


def grant_of(store: Store, authorization: str | None, wall_s: float) -> Grant:
    """The grant of an Authorization header. Raises Problem."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem("Unauthorized", "a bearer token is needed")
    sql = "SELECT account, use, family, expires FROM tokens WHERE digest = ? AND spent = 0 AND use != 'refresh'"
    row = store.db.execute(sql, (digest(token.strip()),)).fetchone()
    if row is None:
        raise Problem("Unauthorized", "the token is not known here")
    if row[3] is not None and row[3] <= wall_s:
        raise Problem("TokenExpired", "the access token has expired")
    return Grant(ACCOUNTS[row[0]], *row[1:])


def revoke_family(change: Change, family: str) -> None:
    """Make a login and all that came from it invalid."""
    change.db.execute("DELETE FROM tokens WHERE family = ?", (family,))


def forget(change: Change, wall_s: float) -> None:
    """Drop what expired a day ago (until then an expired token is told apart from an unknown one)."""
    change.db.execute("DELETE FROM tokens WHERE expires < ?", (wall_s - 86_400,))
    change.db.execute("DELETE FROM devices WHERE expires < ?", (wall_s - 86_400,))
