"""The fish script: one function that says what may stand at the end of the line; nothing is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cpctl.complete.facts import Facts, Words
from cpctl.complete.fish_template import TEMPLATE


def script(facts: Facts) -> str:
    """The whole of completions/cpctl.fish."""
    return (
        TEMPLATE.replace("@VERBS@", _described(facts.verbs))
        .replace("@GROUPS@", "\n".join(_cases((k, _described(v)) for k, v in facts.groups.items())))
        .replace("@FLAGS@", "\n".join(_cases((k, _described(v)) for k, v in facts.flags.items())))
        .replace("@VALUED@", " ".join(facts.valued))
        .replace("@VALUES@", "\n".join(_values(facts)))
        .replace("@FILES@", " ".join(_files(facts)))
        .replace("@PLAIN@", "\n".join(_cases((k, f"set -g __cpctl_found {_list(v)}") for k, v in facts.plain.items())))
        .replace("@FILTERS@", " ".join(facts.fits.filters))
        .replace("@CHOOSING@", " ".join(facts.fits.choosing))
        .replace("@PLANNED@", " ".join(facts.fits.planned))
        .replace("@TAKEN@", "\n".join(_taken(facts)))
        .replace("@NARROWING@", " ".join(facts.narrowing))
        .replace("@KEYS@", _list(facts.known))
        .replace("@LIVES@", _list(facts.lives))
        .replace("@ONCE@", _list(facts.once))
    )


def _cases(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, said in rows:
        yield f"        case {_quoted(name)}\n            {said}"


def _values(facts: Facts) -> Iterator[str]:
    for row in facts.values:
        said = [f"set -g __cpctl_found {_list(row.words)}"] if row.words else []
        said += ["set -g __cpctl_list 1"] if row.is_list else []
        said += [f"set -g __cpctl_live {row.live}"] if row.live else []
        said += ["set -g __cpctl_files 1"] if row.files else []
        yield f"        case {_list(row.places)}\n            " + "; ".join(said)


def _files(facts: Facts) -> list[str]:
    """The flags whose values are files, of any command."""
    return sorted({place.rpartition(" ")[2] for row in facts.values if row.files for place in row.places})


def _taken(facts: Facts) -> Iterator[str]:
    for words, filters in facts.fits.taken:
        yield " ".join(["            case", *words])
        yield " ".join(["                set taken", *filters])


def _described(words: Words) -> str:
    return "set -g __cpctl_found " + " ".join(f"{_quoted(word)}\\t{_quoted(beside)}" for word, beside in words)


def _list(words: Iterable[str]) -> str:
    return " ".join(map(_quoted, words))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
