"""get: list or show objects."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from cpctl.commands.completeness import Completeness
from cpctl.commands.filters import FILTERS, conditions, count, query, with_profile
from cpctl.commands.forms import form_of
from cpctl.commands.leases import READS, has_leases, warned
from cpctl.commands.listing import Asked, Listing, asked_for, nothing_found
from cpctl.commands.reading import one_begun
from cpctl.commands.targets import Target, targets
from cpctl.errors import NotFound, UsageError
from cpctl.lazy import flags
from cpctl.output.printers import PRINTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, NamedTuple

    from cpctl.output.forms import Chosen
    from cpctl.output.view import View
    from cpctl.registry import Kind
    from cpctl.resources.page import AnyPage
    from cpctl.runtime import Runtime, Verb
else:
    from typing import NamedTuple


def get(
    rt: Runtime,
    *,
    what: flags.Targets,
    output: flags.Output = None,
    expression: flags.Query = None,
    no_headers: flags.NoHeaders = False,
    province: flags.Province = None,
    exclude_province: flags.ExcludeProvince = None,
    provider: flags.Provider = None,
    accelerator: flags.Accelerator = None,
    vendor: flags.Vendor = None,
    cards: flags.Cards = None,
    min_memory: flags.MinMemory = None,
    max_price: flags.MaxPrice = None,
    max_pue: flags.MaxPUE = None,
    min_green: flags.MinGreen = None,
    billing: flags.Billing = None,
    interconnect: flags.Interconnect = None,
    latency_class: flags.LatencyClass = None,
    task: flags.Task = None,
    kind: flags.ModelKind = None,
    domain: flags.Domain = None,
    publisher: flags.Publisher = None,
    model: flags.Model = None,
    order: flags.OfOrder = None,
    selector: flags.Selector = None,
    field_selector: flags.FieldSelector = None,
    sort_by: flags.SortBy = None,
    all_projects: flags.AllProjects = False,
    show_labels: flags.ShowLabels = False,
    limit: flags.Limit = None,
    chunk_size: flags.ChunkSize = None,
    ignore_not_found: flags.IgnoreNotFound = False,
    require_complete: flags.RequireComplete = False,
    watch: flags.Watch = False,
    watch_only: flags.WatchOnly = False,
    output_watch_events: flags.WatchEvents = False,
    timeout: flags.WatchTimeout = None,
) -> Verb:
    """List or show objects: offers, orders, models … (cpctl api-resources names all kinds).

    Filters may be repeated or given as lists; different filters must all hold. A list says which provinces did not
    answer.
    """
    given = {name: value for name, value in locals().items() if name in NARROWING}
    choosing = {"selector": selector, "field_selector": field_selector, "sort_by": sort_by}
    meant = targets(what)
    form = form_of(rt, output, expression, [target.kind for target in meant])
    style = Style(form, not no_headers, show_labels, all_projects)
    wants_watch = {"watch": watch, "only": watch_only, "events": output_watch_events, "timeout": timeout}
    if any(wants_watch.values()):
        if limit:
            raise UsageError(detail="--limit shows a part of a list; it does not go with --watch")
        return (yield from _watched(rt, meant, style, wants_watch, given, choosing, required=require_complete))
    most = count("limit", limit) if limit is not None else None
    listing = Listing(rt, limit=most, chunk=count("chunk size", chunk_size) if chunk_size is not None else None)
    if any(target.names for target in meant):
        typed = {name: value for name, value in {**given, **choosing}.items() if name not in rt.defaulted}
        _refuse_choosing(typed, all_projects=all_projects)
        rt.is_reading = True
        yield from _objects(listing.heard, rt, meant, style, missing_is_fine=ignore_not_found)
        return listing.heard.verdict(required=require_complete)
    wanted = [_asked(rt, target.kind, given, choosing, all_projects=all_projects) for target in meant]
    rt.is_reading = True
    yield from _lists(listing, wanted, style)
    return listing.heard.verdict(required=require_complete)


NARROWING = frozenset(
    {"province", "exclude_province", "provider", "accelerator", "vendor", "cards", "min_memory", "max_price"}
    | {"max_pue", "min_green", "billing", "interconnect", "latency_class", "task", "kind", "domain", "publisher"}
    | {"model", "order"}
)


class Style(NamedTuple):
    """How objects are to be shown, whatever their kind."""

    form: Chosen
    headers: bool
    labels: bool = False
    all_projects: bool = False

    def view(self, kind: Kind, pages: Iterable[AnyPage], now: datetime) -> View:
        """A view of objects in this style."""
        from cpctl.output.view import View

        has_project = self.all_projects and "project" in kind.filters
        shown = View(kind, pages, now, headers=self.headers, labels=self.labels, all_projects=has_project)
        return shown._replace(argument=self.form.argument, query=self.form.query)

    def reads(self, kind: Kind) -> Sequence[str] | None:
        """The fields this form shows of a kind, or None when it needs whole objects."""
        shown = PRINTERS[self.form.form].reads(self.view(kind, (), datetime.min))
        return (*shown, *READS) if shown is not None and has_leases(self.form.form, kind) else shown

    def text(self, view: View) -> Iterator[str]:
        return PRINTERS[self.form.form].printer(view)

    @property
    def has_gaps(self) -> bool:
        """Whether an empty line stands between kinds: between tables with titles, as kubectl has it."""
        return self.headers and self.form.form != "name"

    @property
    def is_together(self) -> bool:
        """Whether several kinds stand in one document."""
        return PRINTERS[self.form.form].together


def _asked(
    rt: Runtime, kind: Kind, given: Mapping[str, Any], choosing: Mapping[str, str | None], *, all_projects: bool
) -> Asked:
    """The list of a kind that the flags ask for."""
    acting = {
        name: value for name, value in given.items() if name not in rt.defaulted or _acts(name, kind, all_projects)
    }
    parameters = query(kind, acting)
    if not all_projects:
        parameters = with_profile(rt, kind, parameters)
    tested = conditions(kind, parameters) if parameters else ()
    return asked_for(kind, parameters, tested, **choosing, all_projects=all_projects)


def _acts(name: str, kind: Kind, all_projects: bool) -> bool:
    """Whether a filter that nobody typed narrows a list: one of a kind that has it, and never with -A."""
    return FILTERS[name].parameter in kind.narrowed_by and not all_projects


def _watched(
    rt: Runtime,
    meant: list[Target],
    style: Style,
    flags_given: Mapping[str, Any],
    given: Mapping[str, Any],
    choosing: Mapping[str, str | None],
    *,
    required: bool,
) -> Verb:
    from cpctl.commands.watching import list_of, wanted_of, watching

    wanted = wanted_of(style, **flags_given)
    if any(target.names for target in meant):
        typed = {name: value for name, value in {**given, **choosing}.items() if name not in rt.defaulted}
        _refuse_choosing(typed, all_projects=style.all_projects)
    if choosing["sort_by"]:
        rt.say("warning: --watch or --watch-only requested, --sort-by will be ignored")
    unsorted = {**choosing, "sort_by": None}
    asked = list_of(rt, meant, lambda t: _asked(rt, t.kind, given, unsorted, all_projects=style.all_projects))
    return (yield from watching(rt, asked, style, wanted, required=required))


def _refuse_choosing(given: Mapping[str, Any], *, all_projects: bool) -> None:
    if any(value is not None for value in given.values()):
        raise UsageError(detail="filters narrow a list; they do not go with names")
    if all_projects:
        raise UsageError(detail="an object is looked up by name in one project; -A does not go with names")


def _lists(listing: Listing, wanted: Sequence[Asked], style: Style) -> Iterator[str]:
    if style.is_together or len(wanted) == 1:
        every = (page for asked in wanted for page in listing.pages(asked, style.reads(asked.kind)))
        yield from _printed(listing, wanted[0].kind, every, style)
    else:
        yield from _one_below_the_other(listing, wanted, style)
    if not listing.items:
        listing.rt.say(nothing_found(listing.rt, wanted))


def _one_below_the_other(listing: Listing, wanted: Sequence[Asked], style: Style) -> Iterator[str]:
    for asked in wanted:
        before = listing.items
        read = listing.pages(asked, style.reads(asked.kind))
        for text in _printed(listing, asked.kind, read, style, qualified=True):
            yield "\n" + text if before and text and style.has_gaps else text
            before = 0


def _printed(
    listing: Listing, kind: Kind, read: Iterator[AnyPage], style: Style, *, qualified: bool = False
) -> Iterator[str]:
    first = next(read, None)  # the answer tells the platform's time, which ages are reckoned by
    found = chain([first], read) if first is not None else read
    found = warned(listing.rt, found) if has_leases(style.form.form, kind) else found
    as_of = listing.heard.shows_old(kind.plural)
    return style.text(style.view(kind, found, listing.rt.platform.now())._replace(qualified=qualified, as_of=as_of))


def _objects(
    heard: Completeness, rt: Runtime, meant: list[Target], style: Style, *, missing_is_fine: bool
) -> Iterator[str]:
    """Objects by name. What is there is printed, then each that is missing is named, and the last ends the run."""
    from cpctl.resources.page import Page

    if any(not target.names for target in meant):
        raise UsageError(detail="names and whole types do not go together")
    found, missing = _fetched(rt, meant, missing_is_fine)
    if missing and style.is_together:
        raise _told(rt, missing)
    alone = sum(len(target.names) for target in meant) == 1
    old = {target.kind.plural for target, items in found for item in items if heard.hear_one(target.kind, item)}
    metadata = {"resourceVersion": "", "complete": heard.complete, "subplatforms": []}
    if style.is_together:
        found = [(meant[0], [item for _, items in found for item in items])]  # one document, an empty list if need be
    for i, (target, items) in enumerate(found):
        yield "\n" if i and style.has_gaps else ""
        pages: Iterable[AnyPage] = [Page(items, metadata)]
        pages = warned(rt, pages) if has_leases(style.form.form, target.kind) else pages
        view = style.view(target.kind, pages, rt.platform.now())
        view = view._replace(qualified=len(found) > 1, single=alone, as_of=target.kind.plural in old)
        yield from style.text(view)
    if missing:
        raise _told(rt, missing)


def _told(rt: Runtime, missing: list[NotFound]) -> NotFound:
    """The last of what is missing, when the others have been named; a failure that is told as JSON is one object."""
    if rt.output_is_json:
        return missing[0]
    for error in missing[:-1]:
        rt.say(error.message)
    return missing[-1]


def _fetched(
    rt: Runtime, meant: list[Target], missing_is_fine: bool
) -> tuple[list[tuple[Target, list[Mapping[str, Any]]]], list[NotFound]]:
    found: list[tuple[Target, list[Mapping[str, Any]]]] = []
    missing: list[NotFound] = []
    for target in meant:
        items = []
        for name in target.names:
            try:
                items.append(one_begun(rt, target.kind, name))
            except NotFound as error:
                missing.append(error)
        if items:
            found.append((target, items))
    return found, [] if missing_is_fine else missing
