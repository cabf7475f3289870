"""How many cells of a terminal a text takes: 山西 is four, é is one, 👩‍💻 is two."""

from __future__ import annotations

from unicodedata import category, east_asian_width

JOINER = "\u200d"
EMOJI_SELECTOR = "\ufe0f"
SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
NO_CELL = frozenset(("Mn", "Me", "Cf", "Cc"))


def cells(text: str) -> int:
    """Cells of one line of safe text; characters of ambiguous width take one."""
    if text.isascii():
        return len(text)
    total = last = 0
    before = ""
    for char in text:
        last = _grown(char, before, last)
        total += last
        before = char
    return total


def left(text: str, width: int) -> str:
    """The text, with spaces after it up to `width` cells."""
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """The text, with spaces before it up to `width` cells."""
    return " " * (width - cells(text)) + text


def _grown(char: str, before: str, last: int) -> int:
    """Cells a character adds behind another that added `last`."""
    if char == EMOJI_SELECTOR:
        return 1 if last == 1 else 0
    if before == JOINER or (char in SKIN_TONES and last == 2):
        return 0
    if category(char) in NO_CELL or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if east_asian_width(char) in "WF" else 1
