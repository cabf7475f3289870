"""The compiled command tree: reads the plain command lines of verbs that only look, and leaves every doubt to typer.

`_tree.py` and `help/` are written from the typer tree by `make generate`. Without them everything works, more slowly.
Nothing here prints an error of its own: what it does not understand, typer is asked about.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from cpctl.runtime import Runtime, Verb

    Given = dict[str, Any]  # values by parameter

HELP = ("--help", "-h")
ALL_VERBS = "_verbs"
"""The name of a list of verbs, of cpctl's or of a group's: no verb can be called so."""


def help_of(argv: Sequence[str]) -> str | None:
    """The text that a command line asks for, if it asks for one that was written beforehand."""
    if not argv or list(argv) in ([one] for one in HELP):
        return _text(ALL_VERBS)
    verb, words = argv[0], argv[1 : argv.index("--")] if "--" in argv else argv[1:]
    if not _is_name(verb):
        return None
    if not words and "--" in argv:
        return None
    if not words or words[0] in HELP:
        group = _text(f"{verb}.{ALL_VERBS}")
        if group is not None:
            return group
    if not any(word in HELP for word in words):
        return None
    of_group = _text(f"{verb}.{words[0]}") if _is_name(words[0]) else None
    return of_group if of_group is not None else _text(verb)


def _is_name(word: str) -> bool:
    """Whether a verb may be called so; nothing else is looked for among files."""
    return word.isascii() and word.replace("-", "").isalpha() and word[0] != "-"


def _text(name: str) -> str | None:
    try:
        with open(f"{__file__[: -len('dispatch.py')]}help/{name}.txt", encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return None


def dispatch(rt: Runtime, verb: str, words: list[str]) -> Verb | None:
    """The verb, ready to run; None when typer must decide.

    Args:
        words: Those after the verb, in the one form that `argv.normalise` makes of them.
    """
    row, rest = _row(verb, words)
    if row is None:
        return None
    module, function, arguments, options = row
    given = parse(arguments, options, rest)
    if given is None or _has_defaults(rt, verb):
        return None
    from importlib import import_module

    from cpctl._tree import GLOBALS
    from cpctl.runtime import Options

    rt.options = Options(**{name: given.pop(name) for name in GLOBALS if name in given})
    made: Verb = getattr(import_module(module), function)(rt, **given)
    return made


def _row(verb: str, words: list[str]) -> tuple[Any, list[str]]:
    """What is known of a verb, or of a verb of a group, and the words that remain."""
    try:
        from cpctl._tree import TREE
    except ImportError:
        return None, words
    if verb in TREE or not words:
        return TREE.get(verb), words
    return TREE.get(f"{verb} {words[0]}"), words[1:]


def _has_defaults(rt: Runtime, verb: str) -> bool:
    """Whether config.toml has words for this verb's flags, which typer puts to those typed."""
    from cpctl.aliases import has_defaults

    return has_defaults(rt, verb)


def parse(
    arguments: Sequence[tuple[str, bool, bool]], options: dict[str, tuple[Any, ...]], words: Sequence[str]
) -> Given | None:
    """The values of a command line by parameter, or None: ask typer.

    Args:
        arguments: (name, whether it takes all words that remain, whether it must be there).
        options: (name, kind, more) by spelling; kinds: "set" and the value, "text", "list", "number" and its bounds.
    """
    given: Given = {}
    rest: list[str] = []
    todo = iter(words)
    for word in todo:
        if word == "--":
            rest += todo
        elif word[:1] != "-" or word == "-":
            rest.append(word)
        elif not _option(given, options, word, todo):
            return None
    return given if _arguments(given, arguments, rest) else None


def _option(given: Given, options: dict[str, tuple[Any, ...]], word: str, todo: Iterator[str]) -> bool:
    """Take one option, and its value; whether that was plain."""
    flag, attached, value = word.partition("=") if word[:2] == "--" else (word[:2], word[2:], word[2:])
    if flag not in options:
        return False
    name, kind, *more = options[flag]
    if kind == "set":
        given[name] = more[0]
        return not attached
    found = value if attached else next(todo, None)
    if found is None:
        return False
    if kind == "list":
        given.setdefault(name, []).append(found)
        return True
    given[name] = found if kind == "text" else _number(found, *more)
    return given[name] is not None


def _number(text: str, least: int | None, most: int | None) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if (least is None or number >= least) and (most is None or number <= most) else None


def _arguments(given: Given, arguments: Sequence[tuple[str, bool, bool]], rest: list[str]) -> bool:
    """Take the plain words; whether they are as many as there are to be."""
    for place, (name, is_many, is_required) in enumerate(arguments):
        is_last = place == len(arguments) - 1
        if (is_many and not is_last) or (is_required and place >= len(rest)):
            return False
        if place < len(rest):
            given[name] = rest[place:] if is_many else rest[place]
    takes_all = bool(arguments) and arguments[-1][1]
    return takes_all or len(rest) <= len(arguments)
