"""Where the cache that completion reads is kept: a file per profile and kind, written by lists that pass by.

`cpctl.complete.kept` says what is in one. Imports nothing that costs a Tab.
"""

from __future__ import annotations

import os

from cpctl.complete.kept import BLANK, MOST_BYTES, NOTHING, Kept, parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.complete.kept import Parted
    from cpctl.complete.line import Line

CATALOGUE_AGE_S, YOURS_AGE_S = 600, 30
MOST_OF_A_CONFIG = 1_048_576
MOST_OF_A_NAME = 60
FIRST_BYTES = 65_536  # of a file, which mostly hold its groups
FILE_TYPE, REGULAR = 0o170000, 0o100000  # as the module stat has them
LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")  # the only places where a sandbox is
DATA, CACHE = (".local/share", "cpctl"), (".cache", "cpctl/complete")  # below a home
SCOPE = (("--profile",), ("--server", "-s"), ("--project", "-n"))
CHANGING = frozenset({"offers"})  # of the catalogue: with every order, others are free
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
    parts = [quoted(name), quoted(server), quoted(project)]
    token = env.get("CPCTL_TOKEN", "")
    data = _xdg(env, "XDG_DATA_HOME", *DATA)
    if not token and server.startswith(LOOPBACK):
        parts.append(_sandbox(of_profile[2] or f"{data}/sandbox"))
    if token or data.removesuffix("/".join(DATA)) != base.removesuffix("/".join(CACHE)):  # not of one home
        parts.append(_digest((token or data).encode("utf-8", "replace")))
    folder = "~".join(filter(None, parts))
    return Place(f"{base}/{folder}" if base and server else "", name, "", server, said_by, project)


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
    return contents(f"{root(env)}/{quoted(profile)}.account") or ""


def changed_at(env: Mapping[str, str], profile: str) -> float:
    """When a command of this person last changed something, or somebody logged in or out; 0 when never."""
    return written_at(f"{root(env)}/{quoted(profile)}.account") or 0.0


def quoted(text: str) -> str:
    """A word as a part of a file's name, which takes some 250 characters; of a long one, its begin and its digest."""
    kept = [char if char.isascii() and (char.isalnum() or char in ".-") else f"_{ord(char):x}_" for char in text]
    name = "".join(kept).lstrip(".") or "_"
    if len(name) <= MOST_OF_A_NAME:
        return name
    return f"{name[: MOST_OF_A_NAME - 18]}__{_digest(text.encode('utf-8', 'surrogatepass'))}"


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
            from cpctl.complete.upkeep import keep

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
    file = _read(path, parts=True) if where.folder else None
    if not file:
        return NOTHING, None
    found = parsed(kind, file) if any(file) else NOTHING
    return (found, written_at(path)) if found else (NOTHING, None)


def written_at(path: str) -> float | None:
    """When a file was written; None when it is not there."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def contents(path: str) -> str | None:
    """The text of a plain file; None when there is none, or none that can be read."""
    file = _read(path)
    return None if file is None else b"".join(file).decode("utf-8", "replace")


def _read(path: str, *, parts: bool = False) -> Parted | None:
    """A plain file; None when there is none, or none that can be read.

    parts: Up to its first empty line, that, and the rest, which may be long and is read in one piece, not copied.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if status.st_mode & FILE_TYPE != REGULAR:
            return None
        size = min(status.st_size, MOST_BYTES)
        head, blank, body = _upto(descriptor, min(size, FIRST_BYTES) if parts else size).partition(BLANK)
        if size <= FIRST_BYTES or not parts:
            return head, blank, body
        if not blank:
            return (head + _upto(descriptor, size - len(head))).partition(BLANK)
        begins = len(head) + len(blank)
        os.lseek(descriptor, begins, os.SEEK_SET)
        return head, blank, _upto(descriptor, size - begins)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _upto(descriptor: int, size: int) -> bytes:
    """So many bytes of an open file, fewer at its end."""
    found = os.read(descriptor, size)
    while len(found) < size and (more := os.read(descriptor, size - len(found))):
        found += more
    return found
