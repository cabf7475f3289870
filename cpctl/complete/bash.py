"""The bash script: verbs, flags, kinds and fixed values, completed in the shell itself.

For these no process is started; live values are asked of `cpctl __complete`. Nothing is evaluated, and no word of the
command line is expanded: it is only compared. Written for bash 3.2 (macOS): no associative arrays, no mapfile, no
`compgen`, whose word list is expanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cpctl.accelerators import ACCELERATORS
from cpctl.complete.bash_template import TEMPLATE
from cpctl.complete.bash_words import WORDS
from cpctl.complete.fitting import fitting
from cpctl.complete.narrowing import NARROWING
from cpctl.complete.slots import first_fixed, flag_slot, lives, lives_once, usual
from cpctl.grammar import Command, Flag
from cpctl.places import CONNECTED
from cpctl.verbs import VERBS

HELP_FLAGS = ("--help", "-h")
ROOT_FLAGS = ("--version",)
FILE_VALUES = frozenset({"FILE", "DIR"})  # completed by readline as file names

# flags whose values are fixed, though their metavar does not name them all
FIXED: Mapping[str, tuple[str, ...]] = {
    "--province": CONNECTED,
    "--exclude-province": CONNECTED,
    "--accelerator": tuple(row[0] for row in ACCELERATORS),
    "--vendor": tuple(dict.fromkeys(row[1] for row in ACCELERATORS)),
}


class Ambiguous(Exception):
    """One spelling takes a value in one verb and none in another: words before the verb could not be read."""


def script(commands: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> str:
    """The whole of completions/cpctl.bash."""
    fits = fitting(commands)
    facts = {
        "@WORDS@\n": WORDS,
        "@VERBS@": " ".join(VERBS),
        "@ROOT_FLAGS@": " ".join(_spellings(everywhere) + list(HELP_FLAGS + ROOT_FLAGS)),
        "@VALUED@": " ".join(_valued(commands, everywhere)),
        "@GROUPS@": "\n".join(_cases((verb, row.subverbs) for verb, row in VERBS.items() if row.subverbs)),
        "@FLAGS@": "\n".join(
            _cases((_key(c), _spellings((*c.flags, *everywhere)) + list(HELP_FLAGS)) for c in commands)
        ),
        "@VALUES@": "\n".join(_value_cases(commands, everywhere)),
        "@PLAIN@": "\n".join(_cases((_key(c), first_fixed(c)) for c in commands if first_fixed(c))),
        "@FILTERS@": " ".join(fits.filters),
        "@CHOOSING@": " ".join(fits.choosing),
        "@PLANNED@": " ".join(fits.planned),
        "@PLANS@": " | ".join(fits.planned),
        "@TAKEN@": "\n".join(f'            {"|".join(w)}) taken="{" ".join(f)}" ;;' for w, f in fits.taken),
        "@NARROWING@": " | ".join(NARROWING["offers"]),
        "@KEYS@": "|".join(f'"{word}"' for word in known(commands)),
        "@LIVES@": _keys(c for c in commands if lives(c)),
        "@ONCE@": _keys(c for c in commands if lives_once(c)),
    }
    text = TEMPLATE
    for mark, words in facts.items():
        text = text.replace(mark, words)
    return text


def known(commands: tuple[Command, ...]) -> list[str]:
    """Every command, and the groups, of which the second word is yet to come."""
    return [*(_key(c) for c in commands), *(verb for verb, row in VERBS.items() if row.subverbs)]


def _key(command: Command) -> str:
    return " ".join(command.path)


def _keys(commands: Iterable[Command]) -> str:
    """A pattern of `case`."""
    return "|".join(f'"{_key(command)}"' for command in commands)


def _spellings(flags: Iterable[Flag]) -> list[str]:
    return [word for flag in flags for word in flag.spellings]


def _cases(rows: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """Lines of a `case` that set `words`."""
    for key, words in rows:
        yield f'        "{key}") words="{" ".join(words)}" ;;'


def _valued(commands: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> list[str]:
    """The spellings followed by a value.

    Raises:
        Ambiguous: One is a switch elsewhere.
    """
    takes: dict[str, bool] = {}
    for flag in (*everywhere, *(flag for command in commands for flag in command.flags)):
        for word in flag.spellings:
            if takes.setdefault(word, flag.value is not None) != (flag.value is not None):
                raise Ambiguous(word)
    return sorted(word for word, valued in takes.items() if valued)


def _value_cases(commands: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> Iterator[str]:
    """What may follow each flag: fixed words, or a file name; a flag that means the same everywhere is one line."""
    for flag in everywhere:
        yield from _value_case("*", flag)
    for command in commands:
        for flag in command.flags:
            yield from _value_case(_key(command), flag)


def _value_case(key: str, flag: Flag) -> Iterator[str]:
    words = flag.words or FIXED.get(flag.spellings[0], ()) or usual(flag)
    patterns = "|".join(f'"{key} {word}"' if key != "*" else f'*" {word}"' for word in flag.spellings)
    live = flag_slot(flag)[:1] == "@"
    if words:
        each = (" list=open" if flag.is_list else "") + (" live=narrow" if live else "")
        yield f'        {patterns}) words="{" ".join(words)}"{each} ;;'
    elif flag.value in FILE_VALUES:
        yield f"        {patterns}) files=1 ;;"
    elif live:
        yield f"        {patterns}) live=1 ;;"
