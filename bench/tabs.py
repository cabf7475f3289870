"""What a Tab on live values costs with 10,000 offers known, beside kubectl's, which asks the server at each of them."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import table
from bench.long_lists import MANY, environment, kubernetes_environment, ran
from bench.starts import LIMIT_S, beside
from bench.still_server import still_server
from bench.table import Row

PASS, KUBECTL = 1.3, 0.3
NO_VALUES = (b":", b"_activeHelp_")  # what the shell should do with the values, and what is said about them


class Tab(NamedTuple):
    """Attributes:
    words: What stands on the line; the last of them is completed.
    beside: Whether kubectl has the same to offer for the same words.
    """

    what: str
    words: tuple[str, ...]
    beside: bool = False


TABS = (
    Tab("a name begun", ("get", "offers", "of-00001"), beside=True),
    Tab("accelerators of a province", ("get", "offers", "--province", "shanxi", "--accelerator", "")),
    Tab("offers of a province", ("create", "order", "bench", "--province", "shanxi", "--offer", "")),
    Tab("every name", ("get", "offers", ""), beside=True),
)


class Pressed(NamedTuple):
    """One Tab: its seconds, and how many values it offered."""

    seconds: float
    offered: int


class Round(NamedTuple):
    """Seconds of runs that were made one right after the other."""

    bare: float
    ours: float
    theirs: float | None


def rows(
    cpctl: str,
    bare: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    rounds: int,
    chosen: Sequence[Tab] = TABS,
    count: int = MANY,
) -> Iterator[Row]:
    """Every Tab, with so many offers known. Raises RuntimeError: nothing was offered, or not the same by both."""
    kubectl = shutil.which("kubectl")
    with still_server(count) as url:
        own = {**environment(env, url), "HOME": str(folder / "home")}
        its = kubernetes_environment(env, url, folder / "kubectl")
        for tab in chosen:
            ran((cpctl, "get", "offers", "-A"), own, count + 1)  # fills the cache, so that no Tab finds it old
            theirs = kubectl if tab.beside else None

            def one_round(turn: int, tab: Tab = tab, theirs: str | None = theirs) -> tuple[Round, int]:
                mine, base = beside(partial(pressed, (cpctl, "__complete", *tab.words), own), bare, own, turn)
                other = pressed((theirs, "__complete", *tab.words), its) if theirs else None
                if other and other.offered != mine.offered:
                    raise RuntimeError(f"cpctl offers {mine.offered} {tab.what}, kubectl {other.offered}")
                return Round(base, mine.seconds, other.seconds if other else None), mine.offered

            _, offered = one_round(0)  # writes byte code, makes the server's answers
            yield from _told(tab, offered, [one_round(turn)[0] for turn in range(rounds)])


def _told(tab: Tab, offered: int, rounds: Sequence[Round]) -> Iterator[Row]:
    what = f"__complete, {tab.what} ({offered:,})"
    yield table.start(f"cpctl {what}", table.paired([(one.ours, one.bare) for one in rounds]), PASS)
    both = [(one.theirs, one.bare, one.ours) for one in rounds if one.theirs is not None]
    if both:
        yield table.start(f"kubectl {what}", table.paired([(theirs, base) for theirs, base, _ in both]))
        yield table.share("… cpctl / kubectl", median(ours / theirs for theirs, _, ours in both), KUBECTL)


def pressed(argv: Sequence[str], env: Mapping[str, str]) -> Pressed:
    """One Tab as a shell sees it. Raises RuntimeError: it failed, or offered nothing."""
    began = time.perf_counter()
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S)
    took = time.perf_counter() - began
    offered = sum(not line.startswith(NO_VALUES) for line in done.stdout.splitlines())
    if done.returncode or not offered:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode} and offered {offered}")
    return Pressed(took, offered)
