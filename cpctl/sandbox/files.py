"""The sandbox's folder: what is in it, and how it is written so that nobody else can read it, at any umask."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final, NamedTuple

from cpctl.sandbox.failure import SandboxError

DATABASE: Final = "sandbox.db"
ADMIN_TOKEN: Final = "admin-token"  # noqa: S105 — a file's name
ENDPOINT: Final = "endpoint.json"
LOG: Final = "sandbox.log"
LOCK: Final = "lock"
STATE: Final = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", ENDPOINT)
"""What a reset throws away; tokens stay, so that profiles and scripts go on working."""


class Endpoint(NamedTuple):
    """A running sandbox, as `endpoint.json` describes it."""

    url: str
    pid: int
    startedAt: str
    seed: int
    scale: int
    speed: float
    version: str


def private_folder(folder: Path) -> None:
    """Make the folder, for its owner only. Raises SandboxError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        probe = folder / f".probe-{secrets.token_hex(4)}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise SandboxError(f"cannot write in {folder}: {error.strerror}", "cpctl sandbox up --data DIR") from error


def write_private(path: Path, text: str) -> None:
    """Replace a file whole, 0600 from its creation, durably."""
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_text(path: Path) -> str | None:
    """A small file's text; None when it is not there or not text."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def read_endpoint(folder: Path) -> Endpoint | None:
    """What `endpoint.json` says; None when it is not there, half-written, or another's."""
    text = read_text(folder / ENDPOINT)
    try:
        found: Any = json.loads(text or "")
        return Endpoint(*(found[name] for name in Endpoint._fields))
    except (ValueError, TypeError, KeyError):
        return None


def write_endpoint(folder: Path, endpoint: Endpoint) -> None:
    """Say where the sandbox is."""
    write_private(folder / ENDPOINT, json.dumps(endpoint._asdict()) + "\n")
