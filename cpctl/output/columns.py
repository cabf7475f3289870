"""Tables of objects, page by page; a column is a path into the object and a way to show what is there."""

from __future__ import annotations

from cpctl.output.cells import SHOWS
from cpctl.output.tables import Grid
from cpctl.registry import Column
from cpctl.resources.partial import earlier, subplatforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cpctl.output.cells import Values
    from cpctl.output.view import View
    from cpctl.resources.page import AnyPage

EVENT = Column("EVENT".ljust(len("MODIFIED")), "event")  # as wide as the widest, so that no row moves the others
PROJECT = Column("PROJECT", "metadata.project")
AS_OF = Column("AS-OF", "status.asOf", show="age")
OWN_AGE = ("products", "subplatforms")
"""Kinds whose rows say themselves how old they are: they name no province, or are what a province is asked through."""
LABELS = Column("LABELS", "metadata.labels", show="labels")
NAME_PATH = "metadata.name"


def table(view: View) -> Iterator[str]:
    """The table kubectl users expect, one text a page; nothing at all when there is nothing to show."""
    columns = shown_columns(view)
    grid = Grid([c.title for c in columns], [c.align for c in columns], headers=view.headers)
    for page in view.pages:
        if len(page):
            yield grid.text(_cells(columns, page, view))


def wide(view: View) -> Iterator[str]:
    """The table with the columns that are kept for `-o wide`."""
    return table(view._replace(wide=True))


def table_reads(view: View) -> tuple[str, ...]:
    """The field paths of a table."""
    paths = [column.path for column in shown_columns(view)]
    own_age = [AS_OF.path] if view.kind.plural in OWN_AGE else []
    return tuple(dict.fromkeys([*own_age, *paths]))


def wide_reads(view: View) -> tuple[str, ...]:
    """The field paths of a table with the columns kept for `-o wide`."""
    return table_reads(view._replace(wide=True))


def shown_columns(view: View) -> list[Column]:
    """The columns of this view, in their order."""
    before = [*([EVENT] if view.events else []), *([PROJECT] if view.all_projects else [])]
    own = [c for c in view.kind.columns if view.wide or not c.wide]
    aged = [AS_OF] if view.as_of and all(c.path != AS_OF.path for c in own) else []
    after = [LABELS] if view.labels else []
    return [*before, *own, *aged, *after]


def _cells(columns: Sequence[Column], page: AnyPage, view: View) -> list[list[str]]:
    """The cells of a page, column by column."""
    now = view.passing() if view.passing else view.now
    texts = [SHOWS[column.show](column_values(column, page, view), now) for column in columns]
    if not view.qualified:
        return texts
    named = [column.path == NAME_PATH for column in columns]
    return [_qualified(cells, view) if name else cells for name, cells in zip(named, texts, strict=True)]


def column_values(column: Column, page: AnyPage, view: View) -> Values:
    """What stands in a column of a page, None where nothing does."""
    return _as_of(page) if view.as_of and column.path == AS_OF.path else page.values(column.path)


def _as_of(page: AnyPage) -> Values:
    """When each row was so: by its own word or its province's, whichever is the earlier time."""
    told = {one.name: one.as_of for one in subplatforms(page.metadata)}
    provinces = map(str, page.values("spec.province"))
    stamps = [value if isinstance(value, str) else None for value in page.values(AS_OF.path)]
    pairs = [(stamp, told.get(name)) for stamp, name in zip(stamps, provinces, strict=True)]
    shown = {pair: earlier(*pair) for pair in set(pairs)}
    return [shown[pair] for pair in pairs]


def _qualified(names: list[str], view: View) -> list[str]:
    return [f"{view.kind.name}/{name}" for name in names]
