"""How the sub-platforms answer one request: in time, late, not at all; and what is shown of each then.

The aggregator asks all sub-platforms at once and waits for none of them longer than its own deadline. Of one that did
not answer by then it shows the last good rows, as of when they were good; of one that is down or denied, none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cpctl.sandbox import filters
from cpctl.sandbox.faults import ABSENT, Rule, seconds
from cpctl.sandbox.paths import Getter, getter
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import Item, dumps
from cpctl.sandbox.times import rfc3339

if TYPE_CHECKING:
    from cpctl.sandbox.platform import Platform

DEADLINE_S: Final = 2.0
"""How long the aggregator waits for a sub-platform, in wall seconds."""
OLD_AFTER_S: Final = 60
"""Rows older than this make a list incomplete."""
FEDERATED: Final = {
    "providers": "spec.province",
    "products": "spec.provider",
    "offers": "spec.province",
    "sources": "spec.province",
}
"""Kinds whose rows come from the provinces, and where to read which (a product's provider says)."""
ASKING: Final = (*FEDERATED, "subplatforms", "overview")
"""What asks every province, unless its filters narrow it; models do only when they are filtered by province."""
RANK: Final = ("denied", "down", "slow", "ok")
"""States, the worst first."""


class Trouble(NamedTuple):
    """What is wrong with one sub-platform; state `ok` is one that answers with what it had."""

    state: str
    rule: Rule

    @property
    def is_absent(self) -> bool:
        """Whether it has no rows."""
        return self.state in ("down", "denied")


class Asked(NamedTuple):
    """How the sub-platforms answered one request.

    Attributes:
        names: Those that were asked; the others cannot make the answer incomplete.
        troubles: Those of them that did not simply answer.
        wait_s: How long the aggregator waited for the last of them, in wall seconds.
    """

    names: Sequence[str] = ()
    troubles: Mapping[str, Trouble] = {}
    wait_s: float = 0.0

    @property
    def absent(self) -> frozenset[str]:
        """Those without rows."""
        return frozenset(name for name, trouble in self.troubles.items() if trouble.is_absent)

    @property
    def lagging(self) -> dict[str, Trouble]:
        """Those with rows of another time."""
        return {name: trouble for name, trouble in self.troubles.items() if not trouble.is_absent}

    def told(self, now_s: float) -> dict[str, Any]:
        """`complete` and `subplatforms`, as lists and the overview tell them."""
        rows = [self._told(name, now_s) for name in self.names]
        old = any(now_s - trouble.rule.since_s > OLD_AFTER_S for trouble in self.troubles.values())
        return {"complete": not old and all(row["state"] == "ok" for row in rows), "subplatforms": rows}

    def _told(self, name: str, now_s: float) -> dict[str, str]:
        trouble = self.troubles.get(name)
        state, at_s = (trouble.state, trouble.rule.since_s) if trouble else ("ok", now_s)
        return {"name": name, "state": state, "asOf": rfc3339(int(at_s))}


def asked_of(names: Sequence[str], rules: Iterable[Rule], deadline_s: float) -> Asked:
    """What the rules that struck mean for the sub-platforms asked."""
    troubles: dict[str, Trouble] = {}
    wait_s = 0.0
    for rule in rules:
        state, late_s = state_of(rule, deadline_s)
        wait_s = max(wait_s, min(late_s, deadline_s))
        name = str(rule.province)
        if state and (name not in troubles or RANK.index(state) < RANK.index(troubles[name].state)):
            troubles[name] = Trouble(state, rule)
    return Asked(names, troubles, wait_s)


def state_of(rule: Rule, deadline_s: float) -> tuple[str | None, float]:
    """The state that a rule puts a sub-platform in, None when it merely answers later, and how much later."""
    late_s = seconds(rule.effects.get("latency", 0)) or 0.0
    if "denied" in rule.effects:
        return "denied", 0.0
    if any(effect in rule.effects for effect in ABSENT):
        return "down", late_s
    if "slow" in rule.effects or late_s > deadline_s:
        return "slow", late_s
    return ("ok" if "stale" in rule.effects else None), late_s


def names_asked(platform: Platform, plural: str, query: Mapping[str, str]) -> list[str]:
    """The sub-platforms that a list or the overview has to ask. A cursor asks nobody: its rows are there."""
    if "continue" in query or (plural not in ASKING and not (plural == "models" and query.get("province"))):
        return []
    taken = filters.FILTERS.get(plural, {})
    only = [filters.values_of(query[name]) for name in ("province", "subplatform") if name in taken and query.get(name)]
    if "provider" in taken and query.get("provider"):
        homes = homes_of_providers(platform)
        only.append([homes[name] for name in filters.values_of(query["provider"]) if name in homes])
    without = filters.values_of(query.get("excludeProvince", "")) if "excludeProvince" in taken else []
    return [name for name in platform.provinces if name not in without and all(name in names for names in only)]


def homes_of_providers(platform: Platform) -> dict[str, str]:
    """The province of each provider."""
    return {item.name: item.obj["spec"]["province"] for item in platform.store.items("providers", PLATFORM)}


def home(platform: Platform, plural: str) -> Getter:
    """Reads the province of a federated kind's objects."""
    read = getter(FEDERATED[plural])
    if plural != "products":
        return read
    homes = homes_of_providers(platform)
    return lambda obj: homes[read(obj)]


def rows_of(platform: Platform, province: str) -> dict[str, dict[str, Item]]:
    """A province's rows as they are now, by plural and name: what is shown of it when it lags."""
    found = {"subplatforms": [item for item in platform.store.items("subplatforms", PLATFORM) if item.name == province]}
    for plural in FEDERATED:
        read = home(platform, plural)
        found[plural] = [item for item in platform.store.items(plural, PLATFORM) if read(item.obj) == province]
    return {plural: {item.name: item for item in items} for plural, items in found.items()}


def answered(platform: Platform, plural: str, items: Iterable[Item], asked: Asked) -> Iterable[Item]:
    """The rows of the provinces that answered; of those that lag, as they were."""
    if not asked.troubles:
        return items
    if plural == "models":
        return hosted(platform, items, asked)
    old = {name: item for trouble in asked.lagging.values() for name, item in trouble.rule.rows(plural).items()}
    if plural not in FEDERATED:
        return [old.get(item.name, item) for item in items]
    read, absent = home(platform, plural), asked.absent
    return [old.get(item.name, item) for item in items if read(item.obj) not in absent]


def hosted(platform: Platform, items: Iterable[Item], asked: Asked) -> list[Item]:
    """The models that are served in a province that was asked and answered."""
    answering = frozenset(asked.names) - asked.absent
    sources = (item.obj["spec"] for item in platform.store.items("sources", PLATFORM))
    known = {spec["model"] for spec in sources if spec["province"] in answering}
    return [item for item in items if item.name in known]


def dated(platform: Platform, plural: str, rows: Sequence[Item], asked: Asked, now_s: int) -> Sequence[Item]:
    """Rows as of when their provinces answered.

    Offers always say that; rows of the other kinds do once a province lags. The ETag is weak, for this is all that
    differs from time to time.
    """
    if plural not in FEDERATED or (plural != "offers" and not asked.lagging):
        return rows
    read, now = home(platform, plural), rfc3339(now_s)
    as_of = {name: rfc3339(int(trouble.rule.since_s)) for name, trouble in asked.lagging.items()}
    return [as_of_then(item, as_of.get(read(item.obj), now)) for item in rows]


def one_dated(platform: Platform, plural: str, item: Item, asked: Asked, now_s: int) -> Item:
    """One object of the provinces, as its own answered."""
    return dated(platform, plural, list(answered(platform, plural, [item], asked)), asked, now_s)[0]


def as_of_then(item: Item, as_of: str) -> Item:
    """The same object, as of then."""
    status = {**item.obj["status"], "asOf": as_of}
    obj = {**item.obj, "status": status}
    known = item.obj["status"].get("asOf")
    if known is None:
        return item._replace(obj=obj, body=dumps(obj))
    return item._replace(obj=obj, body=item.body.replace(f'"asOf":"{known}"'.encode(), f'"asOf":"{as_of}"'.encode()))
