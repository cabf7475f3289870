"""The objects of one list as they were last told, and what of the news about them is a change.

Whatever way the news came (a watch, one that was taken up again, a list that was read again), none is lost or told
twice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cpctl.errors import BadAnswer

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"
GONE_LIMIT = 10_000
DIGITS = 18

Object = Mapping[str, Any]
Key = tuple[str, str]


class Change(NamedTuple):
    """What happened to one object; of a deleted one, as it was last."""

    event: str
    object: Object


def _every(_obj: Object) -> bool:
    return True


class Known:
    """What a list is known to hold.

    Args:
        keeps: Whether an object belongs to the list, for what the platform was not asked to decide.
    """

    def __init__(self, keeps: Callable[[Object], bool] = _every) -> None:
        self._keeps = keeps
        self._objects: dict[Key, Object] = {}
        self._gone: OrderedDict[Key, int] = OrderedDict()  # the version each was deleted at

    def hold(self, items: Iterable[Object]) -> None:
        """Take objects that are already told. Raises BadAnswer: one has no name."""
        for item in items:
            self._objects[key(item)] = item

    def listed(self, items: Iterable[Object], *, complete: bool) -> Iterator[Change]:
        """What a list that was read again tells: every difference, once.

        Args:
            complete: The list is whole; what is not in one that is not, may still be there.

        Raises:
            BadAnswer: An object has no name.
        """
        found = {key(item): item for item in items if self._keeps(item)}
        for place in [place for place in self._objects if complete and place not in found]:
            yield Change(DELETED, self._objects.pop(place))
        for place, item in found.items():
            known = self._objects.get(place)
            if known is not None and _uid(known) != _uid(item):
                yield Change(DELETED, self._objects.pop(place))
            change = self._put(place, item)
            if change:
                yield change

    def told(self, event: str, item: Object) -> Change | None:
        """What one event of a watch tells, or None when it is nothing new. Raises BadAnswer: the object has no name."""
        place = key(item)
        if event == DELETED or not self._keeps(item):
            return self._drop(place, item)
        deleted_at, version = self._gone.get(place), version_of(item)
        if place not in self._objects and deleted_at is not None and version is not None and version <= deleted_at:
            return None  # told again, from before it was deleted
        return self._put(place, item)

    def _put(self, place: Key, item: Object) -> Change | None:
        known = self._objects.get(place)
        if known is not None and (_is_earlier(item, known) or _without_age(item) == _without_age(known)):
            return None
        self._objects[place] = item
        return Change(ADDED if known is None else MODIFIED, item)

    def _drop(self, place: Key, item: Object) -> Change | None:
        known = self._objects.get(place)
        if known is None or _is_earlier(item, known):
            return None
        del self._objects[place]
        self._gone[place] = max(version_of(item) or 0, version_of(known) or 0)
        self._gone.move_to_end(place)
        if len(self._gone) > GONE_LIMIT:
            self._gone.popitem(last=False)
        return Change(DELETED, item)


def key(item: Object) -> Key:
    """Project and name. Raises BadAnswer: it has none."""
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        raise BadAnswer(detail="the server's answer holds an object without a name")
    project = metadata.get("project")
    return project if isinstance(project, str) else "", name


def version_of(item: Object) -> int | None:
    """Its resourceVersion, when it is a number by which an earlier one can be told."""
    text = item["metadata"].get("resourceVersion")
    is_number = isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if is_number else None


def _is_earlier(item: Object, known: Object) -> bool:
    this, that = version_of(item), version_of(known)
    return this is not None and that is not None and this < that


def _without_age(item: Object) -> Object:
    """The object but for `status.asOf`, which moves with every answer."""
    status = item.get("status")
    if not isinstance(status, dict) or "asOf" not in status:
        return item
    return {**item, "status": {name: value for name, value in status.items() if name != "asOf"}}


def _uid(item: Object) -> Any:
    return item["metadata"].get("uid")
