"""What stands on a line narrows what Tab offers, in every spelling that the commands take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cpctl.accelerators import ACCELERATORS
from cpctl.spellings import accelerators_begun
from cpctl.units import accelerator
from keyboard import FLAGS, environment, sitting
from tabs import answered, tabbed

MAKERS = {name: maker for name, maker, _ in ACCELERATORS}


def in_a_day(sandbox) -> str:
    return f"{datetime.fromtimestamp(sandbox.admin.now() + 86_400, UTC):%Y-%m-%dT%H:%M:%SZ}"


def listed(cp, kind: str, *flags: str) -> list[dict[str, Any]]:
    """The whole list, which feeds the next Tab, and what the platform itself leaves of it."""
    cp("get", kind, "-A")
    found = cp("get", kind, "-A", *flags, "-o", "json")
    assert found.code == 0, found.err
    items: list[dict[str, Any]] = found.json["items"]
    return items


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["metadata"]["name"] for row in rows}


def of(rows: list[dict[str, Any]], field: str) -> set[str]:
    return {row["spec"][field] for row in rows}


PROVINCES = ("shanxi", "SX", "CN-SX", "cn-sx", "140000", "晋", "山西省", "山西", "Shanxi")


@pytest.mark.parametrize("spelled", PROVINCES)
def test_a_province_in_any_spelling(cp, spelled):
    rows = listed(cp, "offers", "--province", spelled)
    assert rows
    assert set(tabbed(cp, "get", "offers", "--province", spelled, "--accelerator", "")) == of(rows, "accelerator")
    assert set(tabbed(cp, "plan", f"--province={spelled}", "--provider", "")) == of(rows, "provider")


@pytest.mark.parametrize("spelled", ["Ascend-910B", "昇腾910B", "huawei ascend 910b", "910b-64g", "ascend-910b"])
def test_an_accelerator_in_any_spelling(cp, spelled):
    rows = listed(cp, "offers", "--accelerator", spelled)
    assert rows
    assert set(tabbed(cp, "get", "offers", "--gpu", spelled, "--province", "")) == of(rows, "province")


@pytest.mark.parametrize(
    "flags",
    [
        ("--vendor", "huawei"),
        ("--vendor", "华为,NVIDIA"),
        ("--exclude-province", "山西"),
        ("--exclude-province", "SX,宁夏"),
        ("--province", "shanxi", "--province", "NX"),
        ("--vendor", "nvidia", "--province", "SX"),
        ("--province=SX", "--vendor=huawei"),
    ],
)
def test_every_flag_that_narrows_offers(cp, flags):
    rows = listed(cp, "offers", *flags)
    assert set(tabbed(cp, "get", "offer", *flags, "")) == names(rows) != set()
    given = {word.partition("=")[0] for word in flags}
    for flag, field in (("--accelerator", "accelerator"), ("--provider", "provider")):
        assert set(tabbed(cp, "plan", *flags, flag, "")) == of(rows, field)
    if "--province" not in given:
        assert set(tabbed(cp, "create", "order", "x", *flags, "--province", "")) == of(rows, "province")
    if "--vendor" not in given:
        makers = {MAKERS[name] for name in of(rows, "accelerator")}
        assert set(tabbed(cp, "create", "demand", "x", *flags, "--vendor", "")) == makers


def test_providers_left_out(cp):
    rows = listed(cp, "offers", "--province", "shanxi")
    gone = sorted(of(rows, "provider"))[0]
    left = of([row for row in rows if row["spec"]["provider"] != gone], "provider")
    words = ("plan", "--province", "shanxi", "--exclude-provider", gone)
    assert set(tabbed(cp, *words, "--provider", "")) == left
    assert set(tabbed(cp, *words[:-2], "--exclude-provider", f"{gone},")) == {f"{gone},{one}" for one in left}


@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        ("providers", ("--province", "SX")),
        ("products", ("--vendor", "huawei")),
        ("products", ("--accelerator", "昇腾910B")),
        ("models", ("--task", "embedding")),
        ("models", ("--kind", "vertical")),
        ("models", ("--province", "SX")),
        ("models", ("--kind", "base", "--province", "山西", "--task", "chat")),
        ("sources", ("--province", "晋")),
    ],
)
def test_flags_of_other_kinds_narrow_their_names(cp, kind, flags):
    listed(cp, "sources")
    rows = listed(cp, kind, *flags)
    assert set(tabbed(cp, "get", kind, *flags, "")) == names(rows) != set()


def test_flags_of_models_narrow_each_other(cp):
    rows = listed(cp, "models", "--kind", "vertical")
    found = set(tabbed(cp, "get", "models", "--kind", "vertical", "--domain", ""))
    assert found == of(rows, "domain")
    publishers = {one: {r["spec"]["publisher"] for r in rows if r["spec"]["domain"] == one} for one in found}
    some = next(one for one, theirs in publishers.items() if not any(" " in name for name in theirs))
    assert set(tabbed(cp, "get", "models", "--domain", some, "--publisher", "")) == publishers[some]


def test_a_model_that_is_called_narrows_its_sources(cp):
    listed(cp, "models")
    rows = listed(cp, "sources")
    model, province = rows[0]["spec"]["model"], rows[0]["spec"]["province"]
    own = [row for row in rows if row["spec"]["model"] == model]
    assert set(tabbed(cp, "call", model, "--province", "")) == of(own, "province")
    here = of([row for row in own if row["spec"]["province"] == province], "provider")
    assert set(tabbed(cp, "call", model, "--province", province, "--source", "")) == here
    assert set(tabbed(cp, "call", "--province", province, f"{model}@")) == {f"{model}@{one}" for one in here}
    assert set(tabbed(cp, "get", "sources", "--model", model, "--province", "")) == of(own, "province")


# spellings begun


@pytest.mark.parametrize(
    ("flag", "begun", "found"),
    [
        ("--province", "晋", ["shanxi"]),
        ("--province", "山西省", ["shanxi"]),
        ("--province", "14", ["shanxi"]),
        ("--exclude-province", "CN-SX", ["shanxi"]),
        ("--province", "SHANX", ["shanxi"]),
        ("--province", "ningxia,晋", ["ningxia,shanxi"]),
        ("--accelerator", "h8", ["H800"]),
        ("--accelerator", "910b", ["Ascend-910B"]),
        ("--accelerator", "H20,昇腾910b", ["H20,Ascend-910B"]),
        ("--vendor", "华", ["huawei"]),
    ],
)
def test_a_spelling_begun_is_offered_by_its_name(cp, flag, begun, found):
    assert tabbed(cp, "plan", flag, begun) == found
    assert tabbed(cp, "plan", f"{flag}={begun}") == [f"{flag}={word}" for word in found]


@pytest.mark.parametrize(
    ("begun", "maker"), [("昇", "huawei"), ("NVI", "nvidia"), ("英伟达", "nvidia"), ("寒", "cambricon")]
)
def test_words_of_a_maker_offer_what_it_makes(cp, begun, maker):
    assert set(tabbed(cp, "plan", "--accelerator", begun)) == {name for name in MAKERS if MAKERS[name] == maker}


@pytest.mark.parametrize("begun", ["英伟达h", "nvidia-h8", "huawei昇腾910", "昇腾 910", "mtt", "4090", "atlas300i"])
def test_every_spelling_that_is_offered_for_ends_in_what_is_meant(begun):
    found = accelerators_begun(begun)
    assert found and all(accelerator(name) == name for name in found)


def test_no_spelling_of_nothing():
    for begun in ("", "zz", "----", "昇腾h800", "x" * 5_000, "nvidia" * 10 + "zz"):
        assert accelerators_begun(begun) == set()


@pytest.mark.parametrize("name", FLAGS)
def test_a_spelling_begun_becomes_its_name_in_a_shell(name, cp, tmp_path):
    spelled = {
        "--province 晋": "--province shanxi",
        "--gpu=昇腾910b": "--gpu=Ascend-910B",
        "--vendor 华": "--vendor huawei",
    }
    with sitting(name, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        for typed, becomes in spelled.items():
            line, after = keyboard.completed(f"cpctl plan {typed}")
            assert (line.rstrip(), after) == (f"cpctl plan {becomes}", "")


# names in another case


def test_names_in_any_case_where_none_begins_so(cp):
    rows = listed(cp, "offers")
    name = sorted(names(rows))[0]
    assert tabbed(cp, "get", "offer", name.upper()) == [name]
    assert tabbed(cp, "get", "OFF") == ["offers"]
    assert tabbed(cp, "get", "offers", "-o", "JS") == ["json", "jsonpath="]
    assert tabbed(cp, "get", "offers", "-W") == []
    assert tabbed(cp, "create", "order", "x", f"--offer={name.upper()}")[:1] in ([f"--offer={name}="], [])


# what is on the line already


def test_items_that_are_taken_are_not_offered_again(cp):
    rows = listed(cp, "offers")
    first, second = sorted(names(rows))[:2]
    assert first not in tabbed(cp, "get", "offers", first, "") and second in tabbed(cp, "get", "offers", first, "")
    assert f"offer/{first}" not in tabbed(cp, "get", f"offer/{first}", "offer/")
    assert f"of/{second}" in tabbed(cp, "get", f"offer/{first}", "of/")
    for words in (("--province", "SX,"), ("--province=山西,",), ("--province", "shanxi", "--province", "")):
        found = tabbed(cp, "plan", *words)
        assert found and not [one for one in found if one.endswith(("shanxi", "=shanxi"))]
    assert "H800,H800" not in tabbed(cp, "plan", "--gpu", "h800,H")
    assert "H800" not in tabbed(cp, "plan", "--gpu", "nvidia-h800", "--accelerator", "")
    assert "offers,offers" not in tabbed(cp, "get", "offers,") and "of,offers" not in tabbed(cp, "get", "of,")
    assert "table" not in tabbed(cp, "usage", "--by", "province,p")
    assert tabbed(cp, "usage", "--by", "province,pro") == ["province,provider", "province,product", "province,project"]


def test_names_are_taken_by_kind(fresh_cp, fresh_sandbox):
    offer = fresh_sandbox.offer(4)["metadata"]["name"]
    for name in ("one", "two"):
        assert fresh_cp("create", "order", name, "--offer", f"{offer}=1", "--duration", "1h", "--yes").code == 0
    sought = ("--gpu", "H200", "--cards", "4000", "--duration", "1h", "--until", in_a_day(fresh_sandbox))
    assert fresh_cp("create", "demand", "three", *sought, "--yes").code == 0
    for kind in ("orders", "demands"):
        fresh_cp("get", kind)
    assert tabbed(fresh_cp, "delete", "order/one", "order/") == ["order/two"]
    assert tabbed(fresh_cp, "delete", "order/three", "demand/") == ["demand/three"]


def test_numbers_of_cards_are_those_that_an_offer_sells(cp):
    """From its least number on, in its steps: the platform itself is asked about each."""
    rows = [row for row in listed(cp, "offers") if row["spec"]["billing"] == "on-demand"]
    kinds = {(row["spec"]["minCards"], row["spec"]["stepCards"]): row for row in rows if row["status"]["free"] >= 16}
    assert len(kinds) > 1
    for (least, step), row in kinds.items():
        name = row["metadata"]["name"]
        shares = tabbed(cp, "create", "order", "x", "--offer", f"{name}=")
        numbers = [int(share.partition("=")[2]) for share in shares]
        assert numbers[0] == least and numbers[-1] <= row["status"]["free"] < numbers[-1] + step
        for share in shares:
            words = ("--offer", share, "--duration", "1h", "--yes", "--dry-run=server")
            said = cp("create", "order", f"cards-of-{name}", *words)
            assert said.code == 0 or "sold" not in said.err, said.err


def test_offers_to_buy_have_a_card_left(fresh_cp, fresh_sandbox):
    offer = fresh_sandbox.offer(4)
    lone = offer["metadata"]["name"]
    fresh_sandbox.buy("all-of-it", {lone: offer["status"]["free"]})
    rows = listed(fresh_cp, "offers")
    assert next(row for row in rows if row["metadata"]["name"] == lone)["status"]["free"] == 0
    found = tabbed(fresh_cp, "create", "order", "x", "--offer", "")
    buyable = [row for row in rows if row["spec"]["billing"] == "on-demand" and row["status"]["free"]]
    assert set(found) == {f"{name}=" for name in names(buyable)}
    monthly = [row for row in rows if row["spec"]["billing"] == "monthly" and row["status"]["free"]]
    by_month = tabbed(fresh_cp, "create", "order", "x", "--billing", "monthly", "--offer", "")
    assert set(by_month) == {f"{name}=" for name in names(monthly)} != set()
    assert set(tabbed(fresh_cp, "get", "offer", "")) == names(rows)
    assert " x 0 free in " in answered(fresh_cp, "create", "order", "x", "--offer", lone)[0]  # named, it is not hidden
    again = tabbed(fresh_cp, "create", "order", "x", "--offer", f"{found[0]}1", "--offer", "")
    assert found[0] not in again and found[1] in again
