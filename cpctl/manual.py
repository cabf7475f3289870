"""The manual pages in man(7): cpctl(1), and one page a command.

Text beyond ASCII is written as escapes, which every roff reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cpctl import __version__
from cpctl.errors import MEANINGS
from cpctl.grammar import Command, Flag
from cpctl.profiles.settings import SETTINGS
from cpctl.registry import KINDS
from cpctl.verbs import VERBS

DATED = "2026-11-23"  # the day of the release; a page says nothing else that changes by itself
TITLE = "find, buy, switch on, use and give back computing power across China"
HELP = Flag(("--help", "-h"), None, "Print a summary of the command and its flags")
VERSION = Flag(("--version",), None, "Print the version")

SETTABLE = ("current-profile", "profiles.")

ENVIRONMENT: dict[str, str] = {
    "CPCTL_SERVER": "The platform's endpoint, instead of a profile's. With CPCTL_TOKEN no file is needed.",
    "CPCTL_TOKEN": "The token for CPCTL_SERVER, or for the profile's endpoint. Sent to that origin only.",
    "CPCTL_MODELS_URL": "An OpenAI-compatible endpoint for model calls.",
    "CPCTL_MODELS_TOKEN": "The token for that endpoint.",
    "CPCTL_PROFILE": "The profile to use.",
    "CPCTL_PROJECT": "The project.",
    "CPCTL_OUTPUT": "The form of output, where a command has it.",
    "CPCTL_CONFIG": "The configuration file.",
    "CPCTL_RUN_ID": "Completes metadata.generateName of a manifest, so that a rerun is the same order.",
    "CPCTL_MAX_PRICE": "The highest price of a card-hour, CNY. Of several limits the least holds.",
    "CPCTL_MAX_ORDER": "The most an order may cost, CNY.",
    "CPCTL_MAX_DAY": "The most a day may cost, CNY.",
    "CPCTL_MAX_CALL": "The most a model call may cost, CNY.",
    "CPCTL_NO_INPUT": "When set, nothing is asked.",
    "CI": "When set, nothing is asked.",
    "CPCTL_PAGER": "What long output is read with on a terminal, such as less -S; without it there is no pager.",
    "CPCTL_ACTIVE_HELP": "0 (or COBRA_ACTIVE_HELP=0): Tab says nothing beside the values, such as how old they are.",
    "NO_COLOR": "When set, no colour; CLICOLOR_FORCE forces it.",
    "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY": "As usual; loopback addresses are always reached directly.",
    "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME, XDG_CACHE_HOME": "Where files are: the XDG base directories.",
}

FILES: dict[str, str] = {
    "$XDG_CONFIG_HOME/cpctl/config.toml": "Profiles and settings; ~/.config by default. cpctl config keeps comments.",
    "$XDG_STATE_HOME/cpctl/journal/": "What was sent to buy, recorded before it was sent; ~/.local/state by default.",
    "$XDG_STATE_HOME/cpctl/crashes/": "What is kept when cpctl itself is wrong (exit 70).",
    "$XDG_CACHE_HOME/cpctl/complete/": "What Tab knows of the platform, from the last lists; ~/.cache by default.",
    "$XDG_DATA_HOME/cpctl/sandbox/": "The state, tokens and log of the local platform; ~/.local/share by default.",
}

ABOUT = (
    "cpctl is a client of a computing power platform: a broker that federates the sub-platforms of several provinces. "
    "With it one finds cards of many providers, buys them, switches them on, reaches them and gives them back, and "
    "calls the models hosted there.",
    "cpctl sandbox up starts a complete platform on this machine, to try all of it: its providers are fictitious, and "
    "no money moves.",
    "Standard output is data, standard error is talk. Flags may stand anywhere, also before the verb.",
)

EXAMPLES = (
    "cpctl sandbox up",
    "cpctl get offers --province shanxi,ningxia --gpu H800",
    "cpctl apply -f order.yaml --activate --wait",
    "cpctl release order/train-7b",
)


def overview_page(commands: tuple[Command, ...], everywhere: tuple[Flag, ...]) -> str:
    """cpctl(1)."""
    return _page(
        "cpctl",
        TITLE,
        _section("SYNOPSIS", [".B cpctl", _escaped("VERB [TYPE[/NAME] | TYPE NAME...] [flags]")]),
        _section("DESCRIPTION", _paragraphs(ABOUT)),
        _section("VERBS", _verbs(commands)),
        _section("KINDS", _definitions((kind.plural, _kind(kind.name, kind.short, kind.title)) for kind in KINDS)),
        _section("GLOBAL FLAGS", _flags((*everywhere, HELP, VERSION))),
        _section("EXIT STATUS", _definitions((str(int(code)), text) for code, text in MEANINGS.items())),
        _section("ENVIRONMENT", _definitions(ENVIRONMENT.items())),
        _section("FILES", _definitions(FILES.items())),
        _section("SETTINGS", _settings()),
        _section("EXAMPLES", _literal(EXAMPLES)),
        _section("SEE ALSO", _see(page for page in sorted(command.page for command in commands))),
    )


def command_page(command: Command, everywhere: tuple[Flag, ...]) -> str:
    """The page of one command."""
    words = [argument.metavar for argument in command.arguments]
    return _page(
        command.page,
        command.summary[:1].lower() + command.summary[1:],
        _section("SYNOPSIS", [f".B {_escaped(command.spelled)}", _escaped(" ".join([*words, "[flags]"]))]),
        _section("DESCRIPTION", _paragraphs(command.text)),
        _section("ARGUMENTS", _definitions((argument.metavar, argument.help) for argument in command.arguments)),
        _section("FLAGS", _flags(command.flags)),
        _section("GLOBAL FLAGS", _flags((*everywhere, HELP))),
        _section("EXIT STATUS", _paragraphs(("See cpctl(1): 0 is done, and each failure has a code of its own.",))),
        _section("SEE ALSO", _see(["cpctl"])),
    )


def _page(name: str, title: str, *sections: list[str]) -> str:
    head = [
        '.\\" Generated by `make generate` from the verbs and the registry: do not edit.',
        f'.TH {name.upper()} 1 "{DATED}" "cpctl {__version__}" "cpctl manual"',
        ".SH NAME",
        f"{_escaped(name)} \\- {_escaped(title)}",
    ]
    return "\n".join(head + [line for section in sections for line in section]) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    """A section, or nothing when it is empty."""
    body = list(lines)
    return [f".SH {title}", *body] if body else []


def _verbs(commands: tuple[Command, ...]) -> Iterator[str]:
    """Each verb with its summary; the verbs of a group one by one."""
    rows = {command.path: command.summary for command in commands}
    for verb, row in VERBS.items():
        if row.subverbs:
            yield from _definitions([(verb, row.summary)])
            yield ".RS"
            yield from _definitions((path[1], text) for path, text in rows.items() if path[0] == verb)
            yield ".RE"
        else:
            yield from _definitions([(verb, rows[(verb,)])])


def _kind(name: str, short: str, title: str) -> str:
    return f"{title}; also {name}, {short}"


def _settings() -> Iterator[str]:
    yield "In config.toml; see"
    yield ".BR cpctl\\-config\\-set (1)."
    yield from _definitions(
        (row.key.replace("*", "NAME"), row.help) for row in SETTINGS if row.key.startswith(SETTABLE)
    )


def _flags(flags: Iterable[Flag]) -> Iterator[str]:
    for flag in flags:
        spelled = ", ".join(f"\\fB{_escaped(word)}\\fR" for word in reversed(flag.spellings))
        value = f" \\fI{_escaped(flag.value)}\\fR" if flag.value else ""
        yield from (".TP", spelled + value, _text(flag.help))


def _definitions(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in rows:
        yield from (".TP", f"\\fB{_escaped(term)}\\fR", _text(text))


def _paragraphs(paragraphs: Iterable[str]) -> Iterator[str]:
    """Paragraphs; one that begins with a form feed or is indented stands as it is."""
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        lines = paragraph.replace("\b", "").strip("\n").split("\n")
        if lines[0].startswith("    ") or paragraph.startswith("\b"):
            yield from _literal(line.removeprefix("    ") for line in lines)
        else:
            yield _text(" ".join(line.strip() for line in lines))


def _literal(lines: Iterable[str]) -> Iterator[str]:
    yield from (".nf", ".RS")
    yield from (_text(line) for line in lines)
    yield from (".RE", ".fi")


def _see(pages: Iterable[str]) -> list[str]:
    names = list(pages)
    return [f".BR {_escaped(name)} (1){',' if name != names[-1] else ''}" for name in names]


def _text(line: str) -> str:
    """A line of text that roff takes for no request; what stands in backticks is bold."""
    parts = line.split("`") if line.count("`") % 2 == 0 else [line]
    shown = "".join(f"\\fB{_escaped(p)}\\fR" if n % 2 else _escaped(p) for n, p in enumerate(parts))
    return "\\&" + shown if line[:1] == "." else shown


def _escaped(text: str) -> str:
    """Backslashes, hyphens (they stay hyphens when copied) and everything beyond ASCII as roff escapes."""
    return "".join(ESCAPES.get(c) or (c if c.isascii() else f"\\[u{ord(c):04X}]") for c in text)


ESCAPES = {"\\": "\\e", "-": "\\-", "`": "\\(ga", "~": "\\(ti", "^": "\\(ha", "'": "\\(aq", '"': "\\(dq"}
