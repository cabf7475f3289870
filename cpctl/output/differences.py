"""Two values side by side: the lines of their YAML as a unified diff, as `kubectl diff` prints it."""

from __future__ import annotations

from difflib import unified_diff
from typing import Any

from cpctl.errors import BadAnswer
from cpctl.output.safe import safe
from cpctl.output.yaml_document import yaml_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LINES_LIMIT = 20_000
COLORS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
PLAIN_AGAIN = "\x1b[0m"


def differences(live: Any, wanted: Any, name: str, *, color: bool = False) -> Iterator[str]:
    """The lines that differ, with those around them; none when nothing does.

    Args:
        live: None when there is no such thing: every line is one to come.
        name: What both are: `order/train-7b`.

    Raises:
        BadAnswer: One is too large or too deep to be compared.
    """
    lines = unified_diff(_lines(live), _lines(wanted), f"live/{name}", f"wanted/{name}", lineterm="")
    for line in map(safe, lines):
        code = COLORS.get(line[:1], "") if color else ""
        yield f"{code}{line}{PLAIN_AGAIN}\n" if code else f"{line}\n"


def _lines(value: Any) -> list[str]:
    try:
        lines = yaml_text(value)[:-1].split("\n") if value is not None else []
    except RecursionError as error:
        raise BadAnswer(detail="an order is nested too deeply to be compared") from error
    if len(lines) > LINES_LIMIT:
        raise BadAnswer(detail=f"an order of more than {LINES_LIMIT} lines is not compared")
    return lines
