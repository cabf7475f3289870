"""Faults on request, so that people can rehearse: which requests a rule strikes, and what then happens to them.

A rule names a province, a path prefix, a method, or nothing (everything). A rule with a province strikes a request that
is about that province: one object of it, an order or quote with cards there, a model call served there. In a list,
`down`, `error`, `html` and `denied` take the province's rows away instead, `slow` and `stale` show them as they were
when the fault was set, and `latency` does once it is longer than the aggregator waits (answering.py).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cpctl.sandbox.bodies import PROVINCE
from cpctl.sandbox.problems import invalid
from cpctl.sandbox.shapes import OneOf, Shape, Text, Whole
from cpctl.sandbox.store import Item
from cpctl.sandbox.times import duration_s

ABSENT: Final = ("down", "error", "html")
"""Effects that take a province's rows out of a list: it did not answer."""
ANSWERING: Final = frozenset({*ABSENT, "denied", "slow", "stale", "latency"})
"""Effects of a province's rule that lists and the overview feel."""
SHUTTING: Final = frozenset({*ABSENT, "denied"})
"""Effects of a province's rule under which no order can be placed there."""
NEEDING_A_PROVINCE: Final = ("denied", "slow", "stale")
RowsOf = Callable[[str], Mapping[str, Mapping[str, Item]]]
"""A province's rows now, by plural and name."""


@dataclass(frozen=True)
class Seconds:
    """A number of seconds, or a duration such as `2s`; kept as seconds."""

    def check(self, value: Any, path: str) -> None:
        if seconds(value) is None:
            raise invalid(path, "must be seconds or a duration such as 2s")


@dataclass(frozen=True)
class Share:
    """A probability."""

    def check(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise invalid(path, "must be between 0 and 1")


@dataclass(frozen=True)
class Flag:
    """True, to ask for an effect that takes no figure."""

    def check(self, value: Any, path: str) -> None:
        if value is not True:
            raise invalid(path, "must be true")


MATCHES: Final[dict[str, Shape]] = {
    "province": PROVINCE,
    "path": Text(r"/.*", 200, 1),
    "method": OneOf(("GET", "POST", "PATCH", "DELETE")),
    "rate": Share(),
    "count": Whole(1, 1_000_000),
}
EFFECTS: Final[dict[str, Shape]] = {
    "down": Flag(),  # 503 Overloaded: nothing was begun
    "denied": Flag(),  # 403 Forbidden: the account may not see the province
    "slow": Flag(),  # the sub-platform's rows are shown as they were when the fault was set
    "stale": Flag(),  # the same, and it says that all is well
    "latency": Seconds(),  # the answer waits
    "error": Whole(400, 599),  # this status, before anything is done
    "html": Flag(),  # a proxy's page instead of an answer
    "soldOut": Flag(),  # somebody else was quicker: 409 NoCapacity
    "truncate": Flag(),  # half a body, then the line is cut
    "dropAfterCommit": Flag(),  # acts, then cuts the line without a byte
    "slowDrip": Flag(),  # a few bytes at a time
}


@dataclass(eq=False)
class Rule:
    """One fault: what it strikes, what it does, how often it still may (`left`; None: always), and what was there."""

    name: str
    match: Mapping[str, Any]
    effects: Mapping[str, Any]
    left: int | None
    since_s: float
    frozen: Mapping[str, Mapping[str, Item]] = field(default_factory=dict)

    @property
    def province(self) -> str | None:
        """The province it is about."""
        return self.match.get("province")

    def covers(self, method: str, path: str) -> bool:
        """Whether a request is of the kind it strikes, its province aside."""
        return self.match.get("method") in (None, method) and path.startswith(self.match.get("path", "/"))

    def rows(self, plural: str) -> Mapping[str, Item]:
        """The province's rows when it was set, by name."""
        return self.frozen.get(plural, {})

    def shown(self) -> dict[str, Any]:
        """As the controls show it."""
        return {"name": self.name, **self.match, **self.effects, "left": self.left}


class Faults:
    """The rules in force; a restart forgets them.

    Args:
        provinces: The connected ones.
        seed: Decides the throws of rules with a rate.
    """

    def __init__(self, provinces: Iterable[str], seed: int) -> None:
        self.rules: list[Rule] = []
        self.revision = 0
        self._provinces = frozenset(provinces)
        self._throw = random.Random(seed)  # noqa: S311 — repeatable on purpose
        self._made = 0

    def add(self, wanted: Mapping[str, Any], rows_of: RowsOf, now_s: float) -> Rule:
        """Put a rule in force. `rows_of` a province are what one that lags goes on showing. Raises Problem."""
        match, effects = parsed(wanted)
        if match.get("province") not in {None, *self._provinces}:
            raise invalid("province", "is not connected", allowed=sorted(self._provinces))
        for effect in NEEDING_A_PROVINCE:
            if effect in effects and "province" not in match:
                raise invalid("province", f"is required with {effect}")
        self._made += 1
        frozen = rows_of(match["province"]) if "province" in match else {}
        rule = Rule(f"fault-{self._made}", match, effects, match.get("count"), now_s, frozen)
        self.rules.append(rule)
        self.revision += 1
        return rule

    def clear(self) -> None:
        """No faults any more."""
        self.rules.clear()
        self.revision += 1

    def struck(
        self, method: str, path: str, provinces: Iterable[str] | None, effects: Iterable[str] = EFFECTS
    ) -> list[Rule]:
        """The rules that strike one request, throws made and counts taken.

        Args:
            method: Of the request.
            path: Of the request.
            provinces: Those the request is about, for the rules that name one; None for the rules that name none.
            effects: Only rules with one of these.
        """
        about = None if provinces is None else frozenset(provinces)
        wanted = frozenset(effects)
        found = []
        for rule in list(self.rules):
            named = rule.province is None if about is None else rule.province in about
            if named and rule.covers(method, path) and wanted & rule.effects.keys() and self._hits(rule):
                found.append(rule)
        return found

    def strike(self, method: str, path: str, provinces: Iterable[str] | None) -> dict[str, Any]:
        """The effects of the rules that strike one request."""
        return merged(self.struck(method, path, provinces))

    def weather(self) -> tuple[str, ...]:
        """The names of the rules that lists feel; makes no throw."""
        return tuple(rule.name for rule in self.rules if rule.province and ANSWERING & rule.effects.keys())

    def shut(self) -> frozenset[str]:
        """Provinces where every order is refused; makes no throw."""
        return frozenset(
            rule.province
            for rule in self.rules
            if rule.province
            and SHUTTING & rule.effects.keys()
            and rule.covers("POST", "/v1/orders")
            and rule.match.get("rate", 1) == 1
        )

    def _hits(self, rule: Rule) -> bool:
        if self._throw.random() >= rule.match.get("rate", 1):
            return False
        if rule.left is not None:
            rule.left -= 1
            if rule.left == 0:
                self.rules.remove(rule)
                self.revision += 1
        return True


def merged(rules: Iterable[Rule]) -> dict[str, Any]:
    """The effects of several rules; `subplatform` is where, when they say so."""
    effects: dict[str, Any] = {}
    for rule in rules:
        effects |= rule.effects
        if rule.province is not None:
            effects["subplatform"] = rule.province
    return effects


def parsed(wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a rule matches, and its effects; nulls and false are as if they were not there. Raises Problem."""
    given = {key: value for key, value in wanted.items() if value is not None and value is not False}
    for key, value in given.items():
        shape = (MATCHES | EFFECTS).get(key)
        if shape is None:
            raise invalid(key, "is not a field of a fault", allowed=[*MATCHES, *EFFECTS])
        shape.check(value, key)
    effects = {key: value for key, value in given.items() if key in EFFECTS}
    if not effects:
        raise invalid("fault", "needs an effect", allowed=list(EFFECTS))
    return {key: value for key, value in given.items() if key in MATCHES}, effects


def seconds(value: Any) -> float | None:
    """Seconds, or a duration such as `2s`, as seconds; None when it is neither."""
    if isinstance(value, str):
        try:
            return float(duration_s(value))
        except ValueError:
            return None
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3600 else None
    )
