"""What `call` takes until its first token is shown, and what each further token costs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import median
from typing import NamedTuple

from bench import table
from bench.starts import beside
from bench.table import Row
from bench.token_server import MODEL, token_server

PASS = 12.0
TOKEN_CPU_US = 60.0
FEW, MANY = 20, 2_020
STAMP_DIGITS = 10  # at least, of nanoseconds


class Call(NamedTuple):
    """One whole call.

    Attributes:
        first_s: From the start of the process until its first token was read.
        after_s: From the moment the server sent that token until it was read.
        cpu_s: Of the process, in it and for it.
        alone: The share of reads per token: 1 where each was shown as it came.
    """

    first_s: float
    after_s: float
    cpu_s: float
    alone: float


def called(cpctl: str, env: Mapping[str, str], tokens: int) -> Call:
    """Raises RuntimeError: it failed, or what it printed is not what the model said."""
    reading, writing = os.pipe()
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 2)]
    argv = [cpctl, "call", MODEL, str(tokens)]
    began = time.monotonic_ns()
    pid = os.posix_spawn(cpctl, argv, env, file_actions=[*quiet, (os.POSIX_SPAWN_DUP2, writing, 1)])
    os.close(writing)
    first = os.read(reading, 65_536)
    shown = time.monotonic_ns()
    pieces = [first]
    while piece := os.read(reading, 65_536):
        pieces.append(piece)
    os.close(reading)
    _, status, usage = os.wait4(pid, 0)
    said = b"".join(pieces).split()
    if status or len(said) != 1 + tokens or len(first) < STAMP_DIGITS:
        raise RuntimeError(f"{' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)} after {len(said)} tokens")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Call((shown - began) / 1e9, (shown - int(said[0])) / 1e9, cpu_s, len(pieces) / (1 + tokens))


def rows(
    cpctl: str, bare: Sequence[str], env: Mapping[str, str], rounds: int, slopes: int, many: int = MANY
) -> Iterator[Row]:
    """A model of an endpoint, and of a platform, which is asked for its sources first."""
    with token_server() as url:
        endpoint = {**env, "CPCTL_MODELS_URL": f"{url}/v1"}
        platform = {**env, "CPCTL_SERVER": url, "CPCTL_TOKEN": "bench"}
        for where, own in (("an endpoint", endpoint), ("a platform", platform)):
            called(cpctl, own, 0)  # writes byte code
            found = [beside(partial(called, cpctl, own, 0), bare, own, turn) for turn in range(rounds)]
            timing = table.paired([(call.first_s, base) for call, base in found])
            yield table.start(f"cpctl call of {where}, first token shown", timing, PASS)
            yield table.told("… after it was sent", table.ms(median(call.after_s for call, _ in found)))
        pairs = [(called(cpctl, endpoint, FEW), called(cpctl, endpoint, many)) for _ in range(slopes)]
        each_us = median((long.cpu_s - short.cpu_s) / (many - FEW) * 1e6 for short, long in pairs)
        alone = median(long.alone for _, long in pairs)
        yield table.at_most(f"… CPU of each further token ({alone:.0%} shown alone)", each_us, "µs", TOKEN_CPU_US, 1)
