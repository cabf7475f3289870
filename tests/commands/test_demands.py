"""Demands from the client's side: published exactly once, matched by one order of their name, and never switched on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from client import Client
from money import manifest, new_name, orders_of, record_files, rolled_back, through
from proxy import RecordingProxy

ROOT = Path(__file__).resolve().parents[2]
NEVER = 90_000  # more H800 than there are
KINDS = ("order", "demand")


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def until(sandbox):
    return stamp(datetime.fromtimestamp(sandbox.admin.now(), UTC) + timedelta(hours=6))


@pytest.fixture
def name(sandbox):
    made = new_name()
    with rolled_back(sandbox, made):
        yield made
    withdrawn(sandbox, made)


def withdrawn(sandbox, name):
    """No open demand stays behind."""
    for demand in demands_of(sandbox, name):
        uid = {"uid": demand["metadata"]["uid"]}
        sandbox.client().delete(f"/v1/demands/{name}", params=uid).raise_for_status()


def demands_of(sandbox, name):
    return [each for each in sandbox.items("/v1/demands") if each["metadata"]["name"] == name]


def create(name, until, cards=NEVER, *more):
    flags = ("--gpu", "H800", "--cards", str(cards), "--duration", "1h", "--until", until)
    return ("create", "demand", name, *flags, *more)


@pytest.fixture
def wanted(name, until, tmp_path):
    """A manifest of a demand that cannot be matched."""
    return demand_file(tmp_path, name, until)


def demand_file(folder, name, until, **spec):
    """A manifest; None takes a field out."""
    made = manifest(folder, name, cards=NEVER, accelerator=["H800"])
    made.path = folder / f"{name}-demand.json"
    made.document["kind"] = "Demand"
    made.change(**{"until": until} | spec)
    return made


def written(path, *documents):
    """One file of many documents."""
    path.write_text("\n---\n".join(map(json.dumps, documents)))
    return path


# the whole way


def test_published_matched_waited_for_and_switched_on(cp, sandbox, name, until):
    published = cp(*create(name, until, 2, "--yes", "--label", "team=nlp", "--budget", "500"))
    assert (published.code, published.out) == (0, f"demand/{name} created\n")
    assert f"cpctl activate order/{name}" in published.err
    (demand,) = demands_of(sandbox, name)
    assert (demand["status"]["phase"], demand["status"]["match"]) == ("Matched", name)
    assert demand["status"]["limits"] == {"maxOrder": "500"}
    assert demand["metadata"]["labels"] == {"team": "nlp"}
    waited = cp("wait", f"demand/{name}", "--for=condition=Matched", "--timeout", "5s")
    assert (waited.code, waited.out) == (0, f"demand/{name} condition met\n")
    assert orders_of(sandbox, name)[0]["status"]["phase"] == "Held"
    assert cp("activate", f"order/{name}", "--wait", "--yes").code == 0
    assert orders_of(sandbox, name)[0]["status"]["phase"] == "Active"
    assert cp("release", f"order/{name}").code == 0


def test_it_is_waited_for_until_stock_is_freed(fresh_cp, fresh_sandbox):
    offer = fresh_sandbox.offer(cards=1)
    province, accelerator = offer["spec"]["province"], offer["spec"]["accelerator"]
    same = fresh_sandbox.items("/v1/offers", province=province, accelerator=accelerator, billing="on-demand")
    bought = []
    for count, each in enumerate(one for one in same if one["status"]["free"]):
        sold, free = each["spec"], each["status"]["free"]
        most = free - (free - sold["minCards"]) % sold["stepCards"]
        bought.append(fresh_sandbox.buy(f"all-{count}", {each["metadata"]["name"]: most}, duration="1h"))
    least = min(each["spec"]["minCards"] for each in same)
    until = stamp(datetime.fromtimestamp(fresh_sandbox.admin.now(), UTC) + timedelta(hours=6))
    flags = ("--gpu", accelerator, "--province", province, "--duration", "1h", "--until", until, "--yes")
    assert fresh_cp("create", "demand", "later", "--cards", str(least), *flags).code == 0
    assert fresh_cp("wait", "demand/later", "--for=condition=Matched", "--timeout", "1s").code == 8
    command = [sys.executable, "-c", "from cpctl.main import main; main()", "wait", "demand/later"]
    env = fresh_cp.env | {"PYTHONPATH": str(ROOT)}
    waiting = subprocess.Popen([*command, "--for=condition=Matched", "--timeout", "30s"], env=env, stdout=-1, text=True)
    time.sleep(0.5)
    for order in bought:
        fresh_sandbox.act(order, "release")
    out, _ = waiting.communicate(timeout=40)
    assert (waiting.returncode, out) == (0, "demand/later condition met\n")


def test_a_mixed_manifest_is_applied_compared_and_deleted(cp, sandbox, name, until, tmp_path):
    order = manifest(tmp_path)
    demand = demand_file(tmp_path, name, until)
    both = written(tmp_path / "both.yaml", order.document, demand.document)
    with rolled_back(sandbox, order.name):
        foreseen = cp("diff", "-f", str(both))
        assert foreseen.code == 1 and f"demand/{name} created" in foreseen.err
        lines = [f"order/{order.name}", f"demand/{name}"]
        assert cp("apply", "-f", str(both)).lines == [f"{line} created" for line in lines]
        assert cp("apply", "-f", str(both)).lines == [f"{line} unchanged" for line in lines]
        assert cp("apply", "-f", str(both), "-o", "name").lines == lines
        assert [one["result"] for one in cp("apply", "-f", str(both), "-o", "json").json["items"]] == ["unchanged"] * 2
        same = cp("diff", "-f", str(both))
        assert (same.code, same.out) == (0, "")
        activated = cp("apply", "-f", str(both), "--activate", "--wait")
        assert activated.lines == [f"order/{order.name} resumed", f"demand/{name} unchanged"]
        assert "is not switched on" in activated.err
        assert cp("release", "-f", str(both)).code == 2
        assert cp("delete", "-f", str(both)).lines == [f"{line} deleted" for line in lines]
        assert demands_of(sandbox, name) == orders_of(sandbox, order.name) == []


def test_a_mistake_in_one_document_stops_the_others(cp, sandbox, name, tmp_path):
    """The order that stands before it is not bought either."""
    order = manifest(tmp_path)
    demand = demand_file(tmp_path, name, "2020-01-01T00:00:00Z")
    result = cp("apply", "-f", str(order), "-f", str(demand))
    assert result.code == 2 and "spec.until 2020-01-01T00:00:00Z is over" in result.err
    assert orders_of(sandbox, order.name) == demands_of(sandbox, name) == []


# asking


def test_on_a_terminal_the_most_it_may_reserve_is_shown_and_asked_about(cp, sandbox, name, until):
    flags = create(name, until, 8, "--max-price", "20", "--budget", "100")
    refused = cp(*flags, tty=True, stdin="n\n")
    assert refused.code == 2 and "reserves at most 100.00 CNY" in refused.err
    assert demands_of(sandbox, name) == []
    by_price = cp(*create(name, until, 8, "--max-price", "20"), tty=True, stdin="n\n")
    assert "reserves at most 160.00 CNY" in by_price.err
    unbounded = cp(*create(name, until), tty=True, stdin="\n")
    assert "no limit is set" in unbounded.err
    assert cp(*create(name, until), tty=True, stdin="y\n").code == 0
    assert len(demands_of(sandbox, name)) == 1


def test_off_a_terminal_create_needs_yes_and_apply_does_not(cp, sandbox, name, until, wanted):
    refused = cp(*create(name, until))
    assert refused.code == 2 and "--yes" in refused.err
    assert demands_of(sandbox, name) == []
    assert cp("apply", "-f", str(wanted)).code == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, "is over"),
        ({"until": "tomorrow"}, "spec.until"),
        ({"until": None}, "spec.until is required"),
        ({"accelerator": None}, "spec.accelerator is required"),
        ({"cards": None}, "spec.cards is required"),
        ({"accelerator": ["H900"]}, "H900"),
        ({"cards": 0}, "spec.cards"),
        ({"duration": "24"}, "spec.duration"),
        ({"allocations": [{"offer": "of-a", "cards": 1}]}, "spec.allocations"),
        ({"unitl": "2030-01-01T00:00:00Z"}, "unitl"),
    ],
)
def test_what_is_no_demand_is_refused_and_nothing_is_published(cp, sandbox, name, until, tmp_path, change, says):
    made = demand_file(tmp_path, name, **{"until": until} | change)
    result = cp("apply", "-f", str(made))
    assert (result.code, result.out) == (2, "") and says in result.err
    assert demands_of(sandbox, name) == []


def test_one_name_stands_once_in_a_manifest_whatever_the_kind(cp, sandbox, name, until, tmp_path):
    order, demand = manifest(tmp_path, name).document, demand_file(tmp_path, name, until).document
    for pair in ([order, demand], [demand, order], [demand, demand]):
        result = cp("apply", "-f", str(written(tmp_path / "twice.yaml", *pair)))
        assert result.code == 2 and "as well" in result.err
    assert orders_of(sandbox, name) == demands_of(sandbox, name) == []


@pytest.mark.parametrize("change", [{"apiVersion": "ccpp/v2"}, {"kind": "Wish"}, {"kind": ["Demand"]}, {"kind": None}])
def test_another_version_or_kind_is_refused(cp, sandbox, name, wanted, change):
    wanted.document |= change
    wanted.change()
    assert cp("apply", "-f", str(wanted)).code == 2
    assert demands_of(sandbox, name) == []


# whose name it is


def test_the_same_again_is_unchanged_and_another_is_a_conflict(cp, sandbox, name, wanted):
    assert cp("apply", "-f", str(wanted), "-o", "json").json["result"] == "created"
    assert cp("apply", "-f", str(wanted), "-o", "json").json["result"] == "unchanged"
    elsewhere = Client(cp.home / "elsewhere", env=sandbox.env)
    assert elsewhere("apply", "-f", str(wanted), "-o", "json").json["result"] == "unchanged"
    wanted.change(duration="2h")
    result = cp("apply", "-f", str(wanted))
    assert result.code == 5 and "another spec" in result.err
    foreseen = cp("diff", "-f", str(wanted))
    assert foreseen.code == 1 and '-  duration: "1h"' in foreseen.out
    assert len(demands_of(sandbox, name)) == 1


def test_create_wants_a_name_that_is_new(cp, name, until):
    assert cp(*create(name, until, NEVER, "--yes")).code == 0
    assert cp(*create(name, until, NEVER, "--yes")).code == 5


@pytest.mark.parametrize("first", KINDS)
def test_an_order_and_a_demand_cannot_share_a_name(cp, sandbox, name, until, tmp_path, first):
    files = {"demand": demand_file(tmp_path, name, until), "order": manifest(tmp_path, name)}
    second = next(kind for kind in KINDS if kind != first)
    assert cp("apply", "-f", str(files[first])).code == 0
    result = cp("apply", "-f", str(files[second]))
    assert (result.code, result.out) == (5, "")
    assert len(orders_of(sandbox, name)) + len(demands_of(sandbox, name)) == 1


def test_one_of_somebody_else_is_a_conflict_unless_adopted(cp, sandbox, name, wanted):
    other = Client(cp.home / "ci", env=sandbox.env | {"CPCTL_TOKEN": sandbox.token_of("ci")})
    assert other("apply", "-f", str(wanted)).code == 0
    assert cp("apply", "-f", str(wanted)).code == 5
    assert cp("apply", "-f", str(wanted), "--adopt", "-o", "json").json["result"] == "unchanged"


def test_a_deleted_one_keeps_its_name(cp, sandbox, name, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    assert cp("delete", f"demand/{name}").out == f"demand/{name} deleted\n"
    assert cp("get", f"demand/{name}").code == 3
    assert cp("delete", f"demand/{name}").code == 3
    assert cp("delete", f"demand/{name}", "--ignore-not-found").code == 0
    result = cp("apply", "-f", str(wanted))
    assert result.code == 5 and "deleted" in result.err


def test_the_order_of_a_deleted_demand_stays_and_is_named(cp, sandbox, name, until):
    assert cp(*create(name, until, 1, "--yes")).code == 0
    result = cp("delete", f"demand/{name}")
    assert result.code == 0 and f"cpctl delete order/{name}" in result.err
    assert orders_of(sandbox, name)[0]["status"]["phase"] == "Held"


# limits


def test_limits_of_every_place_travel_along(cp, sandbox, name, wanted):
    env = {"CPCTL_MAX_DAY": "5000", "CPCTL_MAX_ORDER": "300", "CPCTL_MAX_PRICE": "19.5"}
    wanted.change(limits={"budget": "250.00"})
    assert cp("apply", "-f", str(wanted), env=env).code == 0
    assert demands_of(sandbox, name)[0]["status"]["limits"] == {
        "maxDay": "5000",
        "maxOrder": "250.00",
        "maxPrice": "19.5",
    }


def test_a_demand_under_wider_limits_is_not_taken_for_the_one_wanted(cp, sandbox, name, wanted):
    """The platform would buy at more than is allowed by now."""
    assert cp("apply", "-f", str(wanted), env={"CPCTL_MAX_ORDER": "300"}).code == 0
    assert cp("apply", "-f", str(wanted), env={"CPCTL_MAX_ORDER": "300"}).code == 0
    assert cp("apply", "-f", str(wanted), env={"CPCTL_MAX_ORDER": "400"}).code == 0
    for env in ({"CPCTL_MAX_ORDER": "299.99"}, {"CPCTL_MAX_DAY": "1"}):
        result = cp("apply", "-f", str(wanted), env=env)
        assert result.code == 5 and "wider limits" in result.err


def test_cards_are_looked_for_within_the_residency_alone(cp, sandbox, name, until):
    cp.config.parent.mkdir(parents=True, mode=0o700)
    cp.config.touch(mode=0o600)
    residency = '[profiles.p.residency]\nprovinces = ["ningxia", "shanxi"]\n'
    cp.config.write_text(f'[profiles.p]\nserver = "{sandbox.url}"\n{residency}')
    env = {"CPCTL_PROFILE": "p", "CPCTL_SERVER": ""}
    outside = cp(*create(name, until, 1, "--yes", "--province", "qinghai"), env=env)
    assert outside.code == 7, outside.err
    assert demands_of(sandbox, name) == []
    inside = cp(*create(name, until, NEVER, "--yes", "--province", "shanxi,qinghai"), env=env)
    assert inside.code == 0, inside.err
    assert demands_of(sandbox, name)[0]["spec"]["placement"] == {"provinces": ["shanxi"]}


# exactly once


LOST = [{"dropAfterCommit": True}, {"truncate": True}]


@pytest.mark.parametrize("fault", LOST, ids=["no answer", "half an answer"])
def test_a_lost_answer_is_11_and_the_same_command_finishes_it(cp, sandbox, name, wanted, fault):
    sandbox.admin.faults(path="/v1/demands", method="POST", count=1, **fault)
    lost = cp("apply", "-f", str(wanted))
    assert (lost.code, lost.out) == (11, "") and f'publishing demand "{name}"' in lost.err
    again = cp("apply", "-f", str(wanted), "-o", "json")
    assert (again.code, again.json["result"]) == (0, "resumed")
    assert len(demands_of(sandbox, name)) == 1
    assert cp("apply", "-f", str(wanted), "-o", "json").json["result"] == "unchanged"


def test_the_same_bytes_are_sent_again(cp, sandbox, name, wanted):
    sandbox.admin.faults(path="/v1/demands", method="POST", count=1, dropAfterCommit=True)
    with RecordingProxy(sandbox.url) as proxy:
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 11
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 0
        sent = [one for one in proxy.exchanges if one.line.startswith("POST /v1/demands")]
    assert len(sent) == 2
    assert sent[0].body == sent[1].body
    first, second = (one.header("idempotency-key") for one in sent)
    assert first and first == second


def test_create_again_finishes_its_own_and_no_second_is_published(cp, sandbox, name, until):
    sandbox.admin.faults(path="/v1/demands", method="POST", count=1, dropAfterCommit=True)
    command = create(name, until, 2, "--yes")
    assert cp(*command).code == 11
    assert cp(*command).out == f"demand/{name} resumed\n"
    assert cp(*command).code == 5
    assert len(demands_of(sandbox, name)) == len(orders_of(sandbox, name)) == 1


def test_the_record_is_there_before_anything_is_sent(cp, sandbox, name, wanted):
    (cp.state).mkdir(parents=True)
    (cp.state / "journal").write_text("in the way")
    result = cp("apply", "-f", str(wanted))
    assert result.code == 1
    assert demands_of(sandbox, name) == []


def test_the_record_holds_the_bytes_and_is_closed_in_the_end(cp, name, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    (record,) = record_files(cp, "publish")
    text = record.read_text()
    assert 'verb = "publish"' in text and 'state = "done"' in text and name in record.name


def test_sixteen_processes_publish_one_demand(cp, sandbox, name, wanted):
    command = [sys.executable, "-c", "from cpctl.main import main; main()", "apply", "-f", str(wanted), "-o", "json"]
    env = cp.env | {"PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(command, env=env, stdout=-1, stderr=-1) for _ in range(16)]
    ended = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * 16, ended
    assert len({json.loads(out)["metadata"]["uid"] for out, _ in ended}) == len(demands_of(sandbox, name)) == 1
    assert sum(json.loads(out)["result"] == "created" for out, _ in ended) == 1


# waiting


def test_a_wait_ends_when_the_demand_is_over(fresh_cp, fresh_sandbox):
    until = stamp(datetime.fromtimestamp(fresh_sandbox.admin.now(), UTC) + timedelta(hours=6))
    for made, more in (("stock", ()), ("money", ("--budget", "0.01"))):
        assert fresh_cp(*create(made, until, NEVER if made == "stock" else 8, "--yes", *more)).code == 0
    fresh_sandbox.admin.advance(7 * 3600)
    ends = {made: fresh_cp("wait", f"demand/{made}", "--for=condition=Matched").code for made in ("stock", "money")}
    assert ends == {"stock": 6, "money": 5}
    assert fresh_cp("apply", "-f", str(demand_file(fresh_cp.home.parent, "stock", until))).code == 5
    events = fresh_cp("events", "--for", "demand/stock").out
    assert "Published" in events and "Expired" in events


def test_a_wait_ends_when_the_demand_is_deleted(cp, sandbox, name, until):
    assert cp(*create(name, until, NEVER, "--yes")).code == 0
    command = [sys.executable, "-c", "from cpctl.main import main; main()", "wait", f"demand/{name}"]
    env = cp.env | {"PYTHONPATH": str(ROOT)}
    waiting = subprocess.Popen([*command, "--for=condition=Matched"], env=env, stderr=-1, text=True)
    time.sleep(1)
    assert cp("delete", f"demand/{name}").code == 0
    _, err = waiting.communicate(timeout=20)
    assert waiting.returncode == 5 and "deleted" in err


@pytest.mark.parametrize("verb", ["create", "wait"])
def test_ctrl_c_names_what_goes_on(cp, sandbox, name, until, verb):
    if verb == "wait":
        assert cp(*create(name, until, NEVER, "--yes")).code == 0
        words = ("wait", f"demand/{name}", "--for=condition=Matched")
    else:
        sandbox.admin.faults(path="/v1/demands", method="POST", latency=20, count=1)
        words = create(name, until, NEVER, "--yes")
    command = [sys.executable, "-c", "from cpctl.main import main; main()", *words]
    process = subprocess.Popen(command, env=cp.env | {"PYTHONPATH": str(ROOT)}, stdout=-1, stderr=-1, text=True)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode in (130, -2)
    assert f"cpctl get demand/{name}" in err and f"cpctl delete demand/{name}" in err
