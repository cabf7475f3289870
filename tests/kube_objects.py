"""Our objects as Kubernetes has them: custom resources of one group, their lists, tables and discovery documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cpctl.output.cells import SHOWS
from cpctl.registry import KINDS, Column, Kind

GROUP = "ccpp.example"
GROUP_VERSION = f"{GROUP}/v1"
PROJECT = "default"
VERBS = ("get", "list", "watch")


def resource(item: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """One of our objects as a custom resource; what is yours lies in the namespace of its project."""
    metadata = dict(item["metadata"])
    metadata["creationTimestamp"] = metadata.pop("createdAt", None)
    project = metadata.pop("project", PROJECT)
    if is_namespaced(kind):
        metadata["namespace"] = project
    return {**item, "apiVersion": GROUP_VERSION, "kind": kind.kind, "metadata": metadata}


def is_namespaced(kind: Kind) -> bool:
    """Whether its objects lie in a project, as ours do that are listed by project."""
    return "project" in kind.filters


def listed(kind: Kind, items: Sequence[Any], version: str, cursor: str, left: int) -> dict[str, Any]:
    """A plain list: kubectl makes a table of NAME and AGE from it, and reckons the ages itself."""
    return {
        "apiVersion": GROUP_VERSION,
        "kind": f"{kind.kind}List",
        "metadata": _list_metadata(version, cursor, left),
        "items": list(items),
    }


def table(
    kind: Kind, items: Sequence[Any], now: datetime, version: str, cursor: str = "", left: int = 0
) -> dict[str, Any]:
    """The table a Kubernetes server makes of objects, from our columns; ages are reckoned by the server."""
    columns = [SHOWS[column.show]([_at(item, column.path) for item in items], now) for column in kind.columns]
    return {
        "apiVersion": "meta.k8s.io/v1",
        "kind": "Table",
        "metadata": _list_metadata(version, cursor, left),
        "columnDefinitions": [_definition(column) for column in kind.columns],
        "rows": [
            {"cells": list(row), "object": item} for row, item in zip(zip(*columns, strict=True), items, strict=True)
        ],
    }


def _list_metadata(version: str, cursor: str, left: int) -> dict[str, Any]:
    return {"resourceVersion": version} | ({"continue": cursor, "remainingItemCount": left} if cursor else {})


def _definition(column: Column) -> dict[str, Any]:
    name = {"format": "name"} if column.path == "metadata.name" else {"format": ""}
    return {"name": column.title, "type": "string", "description": "", "priority": int(column.wide), **name}


def _at(item: Any, path: str) -> Any:
    path = path.replace("metadata.createdAt", "metadata.creationTimestamp")
    for step in path.split("."):
        item = item.get(step) if isinstance(item, dict) else None
    return item


def status(code: int, reason: str, message: str, **details: Any) -> dict[str, Any]:
    """How a Kubernetes server refuses."""
    told = {"message": message, "reason": reason, "details": details, "code": code}
    return {"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", **told}


def not_found(kind: Kind, name: str) -> dict[str, Any]:
    message = f'{kind.plural}.{GROUP} "{name}" not found'
    return status(404, "NotFound", message, name=name, group=GROUP, kind=kind.plural)


def discovery() -> dict[str, Any]:
    """What is asked first, by path: versions, groups, and the resources of ours."""
    version = {"groupVersion": GROUP_VERSION, "version": "v1"}
    group = {"name": GROUP, "versions": [version], "preferredVersion": version}
    return {
        "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0", "platform": "linux/amd64"},
        "/api": {"kind": "APIVersions", "versions": [], "serverAddressByClientCIDRs": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]},
        f"/apis/{GROUP_VERSION}": {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": GROUP_VERSION,
            "resources": [_api_resource(kind) for kind in KINDS],
        },
        "/openapi/v3": {"paths": {f"apis/{GROUP_VERSION}": {"serverRelativeURL": f"/openapi/v3/apis/{GROUP_VERSION}"}}},
    }


def _api_resource(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.plural,
        "singularName": kind.name,
        "shortNames": [kind.short],
        "namespaced": is_namespaced(kind),
        "kind": kind.kind,
        "verbs": list(VERBS),
    }


def openapi(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's schemas as the document that `kubectl explain` reads."""
    known = {name: _for_explain(schema) for name, schema in schemas.items()}
    for kind in KINDS:
        known[kind.kind]["x-kubernetes-group-version-kind"] = [{"group": GROUP, "version": "v1", "kind": kind.kind}]
    paths = {f"/apis/{GROUP_VERSION}/{kind.plural}": {"get": _operation(kind)} for kind in KINDS}
    info = {"title": GROUP, "version": "v1"}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": known}}


def _operation(kind: Kind) -> dict[str, Any]:
    meant = {"group": GROUP, "version": "v1", "kind": kind.kind}
    return {"responses": {}, "x-kubernetes-action": "list", "x-kubernetes-group-version-kind": meant}


def _for_explain(schema: Any) -> Any:
    """A schema of OpenAPI 3.1 in the words of 3.0: one type each, null left out."""
    if isinstance(schema, list):
        return [_for_explain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _for_explain(value) for key, value in schema.items()}
    if isinstance(plain.get("type"), list):
        plain["type"] = next((word for word in plain["type"] if word != "null"), "string")
    return plain


def matching(items: Iterable[Any], labels: str, fields: str) -> list[Any] | None:
    """The objects that selectors let through; None when a field is none that custom resources can be chosen by."""
    wanted = [part.partition("=") for part in fields.split(",") if part]
    if any(path not in ("metadata.name", "metadata.namespace") for path, _, _ in wanted):
        return None
    chosen = [item for item in items if all(_at(item, path) == value.lstrip("=") for path, _, value in wanted)]
    terms = [part for part in labels.split(",") if part]
    return [item for item in chosen if all(_holds(item["metadata"].get("labels") or {}, term) for term in terms)]


def _holds(labels: Mapping[str, str], term: str) -> bool:
    """`k=v`, `k==v`, `k!=v`, `k`, `!k`: the selectors that tests compare by."""
    if "!=" in term:
        key, _, value = term.partition("!=")
        return labels.get(key) != value
    if "=" in term:
        key, _, value = term.partition("=")
        return labels.get(key) == value.lstrip("=")
    return term.lstrip("!") not in labels if term.startswith("!") else term in labels
