"""The refresh behind a Tab, end to end: a process of its own that nobody waits for, and what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from client import Client
from cpctl.complete.detached import _inherited as inherited
from cpctl.complete.kept import COLUMNS
from cpctl.complete.store import YOURS
from cpctl.complete.tab import tab as completed
from cpctl.complete.upkeep import LOCK_AGE_S
from proxy import RecordingProxy
from refreshing import TAB, WAIT_S, Gate, age, folder, gated, offered, refreshers, settled, tab, until

OLD_S = 3700


@pytest.fixture
def way(sandbox) -> Iterator[tuple[RecordingProxy, Gate]]:
    with gated(sandbox.url, "/v1/offers") as made:
        yield made


@pytest.fixture
def here(cp, way) -> Iterator[Client]:
    """cpctl by that way, with offers in its cache that are an hour old."""
    here = Client(cp.home, env={**cp.env, "CPCTL_SERVER": way[0].url})
    assert here("get", "offers", "-A").code == 0
    age(here.env, "offers", OLD_S)
    yield here
    way[1].open.set()
    settled(here.env)


def replaced(env: dict[str, str]) -> None:
    """Waits for a new list, and for the end of its turn."""
    path = folder(env) / "offers"
    old = path.stat().st_mtime
    until(lambda: path.stat().st_mtime > old and not (folder(env) / "offers.lock").exists())


def test_a_tab_answers_at_once_and_one_detached_process_refreshes(here, way):
    """Of the terminal, the pipes and the other descriptors of the Tab the refresh holds none, and it outlives them."""
    _, gate = way
    gate.came.clear()
    gate.open.clear()
    line = 'exec 7>&1 8<&0; "$@" | cat; echo al""l'
    words = ["-c", line, "sh", *TAB, "get", "offer", ""]
    shell = pexpect.spawn("/bin/sh", words, env=here.env, encoding="utf-8", timeout=WAIT_S, dimensions=(50, 200))
    shell.expect("_activeHelp_ offers as of 61 min ago")
    shell.expect("all")  # cat has seen the end of its pipe
    assert gate.came.wait(WAIT_S)
    (process,) = refreshers(here.env)
    shell.close(force=True)
    assert os.getsid(process) == process and Path(f"/proc/{process}/stat").read_text().split()[6] == "0"
    links = {one.name: str(one.readlink()) for one in Path(f"/proc/{process}/fd").iterdir()}
    assert [links.pop(name) for name in "012"] == [os.devnull] * 3
    assert all(link.startswith("socket:") for link in links.values()), links
    os.kill(process, 0)
    gate.open.set()
    replaced(here.env)
    settled(here.env)


def test_what_comes_is_seen_whole_or_not_at_all(here):
    path = folder(here.env) / "offers"
    poison = path.read_bytes().replace(b"\nof-", b"\nox-")
    path.write_bytes(poison)
    age(here.env, "offers", OLD_S)
    seen: set[bytes] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            seen.add(path.read_bytes())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        assert offered(here.env, "get", "offer", "ox-") != []
        replaced(here.env)
    finally:
        ended.set()
        watching.join()
    assert seen <= {poison, path.read_bytes()} and poison in seen
    names = {row["metadata"]["name"] for row in here("get", "offers", "-A", "-o", "json").json["items"]}
    assert set(offered(here.env, "get", "offer", "")) == names
    assert sorted(p.name for p in folder(here.env).iterdir()) == ["offers"]


RACE = """
import multiprocessing, sys, time
from cpctl.complete.store import Place
from cpctl.complete.upkeep import take_turn
where, rounds = Place(sys.argv[1], "", ""), int(sys.argv[2])
fork = multiprocessing.get_context("fork")
together = fork.Barrier(8)

def run():
    for number in range(rounds):
        together.wait()
        if take_turn(where, f"k{number}", time.time()):
            sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()

racing = [fork.Process(target=run) for _ in range(8)]
for one in racing:
    one.start()
for one in racing:
    one.join()
"""


def test_of_those_who_find_a_lock_that_was_left_one_takes_it(tmp_path):
    rounds = 1000
    for number in range(rounds):
        (tmp_path / f"k{number}.lock").write_bytes(b"x")
        os.utime(tmp_path / f"k{number}.lock", (1, 1))
    words = [sys.executable, "-c", RACE, str(tmp_path), str(rounds)]
    won = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=WAIT_S, check=True).stdout.split()
    assert sorted(map(int, won)) == list(range(rounds))


def test_a_killed_refresh_is_in_nobodys_way_for_long(here, way):
    _, gate = way
    gate.came.clear()
    gate.open.clear()
    tab(here.env, "get", "offer", "")
    assert gate.came.wait(WAIT_S)
    os.kill(refreshers(here.env)[0], signal.SIGKILL)
    settled(here.env)
    gate.open.set()
    tab(here.env, "get", "offer", "")
    assert refreshers(here.env) == [] and (folder(here.env) / "offers.lock").exists()
    for moved_s in (LOCK_AGE_S + 5, -LOCK_AGE_S - 5):  # a clock that was set back makes a lock of the future
        (folder(here.env) / "offers.lock").touch()
        age(here.env, "offers.lock", moved_s)
        age(here.env, "offers", OLD_S)
        tab(here.env, "get", "offer", "")
        replaced(here.env)


def test_with_the_platform_down_what_was_known_stays(here, way):
    front, _ = way
    front.upstream = "http://127.0.0.1:9"
    kept = (folder(here.env) / "offers").read_bytes()
    names = offered(here.env, "get", "offer", "")
    settled(here.env)
    assert len(names) > 10 and (folder(here.env) / "offers").read_bytes() == kept
    assert offered(here.env, "get", "offer", "") == names


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_kind_is_refreshed_whatever_the_profile_prefers(kind, sandbox, cp):
    """Default provinces, another form of output, another project's flag: what is asked for is the whole, as a table."""
    env = {**cp.env, "CPCTL_PROFILE": "east"}
    del env["CPCTL_SERVER"]
    cp.config.parent.mkdir(parents=True)
    settings = f'server = "{sandbox.url}"\nprovince = ["shanxi"]\noutput = "json"\n'
    cp.config.write_text(f'[profiles.east]\n{settings}[defaults.get]\noutput = "yaml"\n', encoding="utf-8")
    assert f"no {kind} known yet" in tab(env, "get", kind, "")
    until(lambda: (folder(env) / kind).exists() and not (folder(env) / f"{kind}.lock").exists())
    settled(env)
    here = Client(cp.home, env=env)
    everywhere = [] if kind in YOURS else ["-A"]
    listed = {row["metadata"]["name"] for row in here("get", kind, *everywhere, "-o", "json").json["items"]}
    assert set(offered(env, "get", kind, "")) == listed


OF_GET = (
    *('sort-by = "name"', "limit = 2", 'selector = "a=b"', 'field-selector = "metadata.name=x"', 'query = "items[0]"'),
    *("all-projects = true", "watch = true", "watch-only = true", 'timeout = "1s"', 'nosuch = "1"'),
)


@pytest.mark.parametrize("kind", ["offers", "orders"])
@pytest.mark.parametrize("line", OF_GET)
def test_what_is_the_default_of_get_is_none_of_a_refresh(line, kind, cp):
    """The whole list is asked for, and the process ends."""
    cp.config.parent.mkdir(parents=True, exist_ok=True)
    cp.config.write_text(f"[defaults.get]\n{line}\n", encoding="utf-8")
    tab(cp.env, "get", kind, "")
    until(lambda: (folder(cp.env) / kind).exists())
    settled(cp.env)
    assert f"{kind} as of " in tab(cp.env, "get", kind, "") and not (folder(cp.env) / f"{kind}.failed").exists()


def test_scenarios_come_from_the_cache_alone(cp):
    said = tab(cp.env, "plan", "--scenario", "")
    assert said == "_activeHelp_ no scenarios known yet: asking the platform, press Tab again\n:4\n"
    until(lambda: (folder(cp.env) / "scenarios").exists())
    settled(cp.env)
    names = {row["metadata"]["name"] for row in cp("get", "scenarios", "-o", "json").json["items"]}
    assert set(offered(cp.env, "plan", "--scenario", "")) == names != set()


@pytest.mark.parametrize("limit", ["exec 30>/dev/null; ulimit -n 20", "ulimit -n 16"])
def test_a_refresh_is_started_whatever_the_limit_of_files(limit, cp, tmp_path):
    """A file above the limit cannot be closed by who starts a process, and need not be."""
    command = f'{limit}; exec "$@"'
    for _ in range(2):
        subprocess.run(["bash", "-c", command, "x", *TAB, "get", "providers", ""], env=cp.env, check=True, timeout=60)
        settled(cp.env)
    assert (folder(cp.env) / "providers").exists()


def test_where_no_process_can_be_started_it_is_said_and_nobody_waits(cp, monkeypatch):
    monkeypatch.setattr("cpctl.complete.detached.start_detached", lambda argv, env: False)
    for _ in range(2):
        said = completed(["get", "providers", ""], cp.env, time.time())
        assert "no providers known yet, and no process can be started: cpctl doctor" in said
    assert not (folder(cp.env) / "providers.lock").exists()


def test_files_of_ours_are_closed_where_nothing_lists_them(monkeypatch, tmp_path):
    def away(folder: str) -> list[str]:
        raise OSError(folder)

    with (tmp_path / "held").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        listed = inherited()
        monkeypatch.setattr("os.listdir", away)
        assert file.fileno() in listed and inherited() == sorted(listed)


# after a change of one's own


def test_a_home_that_is_no_text(sandbox, tmp_path):
    """A purchase ends well there too, and Tab knows it."""
    cp = Client(tmp_path / "h\udcffx", env=sandbox.env)
    cp.config.parent.mkdir(parents=True)
    cp.config.write_text(f'[profiles.mine]\nserver = "{sandbox.url}"\n', encoding="utf-8")
    offer = sandbox.offer()["metadata"]["name"]
    made = cp("create", "order", "in-odd-home", "--offer", f"{offer}=1", "--duration", "1h", "--yes")
    assert (made.code, made.out.count("in-odd-home")) == (0, 1), made.err
    assert cp("get", "orders", "-A").code == 0 == cp("get", "orders").code
    assert "in-odd-home" in offered(cp.env, "get", "order", "")


def test_what_was_bought_is_offered_and_what_is_over_is_not(cp, sandbox):
    """No list is thirty seconds behind what one did oneself."""

    def orders(verb: str) -> list[str]:
        offered(cp.env, verb, "order/")
        settled(cp.env)
        return offered(cp.env, verb, "order/")

    cp("get", "orders")
    offer = sandbox.offer()["metadata"]["name"]
    assert cp("create", "order", "fresh-one", "--offer", f"{offer}=1", "--duration", "1h", "--yes").code == 0
    assert "order/fresh-one" in orders("activate")
    assert cp("activate", "order/fresh-one", "--wait", "--yes").code == 0
    assert "order/fresh-one" not in orders("activate") and "order/fresh-one" in orders("release")
    assert cp("release", "order/fresh-one", "--yes").code == 0
    assert "order/fresh-one" not in orders("release")
    assert cp("get", "orders").code == 0
    kept = (folder(cp.env) / "orders").read_bytes()
    assert cp("create", "order", "fresh-two", "--offer", f"{offer}=1", "--duration", "1h", "--dry-run=server").code == 0
    assert (folder(cp.env) / "orders").read_bytes() == kept  # nothing was changed


def test_what_one_bought_oneself_is_not_offered_as_free(fresh_cp, fresh_sandbox):
    """What there is to buy stays known, and is asked for anew at once after a purchase of one's own."""
    cp, words = fresh_cp, ("create", "order", "x", "--offer", "of-")
    assert cp("get", "offers", "-A").code == 0
    offer = fresh_sandbox.offer(4)
    name, free = offer["metadata"]["name"], offer["status"]["free"]
    assert f"{name}=" in offered(cp.env, *words)
    assert cp("create", "order", "all", "--offer", f"{name}={free}", "--duration", "1h", "--yes").code == 0
    assert len(offered(cp.env, *words)) > 1
    settled(cp.env)
    assert f"{name}=" not in offered(cp.env, *words)
