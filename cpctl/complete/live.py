"""Where live values come from: what is known of a kind, narrowed by what stands on the line. Pure.

What is known comes in through `read`; a source gives what may stand there, after a head that is kept.
"""

from __future__ import annotations

from cpctl.complete._words import CONDITIONS, KINDS
from cpctl.complete.kept import NOTHING
from cpctl.complete.narrowing import ACCELERATOR, LABELS, NARROWING, SPELLED, TASKS, meant, names, narrowed, narrows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line
    from cpctl.complete.narrowing import Pairs, Read

CALLED = frozenset({"chat", "reasoning", "code", "translation", "ocr"})  # tasks whose models answer a text with a text


def taken(line: Line, head: str) -> set[str]:
    """What the flag being given has got already, here and before, in lower case; what spellings mean with them."""
    same = [flag for flag, row in line.flags.items() if row == line.flags.get(line.flag)]
    given = ",".join([head, *(line.given.get(flag, "") for flag in same)])
    words = {word for word in given.lower().split(",") if word}
    return words | meant(line.flag, words) if words and line.flag in SPELLED else words


# sources: (line, read, head) → what there is, head


def _sold(line: Line) -> str:
    """The kind that says what there is of provinces and providers."""
    return "sources" if line.key == "call" or line.kinds == ["sources"] else "offers"


def _provinces(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    from cpctl.places import CONNECTED, PROVINCES

    left, kind, own = set(CONNECTED), _sold(line), (line.flag,)
    sold = read(kind) if narrows(line, kind, own) else NOTHING
    if sold.groups:
        found = narrowed(line, kind, sold, own).values(NARROWING[kind]["--province"]).keys()
        left = left & found if line.flag == "--province" else set(found)
    known = [one for one in PROVINCES if one.id in left - taken(line, head)]
    return [(one.id, one.short_zh) for one in known] + [(one.short_zh, one.id) for one in known], head


def _accelerators(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    from cpctl.accelerators import ACCELERATORS

    own = ("--accelerator", "--gpu")
    sold = read("offers") if narrows(line, "offers", own) else NOTHING
    if not sold.groups:
        return [(row[0], row[1]) for row in ACCELERATORS], head
    free = narrowed(line, "offers", sold, own).values(ACCELERATOR)
    return [(name, f"{count} free") for name, count in sorted(free.items())], head


def _makers(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    from cpctl.accelerators import ACCELERATORS, VENDOR_WORDS

    own = ("--vendor",)
    sold = read("offers") if narrows(line, "offers", own) else NOTHING
    if not sold.groups:
        return [(name, words.split()[1]) for name, words in VENDOR_WORDS.items()], head
    makers = {name: maker for name, maker, _ in ACCELERATORS}
    free: dict[str, int] = {}
    for name, count in narrowed(line, "offers", sold, own).values(ACCELERATOR).items():
        free[makers.get(name, "")] = free.get(makers.get(name, ""), 0) + count
    return [(maker, f"{count} free") for maker, count in sorted(free.items()) if maker], head


def _providers(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    kind, own = _sold(line), (line.flag,)
    if not narrows(line, kind, own):
        return read("providers"), head
    provider, province = NARROWING[kind]["--provider"], NARROWING[kind]["--province"]
    left = {group[provider]: group[province] for group, *_ in narrowed(line, kind, read(kind), own).groups}
    return sorted(left.items()), head


def _named(kind: str) -> Callable[[Line, Read, str], tuple[Pairs | Kept, str]]:
    return lambda line, read, head: (names(line, kind, read), head)


def _of_models(flag: str) -> Callable[[Line, Read, str], tuple[Pairs, str]]:
    def source(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
        known = narrowed(line, "models", read("models"), (flag,)).values(NARROWING["models"][flag])
        words = {word for value in known for word in value.split(",")}
        return [(word, "") for word in sorted(words) if word], head

    return source


def _serving(line: Line, read: Read, model: str = "") -> Pairs:
    """The providers that serve the model on the line, or this one, or any."""
    known = narrowed(line, "sources", read("sources"), ("--provider",))
    return sorted({(provider, at) for (of, provider, at), *_ in known.groups if model in ("", of)})


def _sources(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    return _serving(line, read), head


def _models(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    model, at, _ = line.last.rpartition("@")
    if at and not line.flag:
        return _serving(line, read, model), f"{model}@"
    if line.key != "call" or line.flag:
        return names(line, "models", read), head
    known = read("models")
    called = known.where(lambda group: not CALLED.isdisjoint(group[TASKS].split(",")))
    fitting = called if called.groups else known
    return names(line, "models", lambda kind: fitting if kind == "models" else read(kind)), head


def labels_of(read: Read, kinds: Iterable[str]) -> list[str]:
    """`key=value` of all objects of these kinds."""
    values = [value for kind in kinds for value in read(kind).values(LABELS[kind])]
    return sorted({pair for value in values for pair in value.split(",") if "=" in pair})


def _labels(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    """Label keys, then `key=value`, of the kinds on the line, of orders where it names none; catalogues have none."""
    kinds = line.kinds if line.key[:6] != "create" else []
    pairs = labels_of(read, [kind for kind in kinds or ["orders"] if kind in LABELS])
    if "=" in line.last[len(head) :]:
        return [(pair, "") for pair in pairs], head
    return [(name, "label") for name in sorted({pair.partition("=")[0] + "=" for pair in pairs})], head


def _about(line: Line, read: Read, head: str) -> tuple[Pairs | Kept, str]:
    """`TYPE/NAME`, of what events may be about."""
    word, slash, _ = line.last.partition("/")
    if slash and word.lower() in KINDS:
        return names(line, KINDS[word.lower()], read), f"{word}/"
    return [(f"{kind}/", "") for kind in ("order", "card", "demand")], head


def _awaited(line: Line, read: Read, head: str) -> tuple[Pairs, str]:
    """What can be waited for of all kinds on the line; of any kind, where it names none yet."""
    further = [KINDS.get(word.partition("/")[0].lower(), "") for word in line.plain[1:] if "/" in word]
    each = [CONDITIONS.get(kind, ()) for kind in [*line.kinds, *further]]
    every = dict.fromkeys(name for names in CONDITIONS.values() for name in names)
    common = [name for name in every if all(name in names for names in each)]
    return [*((f"condition={name}", "") for name in common), ("delete", "")], head


SOURCES: dict[str, Callable[[Line, Read, str], tuple[Pairs | Kept, str]]] = {
    "@province": _provinces,
    "@accelerator": _accelerators,
    "@vendor": _makers,
    "@provider": _providers,
    "@model": _models,
    "@task": _of_models("--task"),
    "@publisher": _of_models("--publisher"),
    "@domain": _of_models("--domain"),
    "@order": _named("orders"),
    "@scenario": _named("scenarios"),
    "@voucher": _named("vouchers"),
    "@project": _named("projects"),
    "@profile": _named("profiles"),
    "@source": _sources,
    "@label": _labels,
    "@about": _about,
    "@awaited": _awaited,
}
