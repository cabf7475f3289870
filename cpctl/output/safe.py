"""Text that a server, a file or a model wrote, before a terminal sees it.

A character that would act on the terminal, or that nobody sees, is shown as its code (`\\x1b`, `\\u202e`, `\\n`,
`\\U000e0041`): C0 and C1, bidi marks, overrides and isolates, zero-width and filler characters, line and paragraph
separators, lone surrogates, private-use and unassigned code points. What people write stays as it is: every script,
every ordinary space, and the invisible characters emoji are built with, only where they build one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

JOINER = "\u200d"
SELECTORS = "\ufe0e\ufe0f"
KEYCAP = "\u20e3"
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Python calls these printable, a terminal shows nothing: joiners, fillers, Braille blank, variation selectors.
UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
# Python calls these unprintable, though they are ordinary spaces.
SPACES = frozenset("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
# Pictures and ideographs that a Unicode newer than this Python's may have assigned.
GROWING = ((0x1F000, 0x1FAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD))
# Where the signs are that U+FE0F turns into emoji and U+200D joins.
PICTURES = ((0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122), (0x2139, 0x2139),
            (0x2190, 0x27FF), (0x2900, 0x2BFF), (0x3030, 0x303D), (0x3297, 0x3299), (0x1F000, 0x1FAFF))  # fmt: skip


def safe(text: str) -> str:
    """One line of text, fit for a terminal; what is fit already comes back as it is."""
    if text.isprintable() and (text.isascii() or UNSEEN.isdisjoint(text)):
        return text
    return _shown(text)


def safe_lines(text: str) -> str:
    """Prose fit for a terminal: as `safe`, but line ends and tabs stay."""
    return _shown(text, kept="\n\t")


def safe_stream(pieces: Iterable[str]) -> Iterator[str]:
    """Prose that comes in pieces: together the same text as `safe_lines` of the whole, wherever it was cut.

    Only a character whose meaning hangs on the next one (a joiner or selector at the very end) waits for that.
    """
    before = held = ""
    for piece in pieces:
        text = before + held + piece
        end = len(text) - 1 if text and text[-1] in JOINER + SELECTORS else len(text)
        shown = _shown(text, kept="\n\t", start=len(before), end=end)
        held, before = text[end:], text[:end][-1:]
        if shown:
            yield shown
    if held:
        yield _shown(before + held, kept="\n\t", start=len(before))


def is_hidden(char: str) -> bool:
    """Whether a character acts on a terminal or is not seen there."""
    if char.isprintable():
        return char in UNSEEN
    return char not in SPACES and not _within(char, GROWING)


def escape(char: str) -> str:
    """How a hidden character is shown: `\\n`, `\\x1b`, `\\u202e`, `\\U000e0041`."""
    code = ord(char)
    long = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return SHORT.get(char, long)


def _shown(text: str, *, kept: str = "", start: int = 0, end: int | None = None) -> str:
    """`text[start:end]` with what is hidden escaped; the characters around the cut are looked at, not shown."""
    hidden = {char for char in set(text) if char not in kept and is_hidden(char)}
    if not hidden:
        return text[start:end]
    places = range(start, len(text) if end is None else end)
    return "".join([_one(text, i) if text[i] in hidden else text[i] for i in places])


def _one(text: str, i: int) -> str:
    return text[i] if _builds_emoji(text, i) else escape(text[i])


def _builds_emoji(text: str, i: int) -> bool:
    """Whether the hidden character at `i` is part of an emoji: ⚠️, 1️⃣, 👩‍💻."""
    before, after = text[i - 1 : i], text[i + 1 : i + 2]
    if text[i] in SELECTORS:
        return _is_picture(before) or (after == KEYCAP and before in "0123456789#*" and before != "")
    return text[i] == JOINER and (_is_picture(before) or (before in SELECTORS and before != "")) and _is_picture(after)


def _is_picture(char: str) -> bool:
    return char != "" and _within(char, PICTURES)


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last in ranges)
