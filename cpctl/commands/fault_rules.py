"""`sandbox faults`: from flags to the rules of the sandbox's controls, and from rules to text."""

from __future__ import annotations

from cpctl.commands.filters import number_within, words
from cpctl.errors import BadValue, UnknownName, UsageError
from cpctl.units import duration_s, province, ratio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

ACTIONS = {"list": "shows all", "set": "sets one", "clear": "clears all"}
METHODS = ("GET", "POST", "PATCH", "DELETE")
LONGEST_PATH = 200


def requests(action: str, given: Mapping[str, Any], provinces: list[str] | None) -> list[tuple[str, Any]]:
    """What the controls are asked, (method, body) in order; the last one answers with all rules.

    Args:
        given: By the controls' names, as typed; None or False where nothing was.

    Raises:
        UsageError: No such action, no effect, or a value that does not parse.
    """
    if action not in ACTIONS:
        raise UnknownName("faults action", action, ACTIONS)
    rule = {name: READERS[name](value) if name in READERS else value for name, value in given.items() if value}
    asked: list[tuple[str, Any]] = []
    if action == "set":
        asked = [("POST", one) for one in _in_each(_with_effect(rule), provinces)]
    elif rule or provinces:
        raise UsageError(
            detail=f"faults {action} takes no fault: it {ACTIONS[action]}", hint="cpctl sandbox faults set …"
        )
    elif action == "clear":
        asked = [("DELETE", None)]
    return [*asked, ("GET", None)]


def text(answer: Mapping[str, Any]) -> str:
    """The rules in force, a line each."""
    from cpctl.output.tables import table

    rows = [
        [str(rule.get("name")), _told(rule, PLACES), _told(rule, EFFECTS), str(rule.get("left") or "always")]
        for rule in answer["faults"]
    ]
    return table(("NAME", "WHERE", "EFFECT", "LEFT"), rows) if rows else "no faults\n"


def _with_effect(rule: dict[str, Any]) -> dict[str, Any]:
    if not rule.keys() & set(EFFECTS):
        raise UsageError(detail="no fault named: --down, --latency, --error …", hint="cpctl sandbox faults --help")
    return rule


def _in_each(rule: dict[str, Any], provinces: list[str] | None) -> Iterator[dict[str, Any]]:
    """The same rule for each province, or for none in particular."""
    places = [{"province": province(word).id} for word in words(provinces or [])]
    for place in places or [{}]:
        yield {**rule, **place}


def _told(rule: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """`province=qinghai,path=/v1/orders`."""
    shown = [key if rule[key] is True else f"{key}={rule[key]}" for key in keys if key in rule]
    return ",".join(shown) or "<any>"


def _path(word: str) -> str:
    if not word.startswith("/") or len(word) > LONGEST_PATH:
        raise BadValue(what="path", value=word[:40], expected="the beginning of a path, such as /v1/offers")
    return word


def _method(word: str) -> str:
    if word.upper() not in METHODS:
        raise UnknownName("method", word, METHODS)
    return word.upper()


PLACES = ("province", "path", "method", "rate", "count")
EFFECTS = (
    "down",
    "denied",
    "slow",
    "stale",
    "latency",
    "error",
    "html",
    "soldOut",
    "truncate",
    "dropAfterCommit",
    "slowDrip",
)
READERS: dict[str, Callable[[str], Any]] = {
    "latency": lambda word: f"{duration_s(word)}s",
    "error": lambda word: number_within("error", word, 400, 599),
    "path": _path,
    "method": _method,
    "rate": lambda word: float(ratio(word)),
    "count": lambda word: number_within("times", word, 1, 1_000_000),
}
