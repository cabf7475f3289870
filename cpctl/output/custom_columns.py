"""`-o custom-columns=NAME:.metadata.name,…`: a table of the columns that somebody asks for."""

from __future__ import annotations

from typing import NamedTuple

from cpctl.errors import BadAnswer, UsageError
from cpctl.output.cells import NONE
from cpctl.output.documents import TOO_DEEP
from cpctl.output.go_text import go_words
from cpctl.output.tables import Grid
from cpctl.selectors.jsonpath import Template, parse, relaxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cpctl.output.view import View
    from cpctl.resources.page import AnyPage

LEAST_WIDTH = 3  # kubectl's columns are no narrower


class Wanted(NamedTuple):
    """One column: its title and the path of its values."""

    title: str
    template: Template


def custom_reads(view: View) -> tuple[str, ...] | None:
    """The field paths, when all columns are plain paths that the kind has; else None.

    Raises:
        UsageError: The columns do not parse.
    """
    paths = [column.template.simple_path for column in wanted(view.argument)]
    if not all(paths):
        return None
    from cpctl.fields import fields_of

    known = fields_of(view.kind)
    return tuple(dict.fromkeys(paths)) if all(path in known for path in paths) else None


def custom_columns(view: View) -> Iterator[str]:
    """The table, one text a page; nothing at all when there is nothing to show."""
    columns = wanted(view.argument)
    grid = Grid([column.title for column in columns], headers=view.headers, least=LEAST_WIDTH)
    for page in view.pages:
        if len(page):
            yield grid.text([_cells(column.template, page) for column in columns])


def wanted(text: str) -> list[Wanted]:
    """The columns that `-o custom-columns=` names.

    Raises:
        UsageError: One has no colon, or its path is none.
    """
    columns = []
    for part in text.split(","):
        title, colon, path = part.partition(":")
        if not colon:
            said = f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            raise UsageError(reason="BadColumns", detail=said, hint="-o custom-columns=NAME:.metadata.name")
        columns.append(Wanted(title, parse(relaxed(path))))
    return columns


def _cells(template: Template, page: AnyPage) -> list[str]:
    if template.simple_path:
        return [NONE if value is None else go_words(value) for value in page.values(template.simple_path)]
    try:
        return [_cell(template, item) for item in page.items]
    except RecursionError as error:
        raise BadAnswer(detail=TOO_DEEP) from error


def _cell(template: Template, item: Any) -> str:
    """What a path reaches in one object, by commas; null and what is missing are `<none>`."""
    found = [value for results in template.results(item) for value in results]
    return ",".join([NONE if value is None else go_words(value) for value in found]) if found else NONE
