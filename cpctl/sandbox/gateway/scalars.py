"""Numbers and texts made to fit their bounds and patterns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final

from cpctl.sandbox.gateway.conforming import Unsatisfiable

LONGEST_TEXT: Final = 20_000
CHOICE: Final = 100  # how many numbers are in reach above a lower bound
PLAIN_STEP: Final = 0.5  # of numbers that need be no multiple of anything
# A repeated group can take a regular expression for ever on a long text, so it only sees short ones.
REPEATED_GROUP: Final = re.compile(r"\)(?:[*+]|\{\d*,)")
SHORT: Final = 14

SAMPLES: Final[dict[str, str]] = {
    "date-time": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "time": "03:04:05Z",
    "duration": "PT24H",
    "email": "sandbox@example.com",
    "hostname": "sandbox.example.com",
    "uri": "https://example.com/sandbox",
    "uuid": "6f1c1f6e-3b1a-4a52-9f38-0d9a5d3a1c11",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
WORDS: Final = """
    sandbox Sandbox SANDBOX 沙箱 sandbox-1 sandbox_1 a A 1 true #1a2b3c 1.0.0 v1.0.0 0.5 -1 12.34 100.00 12:30 2026
    2026-01 13800138000 +8613800138000 +1-555-0100 AB12 A1 A-1 ABC-123 AB-1234 CN-SX zh-CN
    a@example.com http://a.cn /path
"""
# Tried in turn against a pattern; what none of them fits is refused.
GUESSES: Final = (
    *SAMPLES.values(),
    *WORDS.split(),
    *(mark * length for mark in "01aA" for length in range(1, 33)),
    "a b",
    "",
)


def bounded(figure: Any) -> int:
    """A length the sandbox is willing to make. Raises Unsatisfiable."""
    if not isinstance(figure, int | float) or figure > LONGEST_TEXT:
        raise Unsatisfiable("the schema asks for too large a value")
    return int(figure)


def text(schema: Mapping[str, Any], name: str) -> str:
    """A text of the wanted form and length that names its place. Raises Unsatisfiable."""
    least, most = bounded(schema.get("minLength", 0)), min(schema.get("maxLength", LONGEST_TEXT), LONGEST_TEXT)
    if pattern := schema.get("pattern"):
        return fitting(pattern, least, int(most))
    made = SAMPLES.get(schema.get("format", ""), f"sandbox {name}".strip())
    return (made + "." * (least - len(made)))[: int(most)]


def fitting(pattern: str, least: int, most: int) -> str:
    """A text that a pattern finds itself in. Raises Unsatisfiable: none of the guesses is one."""
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise Unsatisfiable(f"the pattern {pattern!r} is malformed") from error
    most = min(most, SHORT) if REPEATED_GROUP.search(pattern) else most
    made = next((one for one in GUESSES if least <= len(one) <= most and found.search(one)), None)
    if made is None:
        raise Unsatisfiable(f"the sandbox knows no text for the pattern {pattern!r}")
    return made


def whole(schema: Mapping[str, Any], rng: Random) -> int:
    """A whole number within its bounds. Raises Unsatisfiable."""
    step = schema.get("multipleOf", 1)
    return int(_found(next(_multiples(schema, rng, step if step == int(step) else 1), None)))


def number(schema: Mapping[str, Any], rng: Random) -> float:
    """A number within its bounds, a multiple where one is wanted. Raises Unsatisfiable."""
    step = schema.get("multipleOf")
    made = next(_multiples(schema, rng, step or PLAIN_STEP), None) if step or step is None else None
    low, high = _bounds(schema)
    if made is not None or step is not None:
        return _found(made)
    return low if low == high else _found((low + high) / 2 if low < high else None)


def _found(made: float | None) -> float:
    if made is None:
        raise Unsatisfiable("no number lies within the bounds")
    return made


def _bounds(schema: Mapping[str, Any]) -> tuple[float, float]:
    """The least and the most, the excluded ones too."""
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    return low, min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))


def _multiples(schema: Mapping[str, Any], rng: Random, step: float) -> Iterator[float]:
    """Multiples of `step` within the bounds, in an order of the generator's choosing."""
    low, high = _bounds(schema)
    if step <= 0:
        return
    start = low if low > -math.inf else min(1, high)
    first = math.ceil(start / step) - (low == -math.inf)
    last = math.floor(high / step) if high < math.inf else first + CHOICE
    exact = Decimal(repr(step))
    reach = range(first, min(last, first + CHOICE) + 1)
    for factor in rng.sample(reach, len(reach)):
        made = float(factor * exact)
        is_inside = low <= made <= high and made not in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))
        if is_inside and made / step == math.floor(made / step):
            yield int(made) if made == int(made) else made
