"""get --watch: the list, then a line or an object for every change, in every form, until its time is over."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from client import Client, Result, environment
from sandbox_server import Sandbox, running

LASTS = ("--timeout", "3s")
LINES = {
    "table": ("orders", "-w"),
    "without titles": ("orders", "-w", "--no-headers"),
    "events": ("orders", "-w", "--output-watch-events"),
    "all projects": ("orders", "-A", "-w", "--output-watch-events"),
    "changes only": ("orders", "--watch-only", "-o", "name"),
    "name": ("orders", "-w", "-o", "name"),
    "csv": ("orders", "-w", "-o", "csv"),
    "columns": ("orders", "-w", "-o", "custom-columns=NAME:.metadata.name,PHASE:.status.phase"),
    "json": ("orders", "-w", "-o", "json"),
    "json events": ("orders", "-w", "-o", "json", "--output-watch-events"),
    "query": ("orders", "-w", "--query", "status.phase"),
    "yaml": ("orders", "-w", "-o", "yaml"),
    "jsonpath": ("orders", "-w", "-o", 'jsonpath={.metadata.name}={.status.phase}{"\\n"}'),
    "one": ("order/second", "-w", "-o", "name"),
    "selected": ("orders", "-w", "--field-selector", "status.phase=Held", "--output-watch-events", "--no-headers"),
    "here alone": ("orders", "-w", "--field-selector", "status.total>0.01", "-o", "name"),
    "nothing": ("orders", "-w", "-l", "no=such"),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Result]]:
    """What each command line printed while `first` was there, `second` was bought, labelled, and given back."""
    with running(tmp_path_factory.mktemp("watched"), seed=1) as sandbox, ThreadPoolExecutor(len(LINES)) as pool:
        offer = sandbox.offer(2)["metadata"]["name"]
        sandbox.buy("first", {offer: 1})
        second = sandbox.buy("second", {offer: 1})
        home = tmp_path_factory.mktemp("home")
        lines = {
            name: pool.submit(Client(home / name, sandbox.env), "get", *line, *LASTS) for name, line in LINES.items()
        }
        deadline = time.monotonic() + 20
        while sandbox.admin.state()["watches"] < len(LINES) and time.monotonic() < deadline:
            time.sleep(0.02)
        path, version = "/v1/orders/second", second["metadata"]["resourceVersion"]
        sandbox.client().patch(path, json={"metadata": {"labels": {"a": "b"}}}, headers={"If-Match": version})
        sandbox.act(second, "release")
        sandbox.client().delete(path, params={"uid": second["metadata"]["uid"]})
        yield {name: line.result() for name, line in lines.items()}


def words(result: Result, *places: int) -> list[tuple[str, ...]]:
    return [tuple(line.split()[place] for place in places) for line in result.lines]


CHANGES = ["Held", "Released", "Released"]


def test_all_end_well_when_their_time_is_over(seen):
    assert {name: (result.code, result.err) for name, result in seen.items()} == dict.fromkeys(LINES, (0, ""))


def test_a_table_has_its_titles_once_and_a_row_for_every_change(seen):
    rows = words(seen["table"], 0, 1)
    assert rows == [("NAME", "PHASE"), ("first", "Held"), ("second", "Held"), *[("second", each) for each in CHANGES]]
    assert words(seen["without titles"], 0, 1) == rows[1:]
    starts = {line.index(each) for line, (_, each) in zip(seen["table"].lines, rows, strict=True)}
    assert len(starts) == 1, "the widths known so far hold"


def test_what_happened_stands_before_each_row(seen):
    events = ["EVENT", "ADDED", "ADDED", "MODIFIED", "MODIFIED", "DELETED"]
    assert [each for (each,) in words(seen["events"], 0)] == events
    assert words(seen["all projects"], 0, 1, 2)[0] == ("EVENT", "PROJECT", "NAME")
    assert words(seen["all projects"], 0, 1, 2)[-1] == ("DELETED", "default", "second")
    assert (
        len({line.index(" first") if " first" in line else line.index(" second") for line in seen["events"].lines[1:]})
        == 1
    )


def test_names_and_rows_for_programs(seen):
    assert seen["name"].lines == ["order/first", *["order/second"] * 4]
    assert seen["changes only"].lines == seen["one"].lines[1:] == ["order/second"] * 3
    assert seen["here alone"].lines == seen["name"].lines
    assert [line.split(",")[:2] for line in seen["csv"].lines][1:] == [
        ["first", "Held"],
        ["second", "Held"],
        *[["second", each] for each in CHANGES],
    ]
    assert words(seen["columns"], 0, 1)[2:] == [("second", "Held"), *[("second", each) for each in CHANGES]]


def test_documents_are_an_object_each(seen):
    objects = [json.loads(line) for line in seen["json"].lines]
    assert [(each["kind"], each["metadata"]["name"]) for each in objects] == [
        ("Order", "first"),
        *[("Order", "second")] * 4,
    ]
    events = [json.loads(line) for line in seen["json events"].lines]
    assert [each["object"] for each in events] == objects
    assert [each["type"] for each in events] == ["ADDED", "ADDED", "MODIFIED", "MODIFIED", "DELETED"]
    assert list(yaml.safe_load_all(seen["yaml"].out)) == objects
    assert [json.loads(line) for line in seen["query"].lines] == ["Held", "Held", *CHANGES]
    assert seen["jsonpath"].lines == ["first=Held", "second=Held", *[f"second={each}" for each in CHANGES]]


def test_what_ceases_to_match_is_gone(seen):
    assert words(seen["selected"], 0, 1) == [
        ("ADDED", "first"),
        ("ADDED", "second"),
        ("MODIFIED", "second"),
        ("DELETED", "second"),
    ]
    assert seen["nothing"].out == ""


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (("orders,cards", "-w"), 2, "error: you may only specify a single resource type"),
        (("orders", "a", "b", "-w"), 2, "error: a watch is of one object or one list, not of 2 objects"),
        (("orders", "-w", "-o", "toml"), 2, "error: -o toml does not go with --watch; try: -o json: one object a line"),
        (
            ("orders", "-w", "-o", "csv", "--output-watch-events"),
            2,
            "error: -o csv does not go with --output-watch-events",
        ),
        (("orders", "--output-watch-events"), 2, "error: --output-watch-events goes with --watch"),
        (("orders", "--timeout", "3s"), 2, "error: --timeout goes with --watch"),
        (("orders", "-w", "--timeout", "soon"), 2, 'error: duration "soon" is not a duration'),
        (("orders", "-w", "--limit", "3"), 2, "error: --limit shows a part of a list; it does not go with --watch"),
        (("orders", "-w", "-A", "x"), 2, "error: an object is looked up by name in one project"),
        (("orders", "no-such-order", "-w"), 3, 'Error from server (NotFound): orders "no-such-order" not found'),
        (("orders", "-w", "-l", "a=("), 2, "error: "),
    ],
)
def test_what_does_not_go_with_it_is_said(cp, line, code, said):
    result = cp("get", *line)
    assert (result.code, result.out) == (code, "") and result.err.startswith(said), result.err


def test_sorting_is_left_aside_and_said(cp):
    result = cp("get", "scenarios", "-w", "--sort-by", "metadata.name", "--timeout", "1s")
    assert result.code == 0 and result.err == "warning: --watch or --watch-only requested, --sort-by will be ignored\n"


def test_a_province_that_is_away_is_said_once_and_comes_back(cp, sandbox):
    sandbox.admin.faults(province="qinghai", down=True)
    strict = cp("get", "offers", "-w", "--require-complete", "-o", "name", "--timeout", "1s")
    assert strict.code == 10 and "order/" not in strict.out
    with ThreadPoolExecutor(1) as pool:
        line = pool.submit(cp, "get", "offers", "-w", "-o", "name", "--province", "qinghai,shanxi", "--timeout", "3s")
        while sandbox.admin.state()["watches"] < 1:
            time.sleep(0.02)
        sandbox.admin.clear_faults()
        result = line.result()
    wanted = sandbox.items("/v1/offers", province="qinghai,shanxi")
    assert sorted(result.lines) == sorted(f"offer/{each['metadata']['name']}" for each in wanted)
    assert result.err.count("warning: ") == 1 and "qinghai" in result.err


# ---- processes


class Process(NamedTuple):
    process: subprocess.Popen[str]
    sandbox: Sandbox

    def until_watching(self) -> None:
        deadline = time.monotonic() + 20
        while self.sandbox.admin.state()["watches"] < 1 and time.monotonic() < deadline:
            time.sleep(0.02)


@pytest.fixture
def watcher(sandbox: Sandbox, tmp_path: Path) -> Iterator[Process]:
    line = [sys.executable, "-m", "cpctl", "get", "orders", "--watch-only", "-o", "name"]
    env = environment(tmp_path) | sandbox.env
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, env=env, cwd=Path(__file__).parents[2], **pipes) as process:
        found = Process(process, sandbox)
        found.until_watching()
        yield found
        process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_quietly(watcher, number, code):
    watcher.process.send_signal(number)
    out, err = watcher.process.communicate(timeout=10)
    assert (watcher.process.returncode, out, err) == (code, "", "")


def test_a_closed_pipe_ends_it_well(watcher, sandbox):
    assert watcher.process.stdout is not None
    watcher.process.stdout.close()
    sandbox.buy(f"pipe-{uuid.uuid4().hex[:6]}", {sandbox.offer()["metadata"]["name"]: 1})
    assert watcher.process.wait(10) == 0
    assert watcher.process.stderr is not None and watcher.process.stderr.read() == ""
