"""`cpctl __complete`: what may stand at the end of a command line. Pure: what is known comes in through `read`."""

from __future__ import annotations

from cpctl.complete._words import COMMANDS, EVERYWHERE, GROUPS, KINDS, VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Row = list[str]
    Read = Callable[..., list[Row]]  # of a kind, those that begin with a prefix

NO_SPACE, NO_FILES, KEEP_ORDER = 2, 4, 32  # cobra's directives
PHASES = {"activate": ("Held",), "extend": ("Active",), "release": ("Held", "Active", "Activating")}
ACCELERATOR, FREE, PRICE, PROVINCE, PROVIDER = range(1, 6)  # columns of an offer
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
    """

    def __init__(self, words: Sequence[str]) -> None:
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
        return next((self.given[name] for name in names if name in self.given), "")


TAKING = frozenset(
    word for flags in (EVERYWHERE, *(row[2] for row in COMMANDS.values())) for word, row in flags.items() if row[0]
)


def answer(line: Line, read: Read) -> tuple[list[tuple[str, str]], int]:
    """(value, description) pairs for the last word, and cobra's directive."""
    found, head, directive = _found(line, read)
    last = line.last[len(head) :]
    if not last.isascii():
        found = [(value, beside) for value, beside in found if value.startswith(last)]
    else:
        found = [(value, beside) for value, beside in found if value.startswith(last) and value.isascii()]
    return [(line.head + head + value, beside) for value, beside in found], directive


def _found(line: Line, read: Read) -> tuple[Iterable[tuple[str, str]], str, int]:
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
    return _slot(line, COMMANDS[line.key][0], read)


def _slot(line: Line, slot: str, read: Read) -> tuple[Iterable[tuple[str, str]], str, int]:
    if slot == "file":
        return (), "", 0
    if line.last.startswith("custom-columns=") and slot.startswith("=table|wide"):
        return _columns(line)
    is_list = slot[-1:] == ","
    head = line.last[: line.last.rfind(",") + 1] if is_list else ""
    slot = slot.rstrip(",")
    if slot[:1] == "=":
        found: Iterable[tuple[str, str]] = [(word, "") for word in slot[1:].split("|")]
    elif slot == "@object":
        return _objects(line, read)
    elif slot[:1] == "@":
        if slot not in ("@profile", "@project") and line.flag == "" and line.plain:
            return (), "", NO_FILES
        found, head = SOURCES[slot](line, read, head)
    else:
        return (), "", NO_FILES
    taken = head.split(",")
    space = NO_SPACE if is_list or slot in ENDLESS else 0
    return [pair for pair in found if pair[0] not in taken], head, NO_FILES | space


ENDLESS = frozenset({"@offer=", "@label"})


# objects


def _objects(line: Line, read: Read) -> tuple[Iterable[tuple[str, str]], str, int]:
    """Kinds, then names: `get offers of-…`, `get order/x`, `release order/x`."""
    kinds = COMMANDS[line.key][1]
    word, slash, begun = line.last.partition("/")
    if slash and word.lower() in KINDS:
        return _names(line, KINDS[word.lower()], read, begun), f"{word}/", NO_FILES
    if not line.plain:
        head = line.last[: line.last.rfind(",") + 1] if kinds and kinds[0][-1] != "/" else ""
        space = NO_SPACE if kinds and kinds[0][-1] == "/" else 0
        return [(kind, "") for kind in kinds if kind not in head.split(",")], head, NO_FILES | space
    first = line.plain[0].lower()
    if first in KINDS:
        return [row for row in _names(line, KINDS[first], read, line.last) if row[0] not in line.plain], "", NO_FILES
    if "/" in first:
        return [(kind, "") for kind in kinds if kind[-1] == "/"], "", NO_FILES | NO_SPACE
    return (), "", NO_FILES


def _names(line: Line, kind: str, read: Read, begun: str) -> list[tuple[str, str]]:
    rows = read(kind, begun)
    if kind == "offers":
        return _offers(line, rows)
    phases = PHASES.get(line.key)
    if kind == "orders" and phases:
        rows = [row for row in rows if row[1] in phases]
    if kind == "models" and line.value("--task"):
        wanted = set(line.value("--task").split(","))
        rows = [row for row in rows if wanted & set(row[1].split(","))]
    return [(row[0], " ".join(row[1:])) for row in rows]


def _offers(line: Line, rows: list[Row]) -> list[tuple[str, str]]:
    return [
        (r[0], f"{r[ACCELERATOR]} x {r[FREE]} free, {r[PRICE]} CNY, {r[PROVINCE]}")
        for r in _narrowed(line, rows)
        if len(r) > PROVIDER
    ]


def _narrowed(line: Line, rows: list[Row], but: int = 0) -> list[Row]:
    """The offers that what stands on the line leaves."""
    for flag, column in NARROWING.items():
        if column != but and line.given.get(flag):
            wanted = {_spelled(word) for word in line.given[flag].split(",")}
            rows = [row for row in rows if len(row) > PROVIDER and row[column].lower() in wanted]
    return rows


def _spelled(word: str) -> str:
    if word.isascii():
        return word.lower()
    from cpctl.places import PROVINCES

    return next((p.id for p in PROVINCES if word in (p.name_zh, p.short_zh, p.abbr_zh)), word)


# sources: (line, read, head) → pairs, head


def _provinces(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    from cpctl.places import CONNECTED, PROVINCES

    left = {row[PROVINCE] for row in _narrowed(line, read("offers"), PROVINCE)} if _narrows(line, PROVINCE) else None
    if left is not None and line.flag == "--province":
        left &= set(CONNECTED)
    known = [p for p in PROVINCES if p.id in (CONNECTED if left is None else left)]
    return [(p.id, p.short_zh) for p in known] + [(p.short_zh, p.id) for p in known], head


def _accelerators(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    from cpctl.accelerators import ACCELERATORS

    if not _narrows(line, ACCELERATOR):
        return [(row[0], row[1]) for row in ACCELERATORS], head
    free: dict[str, int] = {}
    for row in _narrowed(line, read("offers"), ACCELERATOR):
        free[row[ACCELERATOR]] = free.get(row[ACCELERATOR], 0) + (int(row[FREE]) if row[FREE].isdigit() else 0)
    return [(name, f"{count} free") for name, count in sorted(free.items())], head


def _narrows(line: Line, but: int) -> bool:
    return any(line.given.get(flag) for flag, column in NARROWING.items() if column != but)


def _providers(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    if _narrows(line, PROVIDER):
        left = {row[PROVIDER]: row[PROVINCE] for row in _narrowed(line, read("offers"), PROVIDER)}
        return sorted(left.items()), head
    return [(row[0], " ".join(row[1:])) for row in read("providers")], head


def _named(kind: str, head_ends: str = "") -> Callable[[Line, Read, str], tuple[list[tuple[str, str]], str]]:
    def source(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
        return [(name + head_ends, beside) for name, beside in _names(line, kind, read, line.last[len(head) :])], head

    return source


def _of_models(column: int) -> Callable[[Line, Read, str], tuple[list[tuple[str, str]], str]]:
    def source(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
        words = {word for row in read("models") if len(row) > column for word in row[column].split(",")}
        return [(word, "") for word in sorted(words) if word], head

    return source


def _sources(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    """The providers that serve the model on the line."""
    model = line.plain[0] if line.plain else ""
    rows = [row for row in read("sources") if len(row) > 3 and model in ("", row[1])]
    return sorted({(row[2], row[3]) for row in rows}), head


def _models(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    model, at, _ = line.last.rpartition("@")
    if at and not line.flag:
        return sorted({(row[2], row[3]) for row in read("sources") if len(row) > 3 and row[1] == model}), f"{model}@"
    return _named("models")(line, read, head)


def _labels(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    """Label keys, then `key=value`."""
    pairs = {pair for row in read("orders") if len(row) > 2 for pair in row[2].split(",") if "=" in pair}
    if "=" in line.last[len(head) :]:
        return [(pair, "") for pair in sorted(pairs)], head
    return [(name, "label") for name in sorted({pair.partition("=")[0] + "=" for pair in pairs})], head


def _fields(kind: str) -> Iterator[tuple[str, str]]:
    from cpctl._fields import FIELDS

    for row in FIELDS.get(kind, ()):
        yield str(row[0]), ""


def _sort_keys(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    kind = KINDS.get(line.plain[0].partition("/")[0].lower(), "") if line.plain else ""
    if line.last[len(head) :].startswith("~"):
        head += "~"
    return list(_fields(kind)), head


def _paths(line: Line, read: Read, head: str) -> tuple[list[tuple[str, str]], str]:
    """`explain offers.spec.price`: a kind, then its fields."""
    kind, dot, _ = line.last.partition(".")
    if dot and kind.lower() in KINDS:
        return list(_fields(KINDS[kind.lower()])), f"{kind}."
    return [(plural, "") for plural in dict.fromkeys(KINDS.values())], head


def _columns(line: Line) -> tuple[Iterable[tuple[str, str]], str, int]:
    kind = KINDS.get(line.plain[0].partition("/")[0].lower(), "") if line.plain else ""
    head = line.last[: max(line.last.rfind(sign) for sign in ":,=") + 1]
    if head[-1] == ":":
        return [(f".{path}", "") for path, _ in _fields(kind)], head, NO_FILES | NO_SPACE
    titles = ((path.rpartition(".")[2].upper(), path) for path, _ in _fields(kind))
    return [(f"{title}:.{path}", path) for title, path in titles], head, NO_FILES | NO_SPACE


SOURCES: dict[str, Callable[[Line, Read, str], tuple[list[tuple[str, str]], str]]] = {
    "@province": _provinces,
    "@accelerator": _accelerators,
    "@provider": _providers,
    "@offer=": _named("offers", "="),
    "@model": _models,
    "@task": _of_models(1),
    "@publisher": _of_models(2),
    "@domain": _of_models(3),
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
