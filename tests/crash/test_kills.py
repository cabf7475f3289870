"""kill -9 at system calls of `apply --activate --wait`, and the same command again: no order twice, none lost.

A point is one system call after the first connection; strace kills the process as it enters it. Every third point the
client's state folder is wiped in between, every third the price of the offer moves. A client that is known to buy twice
goes through the same sweep and must be caught.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from client import Client
from money import Manifest, forget, manifest, record_files
from sandbox_server import Sandbox, running
from tools import need

ROOT = Path(__file__).resolve().parents[2]
CALLS = "openat,write,fsync,rename,mkdir,unlink,socket,connect,sendto,recvfrom,close"
MONEY = ("sendto", "fsync", "rename", "recvfrom")
RUN = [sys.executable, "-B", "-c", "from cpctl.main import main; main()"]
SLICE = 45
KILLED = (-9, 137)  # strace dies as its child did, or says how it died
CALL = re.compile(r"(\d+) +([a-z]+)\(")


@dataclass(frozen=True)
class Point:
    """The `when`-th call of one kind in the life of a process."""

    call: str
    when: int


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    need("strace")
    with running(tmp_path_factory.mktemp("shop"), seed=3) as sandbox:
        yield sandbox


class Sweep:
    """One command, killed at one point after the other, each with an order and a machine of its own."""

    def __init__(self, shop: Sandbox, folder: Path, *, bad: bool = False) -> None:
        self.shop, self.folder, self.bad = shop, folder, bad
        self.kills: list[Point] = []
        self.wrong: list[str] = []
        self._names = count()

    def machine(self) -> tuple[Client, Manifest]:
        number = next(self._names)
        made = manifest(self.folder, f"kill-{'bad' if self.bad else 'good'}-{number}")
        if self.bad:  # a client whose orders have no identity: every run buys under a name of its own
            made.document["metadata"] = {"generateName": f"{made.name}-"}
            made.change()
        return Client(self.folder / f"home-{number}", env=self.shop.env), made

    def command(self, made: Manifest) -> list[str]:
        identity = ["--run-id", str(next(self._names))] if self.bad else []
        return ["apply", "-f", str(made), "--activate", "--wait", *identity]

    def points(self) -> list[Point]:
        """Every call after the first connection of an undisturbed run."""
        cp, made = self.machine()
        log = self.folder / "calls"
        done = self.strace(cp, made, "-o", str(log), "-e", f"trace={CALLS}")
        assert done.returncode == 0, done.stderr
        seen: Counter[str] = Counter()
        found = []
        calls = CALL.findall(log.read_text())
        for thread, call in calls:
            if thread == calls[0][0]:  # strace counts by thread
                seen[call] += 1
                if seen["connect"]:
                    found.append(Point(call, seen[call]))
        self.release(made)
        return found

    def strace(self, cp: Client, made: Manifest, *flags: str) -> subprocess.CompletedProcess[str]:
        argv = ["strace", "-f", "-qq", *flags, "--", *RUN, *self.command(made)]
        env = cp.env | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)

    def through(self, points: list[Point]) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self.at, range(len(points)), points))

    def at(self, number: int, point: Point) -> None:
        cp, made = self.machine()
        inject = f"inject={point.call}:signal=KILL:when={point.when}"
        killed = self.strace(cp, made, "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject)
        if killed.returncode in KILLED:
            self.kills.append(point)
        if number % 3 == 1:
            forget(cp)
        if number % 3 == 2:
            self.move_price(number)
        again = cp(*self.command(made))
        self.judge(cp, made, point, again)
        self.release(made)

    def judge(self, cp: Client, made: Manifest, point: Point, again: Any) -> None:
        orders = self.orders(made)
        reserved = {order["metadata"]["name"] for order in orders}
        lines = [line for line in self.shop.ledger() if line["kind"] == "reserve" and line["ref"] in reserved]
        phases = [order["status"]["phase"] for order in orders]
        open_ = [path for path in record_files(cp) if re.search('state = "(prepared|placed)"', path.read_text())]
        if again.code or phases != ["Active"] or len(lines) != 1 or open_:
            self.wrong.append(
                f"{point}: code {again.code}, {phases}, {len(lines)} reservations, open {open_}: {again.err}"
            )

    def orders(self, made: Manifest) -> list[Any]:
        named = self.shop.orders()
        return [one for one in named if re.fullmatch(f"{made.name}(-[0-9]+)?", one["metadata"]["name"])]

    def release(self, made: Manifest) -> None:
        for order in self.orders(made):
            if order["status"]["phase"] in ("Held", "Activating", "Active"):
                self.shop.act(order, "release")

    def move_price(self, number: int) -> None:
        offer = self.shop.offer(accelerator="H800", sortBy="spec.price")
        moved = Decimal(offer["spec"]["price"]) + (Decimal("0.0100") if number % 2 else Decimal("-0.0100"))
        self.shop.admin.set_price(offer["metadata"]["name"], f"{moved:.4f}")


def a_slice(points: list[Point], size: int) -> list[Point]:
    """All that touch money, and of the others one in so many."""
    money = [point for point in points if point.call in MONEY]
    others = [point for point in points if point.call not in MONEY]
    every = max(1, len(money) // max(1, size * 2 // 3))
    chosen = money[::every]
    rest = max(1, size - len(chosen))
    return chosen + others[:: max(1, len(others) // rest)][:rest]


def swept(shop: Sandbox, folder: Path, size: int | None) -> Sweep:
    sweep = Sweep(shop, folder)
    points = sweep.points()
    chosen = a_slice(points, size) if size else points
    sweep.through(chosen)
    print(f"{len(points)} points, {len(chosen)} tried, {len(sweep.kills)} kills")
    assert sweep.wrong == []
    assert len(sweep.kills) >= len(chosen) * 9 // 10, "polls come and go at the end; all else must be reached"
    shop.check_stock()
    shop.balance_sheet()
    return sweep


def test_killed_at_any_system_call_the_same_command_buys_once(shop, tmp_path):
    assert len(swept(shop, tmp_path, SLICE).kills) >= 40


@pytest.mark.soak
def test_killed_at_every_system_call_the_same_command_buys_once(shop, tmp_path):
    swept(shop, tmp_path, None)


def test_the_sweep_catches_a_client_that_buys_twice(shop, tmp_path):
    sweep = Sweep(shop, tmp_path, bad=True)
    renames = [point for point in sweep.points() if point.call == "rename"]
    sweep.through(renames[1:4])  # the first is the record of the order; at the second it is placed
    assert len(sweep.kills) == 3
    assert any("2 reservations" in wrong for wrong in sweep.wrong)
