"""Lists: filter and sort to rows, pin them to a snapshot, cut pages, write whole objects, some fields, or bare rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from cpctl.sandbox import billing, filters, records, selectors
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.call import JSON
from cpctl.sandbox.paths import LABELS, getter, has, picker
from cpctl.sandbox.platform import Platform
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.shapes import OneOf, Text
from cpctl.sandbox.snapshots import Snapshot
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import Item, dumps, stamped
from cpctl.sandbox.times import rfc3339

DEFAULT_LIMIT: Final = 1_000
LARGEST_LIMIT: Final = 5_000
TEXTS: Final = {"fieldSelector": 2000, "labelSelector": 2000, "sortBy": 1000, "fields": 2000, "continue": 1024}
PAGING: Final = ("limit", "continue", "fields", "as", "project")
MOVING: Final = ("bills", "subplatforms")
"""Kinds whose rows change as time goes by."""
UNSURE: Final = {"orders": (LABELS, "spec.")}
"""Paths that may be legal though no row has them: labels, and what a spec may say."""
FEDERATED: Final = {
    "providers": "spec.province",
    "products": "spec.provider",
    "offers": "spec.province",
    "sources": "spec.province",
}
"""Kinds whose rows come from the provinces, and where to read which (a product's provider says)."""


class Page(NamedTuple):
    """How one page is asked for; what it selects is the snapshot's matter."""

    limit: int
    fields: tuple[str, ...]
    as_rows: bool


def page_of(query: Mapping[str, str]) -> Page:
    """The page asked for. Raises Problem."""
    for name, most in TEXTS.items():
        Text(most=most).check(query.get(name, ""), name)
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


def listed(
    platform: Platform, plural: str, scopes: tuple[str, ...], owner: str, query: Mapping[str, str], etag: str | None
) -> Answer:
    """One page of a list.

    Args:
        platform: Where the objects are.
        plural: The kind.
        scopes: The projects, or "" alone for the catalogue.
        owner: The account; cursors of others are refused.
        query: The request's parameters.
        etag: The If-None-Match header.

    Raises:
        Problem: A parameter is not allowed, or the cursor is no longer kept.
    """
    page, now_s = page_of(query), int(platform.clock.now())
    owner = f"{owner}/{','.join(scopes)}/{plural}"
    if "continue" in query:
        snapshot, offset = platform.snapshots.resume(query["continue"], owner)
        now_s = snapshot.at_s
    else:
        snapshot, offset = snapshot_of(platform, plural, scopes, owner, query, now_s), 0
    tag = f'W/"{hashlib.sha256(repr((snapshot.name, offset, page)).encode()).hexdigest()[:24]}"'
    if etag is not None and tag in [part.strip() for part in etag.split(",")]:
        return Answer(304, b"", {"ETag": tag})
    headers = JSON | {"ETag": tag, "Cache-Control": "private, no-cache"}
    return Answer(200, written(platform, snapshot, offset, page, now_s), headers)


def asked_provinces(platform: Platform, plural: str, query: Mapping[str, str]) -> list[str]:
    """The sub-platforms that a list has to ask; the others cannot make it incomplete."""
    if plural not in FEDERATED:
        return []
    only = [filters.values_of(query[name]) for name in ("province", "subplatform") if query.get(name)]
    without = filters.values_of(query.get("excludeProvince", ""))
    return [name for name in platform.provinces if name not in without and all(name in names for names in only)]


def snapshot_of(
    platform: Platform, plural: str, scopes: tuple[str, ...], owner: str, query: Mapping[str, str], now_s: int
) -> Snapshot:
    """The list as it is now; the same question gets the same snapshot until something changes."""
    asked = asked_provinces(platform, plural, query)
    states = platform.faults.states(f"/v1/{plural}", asked)
    question = (
        owner,
        tuple(sorted((key, value) for key, value in query.items() if key not in PAGING)),
        tuple(platform.store.revision(plural, scope) for scope in scopes),
        tuple(states.items()),
        platform.faults.revision,
        now_s if plural in MOVING else 0,
    )
    known = platform.snapshots.same(question)
    if known is not None:
        return known
    items = present(platform, plural, scopes, states, now_s)
    if plural == "projects":
        items = [item for item in items if owner.partition("/")[0] in item.obj["spec"]["members"]]
    rows = selected(platform, plural, items, query)
    answers = tuple((name, states.get(name, "ok")) for name in asked)
    name = platform.snapshots.fresh_name()
    return platform.snapshots.remember(question, Snapshot(name, owner, rows, platform.store.version, answers, now_s))


def present(
    platform: Platform, plural: str, scopes: tuple[str, ...], states: Mapping[str, str], now_s: int
) -> Iterable[Item]:
    """All rows of a kind that can be shown now, sorted by name, in equal names by project."""
    items = [item for scope in scopes for item in platform.store.items(plural, scope)]
    if plural == "subplatforms":
        return [with_state(platform, item, now_s) for item in items]
    if plural == "bills":
        running = [
            bill
            for scope in scopes
            for order in records.running(platform.store, scope)
            for bill in billing.open_bills(order, now_s)
        ]
        items = [*items, *(stamped(bill, platform.store.version) for bill in running)]
    if scopes != (PLATFORM,):
        return sorted(items, key=lambda item: item.name)
    return answered(platform, plural, items, states) if states else items


def answered(platform: Platform, plural: str, items: Iterable[Item], states: Mapping[str, str]) -> list[Item]:
    """The rows of the provinces that answered; a slow one's offers as they were."""
    read = getter(FEDERATED[plural])
    homes = {item.name: item.obj["spec"]["province"] for item in platform.store.items("providers", PLATFORM)}
    down = {province for province, state in states.items() if state == "down"}
    slow = [rule for province, state in states.items() if state == "slow" and (rule := platform.faults.slow(province))]
    old = {name: item for rule in slow for name, item in rule.frozen.items()}
    rows = [item for item in items if homes.get(found := read(item.obj), found) not in down]
    return [old.get(item.name, item) for item in rows] if plural == "offers" else rows


def with_state(platform: Platform, item: Item, now_s: int) -> Item:
    """A sub-platform with how it answers now."""
    state = platform.faults.state_of(item.name)
    status = {**item.obj["status"], "state": state, "asOf": rfc3339(now_s)}
    obj = {**item.obj, "status": status}
    return Item(item.name, item.version, obj, dumps(obj))


def selected(platform: Platform, plural: str, items: Iterable[Item], query: Mapping[str, str]) -> Sequence[Item]:
    """The rows that pass every filter and selector, in the order asked for. Raises Problem."""
    conditions = selectors.field_tests(query.get("fieldSelector", ""))
    order = selectors.sort_terms(query.get("sortBy", ""))
    rows = tuple(items)
    for path in [path for path, _ in conditions] + [path for path, _ in order]:
        if rows and not path.startswith(UNSURE.get(plural, LABELS)) and not any(has(item.obj, path) for item in rows):
            raise Problem("Invalid", f"{plural} have no field {path}", field=path)
    tests = [
        *filters.tests(plural, query, platform),
        *(test for _, test in conditions),
        *selectors.label_tests(query.get("labelSelector", "")),
    ]
    for test in tests:
        rows = tuple(item for item in rows if test(item.obj))
    return selectors.in_order(rows, order)


def written(platform: Platform, snapshot: Snapshot, offset: int, page: Page, now_s: int) -> bytes:
    """The JSON of one page, `metadata` last."""
    rows = snapshot.rows[offset : offset + page.limit]
    rest = len(snapshot.rows) - offset - len(rows)
    metadata: dict[str, Any] = {"resourceVersion": str(snapshot.version)}
    if rest > 0:
        metadata |= {"continue": platform.snapshots.cursor(snapshot, offset + page.limit), "remainingItemCount": rest}
    metadata["complete"] = all(state == "ok" for _, state in snapshot.states)
    metadata["subplatforms"] = [answer_of(platform, name, state, now_s) for name, state in snapshot.states]
    rows = dated(rows, {each["name"]: each["asOf"] for each in metadata["subplatforms"]})
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


def dated(rows: Sequence[Item], as_of: Mapping[str, str]) -> Sequence[Item]:
    """Offers as of when their provinces answered; the ETag is weak, for this is all that differs from time to time."""
    if not rows or not as_of or "asOf" not in rows[0].obj["status"]:
        return rows
    return [told(item, as_of[item.obj["spec"]["province"]]) for item in rows]


def told(item: Item, as_of: str) -> Item:
    """The same offer, as of then."""
    status = item.obj["status"]
    body = item.body.replace(f'"asOf":"{status["asOf"]}"'.encode(), f'"asOf":"{as_of}"'.encode())
    return item._replace(obj={**item.obj, "status": {**status, "asOf": as_of}}, body=body)


def answer_of(platform: Platform, name: str, state: str, now_s: int) -> dict[str, str]:
    """How one sub-platform answered, and as of when its rows are."""
    rule = platform.faults.slow(name) if state == "slow" else None
    return {"name": name, "state": state, "asOf": rfc3339(rule.since_s if rule else now_s)}
