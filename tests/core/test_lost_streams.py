"""Nobody reads what a command prints any more, or a disk is full: what was asked is done to its end all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cpctl.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
FULL = Path("/dev/full")
LOST = [
    "pipe",
    pytest.param("disk", marks=pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")),
]
MANY = """apiVersion: ccpp/v1
kind: Order
metadata: {{name: {name}}}
spec: {{allocations: [{{offer: {offer}, cards: 1}}], duration: 1h}}
---
"""


@contextmanager
def lost(how: str) -> Iterator[Any]:
    """A stream that takes nothing."""
    if how == "disk":
        with FULL.open("w") as full:
            yield full
        return
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        yield pipe


def run(cp, *words: str, out: Any = subprocess.PIPE, err: Any = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cpctl", *words]
    env = {**cp.env, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=env, stdout=out, stderr=err, text=True, timeout=120)


def phases(cp, names: list[str]) -> list[str]:
    return [cp("get", "order", name, "-o", "jsonpath={.status.phase}").out.strip() for name in names]


def manifest(sandbox, folder: Path, names: list[str]) -> str:
    offer = sandbox.offer(len(names))["metadata"]["name"]
    path = folder / "orders.yaml"
    path.write_text("".join(MANY.format(name=name, offer=offer) for name in names))
    return str(path)


@pytest.mark.parametrize("how", LOST)
def test_what_changes_something_is_done_though_nobody_reads_it(cp, sandbox, tmp_path, how):
    names = [f"unread-{how}-{number}" for number in range(3)]
    orders = [f"order/{name}" for name in names]
    path = manifest(sandbox, tmp_path, names)
    code = ExitCode.DONE if how == "pipe" else ExitCode.FAILED
    for words, phase in (
        (("apply", "-f", path), "Held"),
        (("activate", *orders, "--yes"), None),
        (("label", *orders, "team=unread"), None),
        (("release", *orders), "Released"),
        (("delete", "-f", path), None),
    ):
        with lost(how) as nobody:
            done = run(cp, *words, out=nobody)
        assert done.returncode == code, (words, done.stderr)
        assert ("cannot write the output" in done.stderr) == (how == "disk")
        if words[0] == "label":
            for name in names:
                assert cp("get", "order", name, "-o", "jsonpath={.metadata.labels.team}").out.strip() == "unread"
        if phase:
            assert phases(cp, names) == [phase] * 3
    assert not [line for line in cp("get", "orders", "-o", "name").lines if f"unread-{how}" in line]


def test_the_first_failure_is_told_though_nobody_reads_the_rest(cp, sandbox, tmp_path):
    names = ["unread-first", "unread-last"]
    path = manifest(sandbox, tmp_path, names)
    assert cp("apply", "-f", path).code == 0
    with lost("pipe") as nobody:
        done = run(cp, "release", "order/unread-first", "order/no-such-order", "order/unread-last", out=nobody)
    assert done.returncode == cp("release", "order/no-such-order").code != 0
    assert "no-such-order" in done.stderr


def test_a_code_that_is_the_answer_is_the_same(cp, sandbox, tmp_path):
    """Of what is waited for, the second never comes; what a manifest would change is there, seen or not."""
    names = ["unread-held", "unread-too"]
    path = manifest(sandbox, tmp_path, names)
    assert cp("apply", "-f", path).code == 0
    assert cp("activate", "order/unread-held", "--yes", "--wait").code == 0
    text = Path(path).read_text()
    Path(path).write_text(text.replace("duration: 1h", "duration: 2h"))
    for words in (
        ("wait", "order/unread-held", "order/unread-too", "--for=condition=Active", "--timeout", "2s"),
        ("diff", "-f", path),
    ):
        read = run(cp, *words)
        with lost("pipe") as nobody:
            unread = run(cp, *words, out=nobody)
        assert read.returncode == unread.returncode != 0 and read.stdout, words


def test_a_reader_that_leaves_ends_a_watch(cp):
    with lost("pipe") as nobody:
        assert run(cp, "get", "offers", "-w", out=nobody).returncode == 0


@pytest.mark.parametrize("how", LOST)
def test_a_lost_stderr_changes_nothing(cp, sandbox, tmp_path, how):
    names = [f"unheard-{how}"]
    path = manifest(sandbox, tmp_path, names)
    with lost(how) as nobody:
        applied = run(cp, "apply", "-f", path, "--activate", "--wait", err=nobody)
    assert (applied.returncode, phases(cp, names)) == (0, ["Active"]), applied.stdout
    assert applied.stdout
    with lost(how) as nobody:
        released = run(cp, "release", f"order/{names[0]}", err=nobody)
    assert (released.returncode, phases(cp, names)) == (0, ["Released"])
    assert "released" in released.stdout


@pytest.mark.parametrize("how", LOST)
def test_codes_and_output_are_the_same_without_stderr(fresh_cp, fresh_sandbox, how):
    fresh_sandbox.admin.faults(province="qinghai", down=True)
    for words in (
        ("get", "demands"),
        ("events",),
        ("get", "offers", "--require-complete", "-o", "name"),
        ("get", "offers", "-o", "name"),
        ("plan", "--accelerator", "H800", "--cards", "8", "--duration", "24h", "-o", "yaml"),
        ("get", "order", "no-such-order"),
        ("get", "nosuch"),
    ):
        heard = run(fresh_cp, *words)
        with lost(how) as nobody:
            unheard = run(fresh_cp, *words, err=nobody)
        assert heard.stderr, words
        assert (unheard.returncode, unheard.stdout) == (heard.returncode, heard.stdout), words


@pytest.mark.parametrize("how", LOST)
def test_a_bug_is_one_though_nobody_hears_of_it(cp, tmp_path, how):
    code = "import cpctl.commands.get as get; get.get = None; from cpctl.main import main; main()"
    command = [sys.executable, "-c", code, "--no-input", "get", "offers"]
    with lost(how) as nobody:
        done = subprocess.run(command, env={**cp.env, "PYTHONPATH": str(ROOT)}, stderr=nobody, timeout=60)
    assert done.returncode == 70
    assert list((Path(cp.env["XDG_STATE_HOME"]) / "cpctl" / "crashes").iterdir())
