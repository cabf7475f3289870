"""A platform whose every answer is fixed: lines/objects.yaml and lines/documents.yaml, at one moment.

It filters and sorts as the sandbox does. `deaf` knows no filter, no selector and no sort key, as an old platform might:
what a line shows of those there is the client's own work. What no file holds (a province that is down, a list that goes
in circles) is another of `PLATFORMS`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from cpctl.registry import BY_SPELLING, KINDS
from cpctl.sandbox.listing import tests_of
from cpctl.sandbox.problems import CONTENT_TYPE, Problem
from cpctl.sandbox.selectors import in_order
from cpctl.sandbox.store import Item
from fake_platform import Answerer, Reply, good, listed, page, problem

LINES = Path(__file__).parent / "lines"
FEDERATED = ("providers", "products", "offers", "sources")  # their rows come from the provinces
ASKING = (*FEDERATED, "subplatforms")
NOW = "2026-03-01T12:00:00Z"
PROJECT = "default"
HEADERS = {"X-Ccpp-Time": NOW, "X-Request-Id": "r-0123456789abcdef"}
OK = tuple({"name": name, "state": "ok", "asOf": NOW} for name in ("ningxia", "qinghai", "shanxi"))
DOWN = {"name": "qinghai", "state": "down", "asOf": "2026-03-01T11:14:00Z"}
SLOW = {"name": "ningxia", "state": "slow", "asOf": "2026-03-01T11:55:00Z"}

Chooser = Callable[[Sequence[Any]], Sequence[Any]]


@cache
def objects() -> dict[str, list[Any]]:
    """Every object, whole, by plural, in the order of the file."""
    rows = _read("objects")
    return {plural: [_whole(plural, i, row) for i, row in enumerate(found)] for plural, found in rows.items()}


@cache
def documents() -> dict[str, Any]:
    """Every document, by path."""
    return _read("documents")


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((LINES / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def _whole(plural: str, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    kind = BY_SPELLING[plural]
    metadata = {
        "name": row["name"],
        "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{row['name']}.{plural}.example")),
        "labels": row.get("labels", {}),
        "createdAt": row["created"].isoformat().replace("+00:00", "Z"),
        "resourceVersion": str(100 * KINDS.index(kind) + number + 1),
    }
    if kind.scope == "yours" and plural != "projects":
        metadata["project"] = row.get("project", PROJECT)
    return {
        "apiVersion": "ccpp/v1",
        "kind": kind.kind,
        "metadata": metadata,
        "spec": row["spec"],
        "status": row["status"],
    }


def holding(
    held: Mapping[str, Sequence[Any]],
    others: Mapping[str, Any],
    subplatforms: Sequence[Any] = OK,
    chosen: Chooser | None = None,
) -> Answerer:
    """A platform with these objects and documents; it is complete when every sub-platform it asks is ok.

    Args:
        chosen: What it lists of the objects there are; None for what the query asks for.
    """

    def answer(path: str) -> Reply:
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        plural, _, name = parts.path.removeprefix("/v1/").partition("/")
        document = others.get(path) or others.get(parts.path)
        if document:
            return good(document)
        if not parts.path.startswith("/v1/") or plural not in BY_SPELLING:
            return problem(404, "NotFound", detail=f"no such path: {parts.path}")
        items = [item for item in held.get(plural, ()) if _is_in(item, query.get("project", PROJECT))]
        if name:
            return _one(plural, unquote(name), items)
        try:
            rows = chosen(items) if chosen else _selected(plural, items, query)
        except Problem as refusal:
            return _refused(refusal, parts.path)
        asked = [one for one in subplatforms if plural in ASKING and _is_asked(one["name"], query)]
        return good(_list(rows, query, asked))

    return lambda _method, path: answer(path)._replace(headers=HEADERS)


class _Catalogue:
    """Where filters look up which values there are."""

    def objects(self, plural: str) -> list[Any]:
        return objects()[plural]


def _selected(plural: str, items: Sequence[Any], query: Mapping[str, str]) -> list[Any]:
    """The objects that pass every filter and selector, in the order asked for, as the sandbox chooses them."""
    rows = [Item(item["metadata"]["name"], 0, item, b"") for item in items]
    tests, order = tests_of(_Catalogue(), plural, rows, query)  # type: ignore[arg-type]
    kept = [row for row in rows if all(test(row.obj) for test in tests)]
    return [row.obj for row in in_order(kept, order)]


def _refused(refusal: Problem, path: str) -> Reply:
    return Reply(refusal.status, CONTENT_TYPE, refusal.document(path, HEADERS["X-Request-Id"]))


def _is_asked(name: str, query: Mapping[str, str]) -> bool:
    wanted, left_out = (query.get(key, "").split(",") for key in ("province", "excludeProvince"))
    return (name in wanted or wanted == [""]) and name not in left_out


def _is_in(item: Mapping[str, Any], project: str) -> bool:
    return project == "*" or item["metadata"].get("project", project) == project


def _one(plural: str, name: str, items: Sequence[Any]) -> Reply:
    found = next((item for item in items if item["metadata"]["name"] == name), None)
    return good(found) if found else problem(404, "NotFound", detail=f'{plural} "{name}" not found')


def _list(items: Sequence[Any], query: Mapping[str, str], subplatforms: Sequence[Any]) -> dict[str, Any]:
    begin, size = int(query.get("continue", 0)), int(query.get("limit", 1000))
    more = {"continue": str(begin + size)} if begin + size < len(items) else {}
    return {
        "apiVersion": "ccpp/v1",
        "kind": "List",
        "items": items[begin : begin + size],
        "metadata": {"resourceVersion": "2000", **more, **_completeness(subplatforms)},
    }


def _completeness(subplatforms: Sequence[Any]) -> dict[str, Any]:
    return {"complete": all(one["state"] == "ok" for one in subplatforms), "subplatforms": list(subplatforms)}


def _partly() -> Answerer:
    """Qinghai does not answer, and has no rows; Ningxia is slow, and its rows are of five minutes ago."""
    states = {one["name"]: one for one in (SLOW, DOWN, OK[2])}
    there = dict(objects())
    for plural in FEDERATED:
        there[plural] = [_aged(item) for item in there[plural] if DOWN["name"] != _home(item)]
    there["subplatforms"] = [_with_state(item, states[item["metadata"]["name"]]) for item in there["subplatforms"]]
    overview = deepcopy(documents()["/v1/overview"])
    for row in overview["status"]["subplatforms"]:
        row |= states[row["name"]]
    overview["metadata"] |= _completeness([*states.values()])
    return holding(there, {**documents(), "/v1/overview": overview}, [*states.values()])


def _home(item: Mapping[str, Any]) -> str:
    """The sub-platform of an object; a product's provider says."""
    spec = item["spec"]
    if "provider" in spec and "subplatform" not in spec:
        spec = next(one["spec"] for one in objects()["providers"] if one["metadata"]["name"] == spec["provider"])
    return str(spec["subplatform"])


def _aged(item: Any) -> Any:
    return _with_state(item, {"asOf": SLOW["asOf"]}) if _home(item) == SLOW["name"] else item


def _with_state(item: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
    return {**item, "status": {**item["status"], **{key: told[key] for key in ("state", "asOf") if key in told}}}


def paging(*pages: Reply) -> Answerer:
    """A platform whose every list is these pages; a cursor is the number of the next one."""

    def answer(_method: str, path: str) -> Reply:
        number = int(parse_qs(urlsplit(path).query).get("continue", ["0"])[0])
        return pages[number]._replace(headers=HEADERS)

    return answer


def _broken() -> dict[str, Answerer]:
    """Platforms whose lists are not as they should be."""
    offers = objects()["offers"]
    first = listed(offers[:2], **{"continue": "1", "remainingItemCount": 4})
    return {
        "circles": paging(first, first),
        "repeats": paging(first, listed(offers[1:5])),
        "drops": paging(first, listed(offers[3:])),
        "expired": paging(first, problem(410, "Expired", detail="the list has moved on")),
        "page": paging(page(200, "<html>please log in</html>")),
    }


PLATFORMS = {
    "whole": lambda: holding(objects(), documents()),
    "empty": lambda: holding({}, documents()),
    "partly": _partly,
    "deaf": lambda: holding(objects(), documents(), chosen=list),
    **{name: lambda answer=answer: answer for name, answer in _broken().items()},
}
