"""`cpctl __complete`: what may stand at the end of a command line. Pure: what is known comes in through `read`."""

from __future__ import annotations

from cpctl.complete._words import CHOOSING, COMMANDS, FILTERS, FURTHER, GROUPS, KINDS, PLANNED, TAKEN, VERBS
from cpctl.complete.kept import MOST_LISTED, Kept, is_safe, shown
from cpctl.complete.narrowing import names, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.complete.line import Line
    from cpctl.complete.narrowing import Pairs, Read

NO_SPACE, NO_FILES, KEEP_ORDER = 2, 4, 32  # cobra's directives
HELP = "_activeHelp_"  # a line that begins so is shown, and never put on the command line


def answer(line: Line, read: Read) -> tuple[bytes, int]:
    """The lines that are offered for the last word (`VALUE TAB DESCRIPTION`), and cobra's directive."""
    found, head, directive = _found(line, read)
    begun, whole = line.last[len(head) :], line.head + head
    if isinstance(found, Kept):
        return _of_kept(line, found, begun, whole), directive
    fitting, same = _beginning(line, list(found), begun)
    fitting = [(value, beside) for value, beside in fitting if value in line.flags or _fits(value, same)]
    own = {**VERBS, **GROUPS.get(line.key, {}), **{word: text for word, (_, text) in line.flags.items()}}
    told = [(value, beside if own.get(value) == beside else shown(beside)) for value, beside in fitting]
    lines = [f"{whole}{value}\t{beside}\n" if beside else f"{whole}{value}\n" for value, beside in told]
    return "".join(lines).encode("utf-8", "surrogateescape"), directive


def _too_many(line: Line, kept: Kept, begun: str) -> str:
    """What is said instead of more names than anybody reads, or of as many as were not kept; "" of others."""
    many = kept.count(begun)
    if many <= MOST_LISTED and (many == 0 or kept.has_names):
        return ""
    if not kept.has_names:
        return f"{HELP} {many:,} {kept.kind}: too many to know them by name, cpctl get {kept.kind} lists them\n"
    flags = [flag for flag in NARROWED_BY if flag in line.flags and flag not in line.given] * (kept.kind == "offers")
    narrow = f" or narrow with {', '.join(flags)}" if flags else ""
    return f"{HELP} {many:,} {kept.kind}: too many to list, type more{narrow}\n"


NARROWED_BY = ("--province", "--accelerator", "--provider")


def _of_kept(line: Line, found: Kept, begun: str, whole: str) -> bytes:
    """Names that begin so; in any case where none does, as cpctl takes most names."""
    told = _too_many(line, found, begun)
    if told:
        return told.encode()
    lines = found.offered(begun, whole)
    if not lines and begun:
        folded = begun.casefold()
        every = [one for one in found.lines("").splitlines(keepends=True) if one.casefold().startswith(folded)]
        lines = "".join([whole + one for one in every]).encode("utf-8", "surrogateescape")
    if _slot_of(line) == "@offer=":
        from cpctl.complete.suggest import on_sale

        return on_sale(lines, line.value("--billing"))
    return lines


def _beginning(line: Line, found: list[tuple[str, str]], begun: str) -> tuple[list[tuple[str, str]], str]:
    """What begins so, and as how much of it as typed; where nothing does: in any case, or by another of its spellings.

    One letter of a flag is that letter.
    """
    exact = [(value, beside) for value, beside in found if value.startswith(begun)]
    if exact or (begun[:1] == "-" and len(begun) == 2):
        return exact, begun
    folded = begun.casefold()
    in_any_case = [(value, beside) for value, beside in found if value.casefold().startswith(folded)]
    slot = _slot_of(line).rstrip(",")
    if in_any_case or slot not in SPELLED:
        return in_any_case, begun
    from cpctl import spellings

    begins = {"@province": spellings.provinces_begun, "@accelerator": spellings.accelerators_begun}
    meant = begins.get(slot, spellings.makers_begun)(begun)
    # fish offers only what begins as typed, or says so beside it
    return [(value, f"{begun}, {beside}") for value, beside in found if value in meant], ""


OFFER = "--offer"  # of an order, instead of how to choose offers
DEFAULTS = "defaults."  # of flags, as config.toml has them
OF_PROVINCES = ("province", "residency.provinces")  # settings
SPELLED = frozenset({"@province", "@accelerator", "@vendor"})


def _fits(value: str, begun: str) -> bool:
    """Whether a value is safe; what the person typed before it is theirs. Chinese is offered to who types Chinese."""
    if value[:1] in ("-", "@") and value[:1] != begun[:1]:
        return False
    plain = value[len(begun) :].lstrip("-").replace("=", "").replace(",", "").replace("~", "")
    if not value.isascii():
        return not begun.isascii() and (plain == "" or plain.isalpha())
    return plain == "" or is_safe(plain.lstrip("@") or "x")


def _slot_of(line: Line) -> str:
    if line.key == "config set" and not line.flag and line.plain and line.plain[0].startswith(DEFAULTS):
        from cpctl.complete.defaults import flags_of

        verb, _, key = line.plain[0].removeprefix(DEFAULTS).partition(".")
        return flags_of(verb).get(key, ("text",))[0] or "=true|false"
    if line.key == "config set" and not line.flag and line.plain and line.plain[0].endswith(OF_PROVINCES):
        return "@province"
    return line.flags.get(line.flag, ("",))[0]


def _found(line: Line, read: Read) -> tuple[Pairs | Kept, str, int]:
    if line.flag:
        return _slot(line, line.flags.get(line.flag, ("text",))[0], read)
    if not line.ended and line.last[:1] == "-":
        return _flags(line), "", NO_FILES
    if not line.key:
        return [*VERBS.items(), *rows(read("verbs"))], "", NO_FILES
    if line.key in GROUPS:
        return GROUPS[line.key].items(), "", NO_FILES
    if line.key not in COMMANDS:
        return (), "", NO_FILES
    slot = COMMANDS[line.key][0]
    if line.key == "config set" and len(line.plain) == 1 and line.plain[0].startswith(DEFAULTS):
        return _slot(line, _slot_of(line), read)
    if line.key in FURTHER and (line.plain or line.last[:1] == "/" or "." in line.last):
        slot = "@later"
    if slot[0] not in "=@" or (line.plain and slot not in REPEATS):
        return _flags_left(line), "", NO_FILES
    return _slot(line, slot, read)


def _flags(line: Line) -> Pairs:
    """Those that go with what stands on the line."""
    refused = _refused(line)
    return [(word, beside) for word, (_, beside) in line.flags.items() if word not in refused]


def _refused(line: Line) -> set[str]:
    """The flags of get that do not go with the kinds on the line, or with the names there; of an order, with others."""
    if line.key == "create order":
        beside_planned = {OFFER} if not line.given.keys().isdisjoint(PLANNED) else set()
        return beside_planned | (set(PLANNED) if OFFER in line.given else set())
    if line.key != "get" or not line.plain:
        return set()
    if len(line.plain) > 1 or "/" in line.plain[0]:
        return {*FILTERS, *CHOOSING}
    return {flag for kind in line.kinds for flag in FILTERS if flag not in TAKEN[kind]}


def _flags_left(line: Line) -> Pairs:
    """Where nothing else can follow."""
    return _flags(line) if line.last == "" and not line.ended else []


REPEATS = frozenset({"@object", "@later"})  # of the others, only the first plain word is completed


def _slot(line: Line, slot: str, read: Read) -> tuple[Pairs | Kept, str, int]:
    if slot == "file":
        return (), "", 0
    if slot == "@object":
        return _objects(line, read)
    if slot in PARTED or ("custom-columns=" in slot and line.last.startswith("custom-columns=")):
        from cpctl.complete.paths import named

        words, head, directive = named(line, slot, read)
        is_whole = not line.flag and len(line.plain) >= WORDS_OF.get(line.key, 1)
        return _flags_left(line) if is_whole and not words else words, head, NO_FILES | directive
    is_list = slot[-1:] == ","
    head = line.last[: line.last.rfind(",") + 1] if is_list else ""
    slot = slot.rstrip(",")
    if slot[:1] == "=":
        found: Pairs | Kept = [(word, "") for word in slot[1:].split("|")]
    elif slot in SUGGESTED:
        from cpctl.complete.suggest import suggested

        found, head = suggested(slot, line, read, head)
    elif slot[:1] == "@":
        from cpctl.complete.live import SOURCES

        found, head = SOURCES[slot](line, read, head)
    else:
        return (), "", NO_FILES
    space = NO_SPACE if is_list or (slot in ENDLESS and head[-1:] not in ("=", "/")) else 0
    order = KEEP_ORDER if slot in SUGGESTED and not isinstance(found, Kept) else 0  # numbers and times
    if is_list or slot == "@label":
        from cpctl.complete.live import taken

        found = _left(found, taken(line, head))
    return found, head, NO_FILES | space | order


WORDS_OF = {"api": 2, "auth can-i": 2, "config set": 2}  # how many plain words a command has to have
ENDLESS = frozenset({"@offer=", "@label", "@about"})
SUGGESTED = frozenset({"@offer=", "@cards", "@until", "@new"})
PARTED = frozenset({"@later", "@field,", "@path", "@condition,"})


def _left(found: Pairs | Kept, gone: set[str]) -> Pairs | Kept:
    """What is not on the line yet."""
    if isinstance(found, Kept):
        return found.but(gone) if gone else found
    return [pair for pair in found if pair[0].lower() not in gone]


# objects


def _objects(line: Line, read: Read) -> tuple[Pairs | Kept, str, int]:
    """Kinds, then names: `get offers of-…`, `get order/x`, `release order/x`."""
    kinds = COMMANDS[line.key][1]
    word, slash, _ = line.last.partition("/")
    if slash and word.lower() in KINDS:
        kind = KINDS[word.lower()]
        return _left(names(line, kind, read), _named_before(line, kind)), f"{word}/", NO_FILES
    if not line.plain:
        head = line.last[: line.last.rfind(",") + 1] if kinds and kinds[0][-1] != "/" else ""
        space = NO_SPACE if kinds and kinds[0][-1] == "/" else 0
        before = {KINDS.get(one.lower(), "") for one in head.split(",")}
        return [(kind, "") for kind in kinds if kind not in before], head, NO_FILES | space
    first = line.plain[0].lower()
    if line.key == "label" and (len(line.plain) > 1 or first not in KINDS):
        from cpctl.complete.suggest import label_changes

        changes, ends = label_changes(line, read)
        return changes, "", NO_FILES | (0 if ends else NO_SPACE)
    if first in KINDS:
        return _left(names(line, KINDS[first], read), _named_before(line, KINDS[first])), "", NO_FILES
    if "/" in first:
        return [(kind, "") for kind in kinds if kind[-1] == "/"], "", NO_FILES | NO_SPACE
    return (), "", NO_FILES


def _named_before(line: Line, kind: str) -> set[str]:
    """The names of a kind that stand on the line already."""
    first = KINDS.get(line.plain[0].lower(), "") if line.plain else ""
    parted = [word.partition("/") for word in line.plain[1 if first else 0 :]]
    return {name if slash else word for word, slash, name in parted if KINDS.get(word.lower(), first) == kind}
