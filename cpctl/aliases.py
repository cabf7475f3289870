"""Words of config.toml: aliases that stand for command lines, and the defaults of verbs' flags."""

from __future__ import annotations

from cpctl.argv import normalise
from cpctl.errors import LocalFailure, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from cpctl.runtime import Runtime

NO_DEFAULTS = frozenset({"completion", "config", "doctor", "options", "plugin", "sandbox", "version"})
"""Verbs that work with any configuration, also with a damaged one, and so read none of it for their flags."""
ELSEWHERE = {"output": None, "server": "profiles.NAME.server", "project": "profiles.NAME.project"}
"""Flags that have another place among the settings; `defaults.VERB.output` is read by whoever prints."""
DECISIONS = frozenset({"yes", "activate", "recreate", "adopt", "overwrite", "profile"})
"""Flags that are somebody's word for this one run."""


def aliased(rt: Runtime, verb: str, words: list[str], verbs: Collection[str]) -> tuple[str, list[str]]:
    """The command line that an alias stands for, the other words behind it; a word that is no alias stays as it is.

    Raises:
        UsageError: An alias is no command line, or leads back to itself.
    """
    passed: list[str] = []
    known = aliases(rt)
    while verb not in verbs and verb in known:
        if verb in passed:
            raise UsageError(detail=f"alias {' → '.join([*passed, verb])} goes round in circles", hint=EDIT)
        passed.append(verb)
        verb, words = normalise([*_split(verb, known[verb]), *words])
    if passed and any(word in ("-h", "--help") for word in words):
        rt.say(f"{passed[0]} stands for: {known[passed[0]]}")
    return verb, words


EDIT = "cpctl config view"


def aliases(rt: Runtime) -> Mapping[str, str]:
    """Every alias, by its word; none where this user has no place for files."""
    try:
        found: Mapping[str, str] = rt.config.get("aliases", {})
    except LocalFailure:
        return {}
    return found


def _split(alias: str, text: str) -> list[str]:
    import shlex

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(detail=f"aliases.{alias} is no command line: {error}", hint=EDIT) from error
    if not words:
        raise UsageError(detail=f"aliases.{alias} is empty", hint=EDIT)
    return words


def default_words(rt: Runtime, verb: str, parameters: Sequence[Any], given: Sequence[str]) -> list[str]:
    """The flags that `[defaults.VERB]` adds to those given, as words.

    Args:
        parameters: The verb's, as typer knows them.
        given: The words typed; a flag among them has no default.

    Raises:
        UsageError: The verb has no such flag, or it is one that is said anew every time.
    """
    table = _table(rt, verb)
    words: list[str] = []
    for key, value in table.items():
        if key in ELSEWHERE and ELSEWHERE[key] is None:
            continue
        parameter = _parameter(verb, key, parameters)
        if not _is_given(parameter.opts, given) and not _is_profiles(rt, key):
            found = _words(f"defaults.{verb}.{key}", parameter, value)
            rt.defaulted |= {parameter.name} if found else frozenset()
            words += found
    return words


def has_defaults(rt: Runtime, verb: str) -> bool:
    """Whether `[defaults.VERB]` adds anything to what is typed."""
    return bool(_table(rt, verb))


def _table(rt: Runtime, verb: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = {}
    if rt.takes_defaults and verb not in NO_DEFAULTS:
        found = _defaults(rt).get(verb, found)
    return found


def _defaults(rt: Runtime) -> Mapping[str, Any]:
    from cpctl.profiles.folders import config_file, has_home

    if (not has_home(rt.env) and not rt.env.get("CPCTL_CONFIG")) or not config_file(rt.env).exists():
        return {}
    found: Mapping[str, Any] = rt.config.get("defaults", {})
    return found


def _parameter(verb: str, key: str, parameters: Sequence[Any]) -> Any:
    where = f"defaults.{verb}.{key}"
    if key in ELSEWHERE:
        raise UsageError(detail=f"{where}: its place is {ELSEWHERE[key]}", hint=EDIT)
    if key in DECISIONS:
        raise UsageError(detail=f"{where}: --{key} is said anew every time, and has no default", hint=EDIT)
    flags = {word.removeprefix("--"): one for one in parameters for word in one.opts if word.startswith("--")}
    if key not in flags:
        from cpctl.errors import UnknownName

        raise UnknownName(f"flag in defaults.{verb}", key, flags, hint=EDIT)
    return flags[key]


def _is_profiles(rt: Runtime, key: str) -> bool:
    """Whether the profile says it, which goes before a default."""
    return key == "province" and bool(rt.profile.provinces)


def _is_given(spellings: Sequence[str], given: Sequence[str]) -> bool:
    long = [word for word in spellings if word.startswith("--")]
    short = [word for word in spellings if not word.startswith("--")]
    plain = given[: given.index("--")] if "--" in given else given
    return any(word.partition("=")[0] in long or (word[:1] == "-" and word[:2] in short) for word in plain)


def _words(where: str, parameter: Any, value: Any) -> list[str]:
    """A default as the words somebody would have typed."""
    flag = parameter.opts[0]
    if parameter.is_flag:
        switch = {"true": True, "false": False}.get(str(value).lower())
        if switch is None:
            raise UsageError(detail=f'{where} "{value}" is neither true nor false', hint=EDIT)
        return [flag] if switch else []
    if isinstance(value, bool) or (isinstance(value, list) and not parameter.multiple):
        raise UsageError(detail=f"{where} is no value of {flag}", hint=EDIT)
    return [f"{flag}={one}" for one in (value if isinstance(value, list) else [value])]
