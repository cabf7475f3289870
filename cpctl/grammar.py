"""The command line as plain facts, read from the typer tree; completion and manual are written from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cpctl.cli import command
from cpctl.flags import GLOBALS
from cpctl.verbs import VERBS

VALUE_TYPES = frozenset({"StringParamType", "IntParamType", "IntRange", "FloatParamType", "FloatRange"})
SWITCH_TYPE = "BoolParamType"


class Unusual(Exception):
    """A parameter has something that these facts do not hold; the build stops rather than leave it out."""


class Flag(NamedTuple):
    """One flag.

    Attributes:
        spellings: The long one first: `("--output", "-o")`.
        value: What follows it, as help shows it; None for a switch.
    """

    spellings: tuple[str, ...]
    value: str | None
    help: str

    @property
    def words(self) -> tuple[str, ...]:
        """The legal values, when the metavar names them (`json|yaml`)."""
        return tuple(self.value.split("|")) if self.value and "|" in self.value else ()

    @property
    def is_list(self) -> bool:
        """Whether the value may be a comma list."""
        return bool(self.value and self.value.endswith(",..."))


class Argument(NamedTuple):
    """One word, or (`many`) all that remain."""

    metavar: str
    help: str
    required: bool
    many: bool


class Command(NamedTuple):
    """One verb, or one verb of a group.

    Attributes:
        path: `("get",)`, `("auth", "login")`.
        text: The paragraphs of its help.
        flags: Its own, without the global ones.
    """

    path: tuple[str, ...]
    summary: str
    text: tuple[str, ...]
    arguments: tuple[Argument, ...]
    flags: tuple[Flag, ...]

    @property
    def spelled(self) -> str:
        return " ".join(("cpctl", *self.path))

    @property
    def page(self) -> str:
        """The name of its manual page."""
        return "-".join(("cpctl", *self.path))


def commands() -> tuple[Command, ...]:
    """Every command, in the order of the verb table.

    Raises:
        ImportError, AttributeError: A verb of the table has no function.
        Unusual: A parameter these facts cannot hold.
    """
    return tuple(_commands())


def global_flags() -> tuple[Flag, ...]:
    """What every command takes."""
    some = command(next(iter(VERBS)))
    return tuple(_flag(p) for p in some.params if p.name in GLOBALS)


def _commands() -> Iterator[Command]:
    for verb, row in VERBS.items():
        if not row.subverbs:
            yield _command((verb,), row.summary, command(verb))
        for subverb, summary in row.subverbs.items():
            yield _command((verb, subverb), summary, command(verb, subverb))


def _command(path: tuple[str, ...], summary: str, built: Any) -> Command:
    own = [p for p in built.params if p.name not in GLOBALS]
    return Command(
        path,
        summary,
        _paragraphs(built.help or ""),
        tuple(_argument(p) for p in own if p.param_type_name == "argument"),
        tuple(_flag(p) for p in own if p.param_type_name == "option"),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs as typer sees them: `\\b` begins one whose lines stay as they are."""
    return tuple(part for part in text.strip().split("\n\n") if part)


def _argument(parameter: Any) -> Argument:
    _only_what_is_known(parameter)
    return Argument(parameter.metavar, _filled(parameter.help), parameter.required, parameter.nargs == -1)


def _flag(parameter: Any) -> Flag:
    _only_what_is_known(parameter)
    if parameter.secondary_opts or parameter.prompt or parameter.count or parameter.hidden or parameter.nargs != 1:
        raise Unusual(f"{parameter.name}: a kind of flag that has no place in completion and manual pages yet")
    spellings = tuple(sorted(parameter.opts, key=lambda word: not word.startswith("--")))
    if parameter.is_flag != (type(parameter.type).__name__ == SWITCH_TYPE):
        raise Unusual(f"{parameter.name}: neither a switch nor a value")
    value = None if parameter.is_flag else parameter.metavar
    if not parameter.is_flag and not value:
        raise Unusual(f"{parameter.name}: no metavar")
    return Flag(spellings, value, _filled(parameter.help))


def _only_what_is_known(parameter: Any) -> None:
    kind = type(parameter.type).__name__
    if parameter.envvar or parameter.callback or parameter.is_eager or kind not in (*VALUE_TYPES, SWITCH_TYPE):
        raise Unusual(f"{parameter.name}: {kind}, or something beside its type, is not known here")
    if not parameter.help:
        raise Unusual(f"{parameter.name}: no help")


def _filled(text: str) -> str:
    return " ".join(text.split())
