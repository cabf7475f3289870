"""What the scripts of zsh, fish and PowerShell are made of: one set of facts, of which each writes its own tables."""

from __future__ import annotations

from typing import NamedTuple

from cpctl.complete.bash import FIXED, HELP_FLAGS, ROOT_FLAGS, _valued, known
from cpctl.complete.fitting import Fitting, fitting
from cpctl.complete.narrowing import NARROWING
from cpctl.complete.slots import first_fixed, flag_slot, key, lives, lives_once, usual
from cpctl.grammar import Command, Flag
from cpctl.verbs import VERBS

Words = tuple[tuple[str, str], ...]


class Value(NamedTuple):
    """What may follow some flags.

    Attributes:
        places: `get --output`, or `* --color` for a flag of every command.
        words: Fixed ones.
        live: `always`, `narrow` (when another flag narrows it) or "".
    """

    places: tuple[str, ...]
    words: tuple[str, ...]
    is_list: bool
    live: str
    files: bool


class Facts(NamedTuple):
    """Attributes:
    flags: By command; "" before there is one.
    plain: The first plain word, by command.
    known: Every command, and the groups.
    lives: Commands whose plain words are live.
    once: Those of which only the first is.
    fits: Which flags go with what stands on the line.
    narrowing: Flags that leave fewer of the words that are fixed otherwise, which only `__complete` knows.
    """

    verbs: Words
    groups: dict[str, Words]
    flags: dict[str, Words]
    valued: tuple[str, ...]
    values: tuple[Value, ...]
    plain: dict[str, tuple[str, ...]]
    known: tuple[str, ...]
    lives: tuple[str, ...]
    once: tuple[str, ...]
    fits: Fitting
    narrowing: tuple[str, ...]


def facts(commands: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> Facts:
    """The facts of a command line."""
    root = (*_described(everywhere), (ROOT_FLAGS[0], "Print the version"))
    return Facts(
        verbs=tuple((name, row.summary) for name, row in VERBS.items()),
        groups={name: tuple(row.subverbs.items()) for name, row in VERBS.items() if row.subverbs},
        flags={"": root} | {key(c): _described((*c.flags, *everywhere)) for c in commands},
        valued=tuple(_valued(commands, everywhere)),
        values=_values(commands, everywhere),
        plain={key(c): tuple(first_fixed(c)) for c in commands if first_fixed(c)},
        known=tuple(known(commands)),
        lives=tuple(key(c) for c in commands if lives(c)),
        once=tuple(key(c) for c in commands if lives_once(c)),
        fits=fitting(commands),
        narrowing=tuple(NARROWING["offers"]),
    )


def _described(flags: tuple[Flag, ...]) -> Words:
    own = [(word, flag.help) for flag in flags for word in flag.spellings]
    return (*own, *((word, "Say what it does and takes") for word in HELP_FLAGS))


def _values(commands: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> tuple[Value, ...]:
    """One row for all commands in which a flag takes the same."""
    places: dict[Value, list[str]] = {}
    for name, flag in [("*", f) for f in everywhere] + [(key(c), f) for c in commands for f in c.flags]:
        slot = flag_slot(flag)
        words = flag.words or FIXED.get(flag.spellings[0], ()) or usual(flag)
        live = ("narrow" if words else "always") if slot[:1] == "@" else ""
        row = Value((), words, flag.is_list, live, slot == "file")
        if words or live or row.files:
            places.setdefault(row, []).extend(f"{name} {word}" for word in flag.spellings)
    return tuple(row._replace(places=tuple(where)) for row, where in places.items())
