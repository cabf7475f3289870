"""Where the cache that completion reads is kept: a file per profile and kind, written by lists that pass by.

`cpctl.complete.kept` says what is in one. Imports nothing that costs a Tab.
"""

from __future__ import annotations

import os

from cpctl.complete.kept import MOST_BYTES, NOTHING, Kept, parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.complete.line import Line

CATALOGUE_AGE_S, YOURS_AGE_S = 600, 30
MOST_OF_A_CONFIG = 1_048_576
FILE_TYPE, REGULAR = 0o170000, 0o100000  # as the module stat has them
LOCK_AGE_S = 60
MOST_FOLDERS = 32
LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")  # the only places where a sandbox is
DATA, CACHE = (".local/share", "cpctl"), (".cache", "cpctl/complete")  # below a home
SCOPE = (("--profile",), ("--server", "-s"), ("--project", "-n"))
YOURS = frozenset({"orders", "cards", "demands", "bills", "vouchers", "projects", "events"})


class Place:
    """Where the values of one profile are kept.

    Attributes:
        folder: "" when nowhere.
        profile: "" when none is meant.
        missing: The profile that was named and is not there.
        is_damaged: Nobody knows which are: config.toml is not what it should be.
        server: As somebody wrote it; "" when nobody says which.
        said_by: Who did: "--server", "CPCTL_SERVER", or "" for the profile.
        project: "default" when nobody says which.
    """

    def __init__(
        self, folder: str, profile: str, missing: str, server: str = "", said_by: str = "", project: str = ""
    ) -> None:
        self.folder, self.profile, self.missing = folder, profile, missing
        self.server, self.said_by, self.project = server, said_by, project
        self.is_damaged = False


# places


def root(env: Mapping[str, str]) -> str:
    """The folder of all caches for completion; "" where there is no home."""
    return _xdg(env, "XDG_CACHE_HOME", *CACHE)


def config_path(env: Mapping[str, str]) -> str:
    return env.get("CPCTL_CONFIG") or _xdg(env, "XDG_CONFIG_HOME", ".config", "cpctl/config.toml")


def _xdg(env: Mapping[str, str], variable: str, below_home: str, rest: str) -> str:
    base = env.get(variable, "")
    if not base.startswith("/"):
        home = env.get("HOME", "") or env.get("USERPROFILE", "")
        if not home:
            return ""
        base = f"{home}/{below_home}"
    return f"{base}/{rest}"


def place(env: Mapping[str, str], profile: str = "", server: str = "", project: str = "") -> Place:
    """Where the values of this profile, server, project and account are, without reading a keyring.

    An account that a token in the environment names has its own place, and so has who keeps tokens in another folder;
    logging in or out empties a profile's.
    """
    current, profiles = _profiles(env)
    name = profile or env.get("CPCTL_PROFILE", "") or current
    known = profiles.get(name)
    base = root(env)
    if current == DAMAGED:
        damaged = Place("", name, "")
        damaged.is_damaged = True
        return damaged
    if name and known is None:
        return Place("", name, name)
    said_by = "--server" if server else "CPCTL_SERVER" if env.get("CPCTL_SERVER") else ""
    of_profile = known or ("", "", "")
    server = server or env.get("CPCTL_SERVER", "") or of_profile[0]
    project = project or env.get("CPCTL_PROJECT", "") or of_profile[1] or "default"
    parts = [_quoted(name), _quoted(server), _quoted(project)]
    token = env.get("CPCTL_TOKEN", "")
    data = _xdg(env, "XDG_DATA_HOME", *DATA)
    if not token and server.startswith(LOOPBACK):
        parts.append(_sandbox(of_profile[2] or f"{data}/sandbox"))
    if token or data.removesuffix("/".join(DATA)) != base.removesuffix("/".join(CACHE)):  # not of one home
        parts.append(_digest((token or data).encode("utf-8", "replace")))
    folder = "~".join(filter(None, parts))
    is_kept = base and server and len(folder) < 240
    return Place(f"{base}/{folder}" if is_kept else "", name, "", server, said_by, project)


def place_of(line: Line, env: Mapping[str, str]) -> Place:
    """Where the values are that a command line is about."""
    return place(env, *(line.value(*flag) for flag in SCOPE))


def _sandbox(folder: str) -> str:
    """Which sandbox a folder holds, by its token, which is made once with it; "" when none.

    Another one at the same address, or in the same folder after it was thrown away, is another platform.
    """
    try:
        status = os.stat(f"{folder}/token")
    except OSError:
        return ""
    return f"{status.st_ino}-{status.st_mtime_ns}"


def _digest(text: bytes) -> str:
    """Tells accounts apart without telling a token; `hashlib` would load OpenSSL for it, as long as a small list."""
    try:
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    return blake2b(text, digest_size=8).hexdigest()


def profile_names(env: Mapping[str, str]) -> list[str]:
    return list(_profiles(env)[1])


def aliases(env: Mapping[str, str]) -> dict[str, str]:
    """What each alias of config.toml stands for."""
    return dict(line.split("\t") for line in _settings(env)[1:] if line.count("\t") == 1)


def account(env: Mapping[str, str], profile: str) -> str:
    """A word that changes whenever somebody else may have logged in: a list that was asked for before is not kept."""
    return contents(f"{root(env)}/{_quoted(profile)}.account") or ""


def forget(env: Mapping[str, str], profile: str) -> None:
    """Empties what was kept for a profile: somebody else may be logged in now."""
    base, begins = root(env), _quoted(profile) + "~"
    if not base:
        return
    keep(f"{base}/{_quoted(profile)}.account", os.urandom(8).hex().encode())
    for folder in (name for name in _names(base) if name.startswith(begins)):
        for name in _names(f"{base}/{folder}"):
            _remove(f"{base}/{folder}/{name}")


def forget_yours(env: Mapping[str, str], profile: str, server: str, project: str) -> None:
    """Empties what was kept of orders and all that hangs on them: a command has just changed some."""
    where = place(env, profile, server, project)
    if where.folder:
        keep(f"{root(env)}/{_quoted(where.profile)}.account", os.urandom(8).hex().encode())
        for kind in YOURS:
            drop(where, kind)


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


def _quoted(text: str) -> str:
    kept = [char if char.isascii() and (char.isalnum() or char in ".-") else f"_{ord(char):x}_" for char in text]
    return "".join(kept).lstrip(".") or "_"


def _profiles(env: Mapping[str, str]) -> tuple[str, dict[str, tuple[str, str, str]]]:
    """(current profile, its name → (server, project, sandbox's folder))."""
    current, *lines = _settings(env)
    found = [line.split("\t") for line in lines if line.count("\t") == len(OF_A_PROFILE)]
    return current, {name: (rest[0], rest[1], rest[2]) for name, *rest in found}


def _settings(env: Mapping[str, str]) -> list[str]:
    """config.toml, flattened once a version: the current profile, then a line for each profile and for each alias."""
    path = config_path(env)
    try:
        status = os.stat(path)
    except OSError:
        return [""]
    if status.st_mode & FILE_TYPE != REGULAR or status.st_size > MOST_OF_A_CONFIG:  # a pipe would be waited for
        return [DAMAGED]
    flat = f"{root(env)}/profiles"
    stamp = f"{FLATTENED} {status.st_mtime_ns} {status.st_size} {status.st_ino} {path}"
    lines = (contents(flat) or "").split("\n")
    if lines[0] != stamp or lines[-1] != "":
        lines = [stamp, *_flattened(path), ""]
        if lines[1] != DAMAGED:  # who may read it can change, with no new version of it
            keep(flat, "\n".join(lines).encode("utf-8", "surrogateescape"))
    return lines[1:-1] or [""]


OF_A_PROFILE = ("server", "project", "sandbox-data")
FLATTENED = "4"  # the shape of it
DAMAGED = "\t"  # instead of the current profile: the file cannot be read


def _flattened(path: str) -> list[str]:
    import tomllib

    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
        table = document.get("profiles", {})
        rows = [(name, *(str(row.get(key, "")) for key in OF_A_PROFILE)) for name, row in table.items()]
        rows += [(name, str(text)) for name, text in document.get("aliases", {}).items()]
    except (OSError, ValueError, AttributeError, RecursionError):
        return [DAMAGED]
    lines = [str(document.get("current-profile", "")), *("\t".join(row) for row in rows)]
    return [line for number, line in enumerate(lines) if number == 0 or line.replace("\t", "").isprintable()]


# reading


def kept_of(where: Place, kind: str) -> tuple[Kept, float | None]:
    """The rows of a kind, and when they were written; None: never, or not so that they can be read."""
    path = f"{where.folder}/{kind}"
    text = contents(path) if where.folder else None
    found = parsed(kind, text) if text else None
    if found is None and text != "":
        return NOTHING, None
    return found or NOTHING, written_at(path)


def written_at(path: str) -> float | None:
    """When a file was written; None when it is not there."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def contents(path: str) -> str | None:
    """The text of a plain file; None when there is none, or none that can be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        with open(descriptor, "rb") as file:
            if os.fstat(descriptor).st_mode & FILE_TYPE != REGULAR:
                return None
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None


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


def drop(where: Place, kind: str) -> None:
    _remove(f"{where.folder}/{kind}")


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
