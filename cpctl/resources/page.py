"""One page of a list, as a platform sent it: whole objects, or bare rows of the fields that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any

LABELS = "metadata.labels"
_Values = dict[str, list[Any]]


def steps(path: str) -> list[str]:
    """The keys of a dotted path; a label's name is one key, dots and all."""
    if path.startswith(f"{LABELS}."):
        return ["metadata", "labels", path.removeprefix(f"{LABELS}.")]
    return path.split(".")


class Page:
    """One page of objects.

    Attributes:
        items: Objects: `apiVersion, kind, metadata, spec, status`; some of their fields when `fields` asked for some.
        metadata: The list's: `resourceVersion, continue, complete, subplatforms`.
    """

    def __init__(self, items: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any] | None = None) -> None:
        self.items = items
        self.metadata: Mapping[str, Any] = metadata or {}
        self._known: _Values = {}

    def __len__(self) -> int:
        return len(self.items)

    def values(self, path: str) -> list[Any]:
        """What stands at a path in every object, None where nothing does; what paths share is looked up once."""
        return _looked_up(self._known, self.items, steps(path))

    def kept(self, mask: Iterable[bool]) -> Page:
        """The page with the objects whose place in the mask is true."""
        return Page(list(compress(self.items, mask)), self.metadata)

    def first(self, count: int) -> Page:
        """The page with its first objects only."""
        return self if count >= len(self) else Page(self.items[:count], self.metadata)

    def saying(self, metadata: Mapping[str, Any]) -> Page:
        """The page with other metadata."""
        page = Page(self.items, metadata)
        page._known = self._known
        return page


class RowPage:
    """One page of rows, column by column: a table of thousands is printed without making an object of any.

    Attributes:
        columns: The values of each field, by its path.
        count: How many rows there are.
        metadata: The list's, as of `Page`.
    """

    def __init__(
        self, columns: Mapping[str, Sequence[Any]], count: int, metadata: Mapping[str, Any] | None = None
    ) -> None:
        self.columns, self.count = columns, count
        self.metadata: Mapping[str, Any] = metadata or {}

    def __len__(self) -> int:
        return self.count

    @cached_property
    def items(self) -> Sequence[Mapping[str, Any]]:
        """The rows as partial objects."""
        paths = [steps(path) for path in self.columns]
        return [_object(paths, row) for row in zip(*self.columns.values(), strict=True)] if paths else []

    def values(self, path: str) -> list[Any]:
        """What stands at a path in every row, None where nothing does."""
        if path in self.columns:
            return list(self.columns[path])
        if path.startswith(f"{LABELS}.") and LABELS in self.columns:
            name = path.removeprefix(f"{LABELS}.")
            return [one.get(name) if isinstance(one, dict) else None for one in self.columns[LABELS]]
        return [None] * self.count

    def kept(self, mask: Iterable[bool]) -> RowPage:
        """The page with the rows whose place in the mask is true."""
        chosen = list(mask)
        columns = {path: list(compress(column, chosen)) for path, column in self.columns.items()}
        return RowPage(columns, sum(chosen), self.metadata)

    def first(self, count: int) -> RowPage:
        """The page with its first rows only."""
        if count >= len(self):
            return self
        return RowPage({path: column[:count] for path, column in self.columns.items()}, count, self.metadata)

    def saying(self, metadata: Mapping[str, Any]) -> RowPage:
        """The page with other metadata."""
        return RowPage(self.columns, self.count, metadata)


AnyPage = Page | RowPage


def _looked_up(known: _Values, items: Sequence[Any], keys: Sequence[str]) -> list[Any]:
    path = ".".join(keys)
    if path not in known:
        parents = _looked_up(known, items, keys[:-1]) if len(keys) > 1 else items
        key = keys[-1]
        try:
            known[path] = [value[key] for value in parents]
        except (KeyError, TypeError):
            known[path] = [value.get(key) if isinstance(value, dict) else None for value in parents]
    return known[path]


def _object(paths: Sequence[Sequence[str]], row: Sequence[Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path, value in zip(paths, row, strict=True):
        table = whole
        for step in path[:-1]:
            inner = table.get(step)
            table[step] = table = inner if isinstance(inner, dict) else {}
        table[path[-1]] = value
    return whole
