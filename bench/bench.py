"""`python -m bench.bench`: starts, long lists and the sandbox's throughput, beside their budgets (see README.md)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import first_requests, long_lists, plans
from bench.load import Platform, lists, oversold, purchases, rate
from bench.long_lists import FEW, MANY, Long, Round, Run
from bench.starts import Start, Timing, clean, compared, timed

BARE = (sys.executable, "-c", "pass")
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
KUBECTL_RATIO, KUBECTL_DEFAULT_RATIO = 0.4, 0.12
LONGER_RATIO = 10.0
PEAK_MIB = 50
FIRST_ROW_PASS = 7.0
FEW_PASS, FEW_HTTPS_PASS = 6.5, 9.0
SPENDING_PASS = 26.0
SANDBOX_UP_S = 3.0
LISTS_A_SECOND = 300
PURCHASES_A_SECOND = 100
PLAN_S = 2.0


class Row(NamedTuple):
    """A line of the table; `kept` says whether the figure is within its budget."""

    what: str
    figure: str
    ratio: str
    budget: str
    kept: bool


class Scale(NamedTuple):
    """How much is measured."""

    rounds: int
    longest: int
    ups: int
    lists: int
    purchases: int


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


def measured(scale: Scale, folder: Path) -> Iterator[Row]:
    """Every row of the table."""
    env = clean({name: value for name, value in os.environ.items() if not name.startswith(("CPCTL_", "XDG_"))})
    ups = [_up_once(folder / f"up-{number}", env) for number in range(scale.ups - 1)]
    with sandbox(folder / "main", env) as (own, took, connection):
        starts = [Start(name, (CPCTL, *words.split()), code) for name, words, code, _ in STARTS]
        bare_s, timings = compared(starts, BARE, own, scale.rounds)
        yield Row("python -c pass", _ms(bare_s), "1.0×", "", True)
        for name, _, _, budget in STARTS:
            yield _start_row(f"cpctl {name}", timings[name], budget)
        up = median([*ups, took])
        yield Row("sandbox up", f"{up:.2f} s", f"{up / bare_s:.0f}×", f"≤ {SANDBOX_UP_S:.0f} s", up <= SANDBOX_UP_S)
        yield from _throughput(connection, scale, bare_s)
    yield from _plans(scale)
    few = first_requests.over_https(CPCTL, BARE, env, folder / "https", scale.rounds)
    yield from [_few_row("cpctl get offers over https", few, FEW_HTTPS_PASS)] if few else []
    asked = first_requests.spending(CPCTL, BARE, env, folder / "spending", scale.rounds)
    yield _start_row("cpctl apply, until it asks", Timing(*asked), SPENDING_PASS)
    yield from _few(long_lists.compared(FEW, CPCTL, BARE, env, folder / "kubectl-few", scale.rounds))
    yield from _beside_kubectl(long_lists.compared(MANY, CPCTL, BARE, env, folder / "kubectl", scale.rounds))
    yield from _longest(long_lists.longest(CPCTL, env, scale.longest), bare_s)


def _up_once(folder: Path, env: Mapping[str, str]) -> float:
    with sandbox(folder, env) as (_, took, _connection):
        return took


def _throughput(connection: Platform, scale: Scale, bare_s: float) -> Iterator[Row]:
    listed = rate(connection, lists(), scale.lists)
    yield _rate_row("list requests, limit=20", listed, bare_s, LISTS_A_SECOND)
    bought = rate(connection, purchases(connection, "bench"), scale.purchases)
    yield _rate_row("purchases", bought, bare_s, PURCHASES_A_SECOND)
    wrong = oversold(connection)
    yield Row("offers whose cards do not add up", str(len(wrong)), "", "0", not wrong)


def _plans(scale: Scale) -> Iterator[Row]:
    """CPU seconds, not those of a clock on the wall."""
    middle, most = plans.seconds(scale.longest)
    yield Row("plan, 512 cards over 10,000 offers", f"{middle:.2f} s CPU", "", f"≤ {PLAN_S:.0f} s", most <= PLAN_S)
    yield Row("… the slowest market", f"{most:.2f} s CPU", "", f"≤ {PLAN_S:.0f} s", most <= PLAN_S)


def _few(rounds: Sequence[Round]) -> Iterator[Row]:
    """What a list costs when there is next to nothing in it."""
    yield _few_row(f"cpctl get offers, {FEW} rows", [(r.ours, r.bare) for r in rounds], FEW_PASS)
    theirs = [(r.default, r.bare) for r in rounds if r.default]
    if theirs:
        yield _list_row(f"kubectl get, {FEW} rows", theirs)


def _beside_kubectl(rounds: Sequence[Round]) -> Iterator[Row]:
    """10,000 rows, and as many of kubectl's, each round of them paired."""
    yield _list_row("cpctl get offers, 10,000 rows", [(r.ours, r.bare) for r in rounds])
    one_page = [(r.one_page, r.bare, r.ours) for r in rounds if r.one_page]
    default = [(r.default, r.bare, r.ours) for r in rounds if r.default]
    for name, budget, pairs in (
        ("in one page", KUBECTL_RATIO, one_page),
        ("by default", KUBECTL_DEFAULT_RATIO, default),
    ):
        if pairs:
            yield _list_row(f"kubectl get, 10,000 rows {name}", [(theirs, bare) for theirs, bare, _ in pairs])
            ratio = median(ours.seconds / theirs.seconds for theirs, _, ours in pairs)
            yield Row(f"cpctl / kubectl {name}", f"{ratio:.2f}×", "", f"≤ {budget}×", ratio <= budget)


def _longest(runs: Sequence[Long], bare_s: float) -> Iterator[Row]:
    """100,000 rows: time beside 10,000, memory, and when the first of them was there."""
    took = median(run.very_many.seconds for run in runs)
    ratio = median(run.very_many.seconds / run.many.seconds for run in runs)
    peak = max(run.very_many.peak_mib for run in runs)
    first = median(run.very_many.first_row_s for run in runs)
    yield Row("cpctl get offers, 100,000 rows", f"{took:.2f} s", "", "", True)
    yield Row("… beside its own 10,000", f"{ratio:.1f}×", "", f"≤ {LONGER_RATIO:.0f}×", ratio <= LONGER_RATIO)
    yield Row("… most memory", f"{peak:.0f} MiB", "", f"≤ {PEAK_MIB} MiB", peak <= PEAK_MIB)
    yield _start_row("… first row", Timing(first, first / bare_s), FIRST_ROW_PASS)


def _list_row(what: str, pairs: Sequence[tuple[Run, Run]]) -> Row:
    ratio = median(run.seconds / bare.seconds for run, bare in pairs)
    return Row(what, _ms(median(run.seconds for run, _ in pairs)), f"{ratio:.1f}×", "", True)


def _few_row(what: str, pairs: Sequence[tuple[Run, Run]], budget: float) -> Row:
    seconds, ratio = median(run.seconds for run, _ in pairs), median(run.seconds / bare.seconds for run, bare in pairs)
    return _start_row(what, Timing(seconds, ratio), budget)


def _start_row(what: str, timing: Timing, budget: float) -> Row:
    return Row(what, _ms(timing.seconds), f"{timing.ratio:.1f}×", f"≤ {budget}×", timing.ratio <= budget)


def _rate_row(what: str, found: float, bare_s: float, least: int) -> Row:
    return Row(what, f"{found:.0f} /s", f"{found * bare_s:.1f} in 1×", f"≥ {least} /s", found >= least)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def table(rows: list[Row]) -> str:
    """The rows in columns."""
    head = Row("WHAT", "MEDIAN", "PASS", "BUDGET", True)
    cells = [(*row[:4], "" if row is head or not row.budget else "yes" if row.kept else "NO") for row in [head, *rows]]
    cells[0] = (*cells[0][:4], "KEPT")
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    return "\n".join(
        "   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def main(argv: list[str]) -> int:
    """Print the table; the exit code says only whether everything could be measured."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="how often each start is timed (21)")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    given = parser.parse_args(argv)
    scale = Scale(3, 1, 1, 200, 100) if given.quick else Scale(given.rounds, 5, 3, 3000, 1000)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="cpctl-bench-") as folder:
        print(table(list(measured(scale, Path(folder)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
