"""Lists: filter and sort to rows, pin them to a snapshot, cut pages, write whole objects, some fields, or bare rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from cpctl.sandbox import billing, filters, records, selectors
from cpctl.sandbox.answering import Asked, answered, dated
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.call import JSON, Call
from cpctl.sandbox.paths import LABELS, getter, has, picker
from cpctl.sandbox.platform import Platform
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.shapes import OneOf, Text
from cpctl.sandbox.snapshots import Snapshot
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import Item, dumps, stamped

DEFAULT_LIMIT: Final = 1_000
LARGEST_LIMIT: Final = 5_000
TEXTS: Final = {"fieldSelector": 2000, "labelSelector": 2000, "sortBy": 1000, "fields": 2000, "continue": 1024}
LONGEST_WATCH_S: Final = 86_400
VERSION: Final = re.compile(r"[0-9]{1,18}")
PAGING: Final = ("limit", "continue", "fields", "as", "project", "watch", "timeoutSeconds")
MOVING: Final = ("bills", "subplatforms")
"""Kinds whose rows change as time goes by."""
UNSURE: Final = {"orders": (LABELS, "spec."), "demands": (LABELS, "spec.", "status.limits.")}
"""Paths that may be legal though no row has them: labels, what a spec may say, limits that a demand may have."""


class Page(NamedTuple):
    """How one page is asked for; what it selects is the snapshot's matter."""

    limit: int
    fields: tuple[str, ...]
    as_rows: bool


def page_of(query: Mapping[str, str]) -> Page:
    """The page asked for. Raises Problem."""
    for name, most in TEXTS.items():
        Text(most=most).check(query.get(name, ""), name)
    OneOf(("true", "false")).check(query.get("watch", "false"), "watch")
    whole(query, "timeoutSeconds", 0, 0, LONGEST_WATCH_S)
    OneOf(("objects", "rows")).check(query.get("as", "objects"), "as")
    fields = selectors.field_paths(query["fields"]) if query.get("fields") else ()
    as_rows = query.get("as") == "rows"
    if as_rows and not fields:
        raise invalid("fields", "is required with as=rows")
    return Page(whole(query, "limit", DEFAULT_LIMIT, 1, LARGEST_LIMIT), fields, as_rows)


def whole(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number of the query. Raises Problem."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16 and least <= int(text) <= most):
        raise invalid(name, f"must be a whole number from {least} to {most}")
    return int(text)


def version_at_hand(headers: Mapping[str, str]) -> int | None:
    """The header Last-Event-ID: what a watch goes on from. Raises Problem."""
    text = headers.get("last-event-id")
    if text is None:
        return None
    if not VERSION.fullmatch(text):
        raise Problem("BadRequest", "the header Last-Event-ID is no resourceVersion")
    return int(text)


def listed(call: Call, plural: str, scopes: tuple[str, ...]) -> Answer:
    """One page of a list of the projects in `scopes`, "" alone for the catalogue.

    Raises:
        Problem: A parameter is not allowed, or the cursor is no longer kept.
    """
    platform, etag = call.platform, call.headers.get("if-none-match")
    version_at_hand(call.headers)
    page, owner = page_of(call.query), f"{call.account}/{','.join(scopes)}/{plural}"
    if "continue" in call.query:
        snapshot, offset = platform.snapshots.resume(call.query["continue"], owner)
    else:
        snapshot, offset = snapshot_of(call, plural, scopes, owner), 0
    tag = f'W/"{hashlib.sha256(repr((snapshot.name, offset, page)).encode()).hexdigest()[:24]}"'
    if etag is not None and tag in [part.strip() for part in etag.split(",")]:
        return Answer(304, b"", {"ETag": tag})
    headers = JSON | {"ETag": tag, "Cache-Control": "private, no-cache"}
    return Answer(200, written(platform, plural, snapshot, offset, page), headers)


def snapshot_of(call: Call, plural: str, scopes: tuple[str, ...], owner: str) -> Snapshot:
    """The list as it is now; the same question gets the same snapshot until something changes."""
    platform, now_s = call.platform, int(call.now_s)
    question = (
        owner,
        tuple(sorted((key, value) for key, value in call.query.items() if key not in PAGING)),
        tuple(platform.store.revision(plural, scope) for scope in scopes),
        tuple(call.asked.troubles.items()),
        platform.faults.revision,
        now_s if plural in MOVING else 0,
    )
    known = platform.snapshots.same(question)
    if known is not None:
        return platform.snapshots.remember(question, known._replace(at_s=now_s))
    items = present(call, plural, scopes, now_s)
    rows = selected(platform, plural, items, call.query)
    name = platform.snapshots.fresh_name()
    return platform.snapshots.remember(question, Snapshot(name, owner, rows, platform.store.version, call.asked, now_s))


def present(call: Call, plural: str, scopes: tuple[str, ...], now_s: int) -> Iterable[Item]:
    """All rows of a kind that can be shown now, sorted by name, in equal names by project."""
    store = call.platform.store
    items: Iterable[Item] = [item for scope in scopes for item in store.items(plural, scope)]
    if plural == "bills":
        running = [
            bill
            for scope in scopes
            for order in records.running(store, scope)
            for bill in billing.open_bills(order, now_s)
        ]
        items = [*items, *(stamped(bill, store.version) for bill in running)]
    if plural == "projects":
        items = [item for item in items if item.name in call.memberships]
    if scopes != (PLATFORM,):
        return sorted(items, key=lambda item: item.name)
    rows = answered(call.platform, plural, items, call.asked)
    return [with_state(item, call.asked, now_s) for item in rows] if plural == "subplatforms" else rows


def with_state(item: Item, asked: Asked, now_s: int) -> Item:
    """A sub-platform with how it answers, and as of when its figures are."""
    trouble = asked.troubles.get(item.name)
    then = trouble.rule.rows("subplatforms").get(item.name, item) if trouble else item
    told = Asked((item.name,), asked.troubles).told(now_s)["subplatforms"][0]
    obj = {**then.obj, "status": {**then.obj["status"], "state": told["state"], "asOf": told["asOf"]}}
    return Item(item.name, item.version, obj, dumps(obj))


def tests_of(
    platform: Platform, plural: str, rows: Sequence[Item], query: Mapping[str, str]
) -> tuple[list[selectors.Test], list[tuple[str, bool]]]:
    """The tests of every filter and selector, and the paths to sort by; `rows` tell which there are. Raises Problem."""
    conditions = selectors.field_tests(query.get("fieldSelector", ""))
    order = selectors.sort_terms(query.get("sortBy", ""))
    for path in [path for path, _ in conditions] + [path for path, _ in order]:
        if rows and not path.startswith(UNSURE.get(plural, LABELS)) and not any(has(item.obj, path) for item in rows):
            raise Problem("Invalid", f"{plural} have no field {path}", field=path)
    labels = selectors.label_tests(query.get("labelSelector", ""))
    return [*filters.tests(plural, query, platform), *(test for _, test in conditions), *labels], order


def selected(platform: Platform, plural: str, items: Iterable[Item], query: Mapping[str, str]) -> Sequence[Item]:
    """The rows that pass every filter and selector, in the order asked for. Raises Problem."""
    rows = tuple(items)
    tests, order = tests_of(platform, plural, rows, query)
    for test in tests:
        rows = tuple(item for item in rows if test(item.obj))
    return selectors.in_order(rows, order)


def written(platform: Platform, plural: str, snapshot: Snapshot, offset: int, page: Page) -> bytes:
    """The JSON of one page, `metadata` last."""
    rows = snapshot.rows[offset : offset + page.limit]
    rest = len(snapshot.rows) - offset - len(rows)
    metadata: dict[str, Any] = {"resourceVersion": str(snapshot.version)}
    if rest > 0:
        metadata |= {"continue": platform.snapshots.cursor(snapshot, offset + page.limit), "remainingItemCount": rest}
    metadata |= snapshot.asked.told(snapshot.at_s)
    rows = dated(platform, plural, rows, snapshot.asked, snapshot.at_s)
    if page.as_rows:
        read = [getter(path) for path in page.fields]
        values = [[value(item.obj) for value in read] for item in rows]
        return dumps(
            {"apiVersion": "ccpp/v1", "kind": "Rows", "fields": page.fields, "rows": values, "metadata": metadata}
        )
    pick = picker(page.fields)
    bodies = [dumps(pick(item.obj)) for item in rows] if page.fields else [item.body for item in rows]
    head = b'{"apiVersion":"ccpp/v1","kind":"List","items":['
    return head + b",".join(bodies) + b'],"metadata":' + dumps(metadata) + b"}"
