"""kill -9 at system calls of `apply --activate --wait`, of `activate` and of publishing a demand, and the same again:
no order twice, none lost.

A client that is known to buy twice goes through the same sweep and must be caught.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from killing import BETWEEN, Sweep, a_slice, front_of
from proxy import RecordingProxy
from sandbox_server import Sandbox, running
from tools import need

SLICE = {"apply": 76, "activate": 28, "publish": 10}
"""How many points `make check` takes of each command; `make soak` takes all, three times over."""
WANTED = {
    "one offer": {},
    "several provinces": {"cards": 96, "placement": {"maxProviders": 6}},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    need("strace")
    with running(tmp_path_factory.mktemp("shop"), seed=3) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def front(shop: Sandbox) -> Iterator[RecordingProxy]:
    with front_of(shop) as proxy:
        yield proxy


def judged(sweep: Sweep, tried: int) -> None:
    """Nothing twice, nothing lost, killed wherever it was to be, and the books agree."""
    print(f"{sweep.verb}: {tried} points tried, {len(sweep.kills)} kills, {len(sweep.wrong)} wrong")
    assert sweep.wrong == []
    assert (len(sweep.kills), sweep.missed) == (tried, [])
    sweep.shop.check_stock()
    sweep.shop.balance_sheet()


@pytest.mark.parametrize("verb", SLICE)
def test_killed_at_any_system_call_the_same_command_buys_once(shop, front, tmp_path, verb):
    sweep = Sweep(shop, front, tmp_path, verb)
    chosen = a_slice(sweep.points(), SLICE[verb])
    assert len(chosen) == SLICE[verb]
    sweep.through(chosen)
    judged(sweep, len(chosen))


@pytest.mark.soak
@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("verb", SLICE)
def test_killed_at_every_system_call_the_same_command_buys_once(shop, front, tmp_path, verb, wanted, between):
    sweep = Sweep(shop, front, tmp_path, verb, WANTED[wanted])
    points = sweep.points()
    sweep.through(points, lambda _: between)
    judged(sweep, len(points))


def test_the_sweep_catches_a_client_that_buys_twice(shop, front, tmp_path):
    sweep = Sweep(shop, front, tmp_path, bad=True)
    renames = [point for point in sweep.points() if point.call == "rename"]
    sweep.through(renames[1:4])  # the first is the record of the order; at the second it is placed
    assert (len(sweep.kills), sweep.missed) == (3, [])
    assert any("2 reservations" in wrong for wrong in sweep.wrong)
