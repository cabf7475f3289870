"""get --watch: a list, then every change of it as it happens, in the form that lists have, a line or an object each."""

from __future__ import annotations

from itertools import chain

from cpctl.commands.listing import EVERY_PROJECT, NAME, Asked, Listing, asked_for
from cpctl.commands.reading import one, scope
from cpctl.errors import ExitCode, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, NamedTuple

    from cpctl.commands.get import Style
    from cpctl.commands.targets import Target
    from cpctl.output.view import View
    from cpctl.resources.known import Change
    from cpctl.runtime import Runtime, Verb
else:
    from typing import NamedTuple

ROWS = ("table", "wide", "name", "csv", "custom-columns")
"""Forms that a further row can be put below."""
WITHOUT_EVENTS = ("csv", "custom-columns")
WHOLE = ("toml",)
"""Forms that are one document, which never ends here."""


class Wanted(NamedTuple):
    """What is asked of a watch.

    Attributes:
        only: The list is not shown, its changes are.
        events: What happened to an object is shown with it.
        lasts_s: When to end; None: never.
    """

    only: bool
    events: bool
    lasts_s: float | None


def wanted_of(style: Style, *, watch: bool, only: bool, events: bool, timeout: str | None) -> Wanted:
    """What the flags ask for.

    Raises:
        UsageError: They do not go together, or not with the form.
    """
    if not watch and not only:
        raise UsageError(detail=f"{'--output-watch-events' if events else '--timeout'} goes with --watch")
    form = style.form.form
    if form in WHOLE or (events and form in WITHOUT_EVENTS):
        flag = "--watch" if form in WHOLE else "--output-watch-events"
        raise UsageError(detail=f"-o {form} does not go with {flag}", hint="-o json: one object a line")
    if timeout is None:
        return Wanted(only, events, None)
    from cpctl.units import duration_s

    return Wanted(only, events, duration_s(timeout))


def list_of(rt: Runtime, meant: Sequence[Target], asked: Callable[[Target], Asked]) -> Asked:
    """The one list that is watched; an object by its name is a list of one.

    Raises:
        UsageError: More is meant.
        NotFound: There is no object of the name.
    """
    if len({target.kind.name for target in meant}) > 1:
        raise UsageError(detail="you may only specify a single resource type")
    names = [name for target in meant for name in target.names]
    if len(names) > 1:
        raise UsageError(detail=f"a watch is of one object or one list, not of {len(names)} objects")
    if not names:
        return asked(meant[0])
    kind = meant[0].kind
    found = one(rt, kind, names[0])
    return asked_for(kind, {}, field_selector=f"{NAME}={found['metadata']['name']}")


def watching(rt: Runtime, asked: Asked, style: Style, wanted: Wanted, *, required: bool) -> Verb:
    """Print the list and its changes until the time is over, or somebody ends it."""
    listing = Listing(rt)
    news = _news(rt, listing, asked, wanted, required=required)
    first = next(news, None)  # the answer tells the platform's time, which ages are reckoned by
    every = chain([first] if first is not None else [], news)
    view = style.view(asked.kind, (), rt.platform.now())
    view = view._replace(as_of=listing.heard.shows_old(asked.kind.plural), events=wanted.events)
    yield from _rows(rt, style, view, every) if style.form.form in ROWS else _each(style, view, every)
    return ExitCode.DONE


def _news(rt: Runtime, listing: Listing, asked: Asked, wanted: Wanted, *, required: bool) -> Iterator[Sequence[Change]]:
    """The list, a page at a time, then its changes, one at a time."""
    from cpctl.api.watch import Watch
    from cpctl.resources.known import ADDED, Change, Known
    from cpctl.selectors.condition import meets

    known = Known(lambda item: meets(asked.conditions, item))
    query = {**scope(rt, asked.kind), **asked.query, **({"project": EVERY_PROJECT} if asked.all_projects else {})}
    watch = Watch(rt.platform, asked.kind.path, query, known, clock=rt.clock, say=rt.say, lasts_s=wanted.lasts_s)
    version = None
    for page in listing.pages(asked):
        version = version or page.metadata.get("resourceVersion")
        known.hold(page.items)
        if not wanted.only:
            yield [Change(ADDED, item) for item in page.items]
    listing.heard.verdict(required=required)
    for change in watch.changes(version if isinstance(version, str) else None):
        yield [change]


def _rows(rt: Runtime, style: Style, view: View, news: Iterator[Sequence[Change]]) -> Iterator[str]:
    """Rows below each other: one title line, and widths that only grow."""
    from cpctl.resources.page import Page

    pages = (Page([_row(change, events=view.events) for change in changes]) for changes in news)
    return style.text(view._replace(pages=pages, passing=rt.platform.passing))


def _row(change: Change, *, events: bool) -> Mapping[str, Any]:
    from cpctl.output.columns import EVENT

    return {**change.object, EVENT.path: change.event} if events else change.object


def _each(style: Style, view: View, news: Iterator[Sequence[Change]]) -> Iterator[str]:
    """Every object by itself: JSON on a line of its own, YAML as a document, a template filled in."""
    from cpctl.resources.page import Page

    for number, change in enumerate(chain.from_iterable(news)):
        item = {"type": change.event, "object": change.object} if view.events else change.object
        if style.form.form == "json":
            yield _line(item, view.query)
        else:
            texts = style.text(view._replace(pages=[Page([item])], single=True))
            yield "".join(["---\n" if style.form.form == "yaml" and number else "", *texts])


def _line(item: Mapping[str, Any], query: str | None) -> str:
    from cpctl.output.documents import single_text
    from cpctl.output.json_document import json_line

    if query is None:
        return single_text(json_line, item)
    from cpctl.output.query import answered

    return single_text(json_line, answered(query, item))
