"""Files that survive a crash: whole old text or whole new text, private from their first byte."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cpctl.errors import LocalFailure, NotAuthorized

LOCK_LIMIT_S = 30.0


def replace(path: Path, content: bytes) -> None:
    """Put the content where the path points, 0600, durable before this returns.

    Raises:
        LocalFailure: The disk is full, the folder read-only …; the old file is untouched.
    """
    target = Path(os.path.realpath(path))
    with local_failures(f"cannot write {path}"):
        make_folder(target.parent)
        _replace(target, content)
        sync_folder(target.parent)


def make_folder(folder: Path) -> None:
    """The folder, open to its owner only where it did not exist."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_private(path: Path, limit: int = 65_536) -> bytes | None:
    """A secret's file, or None when there is none.

    Raises:
        NotAuthorized: Others may read it, or it is no plain file of this user.
        LocalFailure: It cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    with local_failures(f"cannot read {path}"):
        try:
            with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
                _refuse_shared(path, os.fstat(file.fileno()))
                return file.read(limit)
        except FileNotFoundError:
            return None


class Busy(LocalFailure):
    """Another process holds the lock."""


@contextlib.contextmanager
def locked(path: Path, limit_s: float = LOCK_LIMIT_S) -> Iterator[None]:
    """One process at a time between read and write of what the path names.

    Raises:
        Busy: Another one did not finish within `limit_s`.
        LocalFailure: There can be no lock.
    """
    from filelock import FileLock, Timeout

    with local_failures(f"cannot lock {path}"):
        make_folder(path.parent)
        lock = FileLock(f"{path}.lock", mode=0o600)
        try:
            lock.acquire(timeout=limit_s, poll_interval=0.01)
        except Timeout as error:
            raise Busy(detail=f"another cpctl holds {path}.lock for over {limit_s:.0f} s") from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def local_failures(what: str) -> Iterator[None]:
    """Turns what the operating system says into a sentence."""
    try:
        yield
    except OSError as error:
        raise LocalFailure(detail=f"{what}: {error.strerror or error}") from error


def sync_folder(folder: Path) -> None:
    """Makes a rename in the folder durable, where folders can be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(target: Path, content: bytes) -> None:
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # 0600 and O_EXCL
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotAuthorized(reason="UnsafeFile", detail=f"{path} is not a plain file")
    if os.name == "nt":
        return
    if status.st_uid != os.geteuid():
        raise NotAuthorized(reason="UnsafeFile", detail=f"{path} belongs to another user")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise NotAuthorized(
            reason="UnsafeFile",
            detail=f"{path} can be used by others (mode {mode:04o}), so its token is not used",
            hint="cpctl auth login, or, if nobody else read it: chmod 600 {path}",
            path=path,
        )
