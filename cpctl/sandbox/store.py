"""SQLite (WAL) behind the platform, and its objects in memory, which change only after a commit.

Objects are immutable: a change puts new ones, so whoever holds an old one (a list's snapshot) goes on seeing it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from cpctl.sandbox.failure import SandboxError
from cpctl.sandbox.feed import Feed, Turn
from cpctl.sandbox.schema import SCHEMA_VERSION, TABLES

BUSY_WAIT_MS: Final = 2_000
CACHE_KIB: Final = 4_096

Collection = tuple[str, str]
"""A plural and its scope: the project's name, or "" for what belongs to the platform."""


class Item(NamedTuple):
    """One version of an object, with the JSON that goes on the wire."""

    name: str
    version: int
    obj: Mapping[str, Any]
    body: bytes


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def stamped(obj: Mapping[str, Any], version: int) -> Item:
    """An object as version `version`."""
    metadata = {**obj["metadata"], "resourceVersion": str(version)}
    stored = {**obj, "metadata": metadata}
    return Item(metadata["name"], version, stored, dumps(stored))


class Change:
    """One transaction. It reads its own writes; nobody else sees them before it has committed."""

    def __init__(self, store: Store) -> None:
        self.db = store.db
        self.version = store.version
        self.eased = False  # cards, money or prices allow more than before: demands are to be looked at
        self._store = store
        self._puts: dict[Collection, dict[str, Item | None]] = {}
        self._dropped_at: dict[tuple[Collection, str], int] = {}
        self._broken_at: dict[Collection, int] = {}

    def find(self, plural: str, scope: str, name: str) -> Item | None:
        """The object as this transaction sees it."""
        puts = self._puts.get((plural, scope))
        if puts is not None and name in puts:
            return puts[name]
        return self._store.find(plural, scope, name)

    def items(self, plural: str, scope: str) -> Iterator[Item]:
        """All objects of a collection as this transaction sees them."""
        puts = self._puts.get((plural, scope), {})
        seen = {**{item.name: item for item in self._store.items(plural, scope)}, **puts}
        return (item for item in seen.values() if item is not None)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Part of the transaction: when the block raises, it alone is undone."""
        kept = (
            self.version,
            {collection: dict(puts) for collection, puts in self._puts.items()},
            dict(self._dropped_at),
            dict(self._broken_at),
        )
        self.db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO part")
            self.version, self._puts, self._dropped_at, self._broken_at = kept
            raise
        finally:
            self.db.execute("RELEASE part")

    def put(self, plural: str, scope: str, obj: Mapping[str, Any]) -> Item:
        """Write a new version of an object."""
        self.version += 1
        item = stamped(obj, self.version)
        self._puts.setdefault((plural, scope), {})[item.name] = item
        return item

    def drop(self, plural: str, scope: str, name: str) -> None:
        """Take an object out of sight."""
        self.version += 1
        self._puts.setdefault((plural, scope), {})[name] = None
        self._dropped_at[(plural, scope), name] = self.version

    def break_off(self, plural: str, scope: str) -> None:
        """Have everybody who watches a collection list it again."""
        self.version += 1
        self._broken_at[plural, scope] = self.version

    def write(self) -> None:
        """Bring the objects to the database, inside the transaction."""
        if not self._puts and not self._broken_at:
            return
        changed = [
            (plural, scope, name, item) for (plural, scope), puts in self._puts.items() for name, item in puts.items()
        ]
        self.db.executemany(
            "INSERT INTO objects VALUES (?, ?, ?, ?, ?) ON CONFLICT (plural, scope, name) "
            "DO UPDATE SET version = excluded.version, body = excluded.body",
            [(plural, scope, name, item.version, item.body) for plural, scope, name, item in changed if item],
        )
        self.db.executemany(
            "DELETE FROM objects WHERE plural = ? AND scope = ? AND name = ?",
            [(plural, scope, name) for plural, scope, name, item in changed if item is None],
        )
        set_meta(self.db, "version", self.version)

    def publish(self) -> None:
        """Let everybody see it; only after the commit."""
        store = self._store
        store.version = self.version
        for collection, puts in self._puts.items():
            before = store.collections.get(collection, {})
            turns = [self._turn(collection, name, before.get(name), item) for name, item in puts.items()]
            store.adopt(collection, puts)
            store.feed.add(collection, turns)
        for collection, version in self._broken_at.items():
            store.feed.break_off(collection, version)

    def _turn(self, collection: Collection, name: str, before: Item | None, after: Item | None) -> Turn:
        return Turn(after.version if after else self._dropped_at[collection, name], before, after)


class Store:
    """The database and the objects in it.

    Args:
        path: The database file; made when it is not there.
        had_rows: The sandbox has run before, so that a file without tables has lost them.

    Raises:
        SandboxError: The file is damaged, of another cpctl, or cannot be written.
    """

    def __init__(self, path: Path, *, had_rows: bool = False) -> None:
        self.path = path
        self.collections: dict[Collection, dict[str, Item]] = {}
        self.revisions: dict[Collection, int] = {}
        try:
            self.db = opened(path, had_rows=had_rows)
            self.version = int(self.meta("version", "0"))
            self.feed = Feed(self.version)
            self._load()
        except sqlite3.DatabaseError as error:
            raise refused(path, error) from error

    def meta(self, key: str, default: str = "") -> str:
        """A setting of this database."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else str(row[0])

    def _load(self) -> None:
        rows = self.db.execute(
            "SELECT plural, scope, name, version, body FROM objects ORDER BY plural, scope, name"
        ).fetchall()
        # One parse for all: the JSON parser then keeps one copy of every key, not one an object.
        objects = json.loads(b"[" + b",".join(row[4] for row in rows) + b"]")
        for (plural, scope, name, version, body), obj in zip(rows, objects, strict=True):
            self.collections.setdefault((plural, scope), {})[name] = Item(name, version, obj, body)
            self.revisions[plural, scope] = max(version, self.revisions.get((plural, scope), 0))

    def find(self, plural: str, scope: str, name: str) -> Item | None:
        """The object of that name, as last committed."""
        return self.collections.get((plural, scope), {}).get(name)

    def items(self, plural: str, scope: str) -> Iterable[Item]:
        """All objects of a collection, as last committed; by name in collections that never grow."""
        return self.collections.get((plural, scope), {}).values()

    def revision(self, plural: str, scope: str) -> int:
        """Changes whenever the collection does."""
        return self.revisions.get((plural, scope), 0)

    def adopt(self, collection: Collection, puts: Mapping[str, Item | None]) -> None:
        """Take what a committed change wrote."""
        items = self.collections.setdefault(collection, {})
        for name, item in puts.items():
            if item is None:
                items.pop(name, None)
            else:
                items[name] = item
        self.revisions[collection] = self.revisions.get(collection, 0) + 1

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One transaction: all of it, or, when the block raises, none."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            change = Change(self)
            yield change
            change.write()
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        change.publish()

    def close(self) -> None:
        """Fold the write-ahead log in and let go of the file."""
        with suppress(sqlite3.Error):  # what is committed is safe in the log as well
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()


def set_meta(db: sqlite3.Connection, key: str, value: object) -> None:
    """Keep a setting of this database."""
    db.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, str(value))
    )


def opened(path: Path, *, had_rows: bool) -> sqlite3.Connection:
    """A checked connection; the tables are made in one transaction, so a file is empty or whole."""
    has_lost_them = had_rows and path.exists()
    path.touch(mode=0o600)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        f"busy_timeout = {BUSY_WAIT_MS}",
        f"cache_size = -{CACHE_KIB}",
    ):
        db.execute(f"PRAGMA {pragma}")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and tables == 0:
        if has_lost_them:
            raise sqlite3.DatabaseError("it is empty")
        db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    elif version != SCHEMA_VERSION:
        raise SandboxError(f"{path} was made by another version of cpctl", "cpctl sandbox reset")
    elif db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("its pages do not fit together")
    return db


def refused(path: Path, error: sqlite3.DatabaseError) -> SandboxError:
    """The one sentence for a database that cannot be used."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_BUSY")):
        return SandboxError(f"cannot use the sandbox's database {path}: {error}", "cpctl sandbox up --data DIR")
    return SandboxError(f"the sandbox's database {path} is damaged: {error}", "cpctl sandbox reset")


def rows(change: Change, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query, inside a transaction."""
    return change.db.execute(sql, values).fetchall()
