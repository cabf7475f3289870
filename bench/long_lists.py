"""`get offers` of few and many rows into a pipe, beside kubectl's list of as many against the same server."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import table
from bench.starts import Timing, beside
from bench.still_server import still_server
from bench.table import Row

FEW, MANY, VERY_MANY = 5, 10_000, 100_000
FEW_PASS = 6.5
KUBECTL_RATIO, KUBECTL_DEFAULT_RATIO = 0.4, 0.12
LONGER_RATIO, PEAK_MIB, FIRST_ROW_PASS = 10.0, 50, 7.0
PIPE_SIZE = 65_536
KIB_PER_MIB = 1024
FIRST_LINES = 2  # titles, and the first row
LIST = ("get", "offers")
IN_ONE_PAGE = "--chunk-size=0"
ROUND_TRIP_S = 0.02  # to another province and back


class Run(NamedTuple):
    """One whole process.

    Attributes:
        first_row_s: From its start until the first row was read.
        peak_mib: The most memory it held.
    """

    seconds: float
    first_row_s: float
    peak_mib: float


class Round(NamedTuple):
    """Runs that were made one right after the other; kubectl's are None where it is not installed."""

    bare_s: float
    ours: Run
    one_page: Run | None
    default: Run | None


class Long(NamedTuple):
    """A list of very many rows, and the one of many that was made right before it."""

    many: Run
    very_many: Run


def ran(argv: Sequence[str], env: Mapping[str, str], lines: int = 0) -> Run:
    """One process into a pipe; raises RuntimeError when it fails or prints another number of lines."""
    reading, writing = os.pipe()
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 2)]
    began = time.perf_counter()
    pid = os.posix_spawnp(argv[0], list(argv), env, file_actions=[*quiet, (os.POSIX_SPAWN_DUP2, writing, 1)])
    os.close(writing)
    seen, first_row_s = 0, 0.0
    while came := os.read(reading, PIPE_SIZE):
        seen += came.count(b"\n")
        if not first_row_s and seen >= FIRST_LINES:
            first_row_s = time.perf_counter() - began
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - began
    os.close(reading)
    if status or seen != lines:
        raise RuntimeError(f"{' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)} after {seen} lines")
    return Run(took, first_row_s, usage.ru_maxrss / KIB_PER_MIB)


def compared(
    count: int,
    cpctl: str,
    bare: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    rounds: int,
    answer_s: float = 0.0,
) -> list[Round]:
    """`cpctl get offers` of `count` rows, and kubectl's in one page and in its pages of 500, `rounds` times."""
    kubectl = shutil.which("kubectl")
    with still_server(count, answer_s=answer_s) as url:
        own, its = environment(env, url), kubernetes_environment(env, url, folder)

        def one_round(turn: int) -> Round:
            ours, base = beside(partial(ran, (cpctl, *LIST), own, count + 1), bare, own, turn)
            if kubectl is None:
                return Round(base, ours, None, None)
            pages = [ran((kubectl, *LIST, *words), its, count + 1) for words in ((IN_ONE_PAGE,), ())]
            return Round(base, ours, *pages)

        one_round(0)  # writes byte code, fills caches, makes the server's answers
        return [one_round(turn) for turn in range(rounds)]


def longest(cpctl: str, env: Mapping[str, str], rounds: int) -> list[Long]:
    """`cpctl get offers` of 100,000 rows beside its own 10,000."""
    with still_server(MANY) as small, still_server(VERY_MANY) as large:

        def one_round() -> Long:
            many = ran((cpctl, *LIST), environment(env, small), MANY + 1)
            return Long(many, ran((cpctl, *LIST), environment(env, large), VERY_MANY + 1))

        one_round()
        return [one_round() for _ in range(rounds)]


def few(rounds: Sequence[Round]) -> Iterator[Row]:
    """What a list costs when there is next to nothing in it."""
    ours = table.paired([(one.ours.seconds, one.bare_s) for one in rounds])
    yield table.start(f"cpctl get offers, {FEW} rows", ours, FEW_PASS)
    theirs = [(one.default.seconds, one.bare_s) for one in rounds if one.default]
    if theirs:
        yield table.start(f"kubectl get, {FEW} rows", table.paired(theirs))


def many(rounds: Sequence[Round], answering: str = "") -> Iterator[Row]:
    """10,000 rows, and as many of kubectl's, each round of them paired; `answering`: how the server does."""
    ours = table.paired([(one.ours.seconds, one.bare_s) for one in rounds])
    yield table.start(f"cpctl get offers, {MANY:,} rows{answering}", ours)
    one_page = [(one.one_page.seconds, one.bare_s, one.ours.seconds) for one in rounds if one.one_page]
    default = [(one.default.seconds, one.bare_s, one.ours.seconds) for one in rounds if one.default]
    for name, budget, both in (
        ("in one page", KUBECTL_RATIO, one_page),
        ("by default", KUBECTL_DEFAULT_RATIO, default),
    ):
        if both:
            theirs = table.paired([(seconds, bare) for seconds, bare, _ in both])
            yield table.start(f"kubectl get, {MANY:,} rows {name}{answering}", theirs)
            yield table.share(f"… cpctl / kubectl {name}", median(own / its for its, _, own in both), budget)


def very_many(runs: Sequence[Long], bare_s: float) -> Iterator[Row]:
    """100,000 rows: time beside 10,000, memory, and when the first of them was there."""
    took = median(run.very_many.seconds for run in runs)
    ratio = median(run.very_many.seconds / run.many.seconds for run in runs)
    first = median(run.very_many.first_row_s for run in runs)
    yield table.told(f"cpctl get offers, {VERY_MANY:,} rows", f"{took:.2f} s")
    yield table.share("… beside its own 10,000", ratio, LONGER_RATIO)
    yield table.at_most("… most memory", max(run.very_many.peak_mib for run in runs), "MiB", PEAK_MIB)
    yield table.start("… first row", Timing(first, first / bare_s), FIRST_ROW_PASS)


def environment(env: Mapping[str, str], url: str) -> dict[str, str]:
    """What points cpctl at the server."""
    return {**env, "CPCTL_SERVER": url, "CPCTL_TOKEN": "bench"}


def kubernetes_environment(env: Mapping[str, str], url: str, folder: Path) -> dict[str, str]:
    """What points kubectl at the server; its caches are in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "kubeconfig"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: bench\n"
        f"clusters: [{{name: bench, cluster: {{server: '{url}'}}}}]\n"
        "contexts: [{name: bench, context: {cluster: bench, user: nobody}}]\nusers: [{name: nobody, user: {}}]\n"
    )
    return {**env, "HOME": str(folder), "KUBECONFIG": str(config), "KUBECACHEDIR": str(folder / "cache")}
