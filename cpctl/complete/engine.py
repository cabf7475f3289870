"""`cpctl __complete`: what may stand at the end of a command line. Pure: what is known comes in through `read`."""

from __future__ import annotations

from cpctl.complete._words import COMMANDS, EVERYWHERE, GROUPS, KINDS, VERBS
from cpctl.complete.kept import Kept, is_safe, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Pairs = Iterable[tuple[str, str]]  # values, and what stands beside each
    Read = Callable[[str], Kept]  # of a kind

NO_SPACE, NO_FILES, KEEP_ORDER = 2, 4, 32  # cobra's directives
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


class Line:
    """A command line taken apart, up to the word that is being typed.

    Attributes:
        key: "get", "auth login"; "" while the verb is typed.
        given: Flags with their values, as they stand.
        plain: Plain words after the verb.
        slot: What the last word is the value of; None when it is none.
        now: When Tab was pressed.
    """

    def __init__(self, words: Sequence[str], now: float = 0.0) -> None:
        self.now = now
        self.key = ""
        self.given: dict[str, str] = {}
        self.plain: list[str] = []
        self.slot: str | None = None
        self.head = ""
        self.last = words[-1] if words else ""
        self.flags = dict(EVERYWHERE)
        self.ended = False
        flag = ""
        for word in words[:-1]:
            flag = self._word(word, flag)
        self.flag = flag
        if not flag and not self.ended and self.last[:1] == "-":
            self._attached()

    def _word(self, word: str, flag: str) -> str:
        """Takes one word; the flag that waits for a value after it."""
        if flag:
            self.given[flag] = word
        elif self.ended:
            self.plain.append(word)
        elif word == "--":
            self.ended = True
        elif word[:1] == "-" and word != "-":
            name, equals, value = word.partition("=")
            if equals:
                self.given[name] = value
            elif word[:2] != "--" and len(word) > 2:
                self.given[word[:2]] = word[2:]
            elif word in TAKING:
                return word
        elif not self.key or self.key in GROUPS:
            self.key = f"{self.key} {word}".strip()
            self.flags = {**COMMANDS[self.key][2], **EVERYWHERE} if self.key in COMMANDS else self.flags
        else:
            self.plain.append(word)
        return ""

    def _attached(self) -> None:
        """`--flag=val` and `-oval`: the flag, and its value begun."""
        name, equals, value = self.last.partition("=")
        if not equals and self.last[:2] != "--" and len(self.last) > 2:
            name, value = self.last[:2], self.last[2:]
        if (equals or value) and self.flags.get(name, ("",))[0]:
            self.flag, self.head, self.last = name, self.last[: len(self.last) - len(value)], value

    def value(self, *names: str) -> str:
        """What a flag was given, by any of its spellings; "" when nothing."""
        return next((self.given[name] for name in names if name in self.given), "")


TAKING = frozenset(
    word for flags in (EVERYWHERE, *(row[2] for row in COMMANDS.values())) for word, row in flags.items() if row[0]
)


def answer(line: Line, read: Read) -> tuple[str, int]:
    """The lines that are offered for the last word (`VALUE TAB DESCRIPTION`), and cobra's directive."""
    found, head, directive = _found(line, read)
    begun, whole = line.last[len(head) :], line.head + head
    if isinstance(found, Kept):
        return found.lines(begun, whole), directive
    begins = [(value, beside) for value, beside in found if value.startswith(begun)]
    fitting = [(value, beside) for value, beside in begins if value in line.flags or _fits(value, begun)]
    lines = [f"{whole}{value}\t{shown(beside)}\n" if beside else f"{whole}{value}\n" for value, beside in fitting]
    return "".join(lines), directive


def _fits(value: str, begun: str) -> bool:
    """Whether a value is safe; what the person typed before it is theirs. Chinese is offered to who types Chinese."""
    if value[:1] in ("-", "@") and value[:1] != begun[:1]:
        return False
    plain = value[len(begun) :].lstrip("-").replace("=", "").replace(",", "").replace("~", "")
    if not value.isascii():
        return not begun.isascii() and (plain == "" or plain.isalpha())
    return plain == "" or is_safe(plain.lstrip("@") or "x")


def _found(line: Line, read: Read) -> tuple[Pairs | Kept, str, int]:
    if line.flag:
        return _slot(line, line.flags.get(line.flag, ("text",))[0], read)
    if not line.ended and line.last[:1] == "-":
        return [(word, beside) for word, (_, beside) in line.flags.items()], "", NO_FILES
    if not line.key:
        return VERBS.items(), "", NO_FILES
    if line.key in GROUPS:
        return GROUPS[line.key].items(), "", NO_FILES
    if line.key not in COMMANDS:
        return (), "", NO_FILES
    slot = COMMANDS[line.key][0]
    if slot[0] not in "=@" or (line.plain and slot not in REPEATS):
        flags = line.flags if line.last == "" and not line.ended else {}  # nothing else can follow
        return [(word, beside) for word, (_, beside) in flags.items()], "", NO_FILES
    return _slot(line, slot, read)


REPEATS = frozenset({"@object", "@profile"})  # of the others, only the first plain word is completed


def _slot(line: Line, slot: str, read: Read) -> tuple[Pairs | Kept, str, int]:
    if slot == "file":
        return (), "", 0
    if line.last.startswith("custom-columns=") and slot.startswith("=table|wide"):
        return _columns(line)
    is_list = slot[-1:] == ","
    head = line.last[: line.last.rfind(",") + 1] if is_list else ""
    slot = slot.rstrip(",")
    if slot[:1] == "=":
        found: Pairs | Kept = [(word, "") for word in slot[1:].split("|")]
    elif slot == "@object":
        return _objects(line, read)
    elif slot in SUGGESTED:
        from cpctl.complete.suggest import suggested

        found, head = suggested(slot, line, read, head)
    elif slot[:1] == "@":
        found, head = SOURCES[slot](line, read, head)
    else:
        return (), "", NO_FILES
    taken = head.split(",")
    space = NO_SPACE if is_list or (slot in ENDLESS and head[-1:] != "=") else 0
    left = found.but(taken) if isinstance(found, Kept) else [pair for pair in found if pair[0] not in taken]
    return left, head, NO_FILES | space


ENDLESS = frozenset({"@offer=", "@label"})
SUGGESTED = frozenset({"@offer=", "@cards", "@until", "@new"})


# objects


def _objects(line: Line, read: Read) -> tuple[Pairs | Kept, str, int]:
    """Kinds, then names: `get offers of-…`, `get order/x`, `release order/x`."""
    kinds = COMMANDS[line.key][1]
    word, slash, _ = line.last.partition("/")
    if slash and word.lower() in KINDS:
        return names(line, KINDS[word.lower()], read), f"{word}/", NO_FILES
    if not line.plain:
        head = line.last[: line.last.rfind(",") + 1] if kinds and kinds[0][-1] != "/" else ""
        space = NO_SPACE if kinds and kinds[0][-1] == "/" else 0
        return [(kind, "") for kind in kinds if kind not in head.split(",")], head, NO_FILES | space
    first = line.plain[0].lower()
    if first in KINDS:
        return names(line, KINDS[first], read).but(line.plain[1:]), "", NO_FILES
    if "/" in first:
        return [(kind, "") for kind in kinds if kind[-1] == "/"], "", NO_FILES | NO_SPACE
    return (), "", NO_FILES


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


def _columns(line: Line) -> tuple[Pairs, str, int]:
    kind = KINDS.get(line.plain[0].partition("/")[0].lower(), "") if line.plain else ""
    head = line.last[: max(line.last.rfind(sign) for sign in ":,=") + 1]
    if head[-1] == ":":
        return [(f".{path}", "") for path, _ in _fields(kind)], head, NO_FILES | NO_SPACE
    titles = ((path.rpartition(".")[2].upper(), path) for path, _ in _fields(kind))
    return [(f"{title}:.{path}", path) for title, path in titles], head, NO_FILES | NO_SPACE


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
}
