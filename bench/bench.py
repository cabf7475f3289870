"""`python -m bench.bench`: what promises are measured by, beside their budgets (see README.md)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import calls, first_requests, long_lists, peers, plans, shells, streams, table, tabs
from bench.load import Platform, lists, oversold, purchases, rate
from bench.long_lists import FEW, MANY, ROUND_TRIP_S
from bench.starts import Start, clean, compared, timed
from bench.table import Row

BARE = (sys.executable, "-c", "pass")
BARE_NAME = "python -c pass"
CPCTL = str(Path(sys.executable).with_name("cpctl"))

# what, words, exit code, budget as a multiple of `pass`
STARTS: tuple[tuple[str, str, int, float], ...] = (
    ("--version", "--version", 0, 1.2),
    ("--help", "--help", 0, 1.4),
    ("get --help", "get --help", 0, 1.4),
    ("auth login --help", "auth login --help", 0, 1.4),
    ("usage error", "get offers --nosuch", 2, 7.5),
    ("get offers --limit 5", "get offers --limit 5", 0, 6.5),
    ("describe sp shanxi", "describe sp shanxi", 0, 6.5),
    ("explain offers.spec.price", "explain offers.spec.price", 0, 7.5),
)
FEW_HTTPS_PASS = 9.0
SPENDING_PASS = 26.0
SANDBOX_UP_S = 3.0
LISTS_A_SECOND = 300
PURCHASES_A_SECOND = 100
PLAN_S = 2.0
PEER_ROUNDS = 7  # some of them take seconds
UNKNOWN = "-"


class Scale(NamedTuple):
    """How much is measured."""

    rounds: int
    longest: int
    ups: int
    lists: int
    purchases: int
    turns: int


FULL = Scale(rounds=21, longest=5, ups=3, lists=3000, purchases=1000, turns=1000)
QUICK = Scale(rounds=3, longest=1, ups=1, lists=200, purchases=100, turns=100)


class Bench(NamedTuple):
    """What every part of the table is measured with."""

    scale: Scale
    env: Mapping[str, str]
    folder: Path
    peers: Path | None = None


@contextmanager
def sandbox(folder: Path, env: Mapping[str, str]) -> Iterator[tuple[dict[str, str], float, Platform]]:
    """A sandbox on a port of its own: its environment, the seconds `up` took, a connection; stopped at the end."""
    own = {
        **env,
        "HOME": str(folder),
        **{f"XDG_{n}_HOME": str(folder / n.lower()) for n in ("CONFIG", "STATE", "DATA", "CACHE")},
    }
    data = folder / "sandbox"
    took = timed((CPCTL, "sandbox", "up", "--port", "0", "--data", str(data)), own)
    try:
        url = json.loads((data / "endpoint.json").read_text())["url"]
        yield own, took, Platform(url, (data / "token").read_text().strip())
    finally:
        timed((CPCTL, "sandbox", "down", "--data", str(data)), own)


def starts(bench: Bench) -> Iterator[Row]:
    with sandbox(bench.folder, bench.env) as (own, _, _connection):
        processes = [Start(name, (CPCTL, *words.split()), code) for name, words, code, _ in STARTS]
        timings = compared([Start(BARE_NAME, BARE), *processes], BARE, own, bench.scale.rounds)
    yield table.start(BARE_NAME, timings[BARE_NAME])  # beside itself: what is far from 1 is noise
    for name, _, _, budget in STARTS:
        yield table.start(f"cpctl {name}", timings[name], budget)
    few = first_requests.over_https(CPCTL, BARE, bench.env, bench.folder / "https", bench.scale.rounds)
    if few:
        pairs = [(run.seconds, bare_s) for run, bare_s in few]
        yield table.start("cpctl get offers over https", table.paired(pairs), FEW_HTTPS_PASS)
    asked = first_requests.spending(CPCTL, BARE, bench.env, bench.folder / "spending", bench.scale.rounds)
    yield table.start("cpctl apply, until it asks", asked, SPENDING_PASS)


def completion(bench: Bench) -> Iterator[Row]:
    rounds = bench.scale.rounds
    yield from shells.rows(CPCTL, BARE, bench.env, bench.folder, bench.scale.turns, min(rounds, 5))
    yield from tabs.rows(CPCTL, BARE, bench.env, bench.folder, rounds)


def listings(bench: Bench) -> Iterator[Row]:
    scale, of = bench.scale, partial(long_lists.compared, cpctl=CPCTL, bare=BARE, env=bench.env)
    yield from long_lists.few(of(FEW, folder=bench.folder / "few", rounds=scale.rounds))
    yield from long_lists.many(of(MANY, folder=bench.folder / "many", rounds=scale.rounds))
    afar = of(MANY, folder=bench.folder / "afar", rounds=scale.longest, answer_s=ROUND_TRIP_S)
    yield from long_lists.many(afar, f", {table.ms(ROUND_TRIP_S)} an answer")
    bare_s = median(timed(BARE, bench.env) for _ in range(scale.rounds))
    yield from long_lists.very_many(long_lists.longest(CPCTL, bench.env, scale.longest), bare_s)


def calling(bench: Bench) -> Iterator[Row]:
    yield from calls.rows(
        CPCTL, BARE, {**bench.env, "HOME": str(bench.folder)}, bench.scale.rounds, bench.scale.longest
    )


def planning(bench: Bench) -> Iterator[Row]:
    """CPU seconds, not those of a clock on the wall."""
    middle, most = plans.seconds(bench.scale.longest)
    yield table.at_most("plan, 512 cards over 10,000 offers", middle, "s CPU", PLAN_S, 2)
    yield table.at_most("… the slowest market", most, "s CPU", PLAN_S, 2)


def serving(bench: Bench) -> Iterator[Row]:
    """The sandbox."""
    scale = bench.scale
    ups = [_up_once(bench.folder / f"up-{number}", bench.env) for number in range(scale.ups - 1)]
    with sandbox(bench.folder / "load", bench.env) as (own, took, connection):
        yield table.at_most("sandbox up", median([*ups, took]), "s", SANDBOX_UP_S, 2)
        bare_s = timed(BARE, own)
        listed = rate(connection, lists(), scale.lists)
        yield table.at_least("list requests, limit=20", listed, "/s", LISTS_A_SECOND, f"{listed * bare_s:.1f} in 1×")
        bought = rate(connection, purchases(connection, "bench"), scale.purchases)
        yield table.at_least("purchases", bought, "/s", PURCHASES_A_SECOND, f"{bought * bare_s:.1f} in 1×")
        yield from streams.rows(connection)
        yield table.at_most("offers whose cards do not add up", len(oversold(connection)), "of them", 0)


def beside(bench: Bench) -> Iterator[Row]:
    yield from peers.rows(bench.peers, BARE, bench.env, bench.folder, min(bench.scale.rounds, PEER_ROUNDS))


def _up_once(folder: Path, env: Mapping[str, str]) -> float:
    with sandbox(folder, env) as (_, took, _connection):
        return took


Part = Callable[[Bench], Iterator[Row]]
PARTS: Mapping[str, Part] = {
    "starts": starts,
    "tab": completion,
    "lists": listings,
    "call": calling,
    "plan": planning,
    "sandbox": serving,
    "peers": beside,
}


def measured(name: str, part: Part, bench: Bench) -> Iterator[Row]:
    """The rows of a part; where something could not be measured, a last row says so."""
    bench.folder.mkdir()
    try:
        yield from part(bench)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        yield Row(f"{name}: the rest could not be measured", UNKNOWN, kept=False)


def main(argv: Sequence[str], parts: Mapping[str, Part] = PARTS) -> int:
    """Print the table; the exit code says only whether everything could be measured."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(parts)}")
    parser.add_argument(
        "--rounds", type=int, default=FULL.rounds, help=f"how often each start is timed ({FULL.rounds})"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="environments of other tools (README.md)")
    given = parser.parse_args(argv)
    if not parts.keys() >= {*given.parts}:
        parser.error(f"the parts are: {', '.join(parts)}")
    scale = QUICK if given.quick else FULL._replace(rounds=given.rounds)
    env = clean({name: value for name, value in os.environ.items() if not name.startswith(("CPCTL_", "XDG_"))})
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    print(table.head(), flush=True)
    unknown = False
    with tempfile.TemporaryDirectory(prefix="cpctl-bench-") as folder:
        for name in given.parts or parts:
            for row in measured(name, parts[name], Bench(scale, env, Path(folder) / name, given.peers)):
                unknown = unknown or row.figure == UNKNOWN
                print(table.line(row), flush=True)
    return int(unknown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
