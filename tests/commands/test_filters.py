"""Filters of get, compared with filtering the whole list by hand; provinces that do not answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cpctl.commands.filters import FILTERS
from cpctl.registry import KINDS

SIX_WAYS = ["shanxi", "山西", "晋", "SX", "CN-SX", "140000", "山西省", "ShanXi"]
ASCEND = ["Ascend-910B", "昇腾910B", "ascend-910b", "910B", "华为昇腾910B", "ASCEND_910B", "昇腾 910B"]
H800 = ["H800", "h800", "nvidia-h800", "NVIDIA H800", "h800-80g"]


@pytest.fixture(scope="module")
def whole(shared_sandbox):
    """Every list, unfiltered."""
    return {kind.plural: shared_sandbox.items(kind.path) for kind in KINDS if kind.scope == "platform"}


def names(items):
    return {item["metadata"]["name"] for item in items}


def test_the_line_of_the_issue(cp):
    result = cp("get", "offers", "--province", "shanxi,宁夏", "--accelerator", "昇腾910B", "-o", "json")
    assert result.code == 0 and len(result.json["items"]) > 10
    found = [(item["spec"]["province"], item["spec"]["accelerator"]) for item in result.json["items"]]
    assert set(found) == {("shanxi", "Ascend-910B"), ("ningxia", "Ascend-910B")}


OFFERS = {
    "--province=qinghai": lambda spec, free: spec["province"] == "qinghai",
    "--province=qinghai,辽宁": lambda spec, free: spec["province"] in ("qinghai", "liaoning"),
    "--exclude-province=豫,SH": lambda spec, free: spec["province"] not in ("henan", "shanghai"),
    "--provider=sbx-sx-01,sbx-nx-02": lambda spec, free: spec["provider"] in ("sbx-sx-01", "sbx-nx-02"),
    "--accelerator=H800,昇腾910C": lambda spec, free: spec["accelerator"] in ("H800", "Ascend-910C"),
    "--gpu=A100": lambda spec, free: spec["accelerator"] == "A100",
    "--vendor=Huawei": lambda spec, free: spec["vendor"] == "Huawei",
    "--vendor=华为,nvidia": lambda spec, free: spec["vendor"] in ("Huawei", "NVIDIA"),
    "--vendor=thead": lambda spec, free: spec["vendor"] == "T-Head",
    "--cards=64": lambda spec, free: serves(spec, free, 64),
    "--cards=3": lambda spec, free: serves(spec, free, 3),
    "--min-memory=80Gi": lambda spec, free: spec["memoryGiB"] >= 80,
    "--min-memory=141": lambda spec, free: spec["memoryGiB"] >= 141,
    "--max-price=2.1": lambda spec, free: Decimal(spec["price"]) <= Decimal("2.1"),
    "--max-price=0": lambda spec, free: False,
    "--max-pue=1.2": lambda spec, free: Decimal(spec["pue"]) <= Decimal("1.2"),
    "--min-green=80%": lambda spec, free: Decimal(spec["green"]) >= Decimal("0.8"),
    "--billing=spot": lambda spec, free: spec["billing"] == "spot",
    "--billing=monthly": lambda spec, free: spec["billing"] == "monthly",
    "--interconnect=NVLink4": lambda spec, free: spec["interconnect"] == "NVLink4",
}


def serves(spec, free, cards):
    return spec["minCards"] <= cards <= free and (cards - spec["minCards"]) % spec["stepCards"] == 0


@pytest.mark.parametrize("flag", OFFERS)
def test_filters_of_offers(cp, whole, flag):
    wanted = [o for o in whole["offers"] if OFFERS[flag](o["spec"], o["status"]["free"])]
    assert names(cp("get", "offers", flag, "-o", "json").json["items"]) == names(wanted)
    assert flag == "--max-price=0" or 0 < len(wanted) < len(whole["offers"])


def test_different_filters_must_all_hold(cp, whole):
    flags = ["--province=shanxi", "--accelerator=H800", "--cards=8", "--max-price=14"]
    wanted = [o for o in whole["offers"] if all(holds(o, flag) for flag in flags)]
    assert wanted and names(cp("get", "offers", *flags, "-o", "json").json["items"]) == names(wanted)


def holds(offer, flag):
    spec = offer["spec"]
    return {
        "--province=shanxi": spec["province"] == "shanxi",
        "--accelerator=H800": spec["accelerator"] == "H800",
        "--cards=8": serves(spec, offer["status"]["free"], 8),
        "--max-price=14": Decimal(spec["price"]) <= 14,
    }[flag]


OTHERS = [
    ("models", "--task=embedding", lambda spec: "embedding" in spec["tasks"]),
    ("models", "--kind=vertical", lambda spec: spec["kind"] == "vertical"),
    ("models", "--kind=base", lambda spec: spec["kind"] == "base"),
    ("models", "--domain=agriculture", lambda spec: spec["domain"] == "agriculture"),
    ("models", "--publisher=DeepSeek", lambda spec: spec["publisher"] == "DeepSeek"),
    ("sources", "--model=deepseek-v3.2", lambda spec: spec["model"] == "deepseek-v3.2"),
    ("sources", "--province=宁", lambda spec: spec["province"] == "ningxia"),
    ("sources", "--provider=sbx-sx-11", lambda spec: spec["provider"] == "sbx-sx-11"),
    ("products", "--provider=sbx-sx-01", lambda spec: spec["provider"] == "sbx-sx-01"),
    ("products", "--accelerator=910B", lambda spec: spec["accelerator"] == "Ascend-910B"),
    ("products", "--vendor=NVIDIA", lambda spec: spec["vendor"] == "NVIDIA"),
    ("providers", "--province=苏", lambda spec: spec["province"] == "jiangsu"),
]


@pytest.mark.parametrize(("plural", "flag", "fits"), OTHERS, ids=[f"{plural}{flag}" for plural, flag, _ in OTHERS])
def test_filters_of_other_kinds(cp, whole, plural, flag, fits):
    wanted = [item for item in whole[plural] if fits(item["spec"])]
    assert names(cp("get", plural, flag, "-o", "json").json["items"]) == names(wanted)
    assert 0 < len(wanted) < len(whole[plural])


def test_models_served_in_a_province_and_products_of_one(cp, whole):
    served = {source["spec"]["model"] for source in whole["sources"] if source["spec"]["province"] == "qinghai"}
    assert names(cp("get", "models", "--province", "青海", "-o", "json").json["items"]) == served
    homes = {one["metadata"]["name"]: one["spec"]["province"] for one in whole["providers"]}
    made = {one["metadata"]["name"] for one in whole["products"] if homes[one["spec"]["provider"]] == "qinghai"}
    assert names(cp("get", "products", "--province", "青", "-o", "json").json["items"]) == made


@pytest.mark.parametrize("word", SIX_WAYS)
def test_a_province_in_every_spelling(cp, word):
    found = cp("get", "offers", "--province", word, "-o", "json").json["items"]
    assert {item["spec"]["province"] for item in found} == {"shanxi"}


@pytest.mark.parametrize(("word", "short"), [(w, "Ascend-910B") for w in ASCEND] + [(w, "H800") for w in H800])
def test_an_accelerator_in_many_spellings(cp, word, short):
    found = cp("get", "offers", "--accelerator", word, "-o", "json").json["items"]
    assert {item["spec"]["accelerator"] for item in found} == {short}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_a_filter_the_kind_does_not_have_is_refused_and_the_legal_ones_named(cp, kind):
    for row in FILTERS.values():
        if row.parameter in kind.filters and (row.flag != "--kind" or kind.name == "model"):
            continue
        value = {"--cards": "1", "--billing": "spot", "--kind": "base", "--province": "shanxi"}.get(row.flag, "1")
        result = cp("get", kind.plural, row.flag, value)
        assert result.code == 2 and f"{row.flag} is no filter of {kind.plural}" in result.err
        legal = [other.flag for other in FILTERS.values() if other.parameter in kind.filters - {"kind"}]
        assert all(flag in result.err for flag in legal)
        assert ("--kind" in result.err) == (row.flag == "--kind" or kind.name == "model")


BAD = {
    "--province=atlantis": "shanxi",
    "--province=guangdong": "qinghai",  # real, but not connected: the platform says which are
    "--accelerator=abacus": "Ascend-910B",
    "--cards=-1": "1 or more",
    "--cards=0": "1 or more",
    "--cards=1.5": "1 or more",
    "--max-price=abc": "such as 12.5",
    "--max-price=-1": "such as 12.5",
    "--max-price=1.23456": "four decimal places",
    "--min-memory=much": "such as 80Gi",
    "--max-pue=0.9": "from 1",
    "--min-green=120%": "from 0 to 1",
    "--billing=free": "on-demand, daily, monthly, spot",
    "--vendor=Nobody": "one of",
}


@pytest.mark.parametrize("flag", BAD)
def test_a_value_that_is_none_says_what_is_one(cp, flag):
    result = cp("get", "offers", flag)
    assert (result.code, result.out) == (2, "")
    assert BAD[flag] in result.err and result.err.count("\n") == 1


# provinces that do not answer


@pytest.mark.parametrize("form", ["table", "wide", "name", "json", "yaml"])
def test_a_province_that_is_down_is_named_and_the_others_stay(cp, sandbox, whole, form):
    sandbox.admin.faults(province="qinghai", down=True)
    words = ("get", "offers", "--accelerator", "H800", "-o", form)
    result, strict = cp(*words), cp(*words, "--require-complete")
    others = [o for o in whole["offers"] if o["spec"]["accelerator"] == "H800" and o["spec"]["province"] != "qinghai"]
    assert (result.code, strict.code) == (0, 10)
    assert result.err == "warning: incomplete: qinghai is down\n"
    assert "require-complete" in strict.err and result.err.count("\n") == 1
    if form == "json":
        assert names(result.json["items"]) == names(others) == names(strict.json["items"])
        assert result.json["metadata"]["complete"] is strict.json["metadata"]["complete"] is False
    elif form == "name":
        assert len(result.lines) == len(others)


def test_a_list_that_asks_other_provinces_is_complete(cp, sandbox):
    sandbox.admin.faults(province="qinghai", down=True)
    result = cp("get", "offers", "--province", "shanxi", "--require-complete", "-o", "json")
    assert result.code == 0 and result.err == "" and result.json["metadata"]["complete"] is True


def test_nothing_from_the_only_province_asked_is_not_taken_for_nothing_at_all(cp, sandbox):
    sandbox.admin.faults(province="qinghai", down=True)
    result = cp("get", "offers", "--province", "qinghai")
    assert result.code == 0 and result.out == "" and "qinghai is down" in result.err
    assert cp("get", "sp/qinghai", "-o", "json").json["status"]["state"] == "down"


def test_offers_are_as_of_now_and_old_where_a_province_is_slow(cp, sandbox):
    from datetime import datetime

    def dates():
        items = cp("get", "offers", "-o", "json").json["items"]
        return {item["spec"]["province"]: item["status"]["asOf"] for item in items}

    now = sandbox.admin.now()
    assert all(abs(datetime.fromisoformat(text).timestamp() - now) < 60 for text in dates().values())
    one = cp("get", "offers", "--limit", "1", "-o", "json").json["items"][0]
    shown = cp("get", "offer", one["metadata"]["name"], "-o", "json").json
    assert abs(datetime.fromisoformat(shown["status"]["asOf"]).timestamp() - now) < 60
    sandbox.admin.faults(province="qinghai", slow=True)
    slow = dates()["qinghai"]
    assert "qinghai is slow" in cp("get", "offers", "--province", "qinghai").err
    assert dates()["qinghai"] == slow
    first = sandbox.get("/v1/offers", limit=5)
    again = sandbox.client().get("/v1/offers", params={"limit": 5}, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304  # the date alone makes no new list
