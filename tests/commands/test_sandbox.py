"""sandbox: its verbs as a user types them, in folders of their own; each ends what it starts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cpctl.complete.store import place
from sandbox_server import ROOT
from tests.client import Client

UP_LIMIT_S = 10  # promised: 3 on a quiet machine


@pytest.fixture
def me(tmp_path):
    """Somebody with nothing yet; what they start is stopped."""
    client = Client(tmp_path)
    yield client
    client("sandbox", "down")
    assert client("sandbox", "status").code == 3


@pytest.fixture
def up(me):
    """A sandbox that runs, small; what `sandbox status -o json` says."""
    assert me("sandbox", "up", "--port", "0", "--scale", "60").code == 0
    return me("sandbox", "status", "-o", "json").json


def folder(me):
    return me.home / "data" / "cpctl" / "sandbox"


def one_line(result):
    assert result.out == "" and result.err.count("\n") == 1 and result.err.startswith("error: "), result
    return result.err


def test_up_in_a_process_of_its_own_is_quick_and_get_follows(me):
    begun = time.monotonic()
    cpctl = f'"{sys.executable}" -m cpctl'
    listed = f"{cpctl} get offers --province shanxi,宁夏 --accelerator 昇腾910B -o json"
    done = subprocess.run(
        ["bash", "-c", f"{cpctl} sandbox up --port 0 && {listed}"],
        env=me.env | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - begun
    print(f"sandbox up and get: {seconds:.2f} s")
    assert done.returncode == 0 and seconds < UP_LIMIT_S
    rows = json.loads(done.stdout)["items"]
    assert rows and {row["spec"]["accelerator"] for row in rows} == {"Ascend-910B"}
    assert {row["spec"]["province"] for row in rows} == {"shanxi", "ningxia"}


def test_up_is_idempotent(me, up):
    again = me("sandbox", "up", "--port", "0")
    assert again.code == 0 and up["url"] in again.err and 'profile "sandbox" is current' in again.err
    assert me("sandbox", "status", "-o", "json").json == up
    assert me("get", "offers", "-o", "name").out.count("offer/") >= 30


@pytest.mark.parametrize("flag", ["--seed=2", "--scale=61", "--speed=9", "--port=1"])
def test_up_otherwise_while_it_runs_says_what_runs_and_what_to_do(me, up, flag):
    result = me("sandbox", "up", flag)
    said = one_line(result)
    assert result.code == 1 and up["url"] in said and "; try: cpctl sandbox" in said
    assert me("sandbox", "status").code == 0


def test_the_way_on_that_is_told_works(me, up):
    beside = str(me.home / "beside")
    result = me("sandbox", "up", "--port", "0", "--scale", "60", "--seed", "2", "--data", beside)
    assert result.code == 0 and "seed 2" in result.err
    assert me("sandbox", "down", "--data", beside).code == 0
    assert me("sandbox", "down", "--data", str(folder(me))).err == "sandbox stopped\n"


def test_status_tells_and_its_code_too(me, up):
    assert up["url"] in me("sandbox", "status").out
    assert me("sandbox", "down").err == "sandbox stopped\n"
    assert me("sandbox", "down").err == "sandbox was not running\n"
    result = me("sandbox", "status")
    assert result.code == 3 and "cpctl sandbox up" in one_line(result)
    assert me("sandbox", "status", "-o", "json").json == {"url": None}
    away = me("get", "offers")
    assert away.code == 9 and "; try: cpctl sandbox up" in one_line(away)


def test_down_keeps_and_reset_throws_away(me, up):
    order = ("create", "order", "kept", "--accelerator", "910B", "--cards", "8", "--duration", "1h", "--yes")
    assert me(*order).code == 0
    me("sandbox", "down")
    me("sandbox", "up", "--port", "0")
    assert me("get", "orders", "-o", "name").out == "order/kept\n"
    assert b"kept" in (Path(place(me.env).folder) / "orders").read_bytes()
    result = me("sandbox", "reset", "--yes")
    assert result.code == 0 and "afresh" in result.err and "scale 60" in result.err
    assert not (Path(place(me.env).folder) / "orders").exists()  # nor does Tab know it any more
    assert me("get", "orders").err == "No resources found in default project.\n"


def test_reset_on_a_terminal_asks_first(me, up):
    refused = me("sandbox", "reset", stdin="n\n", tty=True)
    assert refused.code == 2 and "nothing was done" in refused.err
    assert me("sandbox", "status", "-o", "json").json == up


def test_logs(me, up):
    me("get", "orders/nothing")
    logs = me("sandbox", "logs")
    assert logs.code == 0 and "GET /v1/orders/nothing 404" in logs.out
    nowhere = me("sandbox", "logs", "--data", str(me.home / "nowhere"))
    assert nowhere.code == 3 and "no log at" in one_line(nowhere) and "server" not in nowhere.err


def test_faults(me, up):
    assert me("sandbox", "faults").out == "no faults\n"
    made = me("sandbox", "faults", "set", "--province", "青海,晋", "--down")
    assert [line.split()[1:] for line in made.lines[1:]] == [
        [f"province={p}", "down", "always"] for p in ("qinghai", "shanxi")
    ]
    assert me("sandbox", "faults", "list").out == made.out
    assert "qinghai is down" in me("get", "offers").err
    kinds = me("sandbox", "faults", "set", "--province", "豫", "--denied", "--slow", "--stale").lines[-1]
    assert kinds.split()[1:3] == ["province=henan", "denied,slow,stale"]
    assert me("sandbox", "faults", "clear").out == "no faults\n"
    assert me("get", "offers", "--require-complete").code == 0
    me("sandbox", "faults", "set", "--error", "503", "--path", "/v1/scenarios", "--times", "1", "--method", "get")
    assert "error=503" in me("sandbox", "faults").out
    me("sandbox", "faults", "clear")
    me("sandbox", "faults", "set", "--html", "--path", "/v1/projects")
    html = me("get", "projects")
    assert html.code == 1 and "text/html" in one_line(html)
    assert me("sandbox", "faults", "set", "--rate", "50%", "--latency", "1s", "--province", "豫").code == 0


@pytest.mark.parametrize("fault", [["--down"], ["--error", "401"], ["--html"], ["--truncate"], ["--latency", "20s"]])
def test_a_fault_that_strikes_everything_leaves_the_switches(me, up, fault):
    made = me("sandbox", "faults", "set", *fault)
    assert made.code == 0, made.err
    assert me("sandbox", "status").code == 0 and me("sandbox", "faults", "list").out == made.out
    assert me("sandbox", "up").code == 0
    assert me("sandbox", "faults", "clear").out == "no faults\n"
    assert me("get", "projects").code == 0


BAD_FAULTS = {
    "set --denied": "province is required with denied",
    "set": "--down",
    "set --province zz --down": "shanxi",
    "set --province guangdong --down": "one of: henan",
    "set --error 99 ": "400 to 599",
    "set --error abc": "400 to 599",
    "set --latency 5x": "such as 90s",
    "set --latency 2": "such as 90s",
    "set --down --rate 2": "from 0 to 1",
    "set --down --times 0": "from 1",
    "set --down --method FOO": "GET, POST, PATCH, DELETE",
    "set --down --path offers": "such as /v1/offers",
    "list --down": "shows all",
    "clear --province qinghai": "clears all",
    "frob": "list, set, clear",
}


@pytest.fixture(scope="module")
def shared_up(tmp_path_factory):
    client = Client(tmp_path_factory.mktemp("faults"))
    assert client("sandbox", "up", "--port", "0", "--scale", "60").code == 0
    yield client
    client("sandbox", "down")


@pytest.mark.parametrize("words", BAD_FAULTS)
def test_a_bad_fault_says_what_is_a_good_one_and_sets_none(shared_up, words):
    result = shared_up("sandbox", "faults", *words.split())
    assert result.code == 2 and BAD_FAULTS[words] in one_line(result)
    assert shared_up("sandbox", "faults").out == "no faults\n"


@pytest.mark.parametrize(
    "flag", ["--port=x", "--port=70000", "--seed=-1", "--scale=0", "--speed=0", "--speed=1.5", "--seed=1e9"]
)
def test_a_bad_figure_starts_nothing(me, flag):
    result = me("sandbox", "up", flag)
    assert result.code == 2 and "whole number from" in one_line(result)


def test_a_taken_port_is_said(me):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = me("sandbox", "up", "--port", str(port), "--scale", "60")
    assert result.code == 1 and str(port) in one_line(result) and "; try: " in result.err
    assert not me.config.exists()


def test_a_killed_daemon_starts_again_with_all_it_had(me, up):
    os.kill(up["pid"], signal.SIGKILL)
    assert me("sandbox", "status").code == 3
    assert me("get", "sp").code == 9
    assert me("sandbox", "up", "--port", "0").code == 0
    assert me("get", "sp", "-o", "name").out.count("\n") == 10


@pytest.mark.parametrize("text", ["", "{", "null", '{"url": 5}', "\0\xff", '{"url": "http://127.0.0.1:9", "pid": 1}'])
def test_a_stale_or_damaged_endpoint_file_is_looked_through(me, up, text):
    me("sandbox", "down")
    (folder(me) / "endpoint.json").write_text(text, encoding="latin-1")
    assert me("sandbox", "status").code == 3
    assert me("sandbox", "up", "--port", "0").code == 0
    assert me("get", "sp").code == 0


@pytest.mark.parametrize("damage", [b"", b"S", b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_database_is_said_and_reset_mends_it(me, up, damage):
    me("sandbox", "down")
    (folder(me) / "sandbox.db").write_bytes(damage)
    result = me("sandbox", "up", "--port", "0")
    assert result.code == 1 and "damaged" in one_line(result) and "; try: cpctl sandbox reset" in result.err
    assert me("sandbox", "reset").code == 2  # what is lost is lost on purpose
    assert me("sandbox", "reset", "--yes").code == 0
    assert me("get", "sp").code == 0


def test_it_comes_back_where_it_was(me, up):
    assert me("sandbox", "down").code == 0
    assert me("sandbox", "up").code == 0
    assert me("sandbox", "status", "-o", "json").json["url"] == up["url"]


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null", "/dev/null/x"])
def test_a_folder_that_cannot_be_written(me, place):
    result = me("sandbox", "up", "--data", place)
    assert result.code == 1 and place in one_line(result) and "--data DIR" in result.err


def test_its_profile_becomes_current_only_when_none_is(me):
    me.config.parent.mkdir(parents=True)
    me.config.write_text('# mine\ncurrent-profile = "work"\n\n[profiles.work]\nserver = "https://a.example"\n')
    me.config.chmod(0o600)
    result = me("sandbox", "up", "--port", "0", "--scale", "60")
    assert 'profile "work" stays current' in result.err and "cpctl config use-profile sandbox" in result.err
    text = me.config.read_text()
    assert text.startswith('# mine\ncurrent-profile = "work"') and "[profiles.sandbox]" in text
    assert me("config", "use-profile", "sandbox").code == 0
    assert me("get", "sp").code == 0


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_stays_says_where_and_ends_with_ctrl_c(me, sign):
    process = subprocess.Popen(
        [sys.executable, "-m", "cpctl", "sandbox", "up", "--foreground", "--port", "0", "--scale", "60"],
        env=me.env | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = process.stderr.readline()
    assert "sandbox at http://127.0.0.1:" in said
    assert me("get", "sp").code == 0 and process.poll() is None
    process.send_signal(sign)
    out, err = process.communicate(timeout=20)
    assert process.returncode == (130 if sign == signal.SIGINT else 143)
    assert out == "" and "Traceback" not in err
    assert me("sandbox", "status").code == 3


def test_the_foreground_is_refused_beside_one_that_runs(me, up):
    assert up["url"] in one_line(me("sandbox", "up", "--foreground"))
    assert me("sandbox", "status").code == 0
