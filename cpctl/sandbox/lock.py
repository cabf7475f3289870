"""One sandbox a folder: a lock that its process holds as long as it lives, however that ends, with its pid inside."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Final

from cpctl.sandbox.failure import SandboxError
from cpctl.sandbox.files import LOCK

LOOKERS_S: Final = 0.5
"""How long somebody who only looks may be in the way."""
FAR: Final = 1 << 20
"""Windows locks bytes, and forbids reading them: one that is never written."""


def grab(descriptor: int, *, shared: bool = False) -> bool:
    """Try to lock an open file; False when another process has it. Those who only look share it with each other."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def opened(folder: Path) -> int:
    """The lock file, open. Raises SandboxError."""
    try:
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SandboxError(f"cannot write in {folder}: {error.strerror}", "cpctl sandbox up --data DIR") from error


def take(folder: Path) -> int | None:
    """Hold the lock until this process ends, with its pid in the file; None when another has it."""
    descriptor = opened(folder)
    deadline = time.monotonic() + LOOKERS_S
    while not grab(descriptor):
        if time.monotonic() > deadline:
            os.close(descriptor)
            return None
        time.sleep(0.01)
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def holder(folder: Path) -> int | None:
    """The pid of the process that holds the lock; None when nobody does, 0 when it has not said yet."""
    if not (folder / LOCK).exists():
        return None
    descriptor = opened(folder)
    try:
        if grab(descriptor, shared=True):
            return None
        with contextlib.suppress(ValueError):
            os.lseek(descriptor, 0, os.SEEK_SET)
            return int(os.read(descriptor, 20))
        return 0
    finally:
        os.close(descriptor)
