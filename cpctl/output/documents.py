"""One document out of many pages: what JSON and YAML lists have in common.

`metadata` comes last, so that items are printed as they arrive. A failure before the first page prints nothing; a later
one closes the document with `complete: false` and goes on to whoever asked.
"""

from __future__ import annotations

from itertools import chain

from cpctl.errors import BadAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, Protocol

    from cpctl.output.view import View
    from cpctl.resources.page import AnyPage

    class Writing(Protocol):
        """How a document is written."""

        def single(self, item: Any) -> str: ...

        def begin(self) -> str: ...

        def items(self, page: AnyPage, *, first: bool) -> str: ...

        def end(self, metadata: Mapping[str, Any], *, empty: bool) -> str: ...


TOO_DEEP = "the server's answer is nested too deeply"


def document(view: View, form: Writing) -> Iterator[str]:
    """The text of a view in that form; of what its query finds, where there is one."""
    if view.query is not None:
        from cpctl.output.query import answered

        yield single_text(form.single, answered(view.query, whole(view)))
        return
    pages = iter(view.pages)
    first = next(pages, None)
    if view.single and first is not None and first.items:
        yield single_text(form.single, first.items[0])
        return
    yield from _list(chain([first] if first is not None else [], pages), form)


def _list(pages: Iterator[AnyPage], form: Writing) -> Iterator[str]:
    metadata: dict[str, Any] = {"complete": True}
    text, count = form.begin(), 0
    try:
        for page in pages:
            text += _items(form, page, first=count == 0)
            metadata = merged(metadata, page.metadata)
            count += len(page.items)
            yield text
            text = ""
    except GeneratorExit:
        raise
    except BaseException:
        if not text:
            yield form.end({**metadata, "complete": False}, empty=count == 0)
        raise
    yield text + form.end(metadata, empty=count == 0)


def whole(view: View) -> Any:
    """The document of a view: the object that was asked for by name, or the list with all its items."""
    items: list[Any] = []
    metadata: dict[str, Any] = {"complete": True}
    for page in view.pages:
        items += page.items
        metadata = merged(metadata, page.metadata)
    if view.single and items:
        return items[0]
    return {"apiVersion": "ccpp/v1", "kind": "List", "items": items, "metadata": metadata}


def whole_reads(view: View) -> None:
    """Whole objects.

    Raises:
        UsageError: The query does not parse.
    """
    if view.query is not None:
        from cpctl.output.query import compiled

        compiled(view.query)


def merged(before: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    """The last page's metadata; one page that was not complete leaves the list incomplete."""
    complete = page.get("complete", True) is True and before.get("complete", True) is True
    return {**page, "complete": complete}


def single_text(write: Callable[[Any], str], item: Any) -> str:
    """One object as it is written. Raises BadAnswer: it is nested too deeply."""
    try:
        return write(item)
    except RecursionError as error:
        raise BadAnswer(detail=TOO_DEEP) from error


def _items(form: Writing, page: AnyPage, *, first: bool) -> str:
    try:
        return form.items(page, first=first) if len(page) else ""
    except RecursionError as error:
        raise BadAnswer(detail=TOO_DEEP) from error
