"""Words with parts: fields of a kind, columns, requests, and what a second word of some commands may be. Pure.

Loaded by a Tab that asks for these alone.
"""

from __future__ import annotations

from cpctl.complete._contract import PATHS, SORTED
from cpctl.complete._words import COMMANDS, KINDS
from cpctl.complete.kept import shown
from cpctl.complete.live import SOURCES
from cpctl.complete.narrowing import names, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.complete.kept import Kept
    from cpctl.complete.line import Line
    from cpctl.complete.narrowing import Pairs, Read

NO_SPACE = 2
PROVINCES = frozenset({"province", "residency.provinces"})
FORMS = ("table", "wide", "json", "yaml", "toml", "name", "csv")


def named(line: Line, slot: str, read: Read) -> tuple[list[tuple[str, str]], str, int]:
    """What may stand there, the head that is kept before it, and whether a space follows."""
    if slot == "@field,":
        return *_sort_keys(line), NO_SPACE
    if slot == "@condition,":
        return *_conditions(line), NO_SPACE
    if slot == "@path":
        return *_explained(line), 0
    if line.last.startswith("custom-columns=") and line.flag:
        return *_columns(line), NO_SPACE
    return _later(line, read)


# fields


def _fields(kind: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The fields of a kind, and their legal values."""
    from cpctl._fields import FIELDS

    for row in FIELDS.get(kind, ()):
        yield str(row[0]), tuple(map(str, row[3]))


def _sortable(line: Line) -> dict[str, str]:
    """The fields that a list can be sorted by, and how each is spelled in short."""
    kinds = line.kinds or (["events"] if line.key == "events" else [])
    return SORTED.get(kinds[0], {}) if kinds else {}


def _sort_keys(line: Line) -> tuple[list[tuple[str, str]], str]:
    """`price`, `spec.price`, `~free`: of each field the short spelling, the whole one to who begins it."""
    head = line.last[: line.last.rfind(",") + 1]
    if line.last[len(head) :].startswith("~"):
        head += "~"
    given = {word.strip("~") for word in head.split(",")}
    keys = {path: short for path, short in _sortable(line).items() if path not in given and short not in given}
    short = [(word or path, path if word else "") for path, word in keys.items()]
    whole = [(path, word) for path, word in keys.items() if word and word != path] if line.last[len(head) :] else []
    return short + whole, head


def _conditions(line: Line) -> tuple[list[tuple[str, str]], str]:
    """`status.phase=Active,…`: a field, then its values where there are only so many."""
    head = line.last[: line.last.rfind(",") + 1]
    begun = line.last[len(head) :]
    path, equals, _ = begun.partition("=")
    if not equals:
        return [(f"{word}=", short) for word, short in _sortable(line).items()], head
    kind = line.kinds[:1] or [""]
    values = next((values for field, values in _fields(kind[0]) if field == path.rstrip("!")), ())
    return [(value, "") for value in values], f"{head}{path}=" + ("=" if begun[len(path) + 1 :][:1] == "=" else "")


def _explained(line: Line) -> tuple[list[tuple[str, str]], str]:
    """`explain offers.spec.price`: a kind, then its fields."""
    kind, dot, _ = line.last.partition(".")
    if line.plain:
        return [], ""
    if dot and kind.lower() in KINDS:
        return [(path, "") for path, _ in _fields(KINDS[kind.lower()])], f"{kind}."
    return [(plural, "") for plural in dict.fromkeys(KINDS.values())], ""


def _columns(line: Line) -> tuple[list[tuple[str, str]], str]:
    """`-o custom-columns=TITLE:.field,…`: a title with its field, or the field after a title of one's own."""
    kind = (line.kinds or (["events"] if line.key == "events" else []) or [""])[0]
    head = line.last[: max(line.last.rfind(sign) for sign in ":,=") + 1]
    shown = [part.partition(":")[2].lstrip(".") for part in head.partition("=")[2].split(",")]
    paths = [path for path, _ in _fields(kind) if path not in shown]
    if head[-1] == ":":
        return [(f".{path}", "") for path in paths], head
    return [(f"{path.rpartition('.')[2].upper()}:.{path}", path) for path in paths], head


# later words


def _later(line: Line, read: Read) -> tuple[list[tuple[str, str]], str, int]:
    """The words of `api`, `auth can-i`, `config set` and `completion` behind the first."""
    if line.key == "api" or line.flag == "--path":
        return _requests(line, read)
    if line.key == "auth can-i" and len(line.plain) == 1:
        return _asked_about(line, read)
    if line.key in ("config set", "config unset") and not line.plain:
        return _keys(line, read)
    if line.key == "config set" and len(line.plain) == 1:
        return _settings(line, read)
    if line.key == "completion" and line.plain in (["install"], ["uninstall"], ["status"]):
        return [(word, "") for word in COMMANDS["completion"][0][1:].split("|")[:4]], "", 0
    return [], "", 0


def _requests(line: Line, read: Read) -> tuple[list[tuple[str, str]], str, int]:
    """Paths of the contract: a collection, then the names in it. A path alone is read."""
    if line.key == "api" and (len(line.plain) > 1 or (line.plain and line.plain[0].upper() not in PATHS)):
        return [], "", 0
    paths = PATHS[line.plain[0].upper() if line.plain and line.key == "api" else "GET"]
    above, _, _ = line.last.rpartition("/")
    kind = above.removeprefix("/v1/")
    if f"{above}/" in paths and kind in KINDS:
        return list(rows_of(names(line, kind, read))), f"{above}/", 0
    return list(paths.items()), "", NO_SPACE


def rows_of(found: Pairs | Kept) -> Pairs:
    """Names, however they are held."""
    from cpctl.complete.kept import Kept

    return rows(found) if isinstance(found, Kept) else found


def _asked_about(line: Line, read: Read) -> tuple[list[tuple[str, str]], str, int]:
    word, slash, _ = line.last.partition("/")
    if slash and word.lower() in KINDS:
        return list(rows_of(names(line, KINDS[word.lower()], read))), f"{word}/", 0
    return [(plural, "") for plural in dict.fromkeys(KINDS.values())], "", 0


def _keys(line: Line, read: Read) -> tuple[list[tuple[str, str]], str, int]:
    """`profiles.NAME.SETTING`, `defaults.VERB.FLAG`, and settings that have a dot themselves."""
    settings = [(word, "") for word in COMMANDS["config set"][0][1:].split("|")]
    first, _, rest = line.last.partition(".")
    second, dot, _ = rest.partition(".")
    if first == "profiles":
        known, owned = [name for name, _ in rows_of(read("profiles"))], settings
    elif first == "defaults":
        from cpctl.complete.defaults import VERBS_WITH, flags_of

        known = [verb for verb in VERBS_WITH if flags_of(verb)]
        owned = [(word, beside if shown(beside) == beside else "") for word, (_, beside) in flags_of(second).items()]
    else:
        return settings, "", 0
    if not dot:
        return [(f"{name}.", "") for name in known], f"{first}.", NO_SPACE
    return owned, f"{first}.{second}.", 0


def _settings(line: Line, read: Read) -> tuple[list[tuple[str, str]], str, int]:
    """Values of the settings that have known ones."""
    setting = line.plain[0]
    if setting.startswith("profiles."):
        setting = setting.split(".", 2)[-1]
    if setting in PROVINCES:
        head = line.last[: line.last.rfind(",") + 1]
        found, head = SOURCES["@province"](line, read, head)
        given = head.split(",")
        return [(value, beside) for value, beside in rows_of(found) if value not in given], head, NO_SPACE
    if setting == "project":
        return list(rows_of(SOURCES["@project"](line, read, "")[0])), "", 0
    return [(form, "") for form in FORMS] if setting == "output" else [], "", 0
