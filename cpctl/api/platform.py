"""A platform as the client sees it: objects and lists by path, and its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from cpctl.errors import BadAnswer, BadValue, NotFound
from cpctl.resources.clock import Clock
from cpctl.resources.exchange import Answer, Request, Sender
from cpctl.resources.page import AnyPage, Page, RowPage

FIRST_CHUNK = 1_000
READ_LIMIT_S = 30.0
LARGEST_CHUNK = 5_000
DOUBLINGS = 3
LONGEST_NAME = 128
SHOWN = 40
NO_TEXT = "backslashreplace"  # what bytes that are no UTF-8 become in a query; the platform says it does not know them
PAGES_LIMIT = 100_000
EMPTY_PAGES_LIMIT = 10

YOURS = ("/v1/orders", "/v1/demands")
Query = Mapping[str, Any]  # texts, numbers, lists of texts, None


class Platform:
    """One platform and one project on it.

    Args:
        project: For paths that are yours; the caller puts `platform.project` into the query.
        clock: This machine's, used until the platform has told its own time.
        read_limit_s: Most time for reading one object or one page, sending again included.

    Attributes:
        has_changed: Whether something was sent that changes what is yours.
        has_acted: Whether it was accepted.
    """

    def __init__(self, sender: Sender, project: str, *, clock: Clock, read_limit_s: float = READ_LIMIT_S) -> None:
        self.sender = sender
        self.project = project
        self._clock = clock
        self.read_limit_s = read_limit_s
        self._told: tuple[datetime, float] | None = None
        self.has_changed = self.has_acted = False

    def now(self) -> datetime:
        """The platform's time as its latest answer told it; this machine's before the first."""
        return self._told[0] if self._told else self._clock.now()

    def passing(self) -> datetime:
        """The same as it goes on by this machine's clock, for answers that last."""
        if not self._told:
            return self._clock.now()
        told, at_s = self._told
        return told + timedelta(seconds=self._clock.monotonic() - at_s)

    def send(self, request: Request) -> Answer:
        changes = request.method != "GET" and request.path.startswith(YOURS)
        self.has_changed |= changes
        answer = self.sender.send(request)
        self.has_acted |= changes
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
        return self.send(Request("GET", with_query(path, query or {}), deadline_s=self.read_limit_s))

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
        self,
        path: str,
        query: Query | None = None,
        *,
        limit: int | None = None,
        chunk: int | None = None,
        fields: Sequence[str] | None = None,
        keep: Callable[[AnyPage], AnyPage] | None = None,
    ) -> Iterator[AnyPage]:
        """A list, page by page; while one is used the next is on its way, and more are never held.

        Args:
            limit: Most rows altogether; None or 0 for all.
            chunk: Rows a page; None or 0 for pages that grow, so that the first is soon there and all take few ways.
            fields: Ask for these fields as bare rows; a platform that does not know them answers with objects.
            keep: What stays of a page, before the limit counts its rows.

        Raises:
            BadAnswer: A page of another shape, a cursor that repeats, or a list without an end.
            Conflict: `Expired`: the platform no longer knows the cursor.
        """
        asked = {**(query or {}), **({"as": "rows", "fields": fields} if fields else {})}
        left, cursor, seen, empty = limit or None, None, set[str](), 0
        fetch = partial(self._page, path, asked, fields or ())
        page = fetch(cursor, _size(chunk, left, 0))
        for number in range(1, PAGES_LIMIT + 1):
            cursor = cursor_of(page, path)
            empty = 0 if len(page) else empty + 1
            page = keep(page) if keep else page
            if left is not None:
                page = page.first(left)
                left -= len(page)
            if cursor is None or left == 0:
                yield page
                return
            if cursor in seen or empty > EMPTY_PAGES_LIMIT:
                yield page
                raise BadAnswer(reason="EndlessList", detail=f"{path}: the list goes round in circles")
            seen.add(cursor)
            from cpctl.api.ahead import Ahead

            following = Ahead(partial(fetch, cursor, _size(chunk, left, number)))
            yield page
            page = following.result()
        raise BadAnswer(reason="EndlessList", detail=f"{path}: the list has no end")

    def _page(self, path: str, asked: Query, fields: Sequence[str], cursor: str | None, size: int) -> AnyPage:
        page = page_of(self.read(path, {**asked, "limit": size, "continue": cursor}).json(), path)
        missing = [one for one in fields if one not in page.columns] if isinstance(page, RowPage) else []
        if missing:
            raise BadAnswer(detail=f"{path}: the answer's rows lack {missing[0]}")
        return page


def _size(chunk: int | None, left: int | None, number: int) -> int:
    """The rows to ask for in a list's page of that number, counted from 0."""
    return min(chunk or FIRST_CHUNK << min(number, DOUBLINGS), left or LARGEST_CHUNK, LARGEST_CHUNK)


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


def page_of(document: Any, path: str) -> AnyPage:
    """A page of objects or of rows.

    Raises:
        BadAnswer: It is neither.
    """
    metadata = document.get("metadata", {}) if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        raise BadAnswer(detail=f"{path}: the answer is no list")
    page = _rows(document, metadata) if document.get("kind") == "Rows" else _objects(document, metadata)
    if page is None:
        raise BadAnswer(detail=f"{path}: the answer is no list")
    return page


def cursor_of(page: AnyPage, path: str) -> str | None:
    """The opaque cursor of the next page; it is only ever sent back as a parameter of the same path."""
    cursor = page.metadata.get("continue")
    if cursor in (None, ""):
        return None
    if not isinstance(cursor, str) or len(cursor) > 4_096:
        raise BadAnswer(detail=f"{path}: the list's cursor is none")
    return cursor


def _joined(value: str | int | Sequence[str] | None) -> str:
    return str(value) if isinstance(value, str | int) else ",".join(value or ())


def _objects(document: Any, metadata: Mapping[str, Any]) -> Page | None:
    items = document.get("items")
    is_list = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    return Page(items, metadata) if is_list else None


def _rows(document: Any, metadata: Mapping[str, Any]) -> RowPage | None:
    fields, rows = document.get("fields"), document.get("rows")
    if not isinstance(fields, list) or not isinstance(rows, list) or not all(isinstance(one, str) for one in fields):
        return None
    if set(map(type, rows)) - {list} or set(map(len, rows)) - {len(fields)} or len(set(fields)) < len(fields):
        return None
    columns = zip(*rows, strict=True) if rows else ([] for _ in fields)
    return RowPage(dict(zip(fields, columns, strict=True)), len(rows), metadata)
