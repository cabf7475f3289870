"""What completion knows of one kind: lines in groups, as text that can be offered without looking at every line.

    province TAB accelerator TAB provider TAB free cards TAB rows TAB length of its lines     one line for each group
    (an empty line)
    name TAB what stands beside it                                                   sorted within its group

A group is what its rows have in common and are narrowed by; other kinds have other columns there (`GROUPED`). A Tab
among ten thousand offers has half a millisecond: it chooses groups, and cuts each out of the text in one piece. What is
offered is looked at again, since somebody else may have written the file; where all of it is plain that is one look.
Of very many rows only the groups are kept: they have rows, and no lines.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Parted = tuple[bytes, bytes, bytes]  # a file: its groups, the empty line behind them (its two ends), all lines

LABELS = "metadata.labels"
COLUMNS: dict[str, tuple[str, ...]] = {
    "subplatforms": ("metadata.name", "status.state"),
    "providers": ("metadata.name", "spec.province", "spec.kind"),
    "products": ("metadata.name", "spec.accelerator", "spec.provider"),
    "offers": (
        *("metadata.name", "spec.accelerator", "status.free", "spec.minCards", "spec.stepCards", "spec.price"),
        *("spec.billing", "spec.province", "spec.provider"),
    ),
    "models": ("metadata.name", "spec.tasks", "spec.publisher", "spec.domain", "spec.kind"),
    "sources": ("metadata.name", "spec.model", "spec.provider", "spec.province"),
    "scenarios": ("metadata.name", "spec.title"),
    "orders": ("metadata.name", "status.phase", "status.endsAt", LABELS),
    "cards": ("metadata.name", "spec.order", "spec.accelerator", "spec.province", LABELS),
    "demands": ("metadata.name", "status.phase", LABELS),
    "bills": ("metadata.name", "spec.order"),
    "vouchers": ("metadata.name", "status.left", "status.state"),
    "projects": ("metadata.name",),
    "events": ("metadata.name", "spec.reason"),
}
GROUPED: dict[str, tuple[str, ...]] = {
    "providers": ("spec.province",),
    "products": ("spec.provider", "spec.accelerator"),
    "offers": ("spec.province", "spec.accelerator", "spec.provider"),
    "models": ("spec.tasks", "spec.publisher", "spec.domain", "spec.kind"),
    "sources": ("spec.model", "spec.provider", "spec.province"),
    "orders": ("status.phase", LABELS),
    "cards": (LABELS,),
    "demands": ("status.phase", LABELS),
    "vouchers": ("status.state",),
}
BLANK = b"\n\n"  # between the groups and the lines of a file
NAME_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/@+:"
PLAIN = NAME_CHARACTERS + b" ,()%="
PLAIN_TEXT = frozenset(PLAIN.decode())
MOST_BESIDE = 120
MOST_DIGITS = 12  # of a group's numbers
MOST_BYTES = 8_000_000  # of a file
MOST_LISTED = 20_000
"""Names that are offered at once: a shell takes seconds for more, and nobody reads them."""
NO_BEGINNINGS = (b"-", b"@", b"\t")  # of a line: no name looks like a flag, or is empty


def is_safe(name: str) -> bool:
    """Whether a value may be put on a command line as it is, in every shell."""
    return bool(name) and name.isascii() and name[0] not in "-@" and not name.encode().translate(None, NAME_CHARACTERS)


def shown(text: str) -> str:
    """A description without anything that a shell or a terminal could act on."""
    if text.isascii() and not text.encode().translate(None, PLAIN):
        return text[:MOST_BESIDE]
    kept = [char for char in text if (char.isprintable() and char.isalnum()) or char in PLAIN_TEXT]
    return "".join(kept)[:MOST_BESIDE]


class Kept:
    """Rows of one kind.

    Attributes:
        kind: Plural; "" for names that are no list's.
        groups: (values of the kind's grouped columns, cards or rows in it, where its lines begin and end, rows).
    """

    def __init__(
        self,
        body: bytes,
        groups: Sequence[tuple[list[str], int, int, int, int]],
        taken: Iterable[str] = (),
        ends: str = "",
        kind: str = "",
    ) -> None:
        """taken: Names that are not offered again. ends: What follows every name."""
        self.groups, self.kind = groups, kind
        self._body, self._taken, self._ends = body, taken, ends

    def where(self, test: Callable[[list[str]], bool]) -> Kept:
        """The groups whose values pass."""
        found = [group for group in self.groups if test(group[0])]
        return Kept(self._body, found, self._taken, self._ends, self.kind)

    def but(self, taken: Iterable[str]) -> Kept:
        """The same without some names."""
        return Kept(self._body, self.groups, taken, self._ends, self.kind)

    def ending(self, ends: str) -> Kept:
        """The same with something behind every name."""
        return Kept(self._body, self.groups, self._taken, ends, self.kind)

    @property
    def has_names(self) -> bool:
        """Whether the names are known, and not only how many there are of what."""
        return any(end > start for _, _, start, end, _ in self.groups)

    def count(self, begun: str) -> int:
        """How many names may begin so."""
        rows = sum([group[4] for group in self.groups])
        if rows <= MOST_LISTED or not begun or not self.has_names:
            return rows
        return sum([lines.count(b"\n") for lines in self._beginning(begun)])

    def values(self, column: int) -> dict[str, int]:
        """The different values of a grouped column, and the cards or rows that have it."""
        found: dict[str, int] = {}
        for values, count, *_ in self.groups:
            found[values[column]] = found.get(values[column], 0) + count
        return found

    def lines(self, begun: str) -> str:
        """The names that begin so, with what stands beside them: whole lines, each with its end."""
        return self.offered(begun).decode()

    def offered(self, begun: str, head: str = "") -> bytes:
        """The same as a shell gets it, each after a head. Of ten thousand lines, every copy would take a while."""
        text = b"".join(self._beginning(begun))
        shape = _shape(text)
        text = text if shape else _safe(text).encode()
        for name in self._taken:
            before, found, rest = (b"\n" + text).partition(f"\n{name}\t".encode("utf-8", "replace"))
            text = before[1:] + b"\n"[: len(before)] + rest.partition(b"\n")[2] if found else text
        if self._ends:
            text = text.replace(b"\t", f"{self._ends}\t".encode())
        if len(shape) <= len("\t\n"):
            text = text.replace(b"\t\n", b"\n")
        if not head or not text:
            return text
        before = head.encode("utf-8", "surrogateescape")
        return before + text[:-1].replace(b"\n", b"\n" + before) + b"\n"

    def parts(self) -> Iterator[tuple[list[str], int, int, bytes]]:
        """Each group: its values, its cards or rows, its rows, and its lines as a file has them, all looked at."""
        for values, count, start, end, rows in self.groups:
            lines = self._body[start:end]
            lines = lines if _shape(lines) else _safe(lines).encode()
            yield [shown(value) for value in values], count, rows, lines

    def _beginning(self, begun: str) -> Iterator[bytes]:
        """Lines are sorted in their group: those that begin so stand together, and all of neighbours are one piece."""
        body, first = self._body, begun.encode("utf-8", "replace")
        whole = -1
        for number, (_, _, start, end, _) in enumerate(self.groups):
            if not begun:
                whole = start if whole < 0 else whole
                if number + 1 == len(self.groups) or self.groups[number + 1][2] != end:
                    yield body[whole:end]
                    whole = -1
                continue
            at = start if body.startswith(first, start, end) else body.find(b"\n" + first, start, end) + 1 or -1
            if at >= 0:
                last = body.rfind(b"\n" + first, at, end) + 1 or at
                yield body[at : body.find(b"\n", last, end) + 1 or end]


NOTHING = Kept(b"", ())


def parsed(kind: str, file: Parted) -> Kept | None:
    """What the file of a kind holds; None when it is damaged or of another shape."""
    head, blank, body = file
    text = head.decode("utf-8", "replace")
    if not blank or "\ufffd" in text:
        return None
    width = len(GROUPED.get(kind, ())) + 3
    cells = text.replace("\n", "\t").split("\t")  # of all groups at once: a catalogue has hundreds
    numbers = [cells[place::width] for place in (width - 3, width - 2, width - 1)]
    if {row.count("\t") for row in text.split("\n")} != {width - 1} or not all(map(_are_numbers, numbers)):
        return None
    groups, end = [], 0
    places = range(0, len(cells), width)
    for place, cards, rows, length in zip(places, *[map(int, column) for column in numbers], strict=True):
        groups.append((cells[place : place + width - 3], cards, end, end := end + length, rows))
    return Kept(body, groups, kind=kind) if end == len(body) and body[-1:] in (b"", b"\n") else None


def _are_numbers(cells: Sequence[str]) -> bool:
    return "".join(cells).isdecimal() and "" not in cells and max(map(len, cells)) <= MOST_DIGITS


def named(names: Iterable[str]) -> Kept:
    """Names with nothing beside them, all in one group."""
    return listed((name, "") for name in names)


def listed(rows: Iterable[tuple[str, str]]) -> Kept:
    """Names and what stands beside them, all in one group."""
    lines = [f"{name}\t{shown(beside)}\n" for name, beside in sorted(rows) if is_safe(name)]
    body = "".join(lines).encode()
    return Kept(body, [([], 0, 0, len(body), len(lines))])


def _shape(every: bytes) -> bytes:
    """What is left of every line without the characters of names, when every line is a safe name and plain words.

    Rows of one kind mostly have one shape: looked at together, ten thousand lines cost what one does. b"" when the
    lines have several shapes, or something in them is not plain; then each is to be looked at.
    """
    shapes = every.translate(None, NAME_CHARACTERS)
    one = shapes[: shapes.find(b"\n") + 1]
    rows = len(shapes) // len(one) if one else 0
    is_plain = one[:1] == b"\t" and not one[1:-1].translate(None, PLAIN)
    return one if is_plain and shapes == one * rows and _begin_well(every, rows) else b""


def _begin_well(every: bytes, rows: int) -> bool:
    """Whether no line looks like a flag, or is without a name; mostly, all begin like the first: `of-`."""
    if every[:1] in NO_BEGINNINGS:
        return False
    first = every[: min(every.find(b"\t"), 3)]
    return every.count(b"\n" + first) == rows - 1 or not any(b"\n" + begun in every for begun in NO_BEGINNINGS)


def _safe(every: bytes) -> str:
    """The lines whose name is safe, with what may be shown beside it."""
    rows = [line.partition("\t") for line in every.decode("utf-8", "replace").split("\n")]
    return "".join([f"{name}\t{shown(beside)}\n" for name, _, beside in rows if is_safe(name)])
