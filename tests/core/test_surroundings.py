"""What surrounds a CI job: pipes that do not wait, no home, terminals that go away, a machine that runs short."""

from __future__ import annotations

import os
import pty
import resource
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cpctl.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
CPCTL = [sys.executable, "-m", "cpctl"]
ONE = """apiVersion: ccpp/v1
kind: Order
metadata: {{name: {name}}}
spec:
  allocations: [{{offer: {offer}, cards: 1}}]
  duration: 1h
  limits:
    budget: 99999
"""


def environment(cp) -> dict[str, str]:
    return {**cp.env, "PYTHONPATH": str(ROOT)}


def run(cp, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    more = {"env": environment(cp), "stdin": subprocess.DEVNULL, "capture_output": True, "timeout": 120} | more
    return subprocess.run([*CPCTL, *words], text=True, **more)


def phase(cp, name: str) -> str:
    return cp("get", "order", name, "-o", "jsonpath={.status.phase}").out.strip()


# stdin


def in_pieces(cp, pieces: list[bytes], *words: str) -> subprocess.CompletedProcess[str]:
    """Words whose stdin is a pipe that does not wait, into which pieces come half a second apart."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def feed() -> None:
        for piece in pieces:
            time.sleep(0.5)
            os.set_blocking(reader, False)  # a neighbour who has it too says so again
            os.write(writer, piece)
        time.sleep(0.5)
        os.close(writer)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        return run(cp, *words, stdin=reader)
    finally:
        thread.join()
        os.close(reader)


@pytest.mark.parametrize("cuts", [[0], [-3], [60, -1], []])
def test_a_pipe_that_does_not_wait_is_read_to_its_end(cp, sandbox, cuts):
    name = f"slowly{len(cuts)}{sum(cuts) % 97}"
    text = ONE.format(name=name, offer=sandbox.offer(4)["metadata"]["name"]).encode()
    text += b"---\n" + text.replace(name.encode(), f"{name}-too".encode())
    at = [0, *[cut % len(text) for cut in cuts], len(text)]
    done = in_pieces(cp, [text[a:b] for a, b in pairwise(at)], "apply", "-f", "-")
    assert done.returncode == 0, done.stderr
    assert phase(cp, name) == phase(cp, f"{name}-too") == "Held"
    assert cp("get", "order", name, "-o", "jsonpath={.spec.limits.budget}").out.strip().startswith("99999")


def test_other_words_of_stdin_are_read_to_their_end(cp, sandbox):
    lines = f'[{{"offer": "{sandbox.offer()["metadata"]["name"]}", "cards": 1}}]'
    spec = f'{{"allocations": {lines}, "duration": "1h", "billing": "on-demand"}}'
    body = f'{{"allocations": {lines}, "spec": {spec}}}'.encode()
    done = in_pieces(cp, [body[:20], body[20:]], "api", "POST", "/v1/quotes", "--input", "-")
    assert (done.returncode, '"total"' in done.stdout) == (0, True), done.stderr
    token = sandbox.token.encode()
    done = in_pieces(cp, [b"", token[:9], token[9:] + b"\n"], "auth", "login", "--with-token", "--insecure-storage")
    assert done.returncode == 0, done.stderr


WRITE_ONLY = [
    ["apply", "-f", "-"],
    ["api", "POST", "/v1/quotes", "--input", "-"],
    ["auth", "login", "--with-token", "--insecure-storage"],
    ["call", "qwen3-8b", "-"],
]


@pytest.mark.parametrize("words", WRITE_ONLY, ids=lambda words: words[0])
def test_a_stdin_that_cannot_be_read_is_said_in_a_line(cp, words):
    with open(os.devnull, "w") as nothing:
        done = run(cp, *words, stdin=nothing)
    assert done.returncode in (1, 2) and "[Bug]" not in done.stderr, done.stderr
    assert done.stderr.startswith("error: ")


def test_words_that_are_no_text_are_a_mistake(cp):
    name = os.fsdecode(b"\xca\xc7")
    done = cp("create", "order", name, "--gpu", "H800", "--cards", "1", "--duration", "1h", "--yes")
    assert done.code == ExitCode.USAGE and "no UTF-8 text" in done.err


def test_a_terminal_that_goes_away_is_no_yes(cp, sandbox):
    """It hangs up while a question is put; who started us had us ignore it."""
    share = f"{sandbox.offer()['metadata']['name']}=1"
    line = f"trap '' HUP; exec {sys.executable} -m cpctl create order hung-up --offer {share} --duration 1h"
    main, terminal = pty.openpty()
    env = environment(cp) | {"TERM": "dumb"}
    own = {"stdin": terminal, "stderr": terminal, "stdout": subprocess.PIPE, "start_new_session": True}
    asked = subprocess.Popen(["/bin/sh", "-c", line], env=env, **own)
    os.close(terminal)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(main, 1024)
    os.close(main)
    assert asked.wait(60) == ExitCode.USAGE
    assert cp("get", "order", "hung-up").code == ExitCode.NOT_FOUND


# what stops billing needs no home


def test_release_without_a_home(cp, sandbox):
    for name in ("homeless", "homeless-too"):
        share = f"{sandbox.offer()['metadata']['name']}=1"
        assert cp("create", "order", name, "--offer", share, "--duration", "1h", "--yes").code == 0
    bare = {key: environment(cp)[key] for key in ("CPCTL_SERVER", "CPCTL_TOKEN", "PYTHONPATH")}
    done = run(cp, "release", "order/homeless", env=bare)
    assert (done.returncode, phase(cp, "homeless")) == (0, "Released"), done.stderr
    assert "HOME is not set" in done.stderr and "it is sent all the same" in done.stderr
    assert run(cp, "delete", "order/homeless-too", env=bare).returncode == 0
    share = f"{sandbox.offer()['metadata']['name']}=1"
    bought = run(cp, "create", "order", "homeless-buys", "--offer", share, "--duration", "1h", "--yes", env=bare)
    assert bought.returncode == ExitCode.FAILED and "HOME is not set" in bought.stderr
    assert cp("get", "order", "homeless-buys").code == ExitCode.NOT_FOUND


# a machine that runs short


@pytest.mark.parametrize("files", range(8, 24, 3))
def test_few_files_are_no_bug(cp, sandbox, files):
    """However far it comes: it says so, and no code means that nothing was done where something was."""
    name = f"few-files-{files}"
    share = f"{sandbox.offer()['metadata']['name']}=1"
    words = ("create", "order", name, "--offer", share, "--duration", "1h", "--yes", "--activate", "--wait")

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    done = run(cp, *words, preexec_fn=few)
    there = cp("get", "order", name).code == 0
    assert done.returncode in ((0, 11) if there else (1, 9, 11)), (done.returncode, done.stderr)
    assert "[Bug]" not in done.stderr and "Traceback" not in done.stderr


# run ids


def test_run_ids_that_differ_in_a_letter_are_never_one_order(cp, sandbox, tmp_path):
    path = tmp_path / "order.yaml"
    text = ONE.format(name="x", offer=sandbox.offer()["metadata"]["name"])
    path.write_text(text.replace("{name: x}", "{generateName: letters-}"))
    assert cp("apply", "-f", str(path), "--run-id", "ab").out == "order/letters-ab created\n"
    other = cp("apply", "-f", str(path), "--run-id", "aB")
    assert other.code == ExitCode.USAGE and "letters-aB" in other.err
