"""Text cut into pieces the size of tokens: what is counted, charged and streamed."""

from __future__ import annotations

import re
from typing import Final

# A word of up to seven letters with the space before it, two Chinese characters, three digits, or one other character.
PIECE: Final = re.compile(r" ?[A-Za-z]{1,7}| ?[0-9]{1,3}|[\u3400-\u9fff]{1,2}|\s+|.", re.DOTALL)
CHINESE: Final = re.compile(r"[\u3400-\u9fff]")


def pieces(text: str) -> list[str]:
    """The text in pieces; joined, they are the text again."""
    return PIECE.findall(text)


def count(text: str) -> int:
    """How many pieces a text has."""
    return sum(1 for _ in PIECE.finditer(text))


def is_chinese(text: str) -> bool:
    """Whether somebody who wrote this reads Chinese."""
    return CHINESE.search(text) is not None
