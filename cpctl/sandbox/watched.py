"""What one watch has to tell of its list, from a version on; a frame is one Server-Sent Event."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from cpctl.sandbox import answering, listing
from cpctl.sandbox.problems import invalid
from cpctl.sandbox.store import Item, dumps, stamped

if TYPE_CHECKING:
    from cpctl.sandbox.call import Call
    from cpctl.sandbox.feed import Turn
    from cpctl.sandbox.store import Collection

MEANINGLESS: Final = ("continue", "fields", "as")
"""Parameters that would make it the changes of another list, or of something else than objects."""
GROWTH_S: Final = 5.0
"""How often bills that grow by the second are told, in wall seconds."""


class Frame(NamedTuple):
    """One event; `version` is what a resumed watch goes on from, None where it could not."""

    name: str
    body: bytes
    version: int | None = None

    def encoded(self) -> bytes:
        """As it goes on the wire."""
        head = f"event: {self.name}\n" if self.version is None else f"event: {self.name}\nid: {self.version}\n"
        return head.encode() + b"data: " + self.body + b"\n\n"


class Watched:
    """The changes of one list.

    Args:
        call: The request for the watch.
        plural: The kind.
        scopes: The projects, "" alone for the catalogue.

    Raises:
        Problem: A parameter is not allowed, or what came after the version is no longer kept.
    """

    def __init__(self, call: Call, plural: str, scopes: tuple[str, ...]) -> None:
        listing.page_of(call.query)
        for name in MEANINGLESS:
            if name in call.query:
                raise invalid(name, "does not go with watch=true")
        self._call, self._plural, self._scopes = call, plural, scopes
        self._store = call.platform.store
        self._collections = [(plural, scope) for scope in scopes]
        self._tests, _ = listing.tests_of(call.platform, plural, tuple(self._present()), call.query)
        since = listing.version_at_hand(call.headers)
        self.is_new = since is None
        self.version = self._store.version if since is None else since
        self._store.feed.since(self._collections, self.version, self._store.version)

    @property
    def listens_to(self) -> list[Collection]:
        """What wakes it."""
        return self._collections

    def opening(self) -> Iterator[Frame]:
        """For a watch that does not go on from a version: what is there, then the version to go on from."""
        if not self.is_new:
            return
        self.version = self._store.version
        for item in self._dated([item for item in self._present() if self._matches(item)]):
            yield Frame("ADDED", item.body)
        yield self.bookmark()

    def changes(self) -> list[Frame]:
        """What happened since the last call. Raises Problem: it is no longer kept."""
        latest = self._store.version
        turns = self._store.feed.since(self._collections, self.version, latest)
        self.version = latest
        return [frame for turn in turns if (frame := self._frame(turn))]

    def bookmark(self) -> Frame:
        """The version that has been reached."""
        return Frame("BOOKMARK", dumps({"metadata": {"resourceVersion": str(self.version)}}), self.version)

    def _frame(self, turn: Turn) -> Frame | None:
        """A turn as this list sees it; an object that begins or ceases to match comes or goes."""
        before, after = self._shown(turn.before), self._shown(turn.after)
        if before and after and before.version == after.version:
            return None  # its sub-platform lags: nothing has been heard of it
        was, is_there = self._matches(before), self._matches(after)
        if after and is_there:
            return Frame("MODIFIED" if was else "ADDED", after.body, turn.version)
        if before and was:
            return Frame("DELETED", (after or stamped(before.obj, turn.version)).body, turn.version)
        return None

    def _matches(self, item: Item | None) -> bool:
        return item is not None and all(test(item.obj) for test in self._tests)

    def _shown(self, item: Item | None) -> Item | None:
        """An object as the list would show it, if it did."""
        call = self._call
        if item is None or (self._plural == "projects" and item.name not in call.memberships):
            return None
        rows = list(answering.answered(call.platform, self._plural, [item], call.asked))
        if rows and self._plural == "subplatforms":
            return listing.with_state(rows[0], call.asked, self._now_s)
        return self._dated(rows)[0] if rows else None

    def _dated(self, rows: list[Item]) -> list[Item]:
        call = self._call
        return list(answering.dated(call.platform, self._plural, rows, call.asked, self._now_s))

    def _present(self) -> list[Item]:
        return list(listing.present(self._call, self._plural, self._scopes, self._now_s))

    @property
    def _now_s(self) -> int:
        return int(self._call.platform.clock.now())


class Bills(Watched):
    """Bills of running orders grow with time and are no versions of anything: they are compared with what was told.

    A watch that goes on from a version cannot know what was told before; it tells again what may have changed.
    """

    def __init__(self, call: Call, plural: str, scopes: tuple[str, ...]) -> None:
        super().__init__(call, plural, scopes)
        self._told: dict[str, Item] = {}
        self._resumed_at: int | None = None if self.is_new else self.version
        self._grown_s = 0.0
        self._may_cease = bool(call.query.get("fieldSelector") or call.query.get("labelSelector"))
        """Filters look at what never changes of a bill: whoever does not pass one never did."""

    @property
    def listens_to(self) -> list[Collection]:
        """Orders too: a bill begins when its order does."""
        return [*self._collections, *(("orders", scope) for scope in self._scopes)]

    def opening(self) -> Iterator[Frame]:
        """As for any list; remembered."""
        if self.is_new:
            self._told = {item.name: item for item in self._present() if self._matches(item)}
            self._grown_s = time.monotonic()
        yield from super().opening()

    def changes(self) -> list[Frame]:
        """What differs from what was told."""
        self.version = self._store.version
        now_s = time.monotonic()
        may_grow = now_s - self._grown_s >= GROWTH_S
        if may_grow:
            self._grown_s = now_s
        found = [frame for item in self._present() if (frame := self._difference(item, may_grow=may_grow))]
        self._resumed_at = None
        return found

    def _difference(self, item: Item, *, may_grow: bool) -> Frame | None:
        told, is_there = self._told.get(item.name), self._matches(item)
        is_open = item.obj["status"]["state"] == "open"
        name = "MODIFIED" if is_there else "DELETED"
        if told is None and self._resumed_at is None:
            name = "ADDED" if is_there else ""
        elif told is None and not is_there and not self._may_cease:
            return None
        elif told is None:
            name = name if is_open or item.version >= (self._resumed_at or 0) else ""
        elif told.body == item.body or (is_open and not may_grow):
            return None
        if is_there:
            self._told[item.name] = item
        else:
            self._told.pop(item.name, None)
        return Frame(name, item.body, self.version) if name else None
