"""Whatever the disk says at whichever write of the record: no spending request leaves, and the user is told."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Client
from killing import CALL, RUN, WORKERS, Point, Sweep, front_of
from money import Manifest
from proxy import RecordingProxy
from sandbox_server import ROOT, Sandbox, running
from tools import need

WORDS = ("ENOSPC", "EIO", "EROFS", "EDQUOT", "EACCES")
WRITES = ("mkdir", "openat", "write", "fsync", "rename")
VERBS = ("apply", "activate")
FOLDER = "/journal"
NO_WRITE = ("O_DIRECTORY", "EEXIST")
"""Reading a folder, and making one that is there: a fault does no harm, and the record stands."""
OUTPACED = "choosing again"
MOUNTED = 'mount -t tmpfs -o size=4k tmpfs "$1" || exit 99; {}; shift; exec "$@"'
DISKS = {
    "full": ('head -c 4096 /dev/zero >"$1/fill"', "No space left on device"),
    "read-only": ('mount -o remount,ro "$1"', "Read-only file system"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    need("strace")
    with running(tmp_path_factory.mktemp("shop"), seed=4) as sandbox:
        yield sandbox


@pytest.fixture
def front(shop: Sandbox) -> Iterator[RecordingProxy]:
    with front_of(shop) as proxy:
        yield proxy


def spent(front: RecordingProxy, made: Manifest) -> list[str]:
    """The spending requests about an order that reached the platform's side."""
    asked = [one for one in front.sent("POST", "/v1/orders") if made.name in f"{one.line} {one.body.decode()}"]
    return [one.line.partition("?")[0] for one in asked]


def writes(sweep: Sweep) -> list[Point]:
    """Every write of the record: after the last question that is free, before the request that is not."""
    cp, made = sweep.machine()
    log = sweep.folder / "calls"
    assert sweep.strace(cp, made, "-o", str(log), "-s", "40", "-e", "trace=sendto," + ",".join(WRITES)).returncode == 0
    sweep.release(made)
    seen: Counter[str] = Counter()
    found: list[Point] = []
    lines = [line for line in log.read_text().splitlines() if CALL.match(line)]
    main = lines[0].split()[0]
    for line in (line for line in lines if line.split()[0] == main):
        _, call = CALL.match(line).groups()  # type: ignore[union-attr]
        seen[call] += 1
        if re.search(r'"POST /v1/orders[?/]', line):
            return found
        if call == "sendto":
            found = []
        elif (call != "openat" or FOLDER in line) and not any(word in line for word in NO_WRITE):
            found.append(Point(call, seen[call]))
    raise AssertionError("no spending request in an undisturbed run")


@pytest.mark.parametrize("verb", VERBS)
def test_whatever_the_disk_says_at_a_write_nothing_is_sent_without_a_record(shop, front, tmp_path, verb):
    sweep = Sweep(shop, front, tmp_path, verb)
    points = writes(sweep)
    assert {point.call for point in points} >= set(WRITES) - {"mkdir"}  # activate finds the folder there
    failing(sweep, [(point, WORDS[number % len(WORDS)]) for number, point in enumerate(points)])


@pytest.mark.soak
@pytest.mark.parametrize("verb", VERBS)
def test_whatever_the_disk_says_at_any_write_nothing_is_sent_without_a_record(shop, front, tmp_path, verb):
    sweep = Sweep(shop, front, tmp_path, verb)
    failing(sweep, [(point, word) for point in writes(sweep) for word in WORDS])


def failing(sweep: Sweep, faults: list[tuple[Point, str]]) -> None:
    """Run into each fault, and once more without."""
    wrong: list[str] = []

    def at(point: Point, word: str) -> None:
        cp, made = sweep.machine()
        before = spent(sweep.front, made)  # an order that is held was placed
        inject = f"inject={point.call}:error={word}:when={point.when}"
        done = sweep.strace(cp, made, "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject)
        if OUTPACED in done.stderr:  # another run bought what this one had chosen: its calls are counted otherwise
            sweep.release(made)
            at(point, word)
            return
        told = "cannot write" in done.stderr and os.strerror(getattr(errno, word)) in done.stderr
        if (done.returncode, done.stdout, told) != (1, "", True) or spent(sweep.front, made) != before:
            wrong.append(f"{point} {word}: {done.returncode}, {spent(sweep.front, made)}: {done.stderr}")
        sweep.judge(cp, made, point, cp(*sweep.command(made)))
        sweep.release(made)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda fault: at(*fault), faults))
    print(f"{sweep.verb}: {len(faults)} faults, {len(wrong)} wrong")
    assert wrong == sweep.wrong == []


@pytest.mark.parametrize("disk", DISKS)
def test_a_journal_on_a_disk_that_takes_nothing(shop, front, tmp_path, disk):
    prepare, words = DISKS[disk]
    sweep = Sweep(shop, front, tmp_path)
    cp, made = sweep.machine()
    cp.state.mkdir(parents=True)
    done = on_a_disk(cp, prepare, sweep.command(made))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot write" in done.stderr and words in done.stderr
    assert spent(front, made) == []
    assert cp(*sweep.command(made)).code == 0
    sweep.release(made)


def on_a_disk(cp: Client, prepare: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    """The command with a tiny disk of its own, which nobody else sees, where its state goes."""
    apart = [need("unshare"), "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED.format(prepare), "sh"]
    env = cp.env | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*apart, str(cp.state), *RUN, *command], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode == 99 or "unshare failed" in done.stderr:
        pytest.skip("no disk may be mounted here")
    return done
