"""Values as kubectl's templates write them: the words of Go's `fmt` and `encoding/json`, made safe.

Mappings are in the order of their keys; `<`, `>` and `&` stand as codes in JSON, as Go writes them. Whole numbers keep
every figure, where kubectl rounds those beyond 64 bits.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite

from cpctl.output.json_document import json_string
from cpctl.output.safe import safe
from cpctl.selectors.jsonpath_steps import Own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HTML = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
WHOLE_BELOW = 21  # decimal exponent from which figures are written with `e`
TEXT_FROM, JSON_FROM = -4, -6  # the same for small figures, in text and in JSON


def go_text(value: Any) -> str:
    """A value as `-o jsonpath` prints it: mappings and lists as JSON on one line; a template's own text as it is."""
    if isinstance(value, str):
        return value if isinstance(value, Own) else safe(value)
    if isinstance(value, dict | list) or value is None:
        return go_json(value)
    return _scalar(value, TEXT_FROM)


def go_json(value: Any) -> str:
    """A value as JSON on one line."""
    if isinstance(value, str):
        return json_string(value).translate(HTML)
    if isinstance(value, dict):
        return "{" + ",".join([f"{go_json(str(key))}:{go_json(one)}" for key, one in _sorted(value)]) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(go_json, value)) + "]"
    return "null" if value is None else _scalar(value, JSON_FROM).replace("e-0", "e-")


def go_words(value: Any) -> str:
    """A value as custom-columns print it: `map[a:1 b:2]`, `[x y]`, `<nil>` for null inside of one."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return "map[" + " ".join([f"{safe(str(key))}:{go_words(one)}" for key, one in _sorted(value)]) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_words, value)) + "]"
    return "<nil>" if value is None else _scalar(value, TEXT_FROM)


def _sorted(value: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return sorted(value.items(), key=lambda pair: str(pair[0]))


def _scalar(value: Any, smallest: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _figure(value, smallest) if isinstance(value, float) else str(value)


def _figure(value: float, smallest: int) -> str:
    """The fewest figures that are this number; `smallest` is the least exponent that is written out."""
    if not isfinite(value):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    exact = Decimal(repr(value)).normalize()
    exponent = exact.adjusted()
    if smallest <= exponent < WHOLE_BELOW:
        return f"{exact:f}"
    return f"{exact.scaleb(-exponent).normalize():f}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
