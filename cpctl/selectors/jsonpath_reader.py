"""From the text between the braces of a JSONPath template to its steps."""

from __future__ import annotations

import re
from typing import NamedTuple

from cpctl.selectors.jsonpath_steps import (
    COMPARES,
    Below,
    Constant,
    Every,
    Having,
    Key,
    Quoted,
    Slice,
    Union,
    Where,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.selectors.jsonpath_steps import Step

    Steps = tuple[Step, ...]

ENDS = frozenset(" \t\r\n.,[]$@{}")  # what ends a name
KEY = re.compile(r"'([^']*)'")
PLACES = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?", re.ASCII)
CONDITION = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
NUMBER = re.compile(r"[+-]?[\d.]*", re.ASCII)
ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3}))")
SIGNS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
WORDS = ("range", "end")
INT64 = 1 << 63


class Unreadable(Exception):
    """What is wrong, in kubectl's words.

    Attributes:
        place: Where in the template, counted from 0.
    """

    def __init__(self, what: str, place: int) -> None:
        super().__init__(what)
        self.place = place


class Action(NamedTuple):
    """What stands between two braces.

    Attributes:
        word: `range` or `end`; "" where there is only a path.
        end: The place behind the closing brace.
    """

    word: str
    steps: Steps
    end: int


def action(text: str, begin: int) -> Action:
    """The action whose opening brace is at `begin`.

    Raises:
        Unreadable: It is none.
    """
    reader = Reader(text, begin + 1)
    steps = reader.steps("}")
    return Action(reader.word, steps, reader.at + 1)


class Reader:
    """Reads steps from a place on.

    Attributes:
        at: The next character's place.
        word: `range` or `end`, when it was met.
    """

    def __init__(self, text: str, at: int = 0, *, before: int = 0, words: bool = True) -> None:
        """before: How far into the template `text` begins; words: whether `range` and `end` may be met."""
        self.text, self.at, self.word = text, at, ""
        self._before, self._words = before, words

    def steps(self, end: str = "") -> Steps:
        """All steps up to a brace, which is not read, or up to the end of the text."""
        found: list[Step] = []
        while self._next() != end:
            found += self._step(found)
        return tuple(found)

    def _step(self, before: list[Step]) -> list[Step]:
        """The next step; none for what only stands between."""
        char = self._next()
        if char in ("", "\r", "\n"):
            raise self._wrong("unclosed action")
        if char in " @$":
            self.at += 1
            return []
        if char == "[":
            return self._filter() if self.text.startswith("[?(", self.at) else self._places()
        if char in "\"'":
            return [self._quoted(char)]
        if char == ".":
            return self._below(before) if self.text.startswith("..", self.at) else self._field(skip=1)
        if char in "+-" or char.isdigit():
            return [self._number()]
        if char.isalnum() or char == "_":
            return self._named()
        raise self._wrong(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _wrong(self, what: str, place: int | None = None) -> Unreadable:
        return Unreadable(what, self._before + (self.at if place is None else place))

    def _inner(self, text: str, at: int) -> Steps:
        """The steps of a part of this text that begins at `at`."""
        return Reader(text, before=self._before + at, words=False).steps()

    def _field(self, *, skip: int) -> list[Step]:
        self.at += skip
        name = self._until_end_of_name(escapes=True)
        return [Every() if name == "*" else Key(name.replace("\\", ""))]

    def _below(self, before: list[Step]) -> list[Step]:
        if before and isinstance(before[-1], Below):
            raise self._wrong("invalid multiple recursive descent")
        self.at += 2
        char = self._next()
        return [Below(), *(self._field(skip=0) if char.isalnum() or char == "_" else [])]

    def _named(self) -> list[Step]:
        place, name = self.at, self._until_end_of_name(escapes=False)
        if name in ("true", "false"):
            return [Constant(name == "true")]
        if name not in WORDS or not self._words or self.word:
            raise self._wrong(f"unrecognized identifier {name}", place)
        self.word = name
        return []

    def _until_end_of_name(self, *, escapes: bool) -> str:
        begin = self.at
        while self._next() and self._next() not in ENDS:
            self.at += 2 if escapes and self._next() == "\\" else 1
        self.at = min(self.at, len(self.text))
        return self.text[begin : self.at]

    def _number(self) -> Step:
        place, found = self.at, NUMBER.match(self.text, self.at)
        text = found[0] if found else ""
        self.at += len(text)
        try:
            whole = int(text) if "." not in text else INT64
            return Constant(whole if -INT64 <= whole < INT64 else float(text))
        except ValueError:
            raise self._wrong(f"cannot parse number {text}", place) from None

    def _quoted(self, quote: str) -> Step:
        place = self.at
        while True:
            self.at += 1
            if self._next() in ("", "\n"):
                raise self._wrong("unterminated quoted string", place)
            if self._next() == quote and self.text[self.at - 1] != "\\":
                break
        self.at += 1
        written = self.text[place : self.at]
        text = _unescaped(written[1:-1], quote)
        if text is None:
            raise self._wrong(f"unquote string {written} error invalid syntax", place)
        return Quoted(text)

    def _places(self) -> list[Step]:
        place = self.at
        end = self.text.find("]", place)
        line = self.text.find("\n", place)
        if end < 0 or 0 <= line < end:
            raise self._wrong("unterminated array", place)
        self.at = end + 1
        inside = self.text[place + 1 : end]
        parts = inside.split(",")
        if len(parts) == 1:
            return list(self._place(inside, place))
        begins = [place + 1 + sum(len(one) + 1 for one in parts[:i]) for i in range(len(parts))]
        return [Union(tuple(self._place(one.strip(" "), at) for one, at in zip(parts, begins, strict=True)))]

    def _place(self, inside: str, at: int) -> Steps:
        """What one place of brackets says: a key, an index, a slice."""
        key, places = KEY.fullmatch(inside), PLACES.fullmatch(":" if inside == "*" else inside)
        if key:
            return self._inner(f".{key[1]}", at + 1)
        if places is None:
            raise self._wrong(f"invalid array index {inside}", at)
        begin, end, step = (self._index(one, at) for one in (places[1], (places[2] or "")[1:], (places[3] or "")[1:]))
        return (Slice(begin, end, step, alone=places[2] is None),)

    def _index(self, text: str, at: int) -> int | None:
        try:
            return int(text) if text else None
        except ValueError:
            raise self._wrong(f"array index {text} is not a number", at) from None

    def _filter(self) -> list[Step]:
        place = self.at
        begin = place + len("[?(")
        self.at = self._end_of_filter(begin)
        inside = self.text[begin : self.at]
        if self.text[self.at + 1 : self.at + 2] != "]":
            raise self._wrong("unclosed array expect ]", self.at + 1)
        self.at += 2
        condition = CONDITION.fullmatch(inside)
        if condition is None:
            return [Having(self._inner(inside, begin))]
        left, operator, right = condition.groups()
        if operator not in COMPARES:
            raise self._wrong(f"unrecognized filter operator {operator}", begin + len(left))
        steps = self._inner(left, begin), self._inner(right, begin + condition.start(3))
        return [Where(steps[0], operator, steps[1])]

    def _end_of_filter(self, begin: int) -> int:
        """The place of the bracket that ends a condition; one within its first quotes does not."""
        quote, closed = "", False
        for at in range(begin, len(self.text)):
            char = self.text[at]
            if char == "\n":
                break
            if char in "\"'" and not quote:
                quote = char
            elif char == quote and self.text[at - 1] != "\\":
                closed = True
            elif char == ")" and bool(quote) == closed:
                return at
        raise self._wrong("unterminated filter", begin - len("[?("))


def _unescaped(text: str, quote: str) -> str | None:
    """The text that is meant between quotes, with Go's escapes; None where one of them is none."""
    if "\\" not in text:
        return text if quote not in text else None
    found, at = b"", 0
    while at < len(text):
        escape = ESCAPE.match(text, at)
        if text[at] == quote or (text[at] == "\\" and (not escape or _is_other_quote(escape[1], quote))):
            return None
        found += _meant(escape) if escape else text[at].encode("utf-8", "surrogatepass")
        at = escape.end() if escape else at + 1
    return found.decode("utf-8", "replace")


def _is_other_quote(sign: str | None, quote: str) -> bool:
    return sign is not None and sign in "\"'" and sign != quote


def _meant(escape: re.Match[str]) -> bytes:
    """`\\x` and octal escapes are bytes, the others characters."""
    sign, byte, short, long, octal = escape.groups()
    if sign:
        return SIGNS.get(sign, sign).encode()
    if byte or octal:
        return bytes([int(byte, 16) if byte else int(octal, 8) & 0xFF])
    code = int(short or long, 16)
    return (chr(code) if code < 0x110000 else "\ufffd").encode("utf-8", "replace")
