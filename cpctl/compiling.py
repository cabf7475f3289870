"""The typer tree as plain data and plain texts: what `dispatch` reads in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cpctl.cli import RESERVED, command, group, help_text, tree
from cpctl.dispatch import ALL_VERBS
from cpctl.flags import GLOBALS, taking_values
from cpctl.grammar import SWITCH_TYPE, Unusual
from cpctl.verbs import READING, VERBS

HEAD = '''"""Generated from the typer tree by `make generate`; `cpctl.dispatch` says what a row is."""

# fmt: off
'''
KINDS = {"StringParamType": "text", "IntParamType": "number", "IntRange": "number"}


def tree_module() -> str:
    """Every verb that only looks, as a module of plain rows, a flag a line.

    Raises:
        Unusual: A parameter these rows cannot hold; the build stops rather than leave the verb out.
    """
    everywhere = dict(_options(command(READING[0]), is_global=True))
    rows = "".join(f"    {flag!r}: {row!r},\n" for flag, row in everywhere.items())
    taking = "".join(f"    {word!r},\n" for word in sorted(taking_values()))
    lines = [HEAD, f"GLOBALS = {tuple(GLOBALS)!r}\n", f"TAKING = frozenset((\n{taking}))\n"]
    lines += [f"EVERYWHERE = {{\n{rows}}}\n", "TREE = {\n"]
    for spelled in READING:
        verb, _, subverb = spelled.partition(" ")
        built, name = command(verb, subverb), subverb or verb
        function = name.replace("-", "_") + ("_" if name in RESERVED else "")
        options = "".join(f"            {flag!r}: {row!r},\n" for flag, row in _options(built, is_global=False))
        lines.append(f"    {spelled!r}: (\n        {VERBS[verb].module(verb)!r},\n        {function!r},\n")
        rows = f"{tuple(_arguments(built))!r},\n        {{\n            **EVERYWHERE,\n{options}        }}"
        lines.append(f"        {rows},\n    ),\n")
    return "".join([*lines, "}\n"])


def help_files() -> dict[str, str]:
    """What `--help` prints, by the name of its file: `get.txt`, `auth.status.txt`, `_verbs.txt` for all verbs."""
    texts = {ALL_VERBS: help_text(tree(), "cpctl")}
    for verb, row in VERBS.items():
        if row.subverbs:
            texts[f"{verb}.{ALL_VERBS}"] = help_text(group(verb), f"cpctl {verb}")
        else:
            texts[verb] = help_text(command(verb), f"cpctl {verb}")
        for sub in row.subverbs:
            texts[f"{verb}.{sub}"] = help_text(command(verb, sub), f"cpctl {verb} {sub}")
    return {f"{name}.txt": text for name, text in texts.items()}


def _arguments(built: Any) -> Iterator[tuple[str, bool, bool]]:
    for parameter in built.params:
        if parameter.param_type_name == "argument":
            if _kind(parameter) != "text" or parameter.nargs not in (1, -1):
                raise Unusual(f"{parameter.name}: an argument that is no text")
            yield parameter.name, parameter.nargs == -1, bool(parameter.required)


def _options(built: Any, *, is_global: bool) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for parameter in built.params:
        if parameter.param_type_name == "option" and (parameter.name in GLOBALS) == is_global:
            row = _option(parameter)
            yield from ((flag, row) for flag in parameter.opts)


def _option(parameter: Any) -> tuple[Any, ...]:
    if parameter.secondary_opts or parameter.prompt or parameter.count or parameter.required or parameter.nargs != 1:
        raise Unusual(f"{parameter.name}: an option of a verb that only looks is optional, and one word")
    if parameter.is_flag:
        return (parameter.name, "set", True) if type(parameter.type).__name__ == SWITCH_TYPE else _strange(parameter)
    kind = _kind(parameter)
    if parameter.multiple:
        return (parameter.name, "list") if kind == "text" else _strange(parameter)
    if kind == "text":
        return parameter.name, "text"
    if any(getattr(parameter.type, name, False) for name in ("clamp", "min_open", "max_open")):
        _strange(parameter)
    return parameter.name, "number", getattr(parameter.type, "min", None), getattr(parameter.type, "max", None)


def _kind(parameter: Any) -> str:
    if parameter.envvar or parameter.callback or parameter.is_eager:
        _strange(parameter)
    return KINDS.get(type(parameter.type).__name__) or _strange(parameter)


def _strange(parameter: Any) -> Any:
    raise Unusual(f"{parameter.name}: {type(parameter.type).__name__}, or something beside its type, is not known here")
