"""A platform as the client sees it: objects and lists by path, and its time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from cpctl.errors import BadAnswer, BadValue, NotFound
from cpctl.resources.clock import Clock
from cpctl.resources.exchange import Answer, Request, Sender
from cpctl.resources.page import Page

CHUNK = 1_000
READ_LIMIT_S = 30.0
LARGEST_CHUNK = 5_000
LONGEST_NAME = 128
SHOWN = 40
NO_TEXT = "backslashreplace"  # what bytes that are no UTF-8 become in a query; the platform says it does not know them
PAGES_LIMIT = 100_000
EMPTY_PAGES_LIMIT = 10

Query = Mapping[str, str | int | Sequence[str] | None]


class Platform:
    """One platform and one project on it.

    Args:
        project: For paths that are yours; the caller puts `platform.project` into the query.
        clock: This machine's, used until the platform has told its own time.
        read_limit_s: Most time for reading one object or one page, sending again included.
    """

    def __init__(self, sender: Sender, project: str, *, clock: Clock, read_limit_s: float = READ_LIMIT_S) -> None:
        self.sender = sender
        self.project = project
        self._clock = clock
        self._read_limit_s = read_limit_s
        self._told: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The platform's time as its latest answer told it; this machine's before the first."""
        return self._told[0] if self._told else self._clock.now()

    def send(self, request: Request) -> Answer:
        answer = self.sender.send(request)
        self.hear(answer.headers)
        return answer

    def hear(self, headers: Mapping[str, str]) -> None:
        """Take the platform's time from an answer's headers."""
        with_zone = headers.get("x-ccpp-time", "").replace("Z", "+00:00")
        try:
            told = datetime.fromisoformat(with_zone)
        except ValueError:
            return
        if told.tzinfo:
            self._told = (told.astimezone(UTC), self._clock.monotonic())

    def read(self, path: str, query: Query | None = None) -> Answer:
        """What a GET brings."""
        return self.send(Request("GET", with_query(path, query or {}), deadline_s=self._read_limit_s))

    def one(self, path: str, query: Query | None = None) -> Any:
        """One object, as the platform sent it.

        Raises:
            NotFound: There is none of that name.
            BadAnswer: What came is no object.
        """
        answer = self.read(path, query).json()
        if not isinstance(answer, dict):
            raise BadAnswer(detail=f"{path}: the answer is no object")
        return answer

    def pages(
        self, path: str, query: Query | None = None, *, limit: int | None = None, chunk: int = CHUNK
    ) -> Iterator[Page]:
        """A list, page by page; never more than one is held.

        Args:
            limit: Most objects altogether; None or 0 for all.
            chunk: Objects a page.

        Raises:
            BadAnswer: A page of another shape, a cursor that repeats, or a list without an end.
        """
        left, cursor, seen, empty = limit or None, None, set[str](), 0
        for _ in range(PAGES_LIMIT):
            size = min(chunk or CHUNK, left or LARGEST_CHUNK, LARGEST_CHUNK)
            asked = {**(query or {}), "limit": size, "continue": cursor}
            page = page_of(self.read(path, asked).json(), path)
            cursor = cursor_of(page, path)
            empty = 0 if page.items else empty + 1
            if left is not None:
                page = replace(page, items=page.items[:left])
                left -= len(page.items)
            yield page
            if cursor is None or left == 0:
                return
            if cursor in seen or empty > EMPTY_PAGES_LIMIT:
                raise BadAnswer(reason="EndlessList", detail=f"{path}: the list goes round in circles")
            seen.add(cursor)
        raise BadAnswer(reason="EndlessList", detail=f"{path}: the list has no end")


def object_path(collection: str, name: str, *action: str) -> str:
    """`/v1/orders` and a name to `/v1/orders/NAME[/ACTION]`, the name escaped.

    Raises:
        BadValue: It is empty or too long to be a name.
        NotFound: It is one of the two names that a path reads as steps.
    """
    if not name or len(name) > LONGEST_NAME:
        shown = name if len(name) <= SHOWN else name[:SHOWN] + "…"
        raise BadValue(what="name", value=shown, expected=f"1 to {LONGEST_NAME} characters long")
    plural = collection.rsplit("/", 1)[-1]
    if name in (".", ".."):
        raise NotFound(detail=f'{plural} "{name}" not found')
    return "/".join((collection, escaped(name), *action))


def escaped(name: str) -> str:
    """The name as one step of a path, whatever is in it.

    Raises:
        BadValue: It cannot be written as UTF-8.
    """
    try:
        return quote(name, safe="@")
    except UnicodeEncodeError as error:
        raise BadValue(what="name", value=ascii(name)[:40], expected="text") from error


def with_query(path: str, query: Query) -> str:
    """The path with its query; lists are joined by commas, None and empty lists are left out."""
    pairs = [(key, _joined(value)) for key, value in query.items() if value is not None and value not in ([], ())]
    return f"{path}?{urlencode(pairs, quote_via=quote, safe=',~:', errors=NO_TEXT)}" if pairs else path


def page_of(document: Any, path: str) -> Page:
    """A page of objects or of rows, in one form.

    Raises:
        BadAnswer: It is neither.
    """
    metadata = document.get("metadata", {}) if isinstance(document, dict) else None
    items = _items(document) if isinstance(metadata, dict) else None
    if items is None or not isinstance(metadata, dict):
        raise BadAnswer(detail=f"{path}: the answer is no list")
    return Page(items, metadata)


def cursor_of(page: Page, path: str) -> str | None:
    """The opaque cursor of the next page; it is only ever sent back as a parameter of the same path."""
    cursor = page.metadata.get("continue")
    if cursor in (None, ""):
        return None
    if not isinstance(cursor, str) or len(cursor) > 4_096:
        raise BadAnswer(detail=f"{path}: the list's cursor is none")
    return cursor


def _joined(value: str | int | Sequence[str] | None) -> str:
    return str(value) if isinstance(value, str | int) else ",".join(value or ())


def _items(document: Any) -> list[Mapping[str, Any]] | None:
    if document.get("kind") == "Rows":
        return _objects(document.get("fields"), document.get("rows"))
    items = document.get("items")
    if isinstance(items, list) and all(isinstance(item, dict) for item in items):
        return items
    return None


def _objects(fields: Any, rows: Any) -> list[Mapping[str, Any]] | None:
    """Rows as partial objects, so that whoever reads pages knows one form."""
    if not isinstance(fields, list) or not isinstance(rows, list) or not all(isinstance(f, str) for f in fields):
        return None
    paths = [field.split(".") for field in fields]
    if not all(isinstance(row, list) and len(row) == len(paths) for row in rows):
        return None
    return [_object(paths, row) for row in rows]


def _object(paths: Sequence[Sequence[str]], row: Sequence[Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path, value in zip(paths, row, strict=True):
        table = whole
        for step in path[:-1]:
            inner = table.get(step)
            table[step] = table = inner if isinstance(inner, dict) else {}
        table[path[-1]] = value
    return whole
