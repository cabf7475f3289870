"""kubectl's JSONPath templates: `{range .items[*]}{.metadata.name}{"\\n"}{end}`.

Text outside braces stands for itself. Where cpctl differs from kubectl, on purpose:

- a mistake is told with its place, before anything is asked for: also a `{range}` without `{end}` (kubectl prints what
  follows twice), an `{end}` too many, a word that is none, an operator that is none;
- what is in a mapping comes in the document's order (`.*`, `..`); kubectl's order changes from run to run;
- a figure is compared with the text of a figure, and whole numbers with fractions (`@.spec.price > 3`), where kubectl
  refuses; with null nothing is so, and it refuses nothing;
- an empty list among others (`.items[*].spec.tags[*]`) is passed over; kubectl drops everything behind it;
- `.*` and `..` do not go into the bytes of a text.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from cpctl.errors import UsageError
from cpctl.selectors.jsonpath_reader import Unreadable, action
from cpctl.selectors.jsonpath_steps import Key, Misfit, Own, walked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.selectors.jsonpath_steps import Step, Values

    Steps = tuple[Step, ...]

RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")
EXPECTED_PATH = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"


class Words(NamedTuple):
    """Text outside braces."""

    text: str

    def results(self, _value: Any) -> Iterator[Values]:
        yield [Own(self.text)]


class Path(NamedTuple):
    """An action: what its steps reach."""

    steps: Steps

    def results(self, value: Any) -> Iterator[Values]:
        yield walked(self.steps, [value])


class Range(NamedTuple):
    """`{range …}`: its body for each value its steps reach."""

    steps: Steps
    body: list[Words | Path | Range]

    def results(self, value: Any) -> Iterator[Values]:
        for one in walked(self.steps, [value]):
            for part in self.body:
                yield from part.results(one)


class Template(NamedTuple):
    """A template that was read.

    Attributes:
        text: As it was written.
    """

    text: str
    parts: list[Words | Path | Range]

    def results(self, value: Any) -> Iterator[Values]:
        """What stands in place of each action and text, in their order; the template's own text is `Own`.

        Raises:
            UsageError: The template does not fit the value: an index that is not there, a filter on what is no list.
        """
        try:
            for part in self.parts:
                yield from part.results(value)
        except Misfit as error:
            raise UsageError(
                reason="TemplateMisfit", detail=f'error executing jsonpath "{self.text}": {error}'
            ) from error

    def values(self, value: Any) -> Values:
        """Everything the template reaches, its own text left out."""
        return [one for results in self.results(value) for one in results if not isinstance(one, Own)]

    @property
    def simple_path(self) -> str:
        """The dotted path, for a template that is one; "" for any other."""
        if len(self.parts) != 1 or not isinstance(self.parts[0], Path):
            return ""
        names = [step.name for step in self.parts[0].steps if isinstance(step, Key)]
        plain = len(names) == len(self.parts[0].steps) and all(name and "." not in name for name in names)
        return ".".join(names) if plain else ""


def parse(text: str) -> Template:
    """Read a template.

    Raises:
        UsageError: It does not parse; says what is wrong and where.
    """
    try:
        return Template(text, _parts(text))
    except Unreadable as error:
        said = f"error parsing jsonpath {text}, {error} at character {error.place + 1}"
        raise UsageError(reason="BadTemplate", detail=said) from error


def relaxed(path: str) -> str:
    """The template of a path as custom-columns and `wait` take it: with or without braces and leading dot.

    Raises:
        UsageError: It is no path.
    """
    found = RELAXED.fullmatch(path)
    if path and not found:
        raise UsageError(reason="BadTemplate", detail=f"unexpected path string, expected a {EXPECTED_PATH}: {path}")
    return f"{{.{found[1] or found[2]}}}" if found else path


def _parts(text: str) -> list[Words | Path | Range]:
    whole: list[Words | Path | Range] = []
    blocks, opened, at = [whole], [0], 0
    while at < len(text):
        brace = text.find("{", at)
        if brace != at:
            end = len(text) if brace < 0 else brace
            blocks[-1].append(Words(text[at:end]))
            at = end
            continue
        read = action(text, at)
        if read.word == "range":
            blocks.append([])
            blocks[-2].append(Range(read.steps, blocks[-1]))
            opened.append(at)
        elif read.word == "end":
            if len(blocks) == 1:
                raise Unreadable("not in range, nothing to end", at)
            blocks.pop()
            opened.pop()
        else:
            blocks[-1].append(Path(read.steps))
        at = read.end
    if len(blocks) > 1:
        raise Unreadable("range without end", opened[-1])
    return whole
