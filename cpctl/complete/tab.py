"""One press of Tab: reads the cache, answers in cobra's protocol, and has what is old refreshed behind its back."""

from __future__ import annotations

import os

from cpctl.complete._words import VERBS
from cpctl.complete.engine import HELP, NO_FILES, answer
from cpctl.complete.kept import COLUMNS, NOTHING, named, shown
from cpctl.complete.line import Line
from cpctl.complete.store import (
    CATALOGUE_AGE_S,
    CHANGING,
    SCOPE,
    YOURS,
    YOURS_AGE_S,
    changed_at,
    kept_of,
    place_of,
    profile_names,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.complete.failure import Failure
    from cpctl.complete.kept import Kept


UNHELPED = ("CPCTL_ACTIVE_HELP", "COBRA_ACTIVE_HELP")  # cobra's way for a person to want none
REFRESH = "__refresh"  # `cpctl.main` knows it: what follows is a command, whose failure is told to the next Tab


class Known:
    """What the cache holds for the profile of a command line; remembers how old what it gave is."""

    def __init__(self, line: Line, env: Mapping[str, str], now: float) -> None:
        self.env, self.now = env, now
        self.given = [(flag, line.value(*flag)) for flag in SCOPE]
        self.place = place_of(line, env)
        self.help: list[str] = []
        self.found: dict[str, Kept] = {}
        self.hindrance = "the folder of what is known cannot be written"

    def read(self, kind: str) -> Kept:
        """What is known of a kind; what is too old is asked for, for the next Tab."""
        if self.place.is_damaged:
            self.help.append("config.toml cannot be read: cpctl config get-profiles says why")
            return NOTHING
        if kind == "verbs":
            from cpctl.complete.added import added

            return added(self.env)
        if kind == "profiles":
            return named(profile_names(self.env))
        if self.place.missing:
            self.help.append(f"no profile {shown(self.place.missing)}: cpctl config get-profiles")
            return NOTHING
        if kind not in COLUMNS:
            return NOTHING
        if not self.place.server:
            self.help.append("no platform known: cpctl sandbox up makes one here, cpctl doctor says more")
        elif not self.place.folder:
            self.help.append("HOME is not set: nothing is known from one time to the next")
        if not self.place.folder:
            return NOTHING
        kept, written = kept_of(self.place, kind)
        self.found[kind] = kept
        failure, is_asked = self._refreshed(kind) if self._is_old(kind, written) else (None, False)
        self.help.append(self._told(kind, written, failure, is_asked=is_asked))
        return kept

    def _told(self, kind: str, written: float | None, failure: Failure | None, *, is_asked: bool) -> str:
        """How old what is known of a kind is, and why it is not younger."""
        why = failure.told(kind, self.place, self.env, _age(self.now - failure.at)) if failure else ""
        if written is not None:
            return ", ".join([f"{kind} as of {_age(self.now - written)} ago", *([why] if why else [])])
        if why or is_asked:
            return why or f"no {kind} known yet: asking the platform, press Tab again"
        return f"no {kind} known yet, and {self.hindrance}: cpctl doctor"

    def _is_old(self, kind: str, written: float | None) -> bool:
        age = YOURS_AGE_S if kind in YOURS else CATALOGUE_AGE_S
        if written is None or abs(self.now - written) >= age:  # one written since Tab was pressed is new
            return True
        return kind in CHANGING and written < changed_at(self.env, self.place.profile)

    def _refreshed(self, kind: str) -> tuple[Failure | None, bool]:
        """Has one process list a kind, which writes the cache; nobody waits for it.

        How the last one failed, and whether one is at it: this Tab's or another's, and nothing keeps it from it.
        """
        from cpctl.complete.failure import failure_of
        from cpctl.complete.upkeep import end_turn, take_turn

        failure = failure_of(self.place, kind)
        if failure and not failure.is_over(self.now):
            return failure, False
        turn = take_turn(self.place, kind, self.now)
        if not turn:
            return failure, turn is not None
        fresh = failure_of(self.place, kind)
        is_old = self._is_old(kind, kept_of(self.place, kind)[1])
        if not is_old or (fresh and not fresh.is_over(self.now)):  # since this one looked, another one was done
            end_turn(self.place, kind)
            return fresh, True
        is_asked = self._start(kind)
        if not is_asked:
            end_turn(self.place, kind)
            self.hindrance = "no process can be started"
        return fresh, is_asked

    def _start(self, kind: str) -> bool:
        import sys

        from cpctl.complete.detached import start_detached

        scope = [word for (flag, *_), value in self.given if value for word in (flag, value)]
        everything = [] if kind in YOURS else ["-A"]
        words = [REFRESH, "get", kind, *everything, "--no-input", "-o", "table", *scope]
        return start_detached([sys.executable, "-P", "-m", "cpctl", *words], {**self.env, "CPCTL_NO_INPUT": "1"})


def tab(words: list[str], env: Mapping[str, str], now: float) -> str:
    """What `cpctl __complete WORD... ""` prints."""
    return b"".join(pressed(words, env, now)).decode("utf-8", "surrogateescape")


def pressed(words: list[str], env: Mapping[str, str], now: float) -> tuple[bytes, bytes]:
    """The same in two parts: what is offered, which may be long; and what is told of it, with the directive."""
    line = Line(words, now)
    if line.key and line.verb not in VERBS:
        from cpctl.complete.added import spelled_out

        line = spelled_out(words, now, env)
    known = Known(line, env, now)
    lines, directive = answer(line, known.read)
    if not lines and known.found:
        from cpctl.complete.emptied import told as emptied

        why = [text for kind, found in known.found.items() if (text := emptied(line, kind, found))]
        known.help[:0] = why  # the scripts tell the first line
    told = "".join([f"{HELP} {text}\n" for text in dict.fromkeys(known.help)])
    if any(env.get(name) == "0" for name in UNHELPED):
        unhelped = [one for one in lines.splitlines(keepends=True) if not one.startswith(HELP.encode())]
        lines, told = b"".join(unhelped), ""
    return lines, f"{told}:{directive}\n".encode("utf-8", "surrogateescape")


def _age(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"


def main(words: list[str], *, bare: bool = False) -> tuple[bytes, ...]:
    """What to print, in UTF-8.

    bare: without what stands beside the values, as cobra's `__completeNoDesc`.
    """
    import time

    try:
        try:
            lines, told = pressed(words, os.environ, time.time())
        except ImportError:  # without the generated files everything works, more slowly
            from cpctl.complete.anew import tables

            tables()
            lines, told = pressed(words, os.environ, time.time())
        return (lines, told) if not bare else (b"".join([_bare(line) for line in (lines + told).splitlines()]),)
    except Exception:  # a Tab never shows a traceback
        return (f":{1 | NO_FILES}\n".encode(),)


def _bare(line: bytes) -> bytes:
    return line.partition(b"\t")[0] + b"\n"
