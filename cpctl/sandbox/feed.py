"""What changed, in the order of versions: the last changes of every collection, and who wants to hear of the next.

Nothing is kept for a watcher but the version it has come to: one that is slow, or was away, finds what it missed here,
or learns that it is no longer kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from cpctl.sandbox.problems import Problem

if TYPE_CHECKING:
    from cpctl.sandbox.store import Collection, Item

KEPT: Final = 2_048
"""Changes of a collection that are kept at least."""
GONE: Final = "what changed since then is no longer kept; list again"


class Turn(NamedTuple):
    """One object's way from one version to the next; None where there was, or is, no such object."""

    version: int
    before: Item | None
    after: Item | None


class Feed:
    """The committed changes since the process began.

    Args:
        version: The platform's, as the process began; what came before is not known.
        kept: Changes of a collection that are kept at least; up to twice as many are.
    """

    def __init__(self, version: int, kept: int = KEPT) -> None:
        self._began = version
        self._most = kept
        self._turns: dict[Collection, list[Turn]] = {}
        self._floors: dict[Collection, int] = {}
        self._listeners: dict[Collection, set[Callable[[], None]]] = {}

    def add(self, collection: Collection, turns: Iterable[Turn]) -> None:
        """Take what a commit changed, and wake those who listen."""
        known = self._turns.setdefault(collection, [])
        known += sorted(turns, key=lambda turn: turn.version)
        if len(known) > 2 * self._most:
            self._floors[collection] = known[-self._most - 1].version
            del known[: -self._most]
        self._wake(collection)

    def break_off(self, collection: Collection, version: int) -> None:
        """From this version on the collection cannot be followed from an earlier one."""
        self._turns.pop(collection, None)
        self._floors[collection] = version
        self._wake(collection)

    def since(self, collections: Sequence[Collection], version: int, latest: int) -> list[Turn]:
        """The changes behind a version, oldest first; `latest` is the platform's version.

        Raises:
            Problem: Expired: some of them are no longer kept, or the version is of another platform.
        """
        floor = max(self._floors.get(collection, self._began) for collection in collections)
        if not floor <= version <= latest:
            raise Problem("Expired", GONE)
        found: list[Turn] = []
        for collection in collections:
            turns = self._turns.get(collection, [])
            found += turns[bisect_right(turns, version, key=lambda turn: turn.version) :]
        return found if len(collections) == 1 else sorted(found, key=lambda turn: turn.version)

    @contextmanager
    def heard(self, collections: Iterable[Collection], listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at every change of these collections while the block runs."""
        places = [self._listeners.setdefault(collection, set()) for collection in collections]
        for place in places:
            place.add(listener)
        try:
            yield
        finally:
            for place in places:
                place.discard(listener)

    def _wake(self, collection: Collection) -> None:
        for listener in self._listeners.get(collection, ()):
            listener()
