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
NAME_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/@+:"
PLAIN = NAME_CHARACTERS + b" ,()%="
PLAIN_TEXT = frozenset(PLAIN.decode())
MOST_BESIDE = 120
MOST_DIGITS = 36  # of a group's three numbers
MOST_BYTES = 8_000_000  # of a file
MOST_LISTED = 20_000
"""Names that are offered at once: a shell takes seconds for more, and nobody reads them."""
NO_BEGINNINGS = (b"\n-", b"\n@", b"\n\t")  # of a line: no name looks like a flag, or is empty


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
        groups: (values of the kind's grouped columns, cards or rows in it, where its lines are in the text, rows).
    """

    def __init__(
        self,
        text: str,
        groups: Sequence[tuple[list[str], int, int, int, int]],
        taken: Iterable[str] = (),
        ends: str = "",
        kind: str = "",
    ) -> None:
        """taken: Names that are not offered again. ends: What follows every name."""
        self.groups, self.kind = groups, kind
        self._text, self._taken, self._ends = text, taken, ends

    def where(self, test: Callable[[list[str]], bool]) -> Kept:
        """The groups whose values pass."""
        found = [group for group in self.groups if test(group[0])]
        return Kept(self._text, found, self._taken, self._ends, self.kind)

    def but(self, taken: Iterable[str]) -> Kept:
        """The same without some names."""
        return Kept(self._text, self.groups, taken, self._ends, self.kind)

    def ending(self, ends: str) -> Kept:
        """The same with something behind every name."""
        return Kept(self._text, self.groups, self._taken, ends, self.kind)

    @property
    def has_names(self) -> bool:
        """Whether the names are known, and not only how many there are of what."""
        return any(end > start for _, _, start, end, _ in self.groups)

    def count(self, begun: str) -> int:
        """How many names may begin so."""
        rows = sum([group[4] for group in self.groups])
        if rows <= MOST_LISTED or not begun or not self.has_names:
            return rows
        return sum([lines.count("\n") for lines in self._beginning(f"\n{begun}")])

    def values(self, column: int) -> dict[str, int]:
        """The different values of a grouped column, and the cards or rows that have it."""
        found: dict[str, int] = {}
        for values, count, *_ in self.groups:
            found[values[column]] = found.get(values[column], 0) + count
        return found

    def lines(self, begun: str, head: str = "") -> str:
        """What is offered of the names that begin so, each after a head: whole lines, each with its end."""
        text = "".join([*self._beginning(f"\n{begun}"), "\n"])[1:] if self.groups else ""
        for name in self._taken:
            before, found, rest = f"\n{text}".partition(f"\n{name}\t")
            text = f"{before[1:]}{chr(10) if before else ''}{rest.partition(chr(10))[2]}" if found else text
        shape = _shape(text)
        text = text if shape else _safe(text)
        if self._ends:
            text = text.replace("\t", f"{self._ends}\t")
        if len(shape) <= len("\t\n"):
            text = text.replace("\t\n", "\n")
        return head + text.replace("\n", f"\n{head}")[: -len(head)] if head and text else text

    def parts(self) -> Iterator[tuple[list[str], int, int, str]]:
        """Each group: its values, its cards or rows, its rows, and its lines as a file has them, all looked at."""
        for values, count, start, end, rows in self.groups:
            text = self._text[start + 1 : end] + "\n"
            lines = text if _shape(text) else _safe(text)
            yield [shown(value) for value in values], count, rows, f"\n{lines[:-1]}" if lines else ""

    def _beginning(self, mark: str) -> Iterator[str]:
        """Lines are sorted in their group: those that begin so stand together, and all of neighbours are one piece."""
        whole = -1
        for number, (_, _, start, end, _) in enumerate(self.groups):
            if mark == "\n":
                whole = start if whole < 0 else whole
                if number + 1 == len(self.groups) or self.groups[number + 1][2] != end:
                    yield self._text[whole:end]
                    whole = -1
                continue
            first = self._text.find(mark, start, end)
            if first >= 0:
                last = self._text.find("\n", self._text.rfind(mark, first, end) + 1, end)
                yield self._text[first : last if last >= 0 else end]


NOTHING = Kept("", ())


def parsed(kind: str, text: str) -> Kept | None:
    """What the file of a kind holds; None when it is damaged or of another shape."""
    width = len(GROUPED.get(kind, ())) + 3
    head = text.find("\n\n")
    groups, end = [], head + 1
    if head < 0 or text[-1:] != "\n" or "\ufffd" in text:
        return None
    for row in text[:head].split("\n"):
        values = row.split("\t")
        if len(values) != width:
            return None
        numbers = "".join(values[-3:])
        if not numbers.isdecimal() or len(numbers) > MOST_DIGITS or "" in values[-3:]:
            return None
        groups.append((values[:-3], int(values[-3]), end, end := end + int(values[-1]), int(values[-2])))
    return Kept(text, groups, kind=kind) if end == len(text) - 1 else None


def named(names: Iterable[str]) -> Kept:
    """Names with nothing beside them, all in one group."""
    return listed((name, "") for name in names)


def listed(rows: Iterable[tuple[str, str]]) -> Kept:
    """Names and what stands beside them, all in one group."""
    lines = [f"\n{name}\t{shown(beside)}" for name, beside in sorted(rows) if is_safe(name)]
    return Kept("".join(lines), [([], 0, 0, sum(map(len, lines)), len(lines))])


def _shape(text: str) -> bytes:
    """What is left of every line without the characters of names, when every line is a safe name and plain words.

    Rows of one kind mostly have one shape: looked at together, ten thousand lines cost what one does. b"" when the
    lines have several shapes, or something in them is not plain; then each is to be looked at.
    """
    if not text.isascii():
        return b""
    every = b"\n" + text.encode()
    if max(every.rfind(begun) for begun in NO_BEGINNINGS) >= 0:  # from behind, which takes a fourth of the time
        return b""
    shapes = every.translate(None, NAME_CHARACTERS)
    one = shapes[1 : shapes.find(b"\n", 1) + 1]
    is_plain = one[:1] == b"\t" and not one[1:-1].translate(None, PLAIN)
    return one if is_plain and shapes == b"\n" + one * (len(shapes) // len(one)) else b""


def _safe(text: str) -> str:
    """The lines whose name is safe, with what may be shown beside it."""
    rows = [line.partition("\t") for line in text.split("\n")]
    return "".join([f"{name}\t{shown(beside)}\n" for name, _, beside in rows if is_safe(name)])
