"""The sandbox's own process: open the database, furnish it, bind loopback, say where, serve until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import itertools
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import uvicorn

from cpctl.sandbox import catalogue, lock, tokens
from cpctl.sandbox.accounts import ACCOUNTS
from cpctl.sandbox.app import application
from cpctl.sandbox.clock import Clock
from cpctl.sandbox.daemon import DEFAULT_PORT, DEFAULT_SCALE, DEFAULT_SEED
from cpctl.sandbox.edge import Line
from cpctl.sandbox.failure import SandboxError
from cpctl.sandbox.files import (
    ADMIN_TOKEN,
    DATABASE,
    Endpoint,
    read_endpoint,
    read_text,
    write_endpoint,
    write_private,
)
from cpctl.sandbox.platform import Platform, furnish
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.reads import VERSION
from cpctl.sandbox.store import Store
from cpctl.sandbox.times import rfc3339

LOG: Final = logging.getLogger("cpctl.sandbox")
HOST: Final = "127.0.0.1"
FILES: Final = 8_192
"""How many a sandbox may hold: a connection is one, and a shell often allows 1,024 unless a process asks for more."""
TICK_S: Final = 0.2
TICKS_BETWEEN_TIDYING: Final = 50
STOP_WITHIN_S: Final = 2
KEEP_ALIVE_S: Final = 75
BACKLOG: Final = 2_048
LEAST_TOKEN: Final = 20


Announce = Callable[[Endpoint], None]


class Wish(NamedTuple):
    """What a start was asked for; None leaves a setting as it was, or at its default."""

    port: int | None = None
    seed: int | None = None
    scale: int | None = None
    speed: float | None = None


def prepare(folder: Path, wish: Wish) -> tuple[Platform, str]:
    """The platform of a folder, and its admin token. Raises SandboxError."""
    store = Store(folder / DATABASE, had_rows=(folder / ADMIN_TOKEN).exists())
    seed = settled(store, folder, "seed", wish.seed, DEFAULT_SEED)
    scale = settled(store, folder, "scale", wish.scale, DEFAULT_SCALE)
    furnish(store, seed, scale, catalogue.build, Clock(store).now())
    try:
        clock = Clock(store, wish.speed)
    except Problem as problem:
        raise SandboxError(problem.detail) from problem
    platform = Platform(store, clock, seed)
    with store.change() as change:
        for account in ACCOUNTS.values():
            token = kept_token(folder / account.token_file, f"sbx-{account.name}")
            tokens.register(
                change, token, account.name, "file", family=f"file-{account.name}", client="file", expires=None
            )
    return platform, kept_token(folder / ADMIN_TOKEN, "sbx-admin")


def former_port(folder: Path) -> int:
    """Where the sandbox of a folder was the last time, so that profiles and unfinished purchases find it again."""
    former = read_endpoint(folder)
    return (former and urlsplit(former.url).port) or DEFAULT_PORT


def settled(store: Store, folder: Path, name: str, asked: int | None, default: int) -> int:
    """A setting that a catalogue is made with, once. Raises SandboxError: it was made with another."""
    made = store.meta(name)
    if made and asked is not None and made != str(asked):
        detail = f"the sandbox in {folder} was made with {name} {made}, not {asked}"
        raise SandboxError(detail, "cpctl sandbox up --data DIR, for another one")
    return int(made or (default if asked is None else asked))


def kept_token(path: Path, prefix: str) -> str:
    """The token in a file; a fresh one when there is none."""
    token = (read_text(path) or "").strip()
    if len(token) < LEAST_TOKEN or not token.isascii():
        token = tokens.fresh(prefix)
        write_private(path, token + "\n")
    return token


def bound(port: int) -> socket.socket:
    """A listening socket on loopback. Raises SandboxError: the port is taken."""
    # The protocol is named because asyncio switches Nagle off only then; without it every answer waits 40 ms.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        taken = (
            "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        )
        raise SandboxError(f"port {port} on {HOST} {taken}", "cpctl sandbox up --port PORT") from error
    found.set_inheritable(False)
    return found


def allow_files() -> None:
    """Let this process hold as many files as it needs, within what the machine allows it."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # fewer streams, then
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def tick(platform: Platform, server: uvicorn.Server) -> None:
    """Let things happen in their time, also when nobody asks; end when the folder is gone, for nobody could find it."""
    for count in itertools.count(1):
        await asyncio.sleep(TICK_S)
        if server.should_exit:
            platform.watches.end()
            return
        if not platform.store.path.exists():
            server.should_exit = True
            return
        try:
            platform.settle()
            if count % TICKS_BETWEEN_TIDYING == 0:
                platform.tidy()
        except Exception:  # the disk may have room again at the next tick
            LOG.exception("what was due could not happen")


@contextlib.asynccontextmanager
async def ticking(platform: Platform, server: uvicorn.Server) -> AsyncIterator[None]:
    """Tick while the block runs."""
    task = asyncio.create_task(tick(platform, server))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def server_of(platform: Platform, admin_token: str) -> uvicorn.Server:
    """The HTTP server, ready to serve."""
    config = uvicorn.Config(
        application(platform, admin_token),
        http=Line,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    return uvicorn.Server(config)


def stop_on_signals(server: uvicorn.Server) -> None:
    """SIGTERM and SIGINT end it in order; uvicorn raises them again afterwards, which must not cut the end short."""

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


async def run(platform: Platform, server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    async with ticking(platform, server):
        await server.serve([listener])


def serve(folder: Path, wish: Wish, announce: Announce) -> None:
    """Be the sandbox of a folder.

    Args:
        folder: Exists, and is writable.
        wish: What was asked for.
        announce: Told the endpoint once requests are served.

    Raises:
        SandboxError: It cannot start; the sentence says why.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if lock.take(folder) is None:
        raise SandboxError(f"another sandbox is running in {folder}", "cpctl sandbox status")
    allow_files()
    listener = bound(former_port(folder) if wish.port is None else wish.port)
    platform, admin_token = prepare(folder, wish)
    server = server_of(platform, admin_token)
    platform.settle()
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    endpoint = described(platform, url)
    stop_on_signals(server)
    write_endpoint(folder, endpoint)
    announce(endpoint)
    gc.collect()
    gc.freeze()
    try:
        asyncio.run(run(platform, server, listener))
    finally:
        platform.store.close()


def described(platform: Platform, url: str) -> Endpoint:
    """This sandbox, for endpoint.json."""
    speed, meta = platform.clock.speed, platform.store.meta
    shown_speed = int(speed) if speed == int(speed) else speed
    started = rfc3339(platform.clock.wall())
    return Endpoint(url, os.getpid(), started, int(meta("seed")), int(meta("scale")), shown_speed, VERSION)
