"""Any number of offers, always the same ones, as a platform and as a Kubernetes API server put them into bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

GROUP_VERSION = "ccpp.example/v1"
PATH = "/v1/offers"
KUBERNETES_PATH = f"/apis/{GROUP_VERSION}/offers"
CREATED = "2026-01-01T00:00:00Z"
NOW = "2026-03-01T12:00:00Z"
PLACES = (("shanxi", "taiyuan"), ("ningxia", "zhongwei"), ("qinghai", "haidong"), ("shanghai", "pudong"))
CARDS = (("H800", "NVIDIA", 80), ("Ascend-910B", "Huawei", 64), ("A30", "NVIDIA", 24), ("MLU370-X8", "Cambricon", 48))
BILLING = ("on-demand", "daily", "monthly", "spot")
# the columns of `cpctl get offers`; kubectl's table has these and no more
COLUMNS = {
    "NAME": "metadata.name",
    "ACCELERATOR": "spec.accelerator",
    "GIB": "spec.memoryGiB",
    "FREE": "status.free",
    "CNY/CARD-HOUR": "spec.price",
    "BILLING": "spec.billing",
    "PROVINCE": "spec.province",
    "PROVIDER": "spec.provider",
}


def offer(number: int) -> dict[str, Any]:
    """The offer of that number, as the contract has it."""
    province, city = PLACES[number % len(PLACES)]
    accelerator, vendor, memory = CARDS[number // 3 % len(CARDS)]
    provider = f"sbx-{province[:2]}-{number % 30 + 1:02}"
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Offer",
        "metadata": {
            "name": f"of-{number:07x}",
            "uid": f"018dbb70-6634-8b0c-a840-{number:012x}",
            "labels": {},
            "createdAt": CREATED,
            "resourceVersion": str(number + 1),
        },
        "spec": {
            "product": f"pd-{provider}-{accelerator.lower()}-{memory}g-machine",
            "provider": provider,
            "subplatform": province,
            "province": province,
            "city": city,
            "accelerator": accelerator,
            "vendor": vendor,
            "memoryGiB": memory,
            "interconnect": "NVLink4",
            "billing": BILLING[number // 7 % len(BILLING)],
            "price": f"{number % 20 + 1}.{number % 10000:04}",
            "minCards": 1,
            "stepCards": 1,
            "pue": "1.27",
            "green": "0.5200",
            "latencyClass": "metro",
        },
        "status": {
            "state": "ok",
            "capacity": 64,
            "free": number % 65,
            "held": 0,
            "active": 64 - number % 65,
            "asOf": NOW,
        },
    }


def one(name: str) -> bytes:
    """The offer of that name."""
    return _bytes(offer(int(name.removeprefix("of-"), 16)))


def page(count: int, query: Mapping[str, str]) -> bytes:
    """A page of `count` offers altogether, as the platform answers: whole objects, parts of them, or rows."""
    numbers, more = _cut(count, query, 1000)
    metadata = {"resourceVersion": "7", **more, "complete": True, "subplatforms": _subplatforms()}
    fields = query.get("fields", "").split(",")
    if query.get("as") == "rows":
        rows = [[_at(offer(number), field) for field in fields] for number in numbers]
        return _bytes({"apiVersion": "ccpp/v1", "kind": "Rows", "fields": fields, "rows": rows, "metadata": metadata})
    items = list(map(offer, numbers))
    return _bytes({"apiVersion": "ccpp/v1", "kind": "List", "items": items, "metadata": metadata})


def kubernetes_table(count: int, query: Mapping[str, str]) -> bytes:
    """The same page as the table that a Kubernetes API server makes of custom resources: the cells, and of each object
    its metadata, which kubectl is sent with every row unless it asks for more."""
    numbers, more = _cut(count, query, count)
    rows = [_kubernetes_row(offer(number)) for number in numbers]
    metadata = {"resourceVersion": "7", **more}
    definitions = [_definition(title, path) for title, path in COLUMNS.items()]
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions}
    return _bytes({**head, "rows": rows})


def _definition(title: str, path: str) -> dict[str, Any]:
    """As a server describes `additionalPrinterColumns` of a definition of custom resources."""
    number = path in ("spec.memoryGiB", "status.free")
    shown = {"name": title, "type": "integer" if number else "string", "priority": 0}
    if path == "metadata.name":
        return {**shown, "format": "name", "description": "Name must be unique within a namespace."}
    return {**shown, "format": "", "description": f"Custom resource definition column (in JSONPath format): .{path}"}


def _kubernetes_row(item: Mapping[str, Any]) -> dict[str, Any]:
    about = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": _kubernetes_metadata(item)}
    return {"cells": [_at(item, path) for path in COLUMNS.values()], "object": about}


def kubernetes_list(count: int, query: Mapping[str, str]) -> bytes:
    """The same page as whole custom resources: what kubectl reads for `-o json`, and for a Tab."""
    numbers, more = _cut(count, query, count)
    items = [
        {**item, "apiVersion": GROUP_VERSION, "metadata": _kubernetes_metadata(item)} for item in map(offer, numbers)
    ]
    metadata = {"resourceVersion": "7", **more}
    return _bytes({"apiVersion": GROUP_VERSION, "kind": "OfferList", "metadata": metadata, "items": items})


def _kubernetes_metadata(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a server keeps of an object that one controller made, and whose status it keeps up to date.

    `managedFields` names every field and who wrote it; a server sends it with each object, and kubectl hides it.
    """
    own = item["metadata"]
    return {
        "creationTimestamp": own["createdAt"],
        "generation": 1,
        "managedFields": [_managed(item, "spec", CREATED), {**_managed(item, "status", NOW), "subresource": "status"}],
        "name": own["name"],
        "resourceVersion": own["resourceVersion"],
        "uid": own["uid"],
    }


def _managed(item: Mapping[str, Any], part: str, when: str) -> dict[str, Any]:
    fields: dict[str, Any] = {".": {}, **{f"f:{name}": {} for name in item[part]}}
    about = {"manager": "ccpp-sync", "operation": "Update", "apiVersion": GROUP_VERSION, "time": when}
    return {**about, "fieldsType": "FieldsV1", "fieldsV1": {f"f:{part}": fields}}


def _cut(count: int, query: Mapping[str, str], size: int) -> tuple[range, dict[str, Any]]:
    """The numbers of a page, and what its metadata say of the next one."""
    begin = int(query.get("continue") or 0)
    end = min(count, begin + (int(query.get("limit") or 0) or size))
    more = {"continue": str(end), "remainingItemCount": count - end} if end < count else {}
    return range(begin, end), more


def _subplatforms() -> list[dict[str, str]]:
    return [{"name": province, "state": "ok", "asOf": NOW} for province, _ in PLACES]


def _at(item: Any, path: str) -> Any:
    for step in path.split("."):
        item = item.get(step) if isinstance(item, dict) else None
    return item


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def discovery() -> Iterable[tuple[str, bytes]]:
    """What kubectl asks before its first list, by path."""
    version = {"groupVersion": GROUP_VERSION, "version": "v1"}
    group = {"name": GROUP_VERSION.split("/")[0], "versions": [version], "preferredVersion": version}
    offers = {"name": "offers", "singularName": "offer", "namespaced": False, "kind": "Offer", "verbs": ["get", "list"]}
    documents: Sequence[tuple[str, dict[str, Any]]] = (
        ("/version", {"major": "1", "minor": "32", "gitVersion": "v1.32.0"}),
        ("/api", {"kind": "APIVersions", "versions": []}),
        ("/apis", {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]}),
        (
            f"/apis/{GROUP_VERSION}",
            {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": GROUP_VERSION, "resources": [offers]},
        ),
    )
    return [(path, _bytes(document)) for path, document in documents]
