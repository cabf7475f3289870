"""Lists in pages: a cursor names a snapshot kept here, so that no row comes twice and none is lost."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from cpctl.sandbox.answering import Asked
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Item

KEPT: Final = 200
CURSOR: Final = re.compile(r"([0-9a-f]{16})-([0-9]{1,9})-([0-9a-f]{32})")


class Snapshot(NamedTuple):
    """The rows of one list as they were, and what is told about them."""

    name: str
    owner: str  # account, kind and project it was made for; a cursor works for no other
    rows: Sequence[Item]
    version: int
    asked: Asked
    at_s: int


class Snapshots:
    """The last lists asked for, the least used forgotten first; one without a cursor pushes out none that has one.

    Args:
        key: Signs cursors.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()
        self._by_query: OrderedDict[tuple[object, ...], Snapshot] = OrderedDict()

    def same(self, query: tuple[object, ...]) -> Snapshot | None:
        """The list that the same question gave, when nothing has changed since."""
        return self._by_query.get(query)

    def remember(self, query: tuple[object, ...], snapshot: Snapshot) -> Snapshot:
        """Have a list ready for the same question."""
        self._by_query[query] = snapshot
        if len(self._by_query) > KEPT:
            self._by_query.popitem(last=False)
        return snapshot

    def cursor(self, snapshot: Snapshot, offset: int) -> str:
        """The cursor of the page that begins at `offset`; the list is kept for it."""
        self._kept[snapshot.name] = snapshot
        self._kept.move_to_end(snapshot.name)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        text = f"{snapshot.name}-{offset}"
        return f"{text}-{self._sign(text)}"

    def resume(self, cursor: str, owner: str) -> tuple[Snapshot, int]:
        """The snapshot and offset of a cursor. Raises Problem: it was altered, or is no longer kept."""
        match = CURSOR.fullmatch(cursor)
        if match is None or not hmac.compare_digest(match[3], self._sign(f"{match[1]}-{match[2]}")):
            raise Problem("BadRequest", "the cursor is not one of this platform")
        snapshot = self._kept.get(match[1])
        if snapshot is None:
            raise Problem("Expired", "the cursor is no longer kept; list again")
        if snapshot.owner != owner:
            raise Problem("BadRequest", "the cursor is of another list")
        self._kept.move_to_end(snapshot.name)
        return snapshot, int(match[2])

    @staticmethod
    def fresh_name() -> str:
        """A name for a new snapshot."""
        return secrets.token_hex(8)

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]
