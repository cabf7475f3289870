"""`apply` is safe to run again: a name stands for one order, whoever runs it, however often, at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from client import Client
from money import forget, manifest, new_name, orders_of, reservations, rolled_back, through
from proxy import RecordingProxy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def wanted(tmp_path, sandbox):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        yield made


# again


def test_second_apply_buys_nothing(cp, sandbox, wanted):
    command = ("apply", "-f", str(wanted), "--activate", "--wait", "-o", "json")
    first, again = cp(*command), cp(*command)
    assert (first.code, first.json["result"], first.json["status"]["phase"]) == (0, "created", "Active")
    assert (again.code, again.json["result"], again.json["status"]["phase"]) == (0, "unchanged", "Active")
    assert len(orders_of(sandbox, wanted.name)) == len(reservations(sandbox, wanted.name)) == 1
    released = cp("release", f"order/{wanted.name}", "-o", "json")
    bills = [bill for bill in sandbox.items("/v1/bills") if bill["spec"]["order"] == wanted.name]
    charges = [
        line
        for line in sandbox.ledger()
        if line["kind"] == "charge" and line["ref"] in {b["metadata"]["name"] for b in bills}
    ]
    assert len(charges) == len(bills) <= 1
    assert released.json["status"]["charged"] == (bills[0]["status"]["amount"] if bills else "0.00")


def test_an_order_that_is_held_is_unchanged_and_then_resumed_to_be_switched_on(cp, wanted):
    outcomes = [
        cp("apply", "-f", str(wanted), *more, "-o", "json").json["result"]
        for more in ([], [], ["--activate"], ["--activate", "--wait"])
    ]
    assert outcomes == ["created", "unchanged", "resumed", "unchanged"]


def test_sixteen_processes_apply_one_manifest_at_once(cp, sandbox, wanted):
    code = "from cpctl.main import main; main()"
    command = [sys.executable, "-c", code, "apply", "-f", str(wanted), "--activate", "--wait", "-o", "json"]
    env = cp.env | {"PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(16)]
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * 16, ended
    uids = {json.loads(out)["metadata"]["uid"] for out, _ in ended}
    assert len(uids) == len(orders_of(sandbox, wanted.name)) == len(reservations(sandbox, wanted.name)) == 1
    assert sum(json.loads(out)["result"] == "created" for out, _ in ended) == 1


# whose name it is


def test_a_name_of_another_spec_is_a_conflict_and_nothing_is_bought(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    for wiped in (False, True):
        wanted.change(duration="2h" if wiped else "3h")
        if wiped:
            forget(cp)
        result = cp("apply", "-f", str(wanted))
        assert (result.code, result.out) == (5, "")
        assert "another spec" in result.err and "nothing was bought" in result.err
    assert len(reservations(sandbox, wanted.name)) == 1


def test_other_limits_are_no_other_spec(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    wanted.change(limits={"budget": "9000.00"})
    assert cp("apply", "-f", str(wanted), "-o", "json").json["result"] == "unchanged"
    assert len(reservations(sandbox, wanted.name)) == 1


def test_an_order_of_somebody_else_is_a_conflict_unless_adopted(cp, sandbox, wanted):
    ci = {"CPCTL_TOKEN": sandbox.token_of("ci")}
    assert cp("apply", "-f", str(wanted), env=ci).code == 0
    refused = cp("apply", "-f", str(wanted))
    assert (refused.code, refused.out) == (5, "")
    assert "made by ci" in refused.err and "--adopt" in refused.err
    adopted = cp("apply", "-f", str(wanted), "--adopt", "--activate", "--wait", "-o", "json")
    assert (adopted.code, adopted.json["result"]) == (0, "resumed")
    assert len(reservations(sandbox, wanted.name)) == 1


def test_two_pipelines_are_two_orders_and_a_rerun_is_the_same(cp, sandbox, tmp_path):
    made = manifest(tmp_path)
    made.document["metadata"] = {"generateName": f"{made.name}-"}
    made.change()
    names = [cp("apply", "-f", str(made), "--run-id", run, "-o", "name").out for run in ("1", "2", "1")]
    assert names == [f"order/{made.name}-{run}\n" for run in ("1", "2", "1")]
    for run in ("1", "2"):
        with rolled_back(sandbox, f"{made.name}-{run}"):
            assert len(reservations(sandbox, f"{made.name}-{run}")) == 1
    assert cp("apply", "-f", str(made)).code == 2


# names whose order has ended


def test_an_order_that_failed_uncharged_is_bought_again(cp, sandbox, wanted):
    sandbox.admin.activation(failing=1)
    failed = cp("apply", "-f", str(wanted), "--activate", "--wait")
    assert failed.code == 5
    assert "Failed (ActivationFailed" in failed.err
    (first,) = orders_of(sandbox, wanted.name)
    again = cp("apply", "-f", str(wanted), "--activate", "--wait", "-o", "json")
    assert (again.code, again.json["result"]) == (0, "created")
    assert again.json["metadata"]["uid"] != first["metadata"]["uid"]


def test_a_hold_that_lapsed_is_bought_again_by_apply(fresh_cp, fresh_sandbox, tmp_path):
    made = manifest(tmp_path)
    assert fresh_cp("apply", "-f", str(made)).code == 0
    fresh_sandbox.admin.advance(3600)
    again = fresh_cp("apply", "-f", str(made), "-o", "json")
    assert (again.code, again.json["result"], again.json["status"]["phase"]) == (0, "created", "Held")
    assert len(reservations(fresh_sandbox, made.name)) == 2
    assert str(fresh_sandbox.balance_sheet()["reserved"]) == again.json["status"]["reserved"]


def test_an_order_that_was_charged_is_bought_again_only_when_told_to(fresh_cp, fresh_sandbox, tmp_path):
    made = manifest(tmp_path)
    assert fresh_cp("apply", "-f", str(made), "--activate", "--wait").code == 0
    fresh_sandbox.admin.advance(600)
    assert fresh_cp("release", f"order/{made.name}").code == 0
    refused = fresh_cp("apply", "-f", str(made))
    assert (refused.code, refused.out) == (5, "")
    assert "Released" in refused.err and "--recreate" in refused.err
    unasked = fresh_cp("apply", "-f", str(made), "--recreate")
    assert (unasked.code, unasked.out) == (2, "")
    assert len(reservations(fresh_sandbox, made.name)) == 1
    assert fresh_cp("apply", "-f", str(made), "--recreate", "--yes", "-o", "json").json["result"] == "created"
    assert fresh_cp("apply", "-f", str(made), "--recreate", "--yes", "-o", "json").json["result"] == "unchanged"
    assert len(reservations(fresh_sandbox, made.name)) == 2


def test_a_deleted_name_stays_taken(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    assert cp("delete", "-f", str(wanted)).code == 0
    result = cp("apply", "-f", str(wanted))
    assert (result.code, result.out) == (5, "")
    assert "deleted" in result.err and "nothing was bought" in result.err
    assert orders_of(sandbox, wanted.name) == []


# a market that moves


def test_a_price_that_moves_is_quoted_again(fresh_cp, fresh_sandbox, tmp_path):
    offer = fresh_sandbox.offer(accelerator="H800")
    name = offer["metadata"]["name"]
    made = manifest(tmp_path, allocations=[{"offer": name, "cards": offer["spec"]["minCards"]}])
    prices = iter(["31.0000", "32.0000"])

    def move(exchange):
        if exchange.line.startswith("POST /v1/orders?"):
            fresh_sandbox.admin.set_price(name, next(prices, "32.0000"))

    with RecordingProxy(fresh_sandbox.url, before=move) as proxy:
        result = fresh_cp("apply", "-f", str(made), "-o", "json", env=through(fresh_cp, proxy))
        assert result.code == 0, result.err
        assert [line["price"] for line in result.json["status"]["allocations"]] == ["32.0000"]
        assert result.err.count("choosing again") == 2
        assert len(proxy.sent("POST", "/v1/orders?")) == 3
    assert len(reservations(fresh_sandbox, made.name)) == 1


def test_a_price_that_moves_beyond_the_limit_buys_nothing(fresh_cp, fresh_sandbox, tmp_path):
    offer = fresh_sandbox.offer(accelerator="H800")
    name = offer["metadata"]["name"]
    limits = {"maxPrice": offer["spec"]["price"]}
    made = manifest(tmp_path, allocations=[{"offer": name, "cards": offer["spec"]["minCards"]}], limits=limits)

    def move(exchange):
        if exchange.line.startswith("POST /v1/orders?"):
            fresh_sandbox.admin.set_price(name, "99.0000")

    with RecordingProxy(fresh_sandbox.url, before=move) as proxy:
        result = fresh_cp("apply", "-f", str(made), env=through(fresh_cp, proxy))
    assert (result.code, result.out) == (7, "")
    assert "99.0000" in result.err and str(made) in result.err
    assert orders_of(fresh_sandbox, made.name) == []


@pytest.mark.parametrize("moment", ["POST /v1/quotes", "POST /v1/orders?"])
def test_cards_that_somebody_else_takes_meanwhile_are_bought_elsewhere(fresh_cp, fresh_sandbox, tmp_path, moment):
    made, taken = manifest(tmp_path, cards=8), []

    def take(exchange):
        if exchange.line.startswith(moment) and not taken:
            (line,) = json.loads(exchange.body)["allocations"]
            taken.append(line["offer"])
            free = fresh_sandbox.get(f"/v1/offers/{line['offer']}").json()
            step = free["spec"]["stepCards"]
            left = free["status"]["free"] // step * step
            fresh_sandbox.buy("the-quicker-one", {line["offer"]: left}, duration="1h")

    with RecordingProxy(fresh_sandbox.url, before=take) as proxy:
        result = fresh_cp("apply", "-f", str(made), "-o", "json", env=through(fresh_cp, proxy))
    assert result.code == 0, result.err
    assert taken and taken[0] not in {line["offer"] for line in result.json["status"]["allocations"]}
    fresh_sandbox.check_stock()


def test_cards_that_are_always_gone_are_no_capacity(cp, sandbox, wanted):
    sandbox.admin.faults(path="/v1/orders", method="POST", soldOut=True)
    result = cp("apply", "-f", str(wanted))
    assert (result.code, result.out) == (6, "")
    assert orders_of(sandbox, wanted.name) == []


def test_more_cards_than_there_are_are_no_capacity_at_once(cp, tmp_path):
    result = cp("apply", "-f", str(manifest(tmp_path, cards=90_000)))
    assert (result.code, result.out) == (6, "")
    assert "choosing again" not in result.err


# several, and what is printed


def test_many_orders_are_one_list_and_each_line_comes_as_it_is_done(cp, sandbox, tmp_path):
    folder = tmp_path / "orders"
    folder.mkdir()
    names = sorted(manifest(folder, new_name()).name for _ in range(3))
    lines = cp("apply", "-f", str(folder))
    assert lines.lines == [f"order/{name} created" for name in names]
    document = cp("apply", "-f", str(folder), "-o", "json").json
    assert (document["kind"], list(document)[-1]) == ("List", "metadata")
    assert [(item["metadata"]["name"], item["result"]) for item in document["items"]] == [
        (name, "unchanged") for name in names
    ]
    assert cp("apply", "-f", str(folder), "-o", "name").lines == [f"order/{name}" for name in names]
    yaml = cp("apply", "-f", str(folder / f"{names[0]}.json"), "-o", "yaml")
    assert yaml.out.rstrip().endswith("result: unchanged")
    assert cp("release", "-f", str(folder), "-o", "json").json["items"][0]["result"] == "released"
    assert cp("delete", "-f", str(folder)).lines == [f"order/{name} deleted" for name in names]


def test_the_receipt_names_profile_endpoint_and_the_most_that_is_charged(cp, sandbox, wanted):
    result = cp("apply", "-f", str(wanted))
    (order,) = orders_of(sandbox, wanted.name)
    assert sandbox.url in result.err
    assert f"{order['status']['total']} CNY at most" in result.err
    assert "held until" in result.err


# bad input

GOOD = (
    '{"apiVersion":"ccpp/v1","kind":"Order","metadata":{"name":"x-1"},'
    '"spec":{"accelerator":["H800"],"cards":8,"duration":"1h"}}'
)
BAD = {
    "empty": "",
    "tag": "!!python/object/apply:os.system [id]",
    "bombs": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n",
    "cycle": "a: &a [*a]",
    "twice": GOOD.replace('"cards":8', '"cards":8,"cards":9'),
    "deep": "[" * 100_000,
    "digits": GOOD.replace("8", "8" * 5_000),
    "surrogate": GOOD.replace("x-1", "\\ud800"),
    "nan": GOOD.replace("8", "NaN"),
    "negative": GOOD.replace("8", "-8"),
    "fraction": GOOD.replace(":8", ":8.5"),
    "words": GOOD.replace(":8", ':"eight"'),
    "bool": GOOD.replace(":8", ":true"),
    "price with letters": GOOD.replace('"1h"', '"1h","limits":{"maxPrice":"12a"}'),
    "unknown province": GOOD.replace('"1h"', '"1h","placement":{"provinces":["atlantis"]}'),
    "unknown field": GOOD.replace('"1h"', '"1h","colour":"red"'),
    "no duration": GOOD.replace(',"duration":"1h"', ""),
    "bare duration": GOOD.replace('"1h"', '"24"'),
    "name": GOOD.replace("x-1", "../../etc"),
    "other kind": GOOD.replace("Order", "Pod"),
    "other api": GOOD.replace("ccpp/v1", "v1"),
    "not utf-8": b"\xff\xfe\x00",
    "control": GOOD.replace("x-1", "x\\u001b[31m"),
}


@pytest.mark.parametrize("which", BAD)
def test_a_bad_manifest_is_2_within_a_second_and_nothing_is_asked(tmp_path, which):
    content = BAD[which]
    path = tmp_path / "order.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    cp = Client(tmp_path / "home", env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "t"})
    began = time.monotonic()
    result = cp("apply", "-f", str(path))
    assert (result.code, result.out) == (2, ""), result.err
    assert time.monotonic() - began < 1
    assert len(result.err.splitlines()) <= 2 and "\x1b" not in result.err and len(result.err) < 1_000


def test_devices_pipes_and_missing_files_are_2(tmp_path):
    cp = Client(tmp_path / "home", env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "t"})
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("/dev/zero", str(tmp_path / "pipe.yaml"), "/nowhere.yaml", "a\0b"):
        assert cp("apply", "-f", name).code == 2
    assert cp("apply").code == 2
    assert cp("apply", "-f", "-", stdin=GOOD.replace("8", "x")).code == 2


def test_an_unknown_accelerator_and_offer_are_told_with_what_is_legal(cp, tmp_path):
    unknown = cp("apply", "-f", str(manifest(tmp_path, accelerator=["H9999"])))
    assert unknown.code == 2 and "H800" in unknown.err
    gone = cp("apply", "-f", str(manifest(tmp_path, allocations=[{"offer": "of-none", "cards": 1}])))
    assert gone.code == 6, gone.err


def test_what_is_wrong_with_one_document_is_said_before_any_is_bought(cp, sandbox, tmp_path):
    good, bad = manifest(tmp_path), manifest(tmp_path, accelerator=["Nope-1"])
    result = cp("apply", "-f", str(good), "-f", str(bad))
    assert (result.code, result.out) == (2, "")
    assert bad.name in result.err and str(bad) in result.err
    assert orders_of(sandbox, good.name) == []
