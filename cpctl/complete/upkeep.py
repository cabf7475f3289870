"""What changes in the cache that completion reads: lists replaced whole, one refresh at a time, what is no longer so.

Apart from `cpctl.complete.store`, since most Tabs only read. Nobody is told of a folder that cannot be written: lists
and Tabs work there too.
"""

from __future__ import annotations

import os

from cpctl.complete.store import YOURS, account, place, quoted, root, written_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.complete.store import Place

LOCK_AGE_S = 60
MOST_FOLDERS = 32

# files


def keep(path: str, text: bytes) -> None:
    """Replaces a file whole, or leaves it: lists and Tabs work in a folder that cannot be written."""
    fresh = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        _remove(fresh)  # a full disk does not keep half a list


def drop(where: Place, kind: str) -> None:
    _remove(f"{where.folder}/{kind}")


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


# lists that pass by


def keep_list(env: Mapping[str, str], where: Place, kind: str, text: bytes, before: str) -> None:
    """Keeps a whole list, unless the account is another one than `before` it was asked for."""
    try:
        _made(where.folder)
    except OSError:
        return
    keep(f"{where.folder}/{kind}", text)
    if account(env, where.profile) != before:
        drop(where, kind)
    _remove(f"{where.folder}/{kind}.failed")
    end_turn(where, kind)


def _made(folder: str) -> None:
    """Has a folder; for a new one, that of the longest ago goes, since accounts and sandboxes come and go.

    Raises:
        OSError: Nobody can write there.
    """
    if os.path.isdir(folder):
        return
    os.makedirs(folder, 0o700, exist_ok=True)
    base = os.path.dirname(folder)
    others = [f"{base}/{name}" for name in _names(base) if "~" in name]
    for old in sorted(others, key=lambda one: written_at(one) or 0.0)[:-MOST_FOLDERS]:
        for name in _names(old):
            _remove(f"{old}/{name}")
        try:
            os.rmdir(old)
        except OSError:
            continue  # somebody writes there again


# refreshes


def take_turn(where: Place, kind: str, now: float) -> bool | None:
    """Whether this process is the one to refresh a kind; another one may be at it. None: nobody can write there."""
    try:
        _made(where.folder)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        lock = os.open(f"{where.folder}/{kind}.lock", flags, 0o600)
    except OSError:
        return None
    try:
        if hasattr(os, "lockf"):  # one at a time looks and takes; of who is killed the system lets go
            os.lockf(lock, os.F_TLOCK, 0)
        status = os.fstat(lock)
        if status.st_size and abs(now - status.st_mtime) <= LOCK_AGE_S:  # an old one was left; a clock may be set back
            return False
        return os.write(lock, b"x") == 1
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    finally:
        os.close(lock)


def end_turn(where: Place, kind: str) -> None:
    _remove(f"{where.folder}/{kind}.lock")


# what holds no longer


def forget(env: Mapping[str, str], profile: str) -> None:
    """Empties what was kept for a profile: somebody else may be logged in now."""
    base, begins = root(env), quoted(profile) + "~"
    if not base:
        return
    keep(f"{base}/{quoted(profile)}.account", os.urandom(8).hex().encode())
    for folder in (name for name in _names(base) if name.startswith(begins)):
        for name in _names(f"{base}/{folder}"):
            _remove(f"{base}/{folder}/{name}")


def forget_yours(env: Mapping[str, str], profile: str, server: str, project: str) -> None:
    """Empties what was kept of orders and all that hangs on them: a command has just changed some."""
    where = place(env, profile, server, project)
    if where.folder:
        keep(f"{root(env)}/{quoted(where.profile)}.account", os.urandom(8).hex().encode())
        for kind in YOURS:
            drop(where, kind)
