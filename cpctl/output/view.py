"""What a printer is given: objects as the server sent them, page by page, and how they are to be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from cpctl.resources.page import AnyPage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.registry import Kind


class View(NamedTuple):
    """Objects of one kind, and how to show them.

    Attributes:
        pages: Read once, while printing.
        single: One object was asked for by name: printed alone, not as a list.
        headers: Whether a table has a line of titles.
        wide: Whether a table has the columns kept for `-o wide`.
        labels: Whether a table ends with a column of labels.
        all_projects: Whether a table begins with the project.
        events: Whether a table begins with what happened to each row (its key `event`).
        as_of: Whether a table says of each row when it was so, because some are not of now.
        qualified: Whether a table names objects `kind/name`, because another kind stands beside it.
        argument: What the form is given: a JSONPath template, the columns of custom-columns.
        query: A JMESPath expression that the document is put through.
        now: The platform's time, aware; ages and countdowns are reckoned by it.
        passing: The platform's time as it goes on, for pages that come over hours; None: `now`.
    """

    kind: Kind
    pages: Iterable[AnyPage]
    now: datetime
    single: bool = False
    headers: bool = True
    wide: bool = False
    labels: bool = False
    all_projects: bool = False
    events: bool = False
    as_of: bool = False
    qualified: bool = False
    argument: str = ""
    query: str | None = None
    passing: Callable[[], datetime] | None = None


Printer = Callable[[View], Iterator[str]]
