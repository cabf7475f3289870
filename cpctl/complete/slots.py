"""What may stand in each place of a command line, as one short text: the shells' scripts and `__complete` read it.

A slot is `=a|b` (these words), `@source` (live values, `cpctl.complete.live` and `suggest`), `file`, `text` (nobody
knows), or empty (a switch: nothing follows). A comma at its end: a list of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cpctl.complete.fitting import fitting
from cpctl.grammar import Command, Flag
from cpctl.profiles.settings import SETTINGS
from cpctl.registry import CONDITIONS, KINDS
from cpctl.verbs import VERBS

FILE_VALUES = frozenset({"FILE", "DIR"})
METHODS = ("GET", "POST", "PATCH", "DELETE")
HELP = {"--help": ("", "Say what it does and takes"), "-h": ("", "Say what it does and takes")}

# values that people mostly give, by a flag's long spelling or its metavar; any other is as good
COMMON: Mapping[str, tuple[str, ...]] = {
    "--duration": ("1h", "4h", "8h", "24h", "3d", "7d", "30d"),
    "--timeout": ("30s", "1m", "5m", "10m", "30m", "1h"),
    "--since": ("1d", "7d", "30d"),
    "--min-memory": ("16Gi", "24Gi", "32Gi", "48Gi", "64Gi", "80Gi", "96Gi", "128Gi"),
    "--interconnect": ("NVLink", "HCCS"),
    "--latency-class": ("metro", "regional", "national"),
    "--types": ("Normal", "Warning"),
    "--by": ("province", "accelerator", "provider", "order", "offer", "product", "project"),
    "--request-timeout": ("10s", "30s", "1m", "5m"),
    "--latency": ("500ms", "2s", "10s"),
    "--error": ("401", "403", "404", "409", "429", "500", "503"),
    "--rate": ("0.1", "0.2", "0.5"),
    "--temperature": ("0", "0.2", "0.7", "1"),
    "--max-tokens": ("256", "1024", "4096"),
    "--limit": ("10", "20", "50", "100"),
    "--max-pue": ("1.2", "1.25", "1.3", "1.5"),
    "--min-green": ("0.3", "0.5", "0.8"),
    "LEVEL": ("6", "7", "8", "9"),
    "name": ("name",),
}

# commands of which words behind the first are known too
FURTHER = ("api", "auth can-i", "config set", "config unset", "completion")

# a flag's live source, by its long spelling
LIVE: Mapping[str, str] = {
    "--province": "@province,",
    "--exclude-province": "@province,",
    "--provider": "@provider,",
    "--exclude-provider": "@provider,",
    "--accelerator": "@accelerator,",
    "--vendor": "@vendor,",
    "--model": "@model,",
    "--task": "@task,",
    "--domain": "@domain,",
    "--publisher": "@publisher,",
    "--order": "@order",
    "--offer": "@offer=",
    "--cards": "@cards",
    "--until": "@until",
    "--scenario": "@scenario",
    "--voucher": "@voucher",
    "--source": "@source",
    "--selector": "@label,",
    "--sort-by": "@field,",
    "--field-selector": "@condition,",
    "--label": "@label",
    "--path": "@later",
    "--profile": "@profile",
    "--project": "@project",
    "TYPE/NAME": "@about",
    "CONDITION": "@awaited",
}

# what the plain words of a command are, by their metavar
PLAIN: Mapping[str, str] = {"MODEL[@PROVIDER]": "@model", "METHOD": "=" + "|".join(METHODS), "TYPE[.FIELD...]": "@path"}
SETTINGS_OF_PROFILE = "=" + "|".join(
    row.key.removeprefix("profiles.*.") for row in SETTINGS if row.key.startswith("profiles.*.")
)
NAMED: Mapping[str, str] = {
    "plan": "text",
    "create order": "@new",
    "create demand": "@new",
    "auth can-i": "=get|list|watch|create|label|activate|extend|release|delete|call",
    "config set": SETTINGS_OF_PROFILE,
    "config unset": SETTINGS_OF_PROFILE,
    "config use-profile": "@profile",
    "config rename-profile": "@profile",
    "config delete-profile": "@profile",
}


def key(command: Command) -> str:
    return " ".join(command.path)


def flags(own: tuple[Flag, ...]) -> dict[str, tuple[str, str]]:
    """Every spelling to its slot and what it is for."""
    return {word: (flag_slot(flag), flag.help) for flag in own for word in flag.spellings}


def flag_slot(flag: Flag) -> str:
    if flag.value is None:
        return ""
    if flag.words:
        return "=" + "|".join(flag.words)
    if usual(flag):
        return "=" + "|".join(usual(flag)) + ("," if flag.is_list else "")
    if flag.value in FILE_VALUES:
        return "file"
    return LIVE.get(flag.spellings[0]) or LIVE.get(flag.value, "text")


def usual(flag: Flag) -> tuple[str, ...]:
    """What people mostly give to a flag."""
    return COMMON.get(flag.spellings[0]) or COMMON.get(flag.value or "", ())


def plain_slot(command: Command) -> str:
    """What the plain words of a command may be; `@object` are objects, of the kinds that the verb takes."""
    if not command.arguments:
        return "text"
    metavar = command.arguments[0].metavar
    if key(command) in NAMED:
        return NAMED[key(command)]
    if metavar in PLAIN:
        return PLAIN[metavar]
    if "|" in metavar:
        return "=" + metavar
    return "@object" if metavar.startswith(("TYPE", "order/")) else "text"


def repeats(slot: str) -> bool:
    """Whether the same live values are wanted for every plain word of a command, not the first alone."""
    return slot == "@object"


def lives(command: Command) -> bool:
    """Whether `cpctl __complete` is asked for every plain word that the scripts do not hold themselves."""
    return key(command) in FURTHER or (plain_slot(command)[:1] == "@" and repeats(plain_slot(command)))


def lives_once(command: Command) -> bool:
    """Whether it is asked for the first alone."""
    return plain_slot(command)[:1] == "@" and not lives(command)


def first_words(command: Command) -> list[str]:
    """The kinds that a command takes, as its first plain word spells them."""
    metavar = command.arguments[0].metavar if command.arguments else ""
    verb = command.path[0]
    if metavar.startswith("TYPE"):
        kinds = [kind for kind in KINDS if verb in kind.verbs] or list(KINDS)
        return [kind.plural for kind in kinds]
    return [f"{kind.name}/" for kind in KINDS if f"{kind.name}/NAME" in metavar]


def first_fixed(command: Command) -> list[str]:
    """The first plain word of a command, where it is one of a few that the scripts hold themselves."""
    slot = plain_slot(command)
    if slot[:1] == "=":
        return slot[1:].split("|")
    return first_words(command) if slot == "@object" else []


def words_module(every: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> str:
    """The text of `cpctl/complete/_words.py`."""
    return "".join(_lines(every, everywhere))


def _lines(every: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> Iterator[str]:
    yield '"""Generated from the verbs by `make generate`; `cpctl.complete.slots` says what a slot is."""\n\n'
    yield "# ruff: noqa: E501\n# fmt: off\n"
    summaries = {name: row.summary for name, row in VERBS.items()}
    groups = {name: row.subverbs for name, row in VERBS.items() if row.subverbs}
    yield f"VERBS = {summaries!r}\nGROUPS = {groups!r}\n"
    yield f"FURTHER = {FURTHER!r}\nEVERYWHERE = {{\n"
    for word, row in {**flags(everywhere), **HELP}.items():
        yield f"    {word!r}: {row!r},\n"
    yield "}\nKINDS = {\n"
    for kind in KINDS:
        for word in kind.spellings:
            yield f"    {word!r}: {kind.plural!r},\n"
    fits = fitting(every)
    yield f"}}\nFILTERS = {fits.filters!r}\nCHOOSING = {fits.choosing!r}\nPLANNED = {fits.planned!r}\nTAKEN = {{\n"
    for words, filters in fits.taken:
        for plural in [kind.plural for kind in KINDS if kind.plural in words]:
            yield f"    {plural!r}: {filters!r},\n"
    conditions = {kind.plural: CONDITIONS[kind.name] for kind in KINDS if kind.name in CONDITIONS}
    yield f"}}\nCONDITIONS = {conditions!r}\n"
    yield "COMMANDS: dict[str, tuple[str, tuple[str, ...], dict[str, tuple[str, str]]]] = {\n"
    for command in every:
        yield f"    {key(command)!r}: ({plain_slot(command)!r}, {tuple(first_words(command))!r}, {{\n"
        for word, row in flags(command.flags).items():
            yield f"        {word!r}: {row!r},\n"
        yield "    }),\n"
    yield "}\n"
