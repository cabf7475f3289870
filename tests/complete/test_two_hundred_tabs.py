"""Two hundred Tabs truly at once before a live platform: one refresh a kind, and all is whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from cpctl.complete import store
from cpctl.complete.failure import FIRST_S
from tools import need

MANY, OLD_S, SECONDS = 200, 3_700, 120
ASKED = ("offers", "models", "scenarios")
LAUNCH = r"""
exec 3<&0
number=0
while [ "$number" -lt "$1" ]; do
    for words in "get offer" "call" "plan --scenario"; do
        number=$((number + 1))
        (
            read -r gate <&3
            cpctl __complete $words "" >"out.$number" 2>"err.$number"
            echo "$? $words" >"end.$number"
        ) &
    done
done
echo ready
wait
"""  # all of them wait for one pipe to be closed


def together(env: dict[str, str], folder: Path) -> tuple[list[tuple[str, str, str]], Counter[str]]:
    """(code and words, stdout, stderr) of so many Tabs, and how often each kind was asked for behind them.

    It is over when everything is that was started, the detached too.
    """
    folder.mkdir()
    trace = folder / "trace"
    follow = [need("strace"), "-f", "--seccomp-bpf", "-s", "99", "-e", "trace=execve", "-o", str(trace)]
    env = env | {"PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"}
    command = [*follow, "/bin/sh", "-c", LAUNCH, "launch", str(MANY)]
    launched = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert launched.stdout is not None and launched.stdout.readline() == b"ready\n"
    assert not list(folder.glob("out.*"))  # all wait
    launched.communicate(timeout=SECONDS)
    ends = {end.suffix: end.read_text() for end in folder.glob("end.*")}
    texts = [tuple((folder / f"{part}{n}").read_text(encoding="utf-8") for part in ("out", "err")) for n in ends]
    started = re.findall(r'execve\(.*"-m", "cpctl", "__refresh", "get", "(\w+)"', trace.read_text())
    return [(end, *text) for end, text in zip(ends.values(), texts, strict=True)], Counter(started)


def kept(cp, kind: str) -> tuple[set[str], float]:
    """The names that the cache has, and when it was written."""
    found, written = store.kept_of(store.place(cp.env), kind)
    assert written is not None
    return {line.partition("\t")[0] for line in found.lines("").splitlines()}, written


@pytest.mark.parametrize("before", ["empty", "stale", "stale, with the lock of one that died"])
def test_two_hundred_tabs_at_once_refresh_once(before, cp, tmp_path):
    names = {kind: {name.partition("/")[2] for name in cp("get", kind, "-A", "-o", "name").lines} for kind in ASKED}
    folder = Path(store.place(cp.env).folder)
    old = time.time() - OLD_S
    for kind in ASKED:
        if before == "empty":
            (folder / kind).unlink(missing_ok=True)
            continue
        assert cp("get", kind, "-A").code == 0
        os.utime(folder / kind, (old, old))
        if before != "stale":
            (folder / f"{kind}.lock").touch()
            os.utime(folder / f"{kind}.lock", (old, old))
    tabs, started = together(cp.env, tmp_path / "tabs")
    assert started == dict.fromkeys(ASKED, 1)
    assert len(tabs) >= MANY
    for end, out, err in tabs:
        assert (end[:2], err) == ("0 ", "")
        *lines, directive = out.splitlines()
        assert re.fullmatch(r":\d+", directive) and "_activeHelp_ " in lines[-1], out
        assert len(lines) > 1 or (before == "empty" and "known yet" in lines[-1]), (end, out)
    for kind in ASKED:
        found, written = kept(cp, kind)
        assert found == names[kind]
        assert written > old + OLD_S - 1
    assert {file.name for file in folder.iterdir()} == set(ASKED)  # no lock, and nothing half written


def test_with_a_platform_that_is_down_few_are_started(cp, tmp_path):
    """Each failure is heard of by those that come after it, and the next is not tried before some time went by."""
    began = time.time()
    tabs, started = together(cp.env | {"CPCTL_SERVER": "http://127.0.0.1:9"}, tmp_path / "tabs")
    doublings = range(int((time.time() - began) / FIRST_S).bit_length())
    assert set(started) == set(ASKED) and max(started.values()) <= 1 + len(doublings)
    assert len(tabs) >= MANY
    for end, out, err in tabs:
        assert (end[:2], err) == ("0 ", "")
        assert "known yet: asking the platform" in out or "the platform at 127.0.0.1:9 does not answer, asked" in out
