"""Parse and print what people type: provinces, accelerators, money, durations, memory, ratios, times.

Every parser takes the text as typed and raises BadValue (for a province UnknownName) with a sentence that says what is
expected. Digits are ASCII digits, numbers are exact, and text of any length is answered at once.
"""

from __future__ import annotations

from functools import cache

from cpctl import spellings
from cpctl.accelerators import VENDOR_NAMES
from cpctl.errors import BadValue, UnknownName
from cpctl.places import PROVINCES, Province
from cpctl.spellings import WORD_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

SHOWN_LIMIT = 40
DIGITS_LIMIT = 12  # whole digits of a number: a trillion yuan, thirty thousand years
LONGEST_S = 10 * 365 * 86_400
SECONDS_OF = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
GIB_OF = {"": 1, "Gi": 1, "GiB": 1, "Ti": 1024, "TiB": 1024}


def _shown(text: str) -> str:
    """The text as an error repeats it: never more than a line."""
    return text if len(text) <= SHOWN_LIMIT else text[:SHOWN_LIMIT] + "…"


def _bad(what: str, text: str, expected: str) -> BadValue:
    return BadValue(what=what, value=_shown(text), expected=expected)


# ---- names


@cache
def _provinces() -> dict[str, str]:
    return spellings.province_table()


def province(text: str, legal: Iterable[str] = ()) -> Province:
    """The province meant by pinyin, 中文 (full, short or one character), ISO 3166-2 or GB/T 2260 code, in any case.

    Args:
        legal: The ids an error is to offer; by default all 31.

    Raises:
        UnknownName: None of them.
    """
    name = _provinces().get(spellings.squashed(text))
    if name is None:
        raise UnknownName("province", _shown(text), legal or [one.id for one in PROVINCES])
    return next(one for one in PROVINCES if one.id == name)


@cache
def _accelerators() -> dict[str, str]:
    return spellings.accelerator_table()


@cache
def _makers() -> dict[str, str]:
    return spellings.maker_table()


def accelerator(text: str) -> str:
    """The platform's short name (`Ascend-910B`) for a known spelling; any other text comes back as it is."""
    return spellings.accelerator(text, _accelerators(), _makers())


def vendor(text: str) -> str:
    """The platform's name (`Moore Threads`) of a maker in a known spelling; any other text comes back as it is."""
    return VENDOR_NAMES.get(_makers().get(spellings.squashed(text), ""), text)


# ---- numbers


def _split(text: str, places: int) -> tuple[str, str] | None:
    """Whole digits and decimal digits of a plain number, or None for any other text."""
    if len(text) > WORD_LIMIT or not text.isascii():
        return None
    head, point, tail = text.partition(".")
    is_number = head.isdigit() and len(head) <= DIGITS_LIMIT
    is_exact = tail.isdigit() and len(tail) <= places if point else True
    return (head, tail) if is_number and is_exact else None


def _number(what: str, text: str, places: int, expected: str) -> Decimal:
    from decimal import Decimal

    if _split(text, places) is None:
        raise _bad(what, text, expected)
    return Decimal(text)


def price(text: str) -> Decimal:
    """CNY per card-hour, at most four places."""
    return _number("price", text, 4, "an amount in CNY with at most four decimal places, such as 12.5")


def money(text: str) -> Decimal:
    """CNY, at most two places."""
    return _number("amount", text, 2, "an amount in CNY with at most two decimal places, such as 5200.00")


def ratio(text: str) -> Decimal:
    """A share from 0 to 1, written `50%` or `0.5`."""
    from decimal import Decimal

    expected = "a share such as 50% or 0.5, from 0 to 1"
    is_percent = text.endswith("%")
    share = _number("ratio", text.removesuffix("%"), 4 if is_percent else 6, expected)
    share = share / 100 if is_percent else share
    if share > Decimal(1):
        raise _bad("ratio", text, expected)
    return share


def pue(text: str) -> Decimal:
    """Power usage effectiveness: facility power over IT power, never below 1."""
    expected = "a PUE from 1 to 9.999, such as 1.25"
    value = _number("PUE", text, 3, expected)
    if not 1 <= value < 10:
        raise _bad("PUE", text, expected)
    return value


def whole(text: str, *, what: str = "number", least: int = 0) -> int:
    """A whole number, `least` or more.

    Args:
        what: What an error calls it: "cards", "limit" …
    """
    if _split(text, 0) is None or "." in text or int(text) < least:
        raise _bad(what, text, f"a whole number, {least} or more")
    return int(text)


def memory_gib(text: str) -> int:
    """GiB, from `80Gi`, `80GiB`, `80` (GiB) or `1Ti`."""
    figure = text[:WORD_LIMIT].rstrip("GTiB")
    unit = text[len(figure) :]
    if _split(figure, 0) is None or "." in figure or unit not in GIB_OF:
        raise _bad("memory", text, "a whole number of GiB, such as 80Gi")
    return int(figure) * GIB_OF[unit]


def fen(amount: Decimal) -> Decimal:
    """Rounded half up to two places, as every total is."""
    from decimal import ROUND_HALF_UP, Context, Decimal

    return amount.quantize(Decimal("0.01"), context=Context(prec=60, rounding=ROUND_HALF_UP))


def yuan(amount: Decimal) -> str:
    """An amount as totals are printed: two places."""
    return f"{fen(amount):f}"


def card_hour(amount: Decimal) -> str:
    """A price as card-hour prices are printed: four places; exact, for no price has more."""
    from decimal import Context, Decimal

    return f"{amount.quantize(Decimal('0.0001'), context=Context(prec=60)):f}"


# ---- times


def _spans(text: str) -> Iterable[tuple[str, str]]:
    """(`1`, `h`), (`30`, `m`) of `1h30m`; a piece without its unit has an empty one."""
    start = 0
    for place, mark in enumerate(text):
        if not mark.isdigit():
            yield text[start:place], mark
            start = place + 1
    if start < len(text):
        yield text[start:], ""


def duration_s(text: str, *, least: int = 1) -> int:
    """Seconds, from `90s`, `30m`, `24h`, `7d`, `1h30m`; a bare number is refused, for nobody knows its unit."""
    bad = _bad("duration", text, "a duration with its unit, such as 90s, 30m, 24h, 7d or 1h30m (ten years at most)")
    spans = list(_spans(text)) if len(text) <= WORD_LIMIT else []
    units = [unit for _, unit in spans]
    in_order = units == [unit for unit in SECONDS_OF if unit in units]
    if not spans or not in_order or any(_split(figure, 0) is None for figure, _ in spans):
        raise bad
    seconds = sum(int(figure) * SECONDS_OF[unit] for figure, unit in spans)
    if not least <= seconds <= LONGEST_S:
        raise bad
    return seconds


def duration(seconds: int) -> str:
    """The shortest text that `duration_s` reads back as the same: `1d12h`."""
    parts, left = [], seconds
    for unit, size in SECONDS_OF.items():
        count, left = divmod(left, size)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"


def instant(text: str) -> datetime:
    """An RFC 3339 time with its zone, in UTC."""
    from datetime import UTC, datetime

    bad = _bad("time", text, "a time with its zone, such as 2026-01-31T08:00:00Z or 2026-01-31T16:00:00+08:00")
    if len(text) > WORD_LIMIT or not text.isascii() or text[10:11] not in ("T", "t", " "):
        raise bad
    try:
        moment = datetime.fromisoformat(text.upper())
        if moment.tzinfo is None:
            raise bad
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad from None


def _pair(seconds: int, big: str, small: str, size: int, part: int) -> str:
    """Two units, the second left out when it is nothing: `2d3h`, `2d`."""
    rest = seconds % size // part
    return f"{seconds // size}{big}{rest}{small}" if rest else f"{seconds // size}{big}"


def age(seconds: int) -> str:
    """An age as kubectl prints it: the further back, the coarser (apimachinery's HumanDuration)."""
    minute, hour, day, year = 60, 3_600, 86_400, 365 * 86_400
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * minute:
        return f"{max(seconds, 0)}s"
    if seconds < 10 * minute:
        return _pair(seconds, "m", "s", minute, 1)
    if seconds < 3 * hour:
        return f"{seconds // minute}m"
    if seconds < 8 * hour:
        return _pair(seconds, "h", "m", hour, minute)
    if seconds < 2 * day:
        return f"{seconds // hour}h"
    if seconds < 8 * day:
        return _pair(seconds, "d", "h", day, hour)
    if seconds < 2 * year:
        return f"{seconds // day}d"
    if seconds < 8 * year:
        return _pair(seconds, "y", "d", year, day)
    return f"{seconds // year}y"
