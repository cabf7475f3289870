"""The platform dies between commit and answer, or at any of its own system calls: one order, and the books agree."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from client import Client
from money import Manifest, forget, manifest, orders_of, reservations
from proxy import Exchange, RecordingProxy
from sandbox_server import Sandbox, running
from tools import need

UNKNOWN, NOTHING_HAPPENED = 11, 9
AFTER_DEATH = (0, 8, NOTHING_HAPPENED, UNKNOWN)  # 8: it died after the purchase, and the wait was in vain
POSTS = ("/v1/orders?", "/activate?")
LOSING: tuple[dict[str, Any], ...] = ({"dropAfterCommit": True}, {"truncate": True})
SLICE, ALL = 8, 500
CALLS = ("pwrite64", "sendto")
"""What the platform does to commit, and to answer."""
EVERY = {"pwrite64": 30, "sendto": 5}
"""Of how many calls `make check` takes one."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path / "shop", seed=5, speed=5) as sandbox:
        yield sandbox


class Shopper:
    """One order after the other, each on a machine of its own, bought over whatever happens to the platform."""

    def __init__(self, shop: Sandbox, folder: Path, url: str = "") -> None:
        self.shop, self.folder, self.url = shop, folder, url or shop.url

    def one(self) -> tuple[Client, Manifest]:
        made = manifest(self.folder)
        return Client(self.folder / made.name, env=self.shop.env | {"CPCTL_SERVER": self.url}), made

    def again(self, cp: Client, made: Manifest, number: int) -> None:
        """The same command, every other time without the journal; the order is there once, and is given back."""
        if number % 2:
            forget(cp)
        done = cp(*command(made))
        assert done.code == 0, done.err
        (order,) = orders_of(self.shop, made.name)
        assert len(reservations(self.shop, made.name)) == 1
        assert order["status"]["phase"] == "Active"
        self.shop.act(order, "release")
        self.shop.balance_sheet()


def command(made: Manifest) -> tuple[str, ...]:
    return ("apply", "-f", str(made), "--activate", "--wait", "--timeout", "5s")


def answers_lost(shop: Sandbox, folder: Path, times: int) -> None:
    shopper = Shopper(shop, folder)
    for number in range(times):
        cp, made = shopper.one()
        path = "/v1/orders" if number % 4 < 2 else f"/v1/orders/{made.name}/activate"
        shop.admin.faults(path=path, method="POST", count=1, **LOSING[number % 2])
        assert cp(*command(made)).code == UNKNOWN
        shopper.again(cp, made, number // 4)
    shop.check_stock()


def platform_killed(shop: Sandbox, folder: Path, times: int) -> None:
    deaths: list[str] = []
    doomed: list[str] = []

    def die(exchange: Exchange) -> bytes | None:
        """The platform has committed and answered; the answer goes nowhere."""
        if not doomed or not exchange.line.startswith("POST") or doomed[0] not in exchange.line:
            return None
        shop.kill()
        deaths.append(doomed.pop())
        return b""

    with RecordingProxy(shop.url, instead=die) as proxy:
        shopper = Shopper(shop, folder, proxy.url)
        for number in range(times):
            cp, made = shopper.one()
            doomed.append(POSTS[number % 2])
            first = cp(*command(made))
            assert (first.code, first.out) == (UNKNOWN, ""), first.err
            shop.restart()
            shopper.again(cp, made, number // 2)
    assert len(deaths) == times
    shop.check_stock()


def test_answers_lost_after_the_commit_are_one_order_each(shop, tmp_path):
    answers_lost(shop, tmp_path, SLICE)


def test_a_platform_killed_between_commit_and_answer_is_one_order_each(shop, tmp_path):
    platform_killed(shop, tmp_path, SLICE)


@pytest.mark.soak
def test_500_answers_lost_after_the_commit_are_one_order_each(shop, tmp_path):
    answers_lost(shop, tmp_path, ALL)


@pytest.mark.soak
def test_a_platform_killed_500_times_between_commit_and_answer_is_one_order_each(shop, tmp_path):
    platform_killed(shop, tmp_path, ALL)


@pytest.mark.parametrize("call", CALLS)
def test_a_platform_killed_at_a_system_call_of_its_own_is_one_order(shop, tmp_path, call):
    reached = swept(Shopper(shop, tmp_path), call, range(1, 400, EVERY[call]))
    assert reached >= 2


@pytest.mark.soak
@pytest.mark.parametrize("call", CALLS)
def test_a_platform_killed_at_every_system_call_of_its_own_is_one_order(shop, tmp_path, call):
    assert swept(Shopper(shop, tmp_path), call, range(1, 400)) >= 10


def swept(shopper: Shopper, call: str, whens: range) -> int:
    """Kill at each of them, until a purchase gets by with fewer calls; how many kills there were."""
    for kills, when in enumerate(whens):
        if not killed_at(shopper, call, when, kills):
            print(f"{call}: {kills} kills")
            return kills
    raise AssertionError("a purchase has no end")


def killed_at(shopper: Shopper, call: str, when: int, number: int) -> bool:
    """Whether the platform came as far as this call since the purchase began, and died there; it is finished after."""
    shop = shopper.shop
    cp, made = shopper.one()
    inject = f"inject={call}:signal=KILL:when={when}"
    with attached(shop.process.pid, "-e", f"trace={call}", "-e", inject):
        first = cp(*command(made))
        died = is_dead(shop, within_s=0.2 if first.code == 0 else 10)
    if died:
        shop.restart()
    if first.code == NOTHING_HAPPENED:
        assert orders_of(shop, made.name) == [], first.err
    assert first.code in (AFTER_DEATH if died else (0,)), first.err
    shopper.again(cp, made, number)
    return died


def is_dead(shop: Sandbox, within_s: float) -> bool:
    """A traced process is gone a moment after its lines are."""
    try:
        shop.process.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextmanager
def attached(pid: int, *flags: str) -> Iterator[None]:
    """strace on a process and all its threads while the block runs."""
    tracer = subprocess.Popen(
        [need("strace"), "-f", "-o", "/dev/null", *flags, "-p", str(pid)], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    if "attached" not in said:
        pytest.skip(f"strace may not attach here: {said}")
    try:
        yield
    finally:
        tracer.terminate()
        tracer.communicate(timeout=30)
