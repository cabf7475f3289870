"""How long whole processes take, each beside `python -c pass` run at the same moment."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import NamedTuple, TypeVar

UNWANTED = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "VIRTUAL_ENV")
T = TypeVar("T")
LIMIT_S = 60.0  # nothing that is timed takes as long


class Start(NamedTuple):
    """Attributes:
    code: What it has to end with; anything else is no measurement.
    """

    name: str
    argv: Sequence[str]
    code: int = 0


class Timing(NamedTuple):
    """Attributes:
    seconds: The median of all rounds.
    ratio: The median of (its time / the time of `pass` in the same round).
    """

    seconds: float
    ratio: float


def clean(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what slows or bends a start."""
    return {name: value for name, value in env.items() if name not in UNWANTED}


def timed(argv: Sequence[str], env: Mapping[str, str], code: int = 0) -> float:
    """Seconds from start to end of one process; raises RuntimeError when it ends otherwise than it should."""
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    done = subprocess.run(argv, env=env, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE, timeout=LIMIT_S)
    took = time.perf_counter() - began
    if done.returncode != code:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return took


def beside(own: Callable[[], T], bare: Sequence[str], env: Mapping[str, str], turn: int) -> tuple[T, float]:
    """What `own` measures, and the seconds of `bare` right before it or, every other turn, right after it.

    One more `bare` goes ahead, for whatever ran before has left the machine's caches to itself: the first to run after
    something large is slower, and that must not always be the same one.
    """
    timed(bare, env)
    if turn % 2:
        took = own()
        return took, timed(bare, env)
    base = timed(bare, env)
    return own(), base


def compared(starts: Sequence[Start], bare: Sequence[str], env: Mapping[str, str], rounds: int) -> dict[str, Timing]:
    """Every start timed `rounds` times; a round runs each once, with `bare` beside each, so that noise meets both."""
    for start in starts:
        timed(start.argv, env, start.code)  # writes byte code, fills caches
    pairs: dict[str, list[tuple[float, float]]] = {start.name: [] for start in starts}
    for turn in range(rounds):
        for start in starts:
            pairs[start.name].append(beside(partial(timed, start.argv, env, start.code), bare, env, turn))
    return {name: _timing(found) for name, found in pairs.items()}


def _timing(pairs: Sequence[tuple[float, float]]) -> Timing:
    return Timing(median(own for own, _ in pairs), median(own / bare for own, bare in pairs))
