"""Which sub-platforms did not answer in full, read from the metadata of a list or of the overview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cpctl.errors import BadValue
from cpctl.units import age, instant

OLD_AFTER_S = 60
"""Rows further back than this are not of now."""
WITHOUT_ROWS = ("down", "denied")
NAMED = 40
"""As many as there are provinces; a server that names more is cut short."""
WORD_LIMIT = 64
NOBODY_NAMED = "the platform does not say which sub-platform did not answer"


class Told(NamedTuple):
    """What a list says of one sub-platform; words that are missing are `<unknown>`."""

    name: str
    state: str
    as_of: str | None


class Trouble(NamedTuple):
    """A sub-platform that did not answer in full.

    Attributes:
        name: Of a sub-platform, or of one object that is old: `offer/of-1a7k2m`.
        state: `slow`, `down`, `denied`; `ok` where it is old; anything else is a word that is not known here.
        age_s: How long ago its rows were good; None when it does not say.
    """

    name: str
    state: str
    age_s: int | None

    @property
    def has_rows(self) -> bool:
        """Whether rows of it may be there, which are then of another time."""
        return self.state not in WITHOUT_ROWS

    def __str__(self) -> str:
        """`xinjiang is slow (rows as of 5m ago)`"""
        since = "of an unknown age" if self.age_s is None else f"as of {age(self.age_s)} ago"
        match self.state:
            case "down":
                return f"{self.name} is down"
            case "denied":
                return f"{self.name} denied access"
            case "slow":
                return f"{self.name} is slow (rows {since})"
            case "ok":
                return f"{self.name} is {since}"
        return f'{self.name} is in the unknown state "{self.state}" (rows {since})'


def subplatforms(metadata: Mapping[str, Any]) -> list[Told]:
    """The sub-platforms that were asked; what is no sub-platform is passed over."""
    told = metadata.get("subplatforms")
    rows = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return [Told(_word(row.get("name")), _word(row.get("state")), _stamp(row.get("asOf"))) for row in rows]


def troubles(metadata: Mapping[str, Any], now: datetime, *, first: bool = True) -> dict[str, Trouble]:
    """The sub-platforms that did not answer in full, by name.

    Args:
        metadata: Of one page of a list, or of the overview.
        now: The platform's time.
        first: It is the list's first page; later ones are as old as the list, so that their ages say nothing new.
    """
    found = [Trouble(one.name, one.state, age_of(one.as_of, now)) for one in subplatforms(metadata)]
    return {one.name: one for one in found if one.state != "ok" or (first and is_old(one.age_s))}


def is_complete(metadata: Mapping[str, Any], found: Mapping[str, Trouble]) -> bool:
    """Whether all is there, and of now: the platform's own word alone does not make it so."""
    return metadata.get("complete") is not False and not found


def age_of(stamp: Any, now: datetime) -> int | None:
    """Seconds since a time; None when it is none."""
    moment = _moment(_stamp(stamp))
    return None if moment is None else max(0, int((now - moment).total_seconds()))


def earlier(one: str | None, other: str | None) -> str | None:
    """The earlier of two times; what is no time is not, and loses."""
    known = [(moment, stamp) for stamp in (one, other) if (moment := _moment(stamp))]
    return min(known)[1] if known else None


def is_old(age_s: int | None) -> bool:
    """Whether rows of that age are not of now; those of an unknown age may be."""
    return age_s is not None and age_s > OLD_AFTER_S


def sentence(found: Iterable[Trouble]) -> str:
    """`incomplete: qinghai is down, xinjiang is slow (rows as of 5m ago), henan denied access`"""
    texts = [str(one) for one in found]
    more = [f"and {len(texts) - NAMED} more"] if len(texts) > NAMED else []
    return "incomplete: " + (", ".join([*texts[:NAMED], *more]) or NOBODY_NAMED)


def _moment(stamp: str | None) -> datetime | None:
    try:
        return instant(stamp or "")
    except BadValue:
        return None


def _stamp(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _word(value: Any) -> str:
    """One line, and not a long one."""
    text = value[:WORD_LIMIT] if isinstance(value, str) else ""
    return "".join(letter if letter.isprintable() else "�" for letter in text) or "<unknown>"
