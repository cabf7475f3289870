"""Orders as people write them, and as platforms answer them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cpctl.errors import BadAnswer, BadManifest
from cpctl.resources.access import access_of
from cpctl.resources.manifest import documents
from cpctl.resources.order import order_name, order_spec, order_wanted, same_spec
from cpctl.resources.placed import Phase, order_of
from cpctl.resources.quote import quote_of

MANIFEST = """
apiVersion: ccpp/v1
kind: Order
metadata: {name: train-7b, labels: {team: nlp}, uid: x, createdAt: y, resourceVersion: "3"}
spec:
  accelerator: [昇腾910B, h800]
  cards: 16
  duration: 24h
  billing: on-demand
  placement: {provinces: [山西, 宁夏], excludeProvinces: [], providers: [sbx-sx-01]}
  requirements: {minMemoryGiB: 80, maxPUE: 1.3, minGreen: 50%, interconnect: NVLink, latencyClass: [metro]}
  limits: {maxPrice: 13.5, budget: 5200}
  image: pytorch-2.7-cuda12.6
  sshKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB me@laptop"]
status: {phase: Active}
"""


def wanted(text: str = MANIFEST, **given: Any) -> Any:
    return order_wanted(documents(text.encode(), "o.yaml", ".yaml")[0].value, "o.yaml", **given)


def test_the_spec_is_kept_as_written_in_one_form() -> None:
    order = wanted()
    assert order.name == "train-7b" and order.labels == {"team": "nlp"}
    assert order.spec.wire() == {
        "accelerator": ["Ascend-910B", "H800"],
        "cards": 16,
        "duration": "24h",
        "billing": "on-demand",
        "placement": {"provinces": ["shanxi", "ningxia"], "excludeProvinces": [], "providers": ["sbx-sx-01"]},
        "requirements": {
            "minMemoryGiB": 80,
            "maxPUE": "1.30",
            "minGreen": "0.50",
            "interconnect": "NVLink",
            "latencyClass": ["metro"],
        },
        "limits": {"maxPrice": "13.5000", "budget": "5200.00"},
        "image": "pytorch-2.7-cuda12.6",
        "sshKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB me@laptop"],
    }


def test_defaults_are_not_sent() -> None:
    spec = order_spec({"accelerator": "h800", "cards": 1, "duration": "1h"}, "flags")
    assert spec.wire() == {"accelerator": ["H800"], "cards": 1, "duration": "1h"}
    assert spec.billing == "on-demand"


REFUSED = [
    ("cards: 16", "cards: 16.0", 'spec.cards: "16.0" is not a whole number'),
    ("cards: 16", 'cards: "16"', "not a whole number"),
    ("cards: 16", "cards: true", "not a whole number"),
    ("cards: 16", "cards: 0", "not a whole number"),
    ("cards: 16", "cards: -3", "not a whole number"),
    ("cards: 16", "", "either accelerator and cards are required, or allocations"),
    ("duration: 24h", "duratoin: 24h", 'unknown field "spec.duratoin". Did you mean "duration"?'),
    ("duration: 24h", "", "spec.duration is required"),
    ("duration: 24h", "duration: 24", "with its unit"),
    ("山西", "atlantis", 'unknown province "atlantis" (one of: beijing'),
    ("{provinces: [山西", "{province: [山西", 'unknown field "spec.placement.province". Did you mean "provinces"?'),
    ("billing: on-demand", "billing: hourly", "is not one of: on-demand, daily, monthly, spot"),
    ("kind: Order", "kind: Demand", 'kind "Demand" is not Order'),
    ("ccpp/v1", "ccpp/v2", 'apiVersion "ccpp/v2" is not ccpp/v1'),
    ("13.5", "abc", "spec.limits.maxPrice"),
    ("13.5", "13.55555", "at most four decimal places"),
    ("5200", "5200.001", "at most two decimal places"),
    ("maxPUE: 1.3", "maxPUE: 0.9", "PUE"),
    ("50%", "150%", "from 0 to 1"),
    ("50%", "33.333%", "more than four decimal places"),
    ("[metro]", "[mars]", "is not one of: metro, regional, national"),
    ("train-7b", "Train_7B", "metadata.name"),
    ("train-7b", "a" * 64, "DNS label"),
    ("team: nlp", 'team: "a b"', "metadata.labels.team"),
    ("team: nlp", "team: 3", "put it in quotes"),
    ("team: nlp", "-team: nlp", "a label's name"),
    ("{team: nlp}", "[nlp]", "metadata.labels must be a mapping"),
    ("image: pytorch-2.7-cuda12.6", 'image: "a;b"', "spec.image"),
    ("image: pytorch-2.7-cuda12.6", "voucher: VC_1", "spec.voucher"),
    ("maxPUE: 1.3", "colocate: province", 'unknown field "spec.requirements.colocate"'),
    ("image: pytorch-2.7-cuda12.6", "allocations: [{offer: of-a, cards: 2}]", "allocations stand alone"),
    ("[昇腾910B, h800]", "[]", "spec.accelerator"),
    ("[昇腾910B, h800]", '"a\\x1b[31m"', "spec.accelerator"),
    ("ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY----- hush", "not a public ssh key"),
    ("ssh-ed25519 AAAA", 'command=\\"id\\" ssh-ed25519 AAAA', "not a public ssh key"),
]


@pytest.mark.parametrize(("old", "new", "says"), REFUSED, ids=[new[:30] for _, new, _ in REFUSED])
def test_a_wrong_field_is_named(old: str, new: str, says: str) -> None:
    assert old in MANIFEST
    with pytest.raises(BadManifest) as refused:
        wanted(MANIFEST.replace(old, new))
    assert says in str(refused.value)
    assert str(refused.value).startswith("o.yaml: ")
    assert "hush" not in str(refused.value)


def test_a_missing_frame_is_named() -> None:
    for text, says in [
        ("a: 1", "apiVersion is required; kind is required; metadata is required (and 2 more)"),
        (
            "{apiVersion: ccpp/v1, kind: Order, metadata: {},"
            " spec: {allocations: [{offer: of-a, cards: 1}], duration: 1h}}",
            "metadata.name is required",
        ),
        ("apiVersion: ccpp/v1\nkind: Order\nmetadata: {name: x}\nspec: 3", "spec must be a mapping"),
    ]:
        with pytest.raises(BadManifest, match=says.replace("(", r"\(").replace(")", r"\)")):
            wanted(text)


def test_a_key_without_value_is_no_key() -> None:
    assert wanted(MANIFEST.replace("{team: nlp}", "")).labels == {}


def test_generate_name_takes_the_run_id() -> None:
    text = MANIFEST.replace("name: train-7b", "generateName: train-")
    assert wanted(text, run_id="4711").name == "train-4711"
    for run_id, says in [(None, "--run-id"), ("a b", "no DNS label"), ("x" * 70, "no DNS label")]:
        with pytest.raises(BadManifest, match=says):
            wanted(text, run_id=run_id)
    with pytest.raises(BadManifest, match="both"):
        wanted(MANIFEST.replace("{name:", "{generateName: t-, name:"), run_id="1")


def test_an_offer_may_not_be_wanted_twice() -> None:
    spec = {"allocations": [{"offer": "of-a", "cards": 1}, {"offer": "of-a", "cards": 2}], "duration": "1h"}
    with pytest.raises(BadManifest, match="twice"):
        order_spec(spec, "o")


def test_specs_are_the_same_when_they_buy_the_same() -> None:
    one = {"accelerator": ["H800"], "cards": 8, "duration": "24h", "placement": {"provinces": ["shanxi"]}}
    assert same_spec(one, one | {"limits": {"budget": "1.00"}})
    assert same_spec(one, one | {"accelerator": "h800", "placement": {"provinces": ["山西"]}})
    assert not same_spec(one, one | {"cards": 9})
    assert not same_spec(one, one | {"sshKeys": []})
    assert not same_spec(one, one | {"priority": "high"})
    assert same_spec({"priority": "high"}, {"priority": "high", "limits": {}})


def test_order_names_are_dns_labels() -> None:
    assert order_name("a-1") == "a-1"
    for name in ("", "-a", "a-", "A", "a.b", "a/b", "..", "a" * 64, "a\n"):
        with pytest.raises(BadManifest):
            order_name(name)


# ---- answers

PLACED: dict[str, Any] = {
    "apiVersion": "ccpp/v1",
    "kind": "Order",
    "metadata": {"name": "train-7b", "uid": "6f1c1f6e-3b1a-5a52-9f38-0d9a5d3a1c11", "labels": {}, "new": 1},
    "spec": {"cards": 8},
    "status": {
        "phase": "Held",
        "reason": None,
        "message": None,
        "createdBy": "dev",
        "conditions": [{"type": "Held", "status": "True"}],
        "allocations": [{"offer": "of-a", "cards": 8, "price": "11.2000", "province": "shanxi", "provider": "p"}],
        "pricePerHour": "89.6000",
        "total": "2150.40",
        "charged": "0.00",
        "heldUntil": "2026-01-02T03:04:05Z",
        "cards": {"total": 8, "active": 0},
        "somethingNew": [1, 2],
    },
}


def changed(value: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    copied = copy.deepcopy(value)
    *above, last = path.split(".")
    inner: Any = copied
    for part in above:
        inner = inner[int(part) if part.isdigit() else part]
    inner[last] = new
    return copied


def test_an_order_is_read_with_fields_that_are_new() -> None:
    order = order_of(PLACED)
    assert (order.name, order.phase, str(order.status.total)) == ("train-7b", Phase.HELD, "2150.40")
    assert order.holds("Held") and not order.holds("Active") and not order.has_ended


def test_a_phase_nobody_knows_is_unknown() -> None:
    for word in ("Paid", "active", "", 3, None, "\x1b[31m"):
        order = order_of(changed(PLACED, "status.phase", word))
        assert order.phase is Phase.UNKNOWN
        assert not order.has_ended


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "../admin"),
        ("metadata.uid", 7),
        ("metadata.uid", "x" * 300),
        ("metadata", None),
        ("spec", []),
        ("status.total", "-1.00"),
        ("status.total", "NaN"),
        ("status.total", "1e9"),
        ("status.total", None),
        ("status.charged", "9" * 5_000),
        ("status.heldUntil", "soon"),
        ("status.cards.active", -1),
        ("status.cards.active", True),
        ("status.conditions", "x"),
        ("status.allocations.0.cards", "8"),
        ("status.createdBy", {"a": 1}),
    ],
)
def test_an_answer_that_is_no_order_is_said_to_be_none(path: str, value: Any) -> None:
    with pytest.raises(BadAnswer, match="not an order"):
        order_of(changed(PLACED, path, value))


@pytest.mark.parametrize("value", [None, [], "x", 3, {}])
def test_any_other_json_is_no_order_no_quote_no_access(value: Any) -> None:
    for read in (order_of, quote_of, access_of):
        with pytest.raises(BadAnswer):
            read(value)


def test_a_quote_must_add_up() -> None:
    line = {"offer": "of-a", "cards": 8, "price": "11.2000", "amount": "2150.40", "province": "shanxi", "provider": "p"}
    status = {"lines": [line], "total": "2150.40", "perHour": "89.6000", "validUntil": "2026-01-02T03:04:05Z"}
    assert quote_of({"status": status}).status.lines[0].cards == 8
    with pytest.raises(BadAnswer, match="sum of its lines"):
        quote_of({"status": status | {"total": "2150.41"}})
