"""A command line taken apart, as far as a Tab needs it. Pure."""

from __future__ import annotations

from cpctl.complete._words import COMMANDS, EVERYWHERE, GROUPS, KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Line:
    """A command line taken apart, up to the word that is being typed.

    Attributes:
        key: "get", "auth login"; "" while the verb is typed.
        begins: Where the verb stands among the words.
        given: Flags with their values, as they stand.
        plain: Plain words after the verb.
        slot: What the last word is the value of; None when it is none.
        now: When Tab was pressed.
    """

    def __init__(self, words: Sequence[str], now: float = 0.0) -> None:
        self.now = now
        self.key = ""
        self.begins = 0
        self.given: dict[str, str] = {}
        self.plain: list[str] = []
        self.slot: str | None = None
        self.head = ""
        self.last = words[-1] if words else ""
        self.flags = dict(EVERYWHERE)
        self.ended = False
        flag = ""
        for number, word in enumerate(words[:-1]):
            flag = self._word(word, flag)
            self.begins = self.begins if self.key else number + 1
        self.flag = flag
        if not flag and not self.ended and self.last[:1] == "-":
            self._attached()

    def _word(self, word: str, flag: str) -> str:
        """Takes one word; the flag that waits for a value after it."""
        if flag:
            self._give(flag, word)
        elif self.ended:
            self.plain.append(word)
        elif word == "--":
            self.ended = True
        elif word[:1] == "-" and word != "-":
            name, _, value = self._parted(word)
            if value is None:
                return name if name in TAKING else ""
            self._give(name, value)
        elif not self.key or self.key in GROUPS:
            self.key = f"{self.key} {word}".strip()
            self.flags = {**COMMANDS[self.key][2], **EVERYWHERE} if self.key in COMMANDS else self.flags
        else:
            self.plain.append(word)
        return ""

    def _give(self, flag: str, value: str) -> None:
        """What is given again replaces what was there; of a list, and of a flag that may be repeated, it is added."""
        slot = self.flags.get(flag, ("",))[0]
        before = self.given.get(flag, "") if slot[-1:] == "," or slot in REPEATED else ""
        self.given[flag] = f"{before},{value}" if before else value

    def _parted(self, word: str) -> tuple[str, str, str | None]:
        """A word of flags: the last of them, all that stands before its value, and that; None: it is the next word.

        `--flag=val`, `-oval`, `-o=val`; switches may stand before it: `-Aoval`.
        """
        if word[:2] == "--":
            name, equals, value = word.partition("=")
            return name, name + equals, value if equals else None
        place = 1
        while place + 1 < len(word) and self.flags.get(f"-{word[place]}", ("text",))[0] == "":
            place += 1
        ends = place + 2 if word[place + 1 : place + 2] == "=" else place + 1
        return f"-{word[place]}", word[:ends], word[ends:] if ends < len(word) or word[-1] == "=" else None

    def _attached(self) -> None:
        """A last word that holds a flag and its value begun."""
        if len(self.last) < 2:
            return
        name, head, value = self._parted(self.last)
        if value is not None and self.flags.get(name, ("",))[0]:
            self.flag, self.head, self.last = name, head, value

    @property
    def verb(self) -> str:
        return self.key.partition(" ")[0]

    @property
    def kinds(self) -> list[str]:
        """The kinds that the first plain word names: `orders,cards`, `order/x`."""
        words = (self.plain or [""])[0].split(",")
        return [kind for kind in (KINDS.get(word.partition("/")[0].lower(), "") for word in words) if kind]

    def value(self, *names: str) -> str:
        """What a flag was given, by any of its spellings; "" when nothing."""
        return next((self.given[name] for name in names if name in self.given), "")


REPEATED = frozenset({"@offer=", "@label"})
TAKING = frozenset(
    word for flags in (EVERYWHERE, *(row[2] for row in COMMANDS.values())) for word, row in flags.items() if row[0]
)
