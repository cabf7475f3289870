"""Bounds of what a document may hold, and its numbers exactly as written."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

DEPTH_LIMIT = 32
NODE_LIMIT = 20_000
DIGITS_LIMIT = 18

WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")


class Refused(Exception):
    """Why a document is not read, without the file's name."""


def number(text: str) -> int | Decimal:
    """A number exactly as written, of a size that means something; the text is one by the grammar of its format.

    Raises:
        Refused: More digits than any field takes, an exponent that hides as many, or no finite number.
    """
    from decimal import Decimal

    digits = len(text.lstrip("+-"))
    if WHOLE.fullmatch(text):
        if digits > DIGITS_LIMIT:
            raise Refused(f"a number of {digits} digits")
        return int(text)
    exact = Decimal(text) if digits <= 2 * DIGITS_LIMIT else Decimal("Infinity")
    if exact.is_nan():
        raise Refused(f"{text} is not a number")
    if not exact.is_finite() or abs(exact.adjusted()) > DIGITS_LIMIT:
        raise Refused(f"{text[:DIGITS_LIMIT]} is not a number of at most {DIGITS_LIMIT} digits")
    return exact
