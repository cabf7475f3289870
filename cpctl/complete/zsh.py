"""The zsh script: as bash's, with what each word is for beside it. Nothing is evaluated, and no text is a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cpctl.complete.facts import Facts, Words
from cpctl.complete.zsh_template import TEMPLATE


def script(facts: Facts) -> str:
    """The whole of completions/_cpctl."""
    return (
        TEMPLATE.replace("@VERBS@", _described(facts.verbs))
        .replace("@GROUPS@", "\n".join(f"        {_quoted(k)}) {_described(v)} ;;" for k, v in facts.groups.items()))
        .replace("@FLAGS@", "\n".join(f"        {_quoted(k)}) {_described(v)} ;;" for k, v in facts.flags.items()))
        .replace("@VALUED@", " ".join(facts.valued))
        .replace("@VALUES@", "\n".join(_values(facts)))
        .replace("@PLAIN@", "\n".join(f"        {_quoted(k)}) vals=({_list(v)}) ;;" for k, v in facts.plain.items()))
        .replace("@FILTERS@", " ".join(facts.fits.filters))
        .replace("@CHOOSING@", " ".join(facts.fits.choosing))
        .replace("@PLANNED@", " ".join(facts.fits.planned))
        .replace("@PLANS@", " | ".join(facts.fits.planned))
        .replace(
            "@TAKEN@", "\n".join(f"            {'|'.join(w)}) taken=({' '.join(f)}) ;;" for w, f in facts.fits.taken)
        )
        .replace("@NARROWING@", " | ".join(facts.narrowing))
        .replace("@KEYS@", "|".join(map(_quoted, facts.known)))
        .replace("@LIVES@", "|".join(map(_quoted, facts.lives)))
        .replace("@ONCE@", "|".join(map(_quoted, facts.once)))
    )


def _values(facts: Facts) -> Iterator[str]:
    for row in facts.values:
        places = "|".join(f"*{_quoted(p[1:])}" if p[0] == "*" else _quoted(p) for p in row.places)
        said = [f"vals=({_list(row.words)})"] if row.words else []
        said += ["list=1"] if row.is_list else []
        said += [f"live={row.live}"] if row.live else []
        said += ["files=1"] if row.files else []
        yield f"        {places}) {' '.join(said)} ;;"


def _described(words: Words) -> str:
    return f"vals=({_list(word for word, _ in words)}) descs=({_list(beside for _, beside in words)})"


def _list(words: Iterable[str]) -> str:
    return " ".join(map(_quoted, words))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
