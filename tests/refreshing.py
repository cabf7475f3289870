"""Tabs as real processes, and the processes that refresh the cache behind them, found by the folder they write to."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cpctl.complete import store
from proxy import Exchange, RecordingProxy

WAIT_S = 60
TAB = (sys.executable, "-P", "-m", "cpctl", "__complete")


def tab(env: Mapping[str, str], *words: str) -> str:
    """What a Tab prints; read until nobody holds its pipes any more."""
    return subprocess.run([*TAB, *words], env=env, capture_output=True, text=True, timeout=WAIT_S, check=True).stdout


def offered(env: Mapping[str, str], *words: str) -> list[str]:
    lines = tab(env, *words).splitlines()
    return [line.split("\t")[0] for line in lines if not line.startswith((":", "_activeHelp_"))]


def folder(env: Mapping[str, str]) -> Path:
    return Path(store.place(env).folder)


def age(env: Mapping[str, str], name: str, by_s: float) -> None:
    """Makes a file of the cache older."""
    then = time.time() - by_s
    os.utime(folder(env) / name, (then, then))


def refreshers(env: Mapping[str, str]) -> list[int]:
    """The processes that list for this cache."""
    wanted, found = f"XDG_CACHE_HOME={env['XDG_CACHE_HOME']}".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"get" in words and wanted in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
        except OSError:
            continue
    return found


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def settled(env: Mapping[str, str]) -> None:
    """Waits until nothing refreshes."""
    until(lambda: not refreshers(env))


class Gate:
    """Holds lists of a kind on their way to the platform, until it is opened."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.came, self.open = threading.Event(), threading.Event()

    def hold(self, exchange: Exchange) -> None:
        if self._path in exchange.line:
            self.came.set()
            assert self.open.wait(WAIT_S)


@contextmanager
def gated(upstream: str, path: str) -> Iterator[tuple[RecordingProxy, Gate]]:
    """A way to the platform with a gate, open at first."""
    gate = Gate(path)
    gate.open.set()
    with RecordingProxy(upstream, before=gate.hold) as front:
        try:
            yield front, gate
        finally:
            gate.open.set()
