"""The journal: a file per intent to spend, durable before the first byte of its request leaves this machine.

A record holds the exact bytes and the idempotency key, so that the next run sends the same request and not another one.
It is for finishing what was begun and for `audit`; it is not what makes buying exactly-once: the order's name does
that, and without any journal the name alone finds the order. So processes share it without a lock: two of them that
send the same record at the same time are answered the same, and two with records of their own for one name meet at the
platform, which sells to one.

Records never hold a secret. Sources: promises.md, "Money moves exactly once".
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from cpctl.errors import Conflict
from cpctl.resources.exchange import Request

State = Literal["prepared", "placed", "done", "refused", "outdated", "cancelled", "deleted"]
OPEN = frozenset({"prepared", "placed"})
STATES = get_args(State)
# The platform keeps answers for seven days at least; a record near that age is looked up by name instead of sent again.
KEY_WINDOW = timedelta(days=6, hours=23)
FORMAT = 1
SIZE_LIMIT = 8 << 20  # a manifest of the largest size, escaped, with its allocations
DOTS_LIMIT = 64  # in a key: one of n parts costs n²
KEY = re.compile(r"[\x21-\x7e]{1,200}")
PLAIN = re.compile(r"[^\s/?#&%]{1,128}")  # a verb, a project or a name, as they stand in a path
NEVER_BLOCK = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)

Write = Callable[[Path, bytes], None]


@dataclass(frozen=True)
class Record:
    """One intent.

    Attributes:
        verb: place, activate, extend, release … what is asked of the platform.
        body: The exact bytes that are sent, as text.
        state: prepared (the outcome is not known here), placed (the platform said yes, the command has more to do),
            done, refused (a final no, or it never left), outdated (too old to be sent again), cancelled (by `audit`:
            never sent again), deleted (its order is out of the lists).
        outcome: What was answered, a phrase for people.
    """

    verb: str
    account: str
    endpoint: str
    project: str
    name: str
    key: str
    path: str
    body: str
    created_at: datetime
    state: State = "prepared"
    outcome: str = ""

    @property
    def request(self) -> Request:
        """The request: the same bytes every time."""
        headers = {"Idempotency-Key": self.key, "Content-Type": "application/json"}
        return Request("POST", self.path, self.body.encode(), headers, spending=True)

    @property
    def file_name(self) -> str:
        """For people to find it by; what counts is in the file."""
        return f"{self.project}.{self.name}.{self.verb}.{self.key[-12:]}.toml"


class Kept(NamedTuple):
    """A file of the journal: its record, or what is wrong with it."""

    path: Path
    record: Record | None
    fault: str = ""


class Journal:
    """The records of one user on this machine.

    Args:
        write: Puts bytes where a path points, durable when it returns; raises LocalFailure, and then nothing is sent.
        say: Tells the user what is odd about a file.
    """

    def __init__(self, folder: Path, *, write: Write, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._write = write
        self._say = say

    def begin(self, record: Record) -> Record:
        """Keep a new record; when this returns, a crash no longer loses it.

        Raises:
            LocalFailure: It cannot be kept: nothing may be sent.
        """
        self._write(self._folder / record.file_name, _bytes(record))
        return record

    def settle(self, record: Record, state: State, outcome: str) -> Record:
        """Note what came of it. The platform has spoken by now: a disk that is full is told, and changes nothing."""
        from cpctl.errors import LocalFailure

        settled = replace(record, state=state, outcome=outcome)
        try:
            self._write(self._folder / record.file_name, _bytes(settled))
        except LocalFailure as failure:
            self._say(f"warning: the journal was not brought up to date: {failure.message}")
        return settled

    def cancel(self, record: Record, outcome: str) -> None:
        """Note that its bytes are never sent again. Raises LocalFailure: it cannot be noted, and so is not so."""
        self._write(self._folder / record.file_name, _bytes(replace(record, state="cancelled", outcome=outcome)))

    def open(self, verb: str, project: str, name: str) -> Record | None:
        """The latest record of that intent which is not closed, or None."""
        return max(self.opened(verb, project, name), key=lambda one: one.created_at, default=None)

    def opened(self, verb: str, project: str, name: str) -> list[Record]:
        """The records of that intent which are not closed (prepared or placed)."""
        return [one for one in self.records(verb, project, name) if one.state in OPEN]

    def records(self, verb: str, project: str, name: str) -> list[Record]:
        """Every record of that intent."""
        intent = (verb, project, name)  # compared with the record's own words: project names may hold dots
        found = self._records(f"{project}.{name}.{verb}.")
        return [one for one in found if (one.verb, one.project, one.name) == intent]

    def everything(self) -> list[Kept]:
        """Every file, in the order of their names, the damaged ones too.

        Raises:
            LocalFailure: The folder is there and cannot be read.
        """
        from cpctl.errors import LocalFailure

        try:
            paths = sorted(self._folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LocalFailure(detail=f"cannot read {self._folder}: {error.strerror or error}") from error
        return [_kept(path) for path in paths if path.suffix == ".toml"]

    def reread(self, path: Path) -> Record | None:
        """What a file says by now; None when it is gone or damaged."""
        return _kept(path).record

    def drop(self, path: Path) -> None:
        """Delete a file; one that is gone already is fine. Raises LocalFailure."""
        from cpctl.errors import LocalFailure

        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise LocalFailure(detail=f"cannot delete {path}: {error.strerror or error}") from error

    def _records(self, prefix: str) -> Iterator[Record]:
        try:
            paths = [path for path in self._folder.iterdir() if path.name.startswith(prefix)]
        except OSError:
            return  # no journal, or none that can be read: the name finds the order
        for path in sorted(paths):
            if path.suffix == ".toml":
                record = self._read(path)
                if record is not None:
                    yield record

    def _read(self, path: Path) -> Record | None:
        """A damaged record is told and left alone; the order is found by its name all the same."""
        try:
            return _read_record(path)
        except DAMAGE as error:
            self._say(f"warning: {path} is damaged ({type(error).__name__}) and is not used; orders are found by name")
            return None


def check_owner(record: Record, account: str, endpoint: str) -> None:
    """Refuse to go on with what another account began, or what was begun at another platform.

    Raises:
        Conflict: Says whose it is and where.
    """
    if (record.account, record.endpoint) != (account, endpoint):
        raise Conflict(
            reason="AnotherAccount",
            detail=f'"{record.name}" was begun by {record.account} at {record.endpoint} and its outcome is not known;'
            f" you are {account} at {endpoint}",
            hint="finish it there, or choose another name",
        )


def is_sendable(record: Record, now: datetime) -> bool:
    """Whether the platform still knows the key; a clock that runs backwards does not make a record younger."""
    return timedelta(0) <= now - record.created_at < KEY_WINDOW


DAMAGE = (OSError, ValueError, KeyError, TypeError, RecursionError)


def _kept(path: Path) -> Kept:
    try:
        record = _read_record(path)
    except DAMAGE as error:
        return Kept(path, None, type(error).__name__)
    if not all(PLAIN.fullmatch(word) for word in (record.verb, record.project, record.name)):
        return Kept(path, None, "names that no order has")
    if record.file_name != path.name:  # what is noted of a record goes where its words say
        return Kept(path, None, "its name is not its record's")
    return Kept(path, record)


def _read_record(path: Path) -> Record:
    """Raises one of DAMAGE when it is none; nothing that blocks or never ends is read."""
    import tomllib

    with open(path, "rb", opener=lambda name, _: os.open(name, os.O_RDONLY | NEVER_BLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("not a plain file")
        content = file.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise ValueError("too large")
    text = content.decode("utf-8")
    if any(line.partition("=")[0].count(".") > DOTS_LIMIT for line in text.split("\n")):
        raise ValueError("a key of too many parts")
    return _record(tomllib.loads(text))


def _bytes(record: Record) -> bytes:
    """What a platform said may hold half a character, which no file can: it becomes a question mark."""
    import tomli_w

    document: dict[str, Any] = {
        "format": FORMAT,
        "verb": record.verb,
        "name": record.name,
        "project": record.project,
        "account": record.account,
        "endpoint": record.endpoint,
        "createdAt": record.created_at,
        "state": record.state,
        "outcome": record.outcome,
        "key": record.key,
        "path": record.path,
        "body": record.body,
    }
    return tomli_w.dumps(document).encode("utf-8", "replace")


def _record(document: Mapping[str, Any]) -> Record:
    """Raises ValueError, KeyError or TypeError when it is none."""
    if document["format"] != FORMAT:
        raise ValueError("another format")
    texts = {word: document[word] for word in ("verb", "account", "endpoint", "project", "name", "key", "path", "body")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise TypeError("a text is missing")
    if not KEY.fullmatch(texts["key"]) or not texts["path"].isprintable():
        raise ValueError("nothing that could be sent")
    created = document["createdAt"]
    if not isinstance(created, datetime) or document["state"] not in STATES:
        raise ValueError("no time or no state")
    return Record(
        **texts,
        created_at=created.astimezone(UTC),
        state=document["state"],
        outcome=str(document.get("outcome", "")),
    )
