"""`make bench` measures what it says: a few pieces of it, small, and twins that show that a row can say NO."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from bench import bench, calls, offers, peers, shells, streams, table, tabs
from bench.load import Platform
from bench.starts import Timing, clean
from bench.still_server import still_server
from bench.table import Row
from cpctl.sandbox import daemon
from tools import need

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
LIVE = ("cpctl", "get", "offers", "of-")


def asked(url: str, **headers: str) -> dict:
    with urlopen(Request(url, headers=headers), timeout=30) as answer:
        return json.load(answer)


def test_a_row_says_whether_it_is_kept():
    assert [row.kept for row in (table.start("", Timing(1.0, 7.49), 7.5), table.start("", Timing(1.0, 7.51), 7.5))] == [
        True,
        False,
    ]
    assert table.start("", Timing(1.0, 99.0)).kept is None and table.told("", "1").kept is None
    assert [table.at_most("", n, "MiB", 50).kept for n in (50, 51)] == [True, False]
    assert [table.at_least("", n, "/s", 300).kept for n in (300, 299)] == [True, False]
    assert [table.share("", ratio, 0.12).kept for ratio in (0.12, 0.121)] == [True, False]
    shown = [table.line(Row("x", "1", "", "", kept)).split()[-1] for kept in (True, False, None)]
    assert shown == ["yes", "NO", "1"]


def test_what_could_not_be_measured_is_told(capsys):
    def failing(_):
        yield table.told("first", "1")
        raise RuntimeError("cpctl ended with 70")

    assert bench.main(["--quick", "plan"], {"plan": failing}) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].split()[-1] == "NO" and "first" in out and "ended with 70" in err


def test_kubectl_is_sent_pages_after_it_was_sent_everything():
    """Otherwise its default pages would cost it nothing."""
    with still_server(1200) as url:
        path = url + offers.KUBERNETES_PATH
        assert len(asked(path, accept=TABLE)["rows"]) == 1200
        first = asked(path + "?limit=500", accept=TABLE)
        assert len(first["rows"]) == 500 and first["metadata"]["remainingItemCount"] == 700
        last = asked(path + "?limit=500&continue=1000", accept=TABLE)
        assert len(last["rows"]) == 200 and "continue" not in last["metadata"]
        about = first["rows"][0]["object"]
        assert about["kind"] == "PartialObjectMetadata" and len(about["metadata"]["managedFields"]) == 2
        whole = asked(path + "?limit=3", accept="application/json")
        assert whole["kind"] == "OfferList" and whole["items"][2]["spec"]["price"]


@pytest.mark.parametrize("name", shells.SHELLS)
def test_a_tab_in_a_shell_is_measured_and_one_that_starts_a_process_is_not_kept(name, tmp_path):
    env = clean({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    cpctl = str(Path(sys.executable).with_name("cpctl"))
    script, tab = shells.SHELLS[name]
    shell = shells.Shell(need(name), shells.SCRIPTS / script, shells.noting(tmp_path / "shell"))
    line = shells.LINES["flags"]
    once, wanted = tab(shell, line, 3), shells.offered(cpctl, line, env)
    assert set(shells.plain(once.words)) == wanted
    once = once._replace(seconds=1.0)
    assert shells.told("", [(once, 60.0)], wanted, shells.started(shell.folder)).kept
    assert not shells.told("", [(once, 1.0)], wanted, 0).kept, "as long as a bare start"
    assert not shells.told("", [(once, 60.0)], wanted | {"--another"}, 0).kept, "not all was offered"
    tab(shell, LIVE, 3)
    assert shells.started(shell.folder) >= 3
    assert not shells.told("", [(once, 60.0)], wanted, shells.started(shell.folder)).kept


def test_a_tab_on_live_values_is_measured_beside_kubectl(tmp_path):
    need("kubectl")
    env = clean({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    cpctl = str(Path(sys.executable).with_name("cpctl"))
    rows = tabs.rows(cpctl, (sys.executable, "-c", "pass"), env, tmp_path, 1, tabs.TABS[:1], 300)
    assert [row.what.partition(" ")[0] for row in rows] == ["cpctl", "kubectl", "…"]


def test_a_call_is_measured_token_by_token_and_one_that_fails_is_not(tmp_path):
    env = clean({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    cpctl = str(Path(sys.executable).with_name("cpctl"))
    rows = list(calls.rows(cpctl, (sys.executable, "-c", "pass"), env, 1, 1, 220))
    assert [row.kept is None for row in rows] == [False, True, False, True, False]
    with pytest.raises(RuntimeError, match="after 0 tokens"):
        calls.called(cpctl, {**env, "CPCTL_MODELS_URL": "http://127.0.0.1:9/v1"}, 3)


def test_the_sandbox_holds_more_streams_than_a_shell_lets_it_have_files(tmp_path):
    """Many machines allow a process 1,024 files at first, and more when it asks."""
    folder = tmp_path / "sandbox"
    root = Path(__file__).parents[1]
    up = [sys.executable, "-m", "cpctl", "sandbox", "up", "--port", "0", "--data", str(folder)]
    env = clean({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    try:
        subprocess.run(["sh", "-c", 'ulimit -Sn 128; exec "$@"', "sh", *up], cwd=root, env=env, check=True, timeout=60)
        found = daemon.status(folder)
        assert found is not None
        rows = list(streams.rows(Platform(found.url, (folder / "token").read_text().strip()), 200))
    finally:
        daemon.down(folder)
    assert [row.kept for row in rows] == [True, None, True, None], rows
    assert [row.figure for row in rows[::2]] == ["200 told", "200 ended"]


def test_peers_of_a_folder_are_timed_and_what_they_refuse_has_no_figure(tmp_path):
    home, folder, bare = tmp_path / "home", tmp_path / "peers", (sys.executable, "-c", "pass")
    for name, commands in (("one", ""), ("two", "first\nsecond\n")):
        (folder / name / "bin").mkdir(parents=True)
        for program in commands.split() or [name]:
            (folder / name / "bin" / program).write_text('#!/bin/sh\ntest "$1" = --version\n')
            (folder / name / "bin" / program).chmod(0o700)
        if commands:
            (folder / name / "command").write_text(commands)
    (folder / "one" / "bin" / "python").symlink_to(sys.executable)
    home.mkdir()
    found = peers.peers(folder, bare)
    assert [peer.name for peer in found] == ["one", "first", "second"]
    assert [Path(peer.bare[0]).parent.name for peer in found[:1]] == ["bin"] and found[1].bare == bare
    rows = [row for row in peers.rows(folder, bare, {"PATH": "/usr/bin:/bin"}, home, 1) if row.what[:4] == "peer"]
    assert [row.figure != "none" for row in rows] == [True, False] * 3
    assert "ended with 1" in rows[1].what
    (folder / "two" / "command").write_text("third")
    with pytest.raises(RuntimeError, match="third"):
        peers.peers(folder, bare)
