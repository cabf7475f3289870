"""Which rows of a kind the flags on a line leave: any spelling that a command takes narrows as the name it means. Pure.

Read by every Tab for live values. A flag that is not in `NARROWING` leaves all rows: what it is about is not kept
(prices, memory, PUE, green power, billing, interconnect, latency, how many cards), or it is about something else.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line

    Pairs = Iterable[tuple[str, str]]  # values, and what stands beside each
    Read = Callable[[str], Kept]  # of a kind

# flag → the column of `kept.GROUPED` that it is about, by kind
NARROWING: dict[str, dict[str, int]] = {
    "offers": {
        "--province": 0,
        "--exclude-province": 0,
        "--accelerator": 1,
        "--gpu": 1,
        "--vendor": 1,
        "--provider": 2,
        "--exclude-provider": 2,
    },
    "providers": {"--province": 0},
    "products": {"--provider": 0, "--accelerator": 1, "--gpu": 1, "--vendor": 1},
    "models": {"--task": 0, "--publisher": 1, "--domain": 2, "--kind": 3},
    "sources": {"--model": 0, "--provider": 1, "--province": 2},
}
EXCLUDING = frozenset({"--exclude-province", "--exclude-provider"})
SPELLED = frozenset({"--province", "--exclude-province", "--accelerator", "--gpu", "--vendor"})
PHASES = {"activate": ("Held",), "extend": ("Active",), "release": ("Held", "Active", "Activating")}
# what rows are grouped by, in the order of `kept.GROUPED`
PROVINCE, ACCELERATOR = 0, 1  # of offers
PHASE = 0  # of orders
TASKS = 0  # of models
STATE = 0  # of vouchers
LABELS = {"orders": 1, "demands": 1, "cards": 0}


def names(line: Line, kind: str, read: Read) -> Pairs | Kept:
    """The names of a kind that what stands on the line leaves."""
    kept = read(kind)
    if kind == "orders" and line.key in PHASES:
        return kept.where(lambda group: group[PHASE] in PHASES[line.key])
    if kind == "vouchers" and line.flag:  # to pay with one
        return kept.where(lambda group: group[STATE] == "Valid")
    if kind in ("cards", "bills") and line.value("--order"):
        order = line.value("--order")
        return [(name, beside) for name, beside in rows(kept) if beside.partition(" ")[0] == order]
    if kind == "models" and line.value("--province"):
        serving = narrowed(line, "sources", read("sources"), ("--model",)).values(NARROWING["sources"]["--model"])
        return [(name, beside) for name, beside in rows(narrowed(line, kind, kept)) if name in serving]
    return narrowed(line, kind, kept)


def rows(kept: Kept) -> Pairs:
    """Every name and what stands beside it."""
    return [(name, beside) for name, _, beside in (one.partition("\t") for one in kept.lines("").splitlines())]


def narrowed(line: Line, kind: str, kept: Kept, but: tuple[str, ...] = ()) -> Kept:
    """The rows of a kind that the flags on the line leave, some flags apart."""
    for flag, column in NARROWING.get(kind, {}).items():
        text = given(line, flag) if flag not in but else ""
        if text:
            known = kept.values(column)
            wanted = _wanted(flag, text, {word for value in known for word in value.lower().split(",")})
            left = {value for value in known if wanted.isdisjoint(value.lower().split(",")) == (flag in EXCLUDING)}
            kept = having(kept, column, left)
    return kept


def having(kept: Kept, column: int, values: set[str]) -> Kept:
    """The rows whose column has one of these values."""
    return kept.where(lambda group: group[column] in values)


def narrows(line: Line, kind: str, but: tuple[str, ...]) -> bool:
    """Whether another flag than these is given that leaves fewer rows of the kind."""
    return any(flag not in but and given(line, flag) for flag in NARROWING[kind])


def given(line: Line, flag: str) -> str:
    """What a flag was given; of `call`, the model stands there without one."""
    if flag == "--model" and line.key == "call" and line.plain:
        return line.plain[0].partition("@")[0]
    return line.value(flag)


def _wanted(flag: str, text: str, known: set[str]) -> set[str]:
    """The names that a flag's words mean, in lower case."""
    words = {word.strip().lower() for word in text.split(",")}
    if flag == "--vendor":
        from cpctl.accelerators import ACCELERATORS

        makers = meant(flag, words)
        return {name.lower() for name, maker, _ in ACCELERATORS if maker in makers}
    return words if words <= known or flag not in SPELLED else words | meant(flag, words)


def meant(flag: str, words: Iterable[str]) -> set[str]:
    """The names that spellings mean, in lower case; nothing for words that mean none."""
    from cpctl import spellings

    if flag in ("--province", "--exclude-province"):
        provinces = spellings.province_table()
        return {provinces.get(spellings.squashed(word), "") for word in words} - {""}
    makers = spellings.maker_table()
    if flag == "--vendor":
        return {makers.get(spellings.squashed(word), "") for word in words} - {""}
    known = spellings.accelerator_table()
    return {spellings.accelerator(word, known, makers).lower() for word in words}
