"""examples/demo.sh as `make demo` runs it, twice, in a pipe and on a terminal; nothing is left of it."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox_server import ROOT

PROVINCES = {
    "shanxi",
    "ningxia",
    "liaoning",
    "shanghai",
    "jiangsu",
    "zhejiang",
    "shandong",
    "henan",
    "qinghai",
    "xinjiang",
}
DEMO = ["bash", str(ROOT / "examples" / "demo.sh")]
LIMIT_S = 120
SILENCE_S = 30


@pytest.fixture
def env(tmp_path):
    """Somebody with an empty home, and cpctl in a place of its own that keeps what it was asked."""
    cpctl = tmp_path / "bin" / "cpctl"
    cpctl.parent.mkdir()
    log = shlex.quote(str(tmp_path / "asked"))
    python = f"{shlex.quote(sys.executable)} -m cpctl"
    cpctl.write_text(f'#!/bin/sh\necho "$@" >>{log}\nPYTHONPATH={shlex.quote(str(ROOT))} exec {python} "$@"\n')
    cpctl.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    return {
        "CPCTL": str(cpctl), "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp"), "PATH": os.environ["PATH"],
        "CPCTL_SERVER": "https://somebody.elses.example", "CPCTL_TOKEN": "not-for-the-demo", "TERM": "xterm",
    }  # fmt: skip


def sandboxes(place):
    """The command lines of processes that have to do with the demo's folders."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(str(place).encode() in word for word in words) and b"--data" in words:
            found.append(words)
    return found


def nothing_is_left(env):
    place = Path(env["TMPDIR"])
    assert list(place.iterdir()) == [] and sandboxes(place) == []


def told(text, asked):
    """Whether the story is whole: every command printed before it ran, and an order over two provinces at least."""
    printed = [line[2:] for line in text.splitlines() if line.startswith("$ cpctl ")]
    plain = [" ".join(shlex.split(line)) for line in printed]
    assert plain == [f"cpctl {line}" for line in asked if line != "sandbox down"] + ["cpctl sandbox down"]
    bought = text[text.index("$ cpctl create order") :].partition("\n$ ")[0]
    assert len({word for word in re.findall(r"[a-z]+", bought.partition("\n")[2]) if word in PROVINCES}) >= 2, bought
    assert "charged" in text.lower() and "unchanged" in text
    assert "Traceback" not in text and "error:" not in text
    return True


def test_twice_in_a_row_in_a_pipe(env, tmp_path):
    for _ in range(2):
        (tmp_path / "asked").unlink(missing_ok=True)
        done = subprocess.run(
            DEMO, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        assert "\x1b" not in done.stdout
        assert told(done.stdout, (tmp_path / "asked").read_text().splitlines())
        nothing_is_left(env)


def on_a_terminal(command, env):
    """(exit code, all that came to the terminal)."""
    pid, master = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, env)
    came = b""
    try:
        while select.select([master], [], [], SILENCE_S)[0] and (piece := os.read(master, 65_536)):
            came += piece
    except OSError:
        pass  # how Linux says that nobody writes any more
    finally:
        os.close(master)  # a question that nobody answers ends here: the terminal is gone
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), came.decode()


def test_on_a_terminal_it_shows_progress_and_asks_nothing(env, tmp_path):
    code, text = on_a_terminal(DEMO, env)
    assert code == 0, text
    assert told(text.replace("\r\n", "\n"), (tmp_path / "asked").read_text().splitlines())
    assert "━" in text and "\x1b[1m" in text and "[y/N]" not in text
    nothing_is_left(env)


def test_ctrl_c_stops_its_sandbox(env, tmp_path):
    process = subprocess.Popen(
        DEMO, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "get subplatforms" in line:
            break
    os.killpg(process.pid, 2)
    process.communicate(timeout=60)
    assert process.returncode == 130
    nothing_is_left(env)
