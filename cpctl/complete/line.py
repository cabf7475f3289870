"""A command line taken apart, as far as a Tab needs it. Pure."""

from __future__ import annotations

from cpctl.complete._words import COMMANDS, EVERYWHERE, GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Line:
    """A command line taken apart, up to the word that is being typed.

    Attributes:
        key: "get", "auth login"; "" while the verb is typed.
        given: Flags with their values, as they stand.
        plain: Plain words after the verb.
        slot: What the last word is the value of; None when it is none.
        now: When Tab was pressed.
    """

    def __init__(self, words: Sequence[str], now: float = 0.0) -> None:
        self.now = now
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
        """What a flag was given, by any of its spellings; "" when nothing."""
        return next((self.given[name] for name in names if name in self.given), "")


TAKING = frozenset(
    word for flags in (EVERYWHERE, *(row[2] for row in COMMANDS.values())) for word, row in flags.items() if row[0]
)
