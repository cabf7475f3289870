"""`cpctl __complete`: what may stand at the end of a command line. Pure: what is known comes in through `read`."""

from __future__ import annotations

from cpctl.complete._words import COMMANDS, GROUPS, KINDS, VERBS
from cpctl.complete.kept import MOST_LISTED, Kept, is_safe, shown
from cpctl.complete.live import SOURCES, columns, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.complete.line import Line
    from cpctl.complete.live import Pairs, Read

NO_SPACE, NO_FILES, KEEP_ORDER = 2, 4, 32  # cobra's directives


def answer(line: Line, read: Read) -> tuple[str, int]:
    """The lines that are offered for the last word (`VALUE TAB DESCRIPTION`), and cobra's directive."""
    found, head, directive = _found(line, read)
    begun, whole = line.last[len(head) :], line.head + head
    if isinstance(found, Kept):
        return _too_many(line, found, begun) or found.lines(begun, whole), directive
    begins = [(value, beside) for value, beside in found if value.startswith(begun)]
    fitting = [(value, beside) for value, beside in begins if value in line.flags or _fits(value, begun)]
    own = {**VERBS, **GROUPS.get(line.key, {}), **{word: text for word, (_, text) in line.flags.items()}}
    told = [(value, beside if own.get(value) == beside else shown(beside)) for value, beside in fitting]
    lines = [f"{whole}{value}\t{beside}\n" if beside else f"{whole}{value}\n" for value, beside in told]
    return "".join(lines), directive


def _too_many(line: Line, kept: Kept, begun: str) -> str:
    """What is said instead of more names than anybody reads, or of as many as were not kept; "" of others."""
    many = kept.count(begun)
    if many <= MOST_LISTED and (many == 0 or kept.has_names):
        return ""
    if not kept.has_names:
        return f"_activeHelp_ {many:,} {kept.kind}: too many to know them by name, cpctl get {kept.kind} lists them\n"
    flags = [flag for flag in NARROWED_BY if flag in line.flags and flag not in line.given] * (kept.kind == "offers")
    narrow = f" or narrow with {', '.join(flags)}" if flags else ""
    return f"_activeHelp_ {many:,} {kept.kind}: too many to list, type more{narrow}\n"


NARROWED_BY = ("--province", "--accelerator", "--provider")


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
        return *columns(line), NO_FILES | NO_SPACE
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
    space = NO_SPACE if is_list or (slot in ENDLESS and head[-1:] not in ("=", "/")) else 0
    order = KEEP_ORDER if slot in SUGGESTED and not isinstance(found, Kept) else 0  # numbers and times
    left = found.but(taken) if isinstance(found, Kept) else [pair for pair in found if pair[0] not in taken]
    return left, head, NO_FILES | space | order


ENDLESS = frozenset({"@offer=", "@label", "@about"})
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
