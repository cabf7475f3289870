"""kubectl spellings → one form: `-o=json` → `-ojson`, flags before the verb → after it."""

from __future__ import annotations

HELP = ("--help", "-h")


def normalise(argv: list[str]) -> tuple[str, list[str]]:
    """(verb or "", the words after it)."""
    before, rest = _leading_flags(argv)
    verb, words = (rest[0], rest[1:]) if rest else ("", [])
    end = words.index("--") if "--" in words else len(words)
    return verb, [_attached(word) for word in words[:end] + before] + words[end:]


def hoist(words: list[str]) -> list[str]:
    """The same for the words after a group's name, so that `auth -o json status` is `auth status -o json`."""
    before, rest = _leading_flags(words)
    if not rest or not before:
        return words
    end = rest.index("--") if "--" in rest else len(rest)
    return rest[:end] + before + rest[end:]


def _leading_flags(words: list[str]) -> tuple[list[str], list[str]]:
    """The flags (with their values) that stand before the first plain word, and the rest."""
    if not words or words[0][:1] != "-" or words[0] in (*HELP, "--", "--version"):
        return [], words
    taking = _flags_taking_values()
    flags, rest = [], list(words)
    while rest and rest[0][:1] == "-" and rest[0] not in ("-", "--"):
        flags.append(rest.pop(0))
        if flags[-1] in taking and rest:
            flags.append(rest.pop(0))
    return flags, rest


def _flags_taking_values() -> frozenset[str]:
    try:
        from cpctl._tree import TAKING
    except ImportError:  # without the generated files everything works, more slowly
        from cpctl.flags import taking_values

        return taking_values()
    return TAKING


def _attached(word: str) -> str:
    """`-o=json` as `-ojson`: kubectl takes both, typer only the second."""
    return word[:2] + word[3:] if word[:1] == "-" and word[1:2] not in ("-", "") and word[2:3] == "=" else word
