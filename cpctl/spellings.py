"""What people write for a province, an accelerator or its maker, and which one they mean: for commands and for Tab.

A spelling is compared in lower case, with full-width forms made half-width and without the marks people put between
the parts of a name. Pure, and cheap to load: a Tab has no time for more.
"""

from __future__ import annotations

from cpctl.accelerators import ACCELERATORS, FORM_FACTORS, VENDOR_NAMES, VENDOR_WORDS
from cpctl.places import ALSO, PROVINCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cpctl.places import Province

    Table = Mapping[str, str]  # squashed spelling → name

WORD_LIMIT = 64  # no name that means something is longer


def folded(text: str) -> str:
    """Lower case, full-width forms made half-width; empty when it is too long to be a name."""
    if len(text) > WORD_LIMIT:
        return ""
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFKC", text)
    return text.strip().casefold()


def parts(text: str) -> list[str]:
    """Folded, in the parts that marks divide it into."""
    return "".join(" " if mark in "-_·/" else mark for mark in folded(text)).split()


def squashed(text: str) -> str:
    """Folded, without the marks people put between the parts of a name."""
    return "".join(parts(text))


def alias_table(rows: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Squashed spelling → name, from rows of a name and its spellings.

    Raises:
        ValueError: One spelling stands for two names.
    """
    table: dict[str, str] = {}
    for name, spellings in rows:
        for key in map(squashed, spellings):
            if table.setdefault(key, name) != name:
                raise ValueError(f"{key} stands for {table[key]} and for {name}")
    return table


# tables: each is built when it is asked for


def province_table() -> dict[str, str]:
    return alias_table((one.id, _of_province(one)) for one in PROVINCES)


def _of_province(one: Province) -> tuple[str, ...]:
    short_iso = one.iso.removeprefix("CN-")
    named = (one.id, one.name_zh, one.short_zh, one.abbr_zh, one.iso, short_iso, one.gbt2260)
    return named + ALSO.get(one.id, ())


def accelerator_table() -> dict[str, str]:
    return alias_table((name, (name, *also.split())) for name, _, also in ACCELERATORS)


def maker_table() -> dict[str, str]:
    """Of the makers' words."""
    return alias_table((maker, (*words.split(), VENDOR_NAMES[maker])) for maker, words in VENDOR_WORDS.items())


def maker_of() -> dict[str, str]:
    """Accelerator → its maker."""
    return {name: maker for name, maker, _ in ACCELERATORS}


# whole spellings


def accelerator(text: str, known: Table, makers: Table) -> str:
    """The platform's short name (`Ascend-910B`) for a known spelling; any other text comes back as it is."""
    words = parts(text)
    if not words:
        return text
    while len(words) > 1 and (_is_memory(words[-1]) or words[-1] in FORM_FACTORS):
        words.pop()
    return _of_maker("".join(words), known, makers) or text


def _of_maker(key: str, known: Table, makers: Table) -> str | None:
    """The short name behind words of its own maker, as in `huawei昇腾910b`."""
    named = set[str]()
    while key and key not in known:
        word = max((w for w in makers if key.startswith(w)), key=len, default="")
        if not word:
            return None
        named.add(makers[word])
        key = key[len(word) :]
    name = known.get(key)
    maker = next((maker for short, maker, _ in ACCELERATORS if short == name), "")
    return name if named <= {maker} else None


def _is_memory(part: str) -> bool:
    """A size behind a name: `80g`, `64gib`."""
    figure = part.rstrip("gib")
    return figure.isdigit() and part[len(figure) :] in ("g", "gb", "gi", "gib")


# spellings begun


def provinces_begun(text: str) -> set[str]:
    """The ids of which a spelling begins so."""
    return _begun(squashed(text), province_table())


def makers_begun(text: str) -> set[str]:
    return _begun(squashed(text), maker_table())


def accelerators_begun(text: str) -> set[str]:
    """The short names of which a spelling begins so, with or without words of their maker before it."""
    key = squashed(text)
    return set(_behind_makers(key, accelerator_table(), maker_table())) if key else set()


def _behind_makers(key: str, known: Table, makers: Table) -> Iterator[str]:
    yield from _begun(key, known)
    whose = maker_of()
    begun = _begun(key, makers)
    yield from (name for name, maker in whose.items() if maker in begun)
    for word, maker in makers.items():
        if key.startswith(word) and key != word:
            yield from (name for name in _behind_makers(key[len(word) :], known, makers) if whose[name] == maker)


def _begun(key: str, table: Table) -> set[str]:
    return {name for spelling, name in table.items() if key and spelling.startswith(key)}
