"""kill -9 at system calls of a command, and the same command again: what the tests of crashes share.

A point is one system call after the first connection; strace kills the process as it enters it. What comes after the
last one is the same on every machine: a front that the client talks through moves the sandbox's clock once it has
switched an order on, so that the first look finds it Active, however slow the machine is, and passes every answer on in
one piece. A point that is not reached all the same is tried again, and one that never is counts against the sweep.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from client import Client
from money import HELD, Manifest, forget, manifest, record_files
from proxy import Exchange, RecordingProxy
from sandbox_server import Sandbox

ROOT = Path(__file__).resolve().parents[1]
CALLS = "openat,write,fsync,rename,mkdir,unlink,socket,connect,sendto,recvfrom,close"
MONEY = ("sendto", "fsync", "rename", "recvfrom", "write", "mkdir")
RUN = [sys.executable, "-B", "-c", "from cpctl.main import main; main()"]
KILLED = (-9, 137)  # strace dies as its child did, or says how it died
CALL = re.compile(r"(\d+) +([a-z]+)\(")
TRIES = 8
WORKERS = 3  # two cores, and some of it is waiting for the disk
BETWEEN = ("nothing", "wiped", "moved")
"""What happens before the second run: nothing, the state folder is wiped, the price of the cheapest offer moves."""


@dataclass(frozen=True)
class Point:
    """The `when`-th call of one kind in the life of a process."""

    call: str
    when: int


@contextmanager
def front_of(shop: Sandbox) -> Iterator[RecordingProxy]:
    """A way to the sandbox on which whatever was switched on is Active by the next request."""

    def at_once(exchange: Exchange) -> None:
        if "/activate?" in exchange.line:
            shop.admin.advance(5)  # the last of a hundred cards comes up on a whole second

    with RecordingProxy(shop.url, instead=at_once) as front:
        yield front


@dataclass
class Sweep:
    """One command, killed at one point after the other, each with an order and a machine of its own.

    Attributes:
        verb: apply: `apply --activate --wait`; activate: the same of an order that is held; publish: `apply` of a
            demand that is matched at once.
        wanted: What the manifests ask for.
        bad: A client whose orders have no identity: every run buys under a name of its own.
        kills: The points at which a process was killed; `missed` those at which none could be.
        wrong: What was found amiss after the second run.
    """

    shop: Sandbox
    front: RecordingProxy
    folder: Path
    verb: str = "apply"
    wanted: dict[str, Any] = field(default_factory=dict)
    bad: bool = False
    kills: list[Point] = field(default_factory=list)
    missed: list[Point] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count()
        self._lock = Lock()
        self._lines: list[Any] = []

    def machine(self) -> tuple[Client, Manifest]:
        made = manifest(self.folder, **self.wanted)
        if self.bad:
            made.document["metadata"] = {"generateName": f"{made.name}-"}
            made.change()
        if self.verb == "publish":
            made.document["kind"] = "Demand"
            made.change(until="2099-01-01T00:00:00Z")
        cp = Client(self.folder / f"home-{made.name}", env=self.shop.env | {"CPCTL_SERVER": self.front.url})
        if self.verb == "activate":
            held = cp("apply", "-f", str(made))
            assert held.code == 0, held.err
        return cp, made

    def command(self, made: Manifest) -> list[str]:
        if self.verb == "activate":
            return ["activate", f"order/{made.name}", "--yes", "--wait"]
        identity = ["--run-id", str(next(self._numbers))] if self.bad else []
        if self.verb == "publish":
            return ["apply", "-f", str(made), *identity]
        return ["apply", "-f", str(made), "--activate", "--wait", *identity]

    def points(self) -> list[Point]:
        """Every call after the first connection that two undisturbed runs have in common."""
        first, second = self.undisturbed(), self.undisturbed()
        return [point for point in first if point in set(second)]

    def undisturbed(self) -> list[Point]:
        cp, made = self.machine()
        log = self.folder / f"calls-{made.name}"
        done = self.strace(cp, made, "-o", str(log), "-e", f"trace={CALLS}")
        assert done.returncode == 0, done.stderr
        self.release(made)
        seen: Counter[str] = Counter()
        found = []
        calls = CALL.findall(log.read_text())
        for thread, call in calls:
            if thread == calls[0][0]:  # strace counts by thread
                seen[call] += 1
                if seen["connect"]:
                    found.append(Point(call, seen[call]))
        return found

    def strace(self, cp: Client, made: Manifest, *flags: str) -> subprocess.CompletedProcess[str]:
        argv = ["strace", "-f", "-qq", *flags, "--", *RUN, *self.command(made)]
        env = cp.env | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=300, check=False)

    def through(self, points: Sequence[Point], between: Callable[[int], str] = lambda n: BETWEEN[n % 3]) -> None:
        """Kill at every point, `between(number)` telling what comes before the second run."""
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda n: self.at(n, points[n], between(n)), range(len(points))))

    def at(self, number: int, point: Point, between: str) -> None:
        for _ in range(TRIES):
            cp, made = self.machine()
            if self.is_killed(cp, made, point):
                self.kills.append(point)
                break
            self.release(made)
        else:
            self.missed.append(point)
            return
        if between == "wiped":
            forget(cp)
        if between == "moved":
            self.move_price(number)
        again = cp(*self.command(made))
        self.judge(cp, made, point, again)
        self.release(made)

    def is_killed(self, cp: Client, made: Manifest, point: Point) -> bool:
        inject = f"inject={point.call}:signal=KILL:when={point.when}"
        return self.strace(cp, made, "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject).returncode in KILLED

    def judge(self, cp: Client, made: Manifest, point: Point, again: Any) -> None:
        """Doubles, losses, and what the journal still thinks is going on."""
        orders = self.orders(made)
        reserved = {order["metadata"]["name"] for order in orders}
        lines = [line for line in self.ledger() if line["kind"] == "reserve" and line["ref"] in reserved]
        phases = [order["status"]["phase"] for order in orders]
        open_ = [
            path
            for verb in ("place", "activate", "publish")
            for path in record_files(cp, verb)
            if re.search('state = "(prepared|placed)"', path.read_text())
        ]
        wanted = "Held" if self.verb == "publish" else "Active"
        if again.code or phases != [wanted] or len(lines) != 1 or open_ or not self.is_matched(made):
            self.wrong.append(
                f"{point}: code {again.code}, {phases}, {len(lines)} reservations, open {open_}: {again.err}"
            )

    def is_matched(self, made: Manifest) -> bool:
        """Whether the demand, where one is published, is there and says that its order holds the cards."""
        if self.verb != "publish" or self.bad:
            return True
        answer = self.shop.get(f"/v1/demands/{made.name}")
        return answer.status_code == 200 and answer.json()["status"]["match"] == made.name

    def ledger(self) -> list[Any]:
        """All lines; those that were read are not read again."""
        with self._lock:
            more = True
            while more:
                since = self._lines[-1]["seq"] if self._lines else 0
                page = self.shop.get("/v1/ledger", since=since).json()
                self._lines += page["lines"]
                more = page["more"]
            return list(self._lines)

    def orders(self, made: Manifest) -> list[Any]:
        if not self.bad:
            answer = self.shop.get(f"/v1/orders/{made.name}")
            return [answer.json()] if answer.status_code == 200 else []
        return [one for one in self.shop.orders() if one["metadata"]["name"].startswith(f"{made.name}-")]

    def release(self, made: Manifest) -> None:
        for order in self.orders(made):
            if order["status"]["phase"] in HELD:
                self.shop.act(order, "release")

    def move_price(self, number: int) -> None:
        offer = self.shop.offer(accelerator="H800", sortBy="spec.price")
        moved = Decimal(offer["spec"]["price"]) + (Decimal("0.0100") if number % 2 else Decimal("-0.0100"))
        self.shop.admin.set_price(offer["metadata"]["name"], f"{moved:.4f}")


def a_slice(points: Sequence[Point], size: int) -> list[Point]:
    """All that touch money, or as many as there is room for; and of the others one in so many."""
    money = [point for point in points if point.call in MONEY]
    others = [point for point in points if point.call not in MONEY]
    chosen = spread(money, size)
    return chosen + spread(others, size - len(chosen))


def spread(points: Sequence[Point], size: int) -> list[Point]:
    """So many of them, evenly, the first and the last among them when there are two."""
    if len(points) <= size:
        return list(points)
    return [points[number * (len(points) - 1) // max(1, size - 1)] for number in range(size)]
