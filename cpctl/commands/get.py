"""get: list or show objects."""

from __future__ import annotations

from dataclasses import replace

from cpctl.commands.completeness import Completeness
from cpctl.commands.filters import count, query, with_profile
from cpctl.commands.reading import one, pages
from cpctl.commands.targets import Target, targets
from cpctl.errors import CpctlError, NotFound, UsageError
from cpctl.lazy import flags
from cpctl.output.forms import Chosen
from cpctl.output.printers import PRINTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from cpctl.output.view import View
    from cpctl.resources.page import Page
    from cpctl.runtime import Runtime, Verb

CHUNK = 1000


def get(
    rt: Runtime,
    *,
    what: flags.Targets,
    output: flags.Output = None,
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
    task: flags.Task = None,
    kind: flags.ModelKind = None,
    domain: flags.Domain = None,
    publisher: flags.Publisher = None,
    model: flags.Model = None,
    order: flags.OfOrder = None,
    limit: flags.Limit = None,
    chunk_size: flags.ChunkSize = None,
    ignore_not_found: flags.IgnoreNotFound = False,
    require_complete: flags.RequireComplete = False,
) -> Verb:
    """List or show objects: offers, orders, models … (cpctl api-resources names all kinds).

    Filters may be repeated or given as lists; different filters must all hold. A list says which provinces did not
    answer.
    """
    given = {name: value for name, value in locals().items() if name in NARROWING}
    form = rt.chosen(output, tuple(PRINTERS), "get") or Chosen("table")
    meant = targets(what)
    if any(target.names for target in meant):
        if any(value is not None for value in given.values()):
            raise UsageError(detail="filters narrow a list; they do not go with names")
        heard = Completeness(rt)
        yield from _objects(heard, rt, meant, form, headers=not no_headers, missing_is_fine=ignore_not_found)
        return heard.verdict(required=require_complete)
    sizes = (count("limit", limit) if limit else None, count("chunk size", chunk_size) if chunk_size else CHUNK)
    queries = [(t, with_profile(rt, t.kind, query(t.kind, given))) for t in meant]
    listing = Listing(rt, sizes)
    yield from _lists(listing, queries, form, headers=not no_headers)
    return listing.heard.verdict(required=require_complete)


NARROWING = frozenset(
    {"province", "exclude_province", "provider", "accelerator", "vendor", "cards", "min_memory", "max_price"}
    | {"max_pue", "min_green", "billing", "interconnect", "task", "kind", "domain", "publisher", "model", "order"}
)


class Listing:
    """Lists while they are read: what came, and how complete it is."""

    def __init__(self, rt: Runtime, sizes: tuple[int | None, int]) -> None:
        self.rt = rt
        self.limit, self.chunk = sizes
        self.heard = Completeness(rt)
        self.items = 0

    def pages(self, target: Target, parameters: Mapping[str, str]) -> Iterator[Page]:
        """The pages of one list; what their metadata say is kept."""
        read = pages(self.rt, target.kind, parameters, limit=self.limit, chunk=self.chunk)
        for number, page in enumerate(read):
            self.items += len(page.items)
            yield replace(page, metadata=self.heard.hear(page.metadata, first=number == 0))


def _lists(
    listing: Listing, queries: list[tuple[Target, dict[str, str]]], form: Chosen, *, headers: bool
) -> Iterator[str]:
    if PRINTERS[form.form].together or len(queries) == 1:
        every = (page for target, parameters in queries for page in listing.pages(target, parameters))
        yield from _printed(listing, queries[0][0], every, form, headers=headers)
        if not listing.items:
            _say_nothing_found(listing.rt, queries)
        return
    for target, parameters in queries:
        before = listing.items
        texts = _printed(listing, target, listing.pages(target, parameters), form, headers=headers, qualified=True)
        for text in texts:
            yield "\n" + text if before and text and form.form != "name" else text
            before = 0
    if not listing.items:
        _say_nothing_found(listing.rt, queries)


def _printed(
    listing: Listing,
    target: Target,
    read: Iterable[Page],
    form: Chosen,
    *,
    headers: bool = True,
    qualified: bool = False,
) -> Iterator[str]:
    view = _view(listing.rt, target, read, headers=headers, qualified=qualified)
    return _print(view._replace(as_of=listing.heard.shows_old(target.kind.plural)), form)


def _view(
    rt: Runtime, target: Target, read: Iterable[Page], *, headers: bool, qualified: bool, single: bool = False
) -> View:
    from itertools import chain

    from cpctl.output.view import View

    read = iter(read)
    first = next(read, None)  # the answer tells the platform's time, which ages are reckoned by
    found = chain([first], read) if first is not None else read
    return View(target.kind, found, now=rt.platform.now(), headers=headers, qualified=qualified, single=single)


def _objects(
    heard: Completeness, rt: Runtime, meant: list[Target], form: Chosen, *, headers: bool, missing_is_fine: bool
) -> Iterator[str]:
    """Objects by name. What is there is printed, then the first that is missing ends the run."""
    from cpctl.resources.page import Page

    if any(not target.names for target in meant):
        raise UsageError(detail="names and whole types do not go together")
    found, missing = _fetched(rt, meant, missing_is_fine)
    if missing and PRINTERS[form.form].together:
        raise missing
    alone = sum(len(target.names) for target in meant) == 1
    old = {target.kind.plural for target, items in found for item in items if heard.hear_one(target.kind, item)}
    metadata = {"resourceVersion": "", "complete": heard.complete, "subplatforms": []}
    if PRINTERS[form.form].together:
        found = [(meant[0], [item for _, items in found for item in items])]  # one document, an empty list if need be
    for i, (target, items) in enumerate(found):
        view = _view(rt, target, [Page(items, metadata)], headers=headers, qualified=len(found) > 1, single=alone)
        yield "\n" if i and form.form in ("table", "wide") else ""
        yield from _print(view._replace(as_of=target.kind.plural in old), form)
    if missing:
        raise missing


def _print(view: View, form: Chosen) -> Iterator[str]:
    return PRINTERS[form.form].printer(view._replace(argument=form.argument, query=form.query))


def _fetched(
    rt: Runtime, meant: list[Target], missing_is_fine: bool
) -> tuple[list[tuple[Target, list[Mapping[str, Any]]]], CpctlError | None]:
    found: list[tuple[Target, list[Mapping[str, Any]]]] = []
    missing: CpctlError | None = None
    for target in meant:
        items = []
        for name in target.names:
            try:
                items.append(one(rt, target.kind, name))
            except NotFound as error:
                missing = missing if missing or missing_is_fine else error
        if items:
            found.append((target, items))
    return found, missing


def _say_nothing_found(rt: Runtime, queries: list[tuple[Target, dict[str, str]]]) -> None:
    yours = all(target.kind.scope == "yours" for target, _ in queries)
    rt.say(f"No resources found in {rt.platform.project} project." if yours else "No resources found")
