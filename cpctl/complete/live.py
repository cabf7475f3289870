"""Where live values come from: what is known of a kind, narrowed by what stands on the line. Pure.

What is known comes in through `read`; a source gives what may stand there, after a head that is kept.
"""

from __future__ import annotations

from cpctl.complete._words import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line

    Pairs = Iterable[tuple[str, str]]  # values, and what stands beside each
    Read = Callable[[str], Kept]  # of a kind

PHASES = {"activate": ("Held",), "extend": ("Active",), "release": ("Held", "Active", "Activating")}
# what rows are narrowed by, in the order of `kept.GROUPED`
PROVINCE, ACCELERATOR, PROVIDER = range(3)  # of offers
TASKS, PUBLISHER, DOMAIN = range(3)  # of models
PHASE = 0  # of orders
LABELS = {"orders": 1, "demands": 1, "cards": 0}
NARROWING = {
    "--province": PROVINCE,
    "--accelerator": ACCELERATOR,
    "--gpu": ACCELERATOR,
    "--provider": PROVIDER,
}


def names(line: Line, kind: str, read: Read) -> Kept:
    """The names of a kind that what stands on the line leaves."""
    kept = read(kind)
    phases = PHASES.get(line.key)
    if kind == "offers":
        return narrowed(line, kept)
    if kind == "orders" and phases:
        return kept.where(lambda group: group[PHASE] in phases)
    if kind == "models" and line.value("--task"):
        wanted = set(line.value("--task").split(","))
        return kept.where(lambda group: not wanted.isdisjoint(group[TASKS].split(",")))
    return kept


def narrowed(line: Line, offers: Kept, but: int | None = None) -> Kept:
    """The offers that what stands on the line leaves."""
    for flag, column in NARROWING.items():
        if column != but and line.given.get(flag):
            wanted = {_spelled(word) for word in line.given[flag].split(",")}
            offers = offers.where(lambda group, i=column, wanted=wanted: group[i].lower() in wanted)  # type: ignore[misc]
    return offers


def _spelled(word: str) -> str:
    if word.isascii():
        return word.lower()
    from cpctl.places import PROVINCES

    return next((p.id for p in PROVINCES if word in (p.name_zh, p.short_zh, p.abbr_zh)), word)


# sources: (line, read, head) → what there is, head


def _provinces(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    from cpctl.places import CONNECTED, PROVINCES

    left = set(CONNECTED)
    if _narrows(line, PROVINCE):
        found = narrowed(line, read("offers"), PROVINCE).values(PROVINCE).keys()
        left = left & found if line.flag == "--province" else set(found)
    known = [p for p in PROVINCES if p.id in left]
    return [(p.id, p.short_zh) for p in known] + [(p.short_zh, p.id) for p in known], head


def _accelerators(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    from cpctl.accelerators import ACCELERATORS

    if not _narrows(line, ACCELERATOR):
        return [(row[0], row[1]) for row in ACCELERATORS], head
    free = narrowed(line, read("offers"), ACCELERATOR).values(ACCELERATOR)
    return [(name, f"{count} free") for name, count in sorted(free.items())], head


def _narrows(line: Line, but: int) -> bool:
    return any(line.given.get(flag) for flag, column in NARROWING.items() if column != but)


def _providers(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    if not _narrows(line, PROVIDER):
        return read("providers"), head
    left = {group[PROVIDER]: group[PROVINCE] for group, *_ in narrowed(line, read("offers"), PROVIDER).groups}
    return sorted(left.items()), head


def _named(kind: str) -> Callable[[Line, Read, str], tuple[Kept, str]]:
    return lambda line, read, head: (names(line, kind, read), head)


def _of_models(column: int) -> Callable[[Line, Read, str], tuple[Pairs, str]]:
    def source(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
        words = {word for value in read("models").values(column) for word in value.split(",")}
        return [(word, "") for word in sorted(words) if word], head

    return source


def _serving(read: Read, model: str) -> Pairs:
    """The providers that serve a model, or any."""
    return sorted({(provider, at) for (of, provider, at), *_ in read("sources").groups if model in ("", of)})


def _sources(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    return _serving(read, line.plain[0] if line.plain else ""), head


def _models(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    model, at, _ = line.last.rpartition("@")
    if at and not line.flag:
        return _serving(read, model), f"{model}@"
    return names(line, "models", read), head


def _labels(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    """Label keys, then `key=value`, of the kinds on the line; of orders where there are no labels of theirs."""
    kinds = [KINDS.get(word.partition("/")[0].lower(), "") for word in (line.plain or [""])[0].split(",")]
    labelled = [kind for kind in kinds if kind in LABELS] or ["orders"]
    values = [value for kind in labelled for value in read(kind).values(LABELS[kind])]
    pairs = {pair for value in values for pair in value.split(",") if "=" in pair}
    if "=" in line.last[len(head) :]:
        return [(pair, "") for pair in sorted(pairs)], head
    return [(name, "label") for name in sorted({pair.partition("=")[0] + "=" for pair in pairs})], head


def _fields(kind: str) -> Iterator[tuple[str, str]]:
    from cpctl._fields import FIELDS

    for row in FIELDS.get(kind, ()):
        yield str(row[0]), ""


def _sort_keys(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    kind = KINDS.get(line.plain[0].partition("/")[0].lower(), "") if line.plain else ""
    if line.last[len(head) :].startswith("~"):
        head += "~"
    return list(_fields(kind)), head


def _paths(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    """`explain offers.spec.price`: a kind, then its fields."""
    kind, dot, _ = line.last.partition(".")
    if dot and kind.lower() in KINDS:
        return list(_fields(KINDS[kind.lower()])), f"{kind}."
    return [(plural, "") for plural in dict.fromkeys(KINDS.values())], head


def columns(line: Line) -> tuple[Pairs, str]:
    """`-o custom-columns=TITLE:.field,…`: a title with its field, or the field after a title of one's own."""
    kind = KINDS.get(line.plain[0].partition("/")[0].lower(), "") if line.plain else ""
    head = line.last[: max(line.last.rfind(sign) for sign in ":,=") + 1]
    if head[-1] == ":":
        return [(f".{path}", "") for path, _ in _fields(kind)], head
    titles = ((path.rpartition(".")[2].upper(), path) for path, _ in _fields(kind))
    return [(f"{title}:.{path}", path) for title, path in titles], head


def _about(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    """`TYPE/NAME`, of what events may be about."""
    word, slash, _ = line.last.partition("/")
    if slash and word.lower() in KINDS:
        return names(line, KINDS[word.lower()], read), f"{word}/"
    return [(f"{kind}/", "") for kind in ("order", "card", "demand")], head


SOURCES: dict[str, Callable[[Line, Read, str], tuple[Pairs | Kept, str]]] = {
    "@province": _provinces,
    "@accelerator": _accelerators,
    "@provider": _providers,
    "@model": _models,
    "@task": _of_models(TASKS),
    "@publisher": _of_models(PUBLISHER),
    "@domain": _of_models(DOMAIN),
    "@order": _named("orders"),
    "@scenario": _named("scenarios"),
    "@voucher": _named("vouchers"),
    "@project": _named("projects"),
    "@profile": _named("profiles"),
    "@source": _sources,
    "@label": _labels,
    "@field": _sort_keys,
    "@path": _paths,
    "@about": _about,
}
