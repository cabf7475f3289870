"""Command lines and what they print, as a person would paste them from a terminal:

    Anything between cases says why the next one is there.
    $ CPCTL_OUTPUT=name cpctl get offers --limit 1
    offer/of-1a7k2m
    [stderr]
    warning: …
    [exit 0]

`[exit N]` ends a case; `[exit ?]` one whose output nobody has seen yet. `[no newline]` stands behind output that does
not end its line. ESC is shown as `␛`. A comment behind the words, `# on a terminal`, gives the run a terminal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

PROMPT = "$ "
STDERR, NO_NEWLINE = "[stderr]", "[no newline]"
END = re.compile(r"\[exit (\d+|\?)\]")
ON_A_TERMINAL = "# on a terminal"
ESCAPE, SHOWN_ESCAPE = "\x1b", "␛"


class Case(NamedTuple):
    """One command line with its output.

    Attributes:
        note: The lines that stand before it.
        line: As typed behind the prompt.
        code: None where it has not been seen yet.
    """

    note: str
    line: str
    out: str = ""
    err: str = ""
    code: int | None = None

    @property
    def words(self) -> list[str]:
        """argv, the program first, without what stands before it."""
        return self._split()[1]

    @property
    def env(self) -> dict[str, str]:
        return dict(word.split("=", 1) for word in self._split()[0])

    @property
    def on_a_terminal(self) -> bool:
        return self.line.endswith(ON_A_TERMINAL)

    def _split(self) -> tuple[list[str], list[str]]:
        words = shlex.split(self.line.removesuffix(ON_A_TERMINAL))
        begin = next(i for i, word in enumerate(words) if "=" not in word)
        return words[:begin], words[begin:]


def read(text: str) -> tuple[list[Case], str]:
    """The cases of a file, and what stands behind the last one."""
    cases: list[Case] = []
    note: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if not line.startswith(PROMPT):
            note.append(line)
            continue
        cases.append(_case("".join(f"{one}\n" for one in note), line.removeprefix(PROMPT), lines))
        note = []
    return cases, "".join(f"{line}\n" for line in note)


def _case(note: str, line: str, lines: Iterator[str]) -> Case:
    streams: list[list[str]] = [[]]
    for text in lines:
        ended = END.fullmatch(text)
        if ended:
            out, err = (_joined(stream) for stream in [*streams, []][:2])
            return Case(note, line, out, err, None if ended[1] == "?" else int(ended[1]))
        if text == STDERR:
            streams.append([])
        else:
            streams[-1].append(text)
    raise ValueError(f"no [exit N] behind: {line}")


def _joined(lines: Sequence[str]) -> str:
    text = "".join(f"{line}\n" for line in lines).replace(SHOWN_ESCAPE, ESCAPE)
    return text.removesuffix(f"\n{NO_NEWLINE}\n") if lines and lines[-1] == NO_NEWLINE else text


def written(cases: Sequence[Case], rest: str = "") -> str:
    """The file that `read` reads."""
    return "".join(map(_text, cases)) + rest


def _text(case: Case) -> str:
    err = f"{STDERR}\n{_shown(case.err)}" if case.err else ""
    return f"{case.note}{PROMPT}{case.line}\n{_shown(case.out)}{err}[exit {'?' if case.code is None else case.code}]\n"


def _shown(text: str) -> str:
    shown = text.replace(ESCAPE, SHOWN_ESCAPE)
    return shown if shown.endswith("\n") or not shown else f"{shown}\n{NO_NEWLINE}\n"
