"""Tables of objects, page by page; a column is a path into the object and a way to show what is there."""

from __future__ import annotations

from cpctl.output.cells import SHOWS
from cpctl.output.tables import Grid
from cpctl.registry import Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from cpctl.output.cells import Values
    from cpctl.output.view import View

PROJECT = Column("PROJECT", "metadata.project")
LABELS = Column("LABELS", "metadata.labels", show="labels")
NAME_PATH = "metadata.name"


def table(view: View) -> Iterator[str]:
    """The table kubectl users expect, one text a page; nothing at all when there is nothing to show."""
    columns = shown_columns(view)
    grid = Grid([c.title for c in columns], [c.align for c in columns], headers=view.headers)
    for page in view.pages:
        if page.items:
            yield grid.text(_cells(columns, page.items, view))


def wide(view: View) -> Iterator[str]:
    """The table with the columns that are kept for `-o wide`."""
    return table(view._replace(wide=True))


def table_reads(view: View) -> tuple[str, ...]:
    """The field paths of a table."""
    return tuple(dict.fromkeys(column.path for column in shown_columns(view)))


def wide_reads(view: View) -> tuple[str, ...]:
    """The field paths of a table with the columns kept for `-o wide`."""
    return table_reads(view._replace(wide=True))


def shown_columns(view: View) -> list[Column]:
    """The columns of this view, in their order."""
    before = [PROJECT] if view.all_projects else []
    after = [LABELS] if view.labels else []
    return [*before, *(c for c in view.kind.columns if view.wide or not c.wide), *after]


def _cells(columns: Sequence[Column], items: Sequence[Mapping[str, Any]], view: View) -> list[list[str]]:
    """The cells of a page, column by column."""
    known: dict[str, Values] = {"": list(items)}
    texts = [SHOWS[column.show](_values(column.path, known), view.now) for column in columns]
    if not view.qualified:
        return texts
    named = [column.path == NAME_PATH for column in columns]
    return [_qualified(cells, view) if name else cells for name, cells in zip(named, texts, strict=True)]


def _qualified(names: list[str], view: View) -> list[str]:
    return [f"{view.kind.name}/{name}" for name in names]


def _values(path: str, known: dict[str, Values]) -> Values:
    """What stands at a path in every object, None where nothing does; what paths share is looked up once."""
    if path not in known:
        parent, _, key = path.rpartition(".")
        parents = _values(parent, known)
        try:
            known[path] = [value[key] for value in parents]
        except (KeyError, TypeError):
            known[path] = [value.get(key) if isinstance(value, dict) else None for value in parents]
    return known[path]
