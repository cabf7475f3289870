"""`audit` finds what does not agree, each kind produced for real, and is hurt by nothing that lies in the journal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from client import Client
from cpctl.broker.journal import KEY_WINDOW
from fake_platform import good, listed, platform
from fixed_platform import objects
from money import LOST, TestClock, Trouble, forget, manifest, orders_of, record_files, rolled_back, through
from proxy import RecordingProxy
from sandbox_server import ROOT, running


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A sandbox where nobody else buys: what is billed there is what a test bought."""
    with running(tmp_path_factory.mktemp("shop"), seed=5) as sandbox:
        yield sandbox


@pytest.fixture
def cp(shop, tmp_path):
    yield Client(tmp_path / "home", env=shop.env)
    shop.admin.clear_faults()


@pytest.fixture
def elsewhere(shop, tmp_path):
    """The same account on another machine."""
    return Client(tmp_path / "elsewhere", env=shop.env)


@pytest.fixture
def wanted(tmp_path, shop):
    made = manifest(tmp_path)
    with rolled_back(shop, made.name):
        yield made


def unanswered(shop, cp, made):
    """A run whose request did nothing, and who does not know it."""
    shop.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(made)).code == 11


def found(cp, *flags, **more):
    """What is found, by kind and name; the exit code says whether anything is."""
    result = cp("audit", *flags, "-o", "json", **more)
    items = result.json["items"]
    assert result.code == (1 if items else 0), result.err
    return {(item["finding"], item["order"]): item for item in items}


# nothing to find


def test_where_all_agrees_nothing_is_printed_and_the_end_is_0(cp, shop, wanted):
    assert cp("audit").code == 0
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    result = cp("audit")
    assert (result.code, result.out) == (0, "")
    assert (
        result.err == f"audit of dev at CPCTL_SERVER ({shop.url}), project default: 2 records, 1 orders, 0 findings\n"
    )
    assert cp("delete", f"order/{wanted.name}").code == 0
    assert cp("audit").code == 0


# each finding


@pytest.mark.parametrize("acted", [True, False])
def test_a_run_that_was_killed_is_unfinished(cp, shop, wanted, acted):
    """kill -9 as its order arrives; the platform gets it, or does not."""
    running_now = []

    def kill(exchange):
        if exchange.line.startswith("POST /v1/orders?"):
            running_now[0].send_signal(signal.SIGKILL)
            running_now[0].wait()
            if not acted:
                raise OSError("the line is dead too")

    with RecordingProxy(shop.url, before=kill) as proxy:
        code = "from cpctl.main import main; main()"
        env = cp.env | through(cp, proxy) | {"PYTHONPATH": str(ROOT)}
        running_now.append(subprocess.Popen([sys.executable, "-c", code, "apply", "-f", str(wanted)], env=env))
        assert running_now[0].wait(60) == -signal.SIGKILL
        result = cp("audit", env=through(cp, proxy))
        assert result.code == 1
        titles, row = result.lines
        assert titles.split() == ["FINDING", "PROJECT", "NAME", "INTENT", "AGE", "DETAIL"]
        assert row.split()[:4] == ["unfinished", "default", wanted.name, "place"]
        assert "no answer was heard; " + ("the order is Held" if acted else "there is no such order") in row
        assert cp("audit", "-o", "name", env=through(cp, proxy)).out == f"order/{wanted.name}\n"
        assert len(orders_of(shop, wanted.name)) == (1 if acted else 0)


def test_a_run_that_stopped_before_its_end_is_unfinished(cp, shop, wanted):
    shop.admin.faults(path=f"/v1/orders/{wanted.name}/activate", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted), "--activate").code == 11
    items = found(cp)
    assert [key[0] for key in items] == ["unfinished"]
    states = {item["intent"]: item["state"] for item in cp("audit", "-o", "json").json["items"]}
    assert states == {"place": "placed", "activate": "prepared"}
    assert cp("apply", "-f", str(wanted), "--activate").code == 0
    assert cp("audit").code == 0


def test_an_order_deleted_on_another_machine_is_orphaned(cp, elsewhere, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    assert elsewhere("delete", f"order/{wanted.name}").code == 0
    assert "does not know it now" in found(cp)["orphaned", wanted.name]["detail"]


def test_two_runs_of_one_job_that_are_both_switched_on_are_duplicates(cp, shop, tmp_path):
    made = manifest(tmp_path)
    made.document["metadata"] = {"generateName": f"{made.name}-"}
    made.change()
    names = [f"{made.name}-{run}" for run in "12"]
    with rolled_back(shop, names[0]), rolled_back(shop, names[1]):
        assert cp("apply", "-f", str(made), "--run-id", "1", "--activate").code == 0
        assert cp("apply", "-f", str(made), "--run-id", "2").code == 0
        assert cp("audit").code == 0  # one of them is held: nothing is billed for it
        assert cp("activate", f"order/{names[1]}", "--yes").code == 0
        items = found(cp)
        assert set(items) == {("duplicate", name) for name in names}
        assert names[1] in items["duplicate", names[0]]["detail"]
        assert cp("release", f"order/{names[0]}").code == 0
        assert cp("audit").code == 0


def test_what_another_machine_bought_is_unexpected_once_it_is_billed(cp, elsewhere, shop, wanted):
    assert elsewhere("apply", "-f", str(wanted)).code == 0
    assert cp("audit").code == 0
    assert elsewhere("activate", f"order/{wanted.name}", "--yes").code == 0
    item = found(cp)["unexpected", wanted.name]
    assert (item["resolve"], item["file"]) == ([], None)
    assert elsewhere("audit").code == 0
    forget(elsewhere)
    assert set(found(elsewhere)) == {("unexpected", wanted.name)}
    ci = cp("audit", env={"CPCTL_TOKEN": shop.token_of("ci")})  # what somebody else bought is not his to expect
    assert (ci.code, ci.out) == (0, "")


def test_what_another_account_or_platform_began_is_foreign(cp, shop, wanted):
    with RecordingProxy(shop.url) as proxy:
        proxy.instead = Trouble("/v1/orders?", LOST["lost"])
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 11
        ci = through(cp, proxy) | {"CPCTL_TOKEN": shop.token_of("ci")}
        for item in (found(cp)["foreign", wanted.name], found(cp, env=ci)["foreign", wanted.name]):
            assert (item["account"], item["endpoint"], item["resolve"]) == ("dev", proxy.url, [])
        before = record_files(cp)[0].read_bytes()
        for way in ("finish", "cancel"):
            assert cp("audit", f"--resolve={way}", "--yes", env=ci).code == 1
        assert record_files(cp)[0].read_bytes() == before and len(orders_of(shop, wanted.name)) == 1
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 0
        assert cp("audit").code == 0  # what is closed is not found


def test_an_order_held_though_the_journal_says_it_was_switched_on(cp, shop, wanted):
    assert cp("apply", "-f", str(wanted), "--activate").code == 0
    (path,) = record_files(cp, "activate")
    text, uid = path.read_text(), orders_of(shop, wanted.name)[0]["metadata"]["uid"]
    assert cp("release", f"order/{wanted.name}").code == 0
    assert cp("apply", "-f", str(wanted), "--recreate", "--yes").code == 0
    assert cp("audit").code == 0  # the one that was switched on is another one
    path.write_text(text.replace(uid, orders_of(shop, wanted.name)[-1]["metadata"]["uid"]))
    assert "cpctl activate" in found(cp)["unswitched", wanted.name]["detail"]


def test_other_projects_are_looked_at_with_all_projects(cp, shop, tmp_path):
    made = manifest(tmp_path, project="research")
    unanswered(shop, cp, made)
    result = cp("audit")
    assert result.code == 0 and "1 more are of another account, platform or project" in result.err
    assert found(cp, "-A")["unfinished", made.name]["project"] == "research"
    assert found(cp, "-n", "research")["unfinished", made.name]["project"] == "research"
    later = replace(cp, clock=TestClock(timedelta(minutes=2)))
    assert later("audit", "-A", "--resolve=cancel", "--yes").code == 0


# what may lie in a journal

RUBBISH = {
    "empty": b"",
    "half": b'format = 1\nverb = "pla',
    "deep": b"x = " + b"[" * 100_000,
    "dots": b"a." * 500_000 + b"a = 1",
    "huge": b"#" * (9 << 20),
    "control": b'format = 1\nverb = "\x1b[2K\rPAID"\n',
    "not utf-8": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("which", RUBBISH)
def test_a_damaged_file_is_found_and_hides_nothing(cp, shop, wanted, which):
    unanswered(shop, cp, wanted)
    path = cp.state / "journal" / "default.x.place.0.toml"
    path.write_bytes(RUBBISH[which])
    began = time.monotonic()
    items = found(cp)
    assert time.monotonic() - began < 2
    assert set(items) == {("unfinished", wanted.name), ("damaged", None)}
    assert items["damaged", None]["file"] == str(path)
    assert "\x1b" not in cp("audit").out


def test_pipes_links_and_folders_in_a_journal_do_not_stop_it(cp, tmp_path):
    folder = cp.state / "journal"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "default.a.place.1.toml")
    (folder / "default.b.place.2.toml").symlink_to("/dev/zero")
    (folder / "default.c.place.3.toml").symlink_to(folder / "default.c.place.3.toml")
    (folder / "default.d.place.4.toml").mkdir()
    (folder / "notes.txt").write_text("mine")
    began = time.monotonic()
    result = cp("audit", "-o", "json")
    assert time.monotonic() - began < 2
    assert [item["finding"] for item in result.json["items"]] == ["damaged"] * 4
    made = manifest(tmp_path, "a")
    assert cp("diff", "-f", str(made)).err.endswith("order/a created\n")  # buying does not hang on it either


@pytest.mark.parametrize("field", ["name", "project", "verb", "account", "path", "outcome", "key"])
@pytest.mark.parametrize("text", ["\x1b[2K\rPAID 0.00\u202e", "../../../../tmp/evil", "x?uid=1&project=research", "\0"])
def test_hostile_words_in_a_record_act_on_nothing(cp, shop, wanted, field, text, tmp_path):
    import tomllib

    import tomli_w

    unanswered(shop, cp, wanted)
    (path,) = record_files(cp)
    path.write_text(tomli_w.dumps(tomllib.loads(path.read_text()) | {field: text}))
    before = sorted(tmp_path.rglob("*"))
    later = replace(cp, clock=TestClock(timedelta(minutes=2)))
    for flags in (
        [],
        ["--resolve=finish", "--yes"],
        ["--resolve=cancel", "--yes"],
        ["-A", "-o", "yaml"],
        ["-o", "name"],
    ):
        result = later("audit", *flags)
        assert result.code in (0, 1)
        assert not set("\x1b\r\u202e\0") & set(result.out + result.err)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_thousand_records_are_read_at_once(cp, shop, wanted):
    unanswered(shop, cp, wanted)
    (path,) = record_files(cp)
    text = path.read_text()
    for number in range(1_000):
        name = f"many-{number}"
        copied = text.replace(wanted.name, name).replace('"prepared"', '"done"' if number % 2 else '"refused"')
        path.with_name(path.name.replace(wanted.name, name)).write_text(copied)
    began = time.process_time()
    items = found(cp)
    assert time.process_time() - began < 3
    assert sum(key[0] == "orphaned" for key in items) == 500 and ("unfinished", wanted.name) in items


def test_a_journal_that_cannot_be_read_is_not_said_to_agree(cp):
    cp.state.mkdir(parents=True)
    (cp.state / "journal").write_text("")
    result = cp("audit")
    assert (result.code, result.out) == (1, "") and "cannot read" in result.err


# pruning


def test_pruning_takes_what_is_closed_and_old_and_of_no_order_that_goes_on(cp, shop, wanted, tmp_path):
    other = manifest(tmp_path)
    unanswered(shop, cp, other)
    wanted.change(duration="10d")
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    ended = manifest(tmp_path)
    assert cp("apply", "-f", str(ended)).code == 0
    assert cp("release", f"order/{ended.name}").code == 0
    young = cp("audit", "--prune")
    assert "0 closed records deleted" in young.err and len(record_files(cp)) == 3
    age = KEY_WINDOW + timedelta(hours=1)
    later = replace(cp, clock=TestClock(age))
    assert "0 closed records deleted" in later("audit", "--prune").err  # this machine's clock alone jumped ahead
    shop.admin.advance(age.total_seconds())
    assert "0 closed records deleted" in cp("audit", "--prune").err  # the platform's alone did
    old = later("audit", "--prune")
    assert old.code == 1 and "2 closed records deleted" in old.err  # placing and releasing of the one that ended
    left = "".join(path.name for path in record_files(cp) + record_files(cp, "release"))
    assert other.name in left and wanted.name in left and ended.name not in left


# forms and exit codes


def test_the_forms(cp, shop, wanted):
    unanswered(shop, cp, wanted)
    document = cp("audit", "-o", "json").json
    assert (document["kind"], list(document)[-1]) == ("List", "metadata")
    (item,) = document["items"]
    assert (item["kind"], item["intent"], item["state"]) == ("Finding", "place", "prepared")
    assert item["file"] == str(record_files(cp)[0]) and item["resolve"] == ["cancel", "finish"]
    assert "finding: unfinished" in cp("audit", "-o", "yaml").out
    assert json.loads(cp("audit", "-o", "json").out) == document


def test_what_is_no_answer_is_not_1(tmp_path):
    def answer(_method, path):
        return good({"account": "dev"}) if "whoami" in path else listed([{"no": "order"}])

    with platform(answer) as env:
        result = Client(tmp_path / "home", env=env)("audit")
    assert (result.code, result.out) == (9, "")
    nobody = Client(tmp_path / "home", env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "t"})
    assert nobody("audit").code == 9
    assert nobody("audit", "--resolve=forget", "--yes").code == 2
    unasked = nobody("audit", "--resolve=cancel")
    assert unasked.code == 2 and "--yes" in unasked.err


def test_what_a_platform_wrote_is_safe_to_print(tmp_path):
    order = objects()["orders"][0]
    status = {**order["status"], "phase": "Active", "createdBy": "dev"}
    spec = {"\x1b]0;x\x07": "\u202e"}
    hostile = {**order, "metadata": {**order["metadata"], "project": "\x1b[2K"}, "spec": spec, "status": status}

    def answer(_method, path):
        return good({"account": "dev"}) if "whoami" in path else listed([hostile])

    with platform(answer) as env:
        for form in ("table", "name", "json", "yaml"):
            result = Client(tmp_path / "home", env=env)("audit", "-A", "-o", form)
            assert result.code == 1
            assert not set("\x1b\x07\u202e") & set(result.out + result.err)
