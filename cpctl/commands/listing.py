"""Lists as they are asked for and read: what the platform is asked, what is tested here again, what it got wrong."""

from __future__ import annotations

from functools import partial
from itertools import chain

from cpctl.commands.completeness import Completeness
from cpctl.commands.passing import Passing
from cpctl.commands.reading import pages
from cpctl.errors import Conflict, CpctlError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, NamedTuple

    from cpctl.registry import Kind
    from cpctl.resources.page import AnyPage
    from cpctl.runtime import Runtime
    from cpctl.selectors.condition import Condition
    from cpctl.selectors.sorting import SortKey
else:
    from typing import NamedTuple

EVERY_PROJECT = "*"
NAME = "metadata.name"
PROJECT = "metadata.project"
SORTED_LEAST = 50
"""Rows that are looked at, however few are wanted, before an order is believed."""


class Asked(NamedTuple):
    """One list, as somebody asks for it.

    Attributes:
        query: What the platform is asked: filters, selectors, order.
        conditions: The same conditions, to be tested here again: a platform that ignores one is not believed.
        order: The order asked for; empty for the platform's own.
        all_projects: Whether it goes over every project of the account's.
    """

    kind: Kind
    query: Mapping[str, str]
    conditions: tuple[Condition, ...] = ()
    order: tuple[SortKey, ...] = ()
    all_projects: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The fields that are needed to test and to order, and to tell one object from another."""
        tested = [path for one in self.conditions for path in one.paths]
        project = [PROJECT] if self.all_projects else []
        return (NAME, *project, *tested, *(key.path for key in self.order))


def asked_for(
    kind: Kind,
    filters: Mapping[str, str],
    conditions: Sequence[Condition] = (),
    *,
    selector: str | None = None,
    field_selector: str | None = None,
    sort_by: str | None = None,
    all_projects: bool = False,
) -> Asked:
    """The list of a kind that these flags ask for.

    Raises:
        UsageError: A selector or an order does not parse, or names what the kind has not.
    """
    query, tested = dict(filters), list(conditions)
    order: tuple[SortKey, ...] = ()
    if selector:
        from cpctl.selectors.labels import label_conditions

        found = label_conditions(selector)
        query["labelSelector"] = ",".join(one.wire for one in found)
        tested += found
    if field_selector:
        from cpctl.selectors.fields import field_conditions

        found = field_conditions(field_selector, kind)
        query |= _sent("fieldSelector", [one.wire for one in found if one.wire])
        tested += found
    if sort_by:
        from cpctl.selectors.sorting import sort_keys

        order = sort_keys(sort_by, kind)
        query["sortBy"] = ",".join(key.wire for key in order)
    return Asked(kind, query, tuple(tested), order, all_projects and "project" in kind.filters)


def _sent(parameter: str, terms: Sequence[str]) -> dict[str, str]:
    return {parameter: ",".join(terms)} if terms else {}


class Listing:
    """Lists while they are read: what came, how complete it is, and what the platform got wrong.

    Args:
        limit: Most rows of each list; None for all.
        chunk: Rows a page; None for pages that grow.
    """

    def __init__(self, rt: Runtime, *, limit: int | None = None, chunk: int | None = None) -> None:
        self.rt = rt
        self.heard = Completeness(rt)
        self.items = 0
        self._limit, self._chunk = limit, chunk
        self._doubts: dict[str, int] = {}

    def pages(self, asked: Asked, fields: Sequence[str] | None = None) -> Iterator[AnyPage]:
        """The pages of one list; what their metadata say is kept.

        Args:
            fields: What the printer shows, to be asked for as bare rows; None for whole objects.
        """
        seen = Passing(self.rt, asked, self._limit)
        fields = seen.asking(fields)
        read = self._sorted(asked, self._once(asked, fields)) if asked.order else self._once(asked, fields)
        try:
            for number, page in enumerate(read):
                self.items += len(page)
                yield page.saying(self.heard.hear(page.metadata, first=number == 0))
                seen.add(page)
        except CpctlError:
            self._tell_doubts()
            raise
        seen.keep(self.heard)
        self._tell_doubts()

    # what is not believed

    def _once(self, asked: Asked, fields: Sequence[str] | None) -> Iterator[AnyPage]:
        """Every row once. When the platform forgets the list halfway it is read again, without the rows that came.

        Rows that went away in between may have been shown, as in any list that takes time to read.
        """
        rows = Rows(by_project=asked.all_projects)
        try:
            yield from self._counted(asked, fields, rows)
        except Conflict as error:
            if error.reason != "Expired":
                raise
            self._doubt("the platform forgot the list while it was read; it was read again from its start")
            rows.is_again = True
            yield from self._counted(asked, fields, rows)
        if rows.repeated:
            self._doubt("rows came twice, and are shown once", rows.repeated)

    def _counted(self, asked: Asked, fields: Sequence[str] | None, rows: Rows) -> Iterator[AnyPage]:
        """The pages; what the platform said would come is compared with what came."""
        expected: int | None = None
        before, came, version = rows.sent, 0, None
        for page in self._read(asked, fields, partial(self._kept, asked, rows)):
            if version not in (None, page.metadata.get("resourceVersion")) and not asked.all_projects:
                self._doubt("the list changed between its pages; rows may be missing")
            version = page.metadata.get("resourceVersion")
            yield page
            came = rows.sent - before
            expected = came + _rest(page.metadata) if expected is None else expected
        if self._limit is None and not asked.all_projects and expected is not None and came < expected:
            self._doubt("rows that the platform announced did not come", expected - came)

    def _kept(self, asked: Asked, rows: Rows, page: AnyPage) -> AnyPage:
        """The rows that meet what was asked for and did not come before."""
        fresh = rows.fresh(page)
        page = page if all(fresh) else page.kept(fresh)
        if not asked.conditions:
            return page
        from cpctl.selectors.condition import failing

        failed = failing(asked.conditions, page)
        for said, mask in failed.items():
            self._doubt(f"the platform ignored {said}; rows left out", len(mask) - sum(mask))
        return page.kept(map(all, zip(*failed.values(), strict=True))) if failed else page

    def _sorted(self, asked: Asked, read: Iterator[AnyPage]) -> Iterator[AnyPage]:
        """The rows in order. A platform that did not sort is found out on the first page, its list is sorted here."""
        from cpctl.selectors.sorting import is_sorted

        before: list[Any] | None = None
        left = self._limit
        for number, page in enumerate(read):
            if not is_sorted(page, asked.order, before):
                if number == 0:
                    yield from self._sorted_here(asked, chain([page], read))
                    return
                self._doubt("the platform did not keep to --sort-by; rows are out of order")
            before = [page.values(key.path)[-1] for key in asked.order] if len(page) else before
            yield page if left is None else page.first(left)
            left = left and max(0, left - len(page))
            if left == 0:
                return

    def _sorted_here(self, asked: Asked, read: Iterator[AnyPage]) -> Iterator[AnyPage]:
        """The whole list as one page, sorted here; the limit comes after, not in the platform's own order."""
        from cpctl.resources.page import Page
        from cpctl.selectors.sorting import in_order

        self.rt.trace(1, "the platform did not sort; sorted here")
        if self._limit:
            unlimited = Listing(self.rt, chunk=self._chunk)
            unlimited._doubts = self._doubts
            read = unlimited._once(asked, None)
        every = list(read)
        items = [item for page in every for item in page.items]
        places = in_order(Page(items), asked.order)[: self._limit]
        yield Page([items[place] for place in places], every[-1].metadata)

    # from the platform

    def _read(
        self, asked: Asked, fields: Sequence[str] | None, keep: Callable[[AnyPage], AnyPage]
    ) -> Iterator[AnyPage]:
        wanted = tuple(dict.fromkeys([*fields, *asked.reads])) if fields is not None else None
        most = max(self._limit, SORTED_LEAST) if self._limit and asked.order else self._limit
        read = partial(pages, self.rt, asked.kind, limit=most, chunk=self._chunk, fields=wanted, keep=keep)
        if not asked.all_projects:
            yield from read(asked.query)
            return
        whole = read({**asked.query, "project": EVERY_PROJECT})
        try:
            first = next(whole, None)
        except CpctlError as error:
            if error.reason not in ("NotFound", "Invalid", "Forbidden", "UnknownValue"):
                raise
            yield from self._project_by_project(read, asked.query)
            return
        yield from chain([first] if first is not None else [], whole)

    def _project_by_project(
        self, read: Callable[..., Iterator[AnyPage]], query: Mapping[str, str]
    ) -> Iterator[AnyPage]:
        """For a platform that lists one project at a time."""
        from cpctl.registry import find

        left = self._limit
        for name in [name for page in pages(self.rt, find("projects"), {}) for name in page.values(NAME)]:
            if left == 0:
                return
            for page in read({**query, "project": str(name)}, limit=left):
                left = left and left - len(page)
                yield page

    # what is said about it

    def _doubt(self, sentence: str, count: int = 0) -> None:
        self._doubts[sentence] = self._doubts.get(sentence, 0) + count

    def _tell_doubts(self) -> None:
        for sentence, count in self._doubts.items():
            self.rt.say(f"warning: {sentence}: {count}" if count else f"warning: {sentence}")
        self._doubts.clear()


class Rows:
    """The rows of one list that came so far, by name.

    Attributes:
        sent: How many rows the platform sent.
        repeated: How many of them had come before.
        is_again: The list is read again, so that rows that came before are no fault of the platform's.
    """

    def __init__(self, *, by_project: bool) -> None:
        self.sent = self.repeated = 0
        self.is_again = False
        self._by_project = by_project
        self._seen: set[Any] = set()

    def fresh(self, page: AnyPage) -> list[bool]:
        """Which rows of a page did not come before; rows without a name are each their own."""
        names: list[Any] = page.values(NAME)
        keys = list(zip(names, page.values(PROJECT), strict=True)) if self._by_project else names
        self.sent += len(keys)
        if len(set(map(str, keys))) == len(keys) and self._seen.isdisjoint(map(str, keys)) and None not in names:
            self._seen.update(map(str, keys))
            return [True] * len(keys)
        return [self._is_fresh(key, name) for key, name in zip(map(str, keys), names, strict=True)]

    def _is_fresh(self, key: str, name: Any) -> bool:
        if name is None:
            return True
        if key in self._seen:
            self.repeated += not self.is_again
            return False
        self._seen.add(key)
        return True


def nothing_found(rt: Runtime, wanted: Sequence[Asked]) -> str:
    """What is said of lists that are all empty: in which project, when one was looked into."""
    in_one = all("project" in asked.kind.filters and not asked.all_projects for asked in wanted)
    return f"No resources found in {rt.platform.project} project." if in_one else "No resources found"


def _rest(metadata: Mapping[str, Any]) -> int:
    """How many rows the platform says are still to come; 0 where it does not say."""
    rest = metadata.get("remainingItemCount")
    return rest if isinstance(rest, int) and not isinstance(rest, bool) and rest > 0 else 0
