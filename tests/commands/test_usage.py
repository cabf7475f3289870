"""`usage`: what a time cost is what its bills say, by whatever it is summed."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from client import Client
from fake_platform import good, platform
from money import manifest

BY = "province,accelerator,label:team"


@pytest.fixture
def used(fresh_cp, fresh_sandbox, tmp_path):
    """Two orders that ran for some days, one of them with a voucher; one runs on."""
    national = max(
        (one for one in fresh_sandbox.items("/v1/vouchers") if one["status"]["state"] == "Valid"),
        key=lambda one: (one["spec"]["province"] is None, Decimal(one["status"]["left"])),
    )["metadata"]["name"]
    for name, labels, spec in (
        ("first", {"team": "nlp"}, {"voucher": national, "duration": "30h"}),
        ("second", {"team": "vision"}, {"accelerator": ["Ascend-910B"], "duration": "9d", "cards": 16}),
        ("third", {}, {"duration": "20h"}),
    ):
        made = manifest(tmp_path, name, **spec)
        applied = fresh_cp("apply", "-f", str(made), "--activate", "--wait")
        assert applied.code == 0, applied.err
        if labels:
            assert fresh_cp("label", f"order/{name}", *(f"{key}={value}" for key, value in labels.items())).code == 0
        fresh_sandbox.admin.advance(3_600 * 7)
    fresh_sandbox.admin.advance(2 * 86_400)
    return fresh_cp


def now(sandbox):
    return datetime.fromtimestamp(sandbox.admin.now(), UTC)


def text(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_the_total_is_what_the_bills_come_to(used, fresh_sandbox):
    end = text(now(fresh_sandbox) - timedelta(minutes=1))
    report = used("usage", "--since", "30d", "--until", end, "--by", "order", "-o", "json").json
    final = defaultdict(Decimal)
    for bill in fresh_sandbox.items("/v1/bills"):
        if bill["status"]["state"] == "final":
            final[bill["spec"]["order"]] += Decimal(bill["status"]["amount"])
    ended = {row["key"]["order"]: Decimal(row["amount"]) for row in report["items"] if row["key"]["order"] != "second"}
    assert ended == {name: amount for name, amount in final.items() if name != "second"}
    assert {row["key"]["order"] for row in report["items"]} == {"first", "second", "third"}
    assert Decimal(report["total"]["discount"]) > 0


def test_times_that_follow_one_another_add_up(used, fresh_sandbox):
    end = now(fresh_sandbox) - timedelta(minutes=1)
    cuts = [end - timedelta(days=9), end - timedelta(hours=61, seconds=13), end - timedelta(hours=7, seconds=1), end]

    def total(since, until):
        report = used("usage", "--since", text(since), "--until", text(until), "--by", BY, "-o", "json").json
        return Decimal(report["total"]["amount"])

    assert sum(total(*pair) for pair in pairwise(cuts)) == total(cuts[0], cuts[-1]) > 0


def test_csv_is_the_table_for_programs(used):
    result = used("usage", "--since", "7d", "--by", BY, "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert result.code == 0 and result.err == ""
    assert {row["TEAM"] for row in rows} == {"nlp", "vision", ""} and rows[0]["PROVINCE"]
    assert all(Decimal(row["CARD-HOURS"]) > 0 and Decimal(row["CNY"]) >= 0 for row in rows)
    bare = used("usage", "--since", "7d", "--by", BY, "-o", "csv", "--no-headers").out
    assert bare == result.out.split("\n", 1)[1]


def test_the_table_says_its_time_and_total(used):
    result = used("usage", "--by", "province", "--by", "label:team")
    assert result.lines[0].split() == ["PROVINCE", "TEAM", "ORDERS", "CARD-HOURS", "DISCOUNT", "CNY"]
    total = used("usage", "-o", "json").json["total"]
    assert f"{total['amount'].split('.')[0]}" in result.err and "taken off by vouchers" in result.err
    assert "<none>" in result.out  # the order without a label


def test_nothing_was_used(fresh_cp):
    result = fresh_cp("usage", "--by", "order")
    assert (result.code, result.lines) == (0, ["ORDER   ORDERS   CARD-HOURS   DISCOUNT   CNY"])
    whole = fresh_cp("usage")
    assert whole.code == 0 and "0.00 CNY" in whole.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--since", "7"), "7"),
        (("--since", ""), "duration"),
        (("--since", "0d"), "0d"),
        (("--since", "-1d"), "-1d"),
        (("--since", "2026-01-01T00:00:00"), "zone"),
        (("--until", "yesterday"), "yesterday"),
        (("--since", "7d", "--until", "0001-01-02T00:00:00Z"), "year 1"),
        (("--since", "2026-01-02T00:00:00Z", "--until", "2026-01-01T00:00:00Z"), "before"),
        (("--by", "nosuch"), "nosuch"),
        (("--by", "order,order"), "once"),
        (("--by", "label:"), "by"),
        (("--by", "label:团队"), "by"),
        (("--by", ",".join(f"label:a{n}" for n in range(9))), "8"),
        (("-o", "wide"), "wide"),
    ],
)
def test_what_makes_no_sense_is_2(cp, words, says):
    result = cp("usage", *words)
    assert (result.code, result.out) == (2, "") and says in result.err, result.err


WHOLE = {
    "apiVersion": "ccpp/v1",
    "kind": "Usage",
    "spec": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-08T00:00:00Z", "by": ["order"]},
    "items": [{"key": {"order": "a"}, "orders": 1, "cardSeconds": 3600, "amount": "1.00", "discount": "0.50"}],
    "total": {"orders": 1, "cardSeconds": 3600, "amount": "1.00", "discount": "0.50"},
    "metadata": {"resourceVersion": "1", "asOf": "2026-01-08T00:00:00Z"},
}


def told(tmp_path, document, *words):
    with platform(lambda _method, _path: good(document)) as env:
        return Client(tmp_path, env=env)("usage", "--by", "order", *words)


def test_the_report_believed(tmp_path):
    result = told(tmp_path, WHOLE)
    assert (result.code, result.lines[1].split()) == (0, ["a", "1", "1.00", "0.50", "1.00"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": WHOLE["total"] | {"amount": "0.99"}},
        {"total": WHOLE["total"] | {"discount": "0.49"}},
        {"total": None},
        {"items": None},
        {"items": [WHOLE["items"][0] | {"amount": 1.0}]},
        {"items": [WHOLE["items"][0] | {"orders": True}]},
        {"items": [WHOLE["items"][0] | {"cardSeconds": -1}]},
        {"items": [WHOLE["items"][0] | {"key": {}}]},
        {"items": [WHOLE["items"][0] | {"key": {"order": ["a"]}}]},
        {"spec": WHOLE["spec"] | {"by": ["province"]}},
        {"spec": WHOLE["spec"] | {"from": "then"}},
        {"spec": []},
    ],
)
def test_a_report_that_is_none_is_not_believed(tmp_path, wrong):
    result = told(tmp_path, WHOLE | wrong)
    assert (result.code, result.out) == (1, "") and "report of usage" in result.err


def test_hostile_words_are_made_safe(tmp_path):
    row = WHOLE["items"][0] | {"key": {"order": "\x1b]0;x\x07=cmd|' /c calc'!A1"}}
    table, sheet = (told(tmp_path / form, WHOLE | {"items": [row]}, "-o", form) for form in ("table", "csv"))
    assert table.code == sheet.code == 0 and "\x1b" not in table.out + sheet.out
    row = WHOLE["items"][0] | {"key": {"order": "=1+1"}}
    assert "'=1+1" in told(tmp_path, WHOLE | {"items": [row]}, "-o", "csv").out
