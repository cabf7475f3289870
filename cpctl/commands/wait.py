"""wait: until an object is as asked."""

from __future__ import annotations

import re

from cpctl.errors import BadValue, Conflict, ExitCode, NotFound, TimedOut, UnknownName, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cpctl.registry import Kind
    from cpctl.runtime import Runtime, Verb

    Object = Mapping[str, Any] | None
    Check = Callable[[Object], bool]

JSONPATH = re.compile(r"jsonpath='?(\{.*\})'?=(.+)")


def wait(rt: Runtime, *, what: flags.Targets, for_: flags.For, timeout: flags.Timeout = None) -> Verb:
    """Wait until objects are as asked: TYPE/NAME --for=condition=Active, delete, or jsonpath='{.status.phase}'=Active.

    A demand is waited for with condition=Matched. A condition that can no longer come ends at once with 5, for lack of
    capacity with 6; the time-out with 8.
    """
    from cpctl.commands.buying import timeout_s, told_when_interrupted
    from cpctl.commands.leases import warn
    from cpctl.commands.targets import targets

    limit_s = timeout_s(timeout)
    meant = [(target.kind, name) for target in targets(what) for name in target.names]
    if not meant:
        raise UsageError(detail="no object named: TYPE/NAME", hint="cpctl wait --help")
    checks = [(kind, name, check_of(for_, kind)) for kind, name in meant]
    ends = rt.clock.monotonic() + limit_s
    for kind, name, check in checks:
        left_s = max(0.001, ends - rt.clock.monotonic())
        again = f"cpctl wait {kind.name}/{name} --for={for_}"
        with told_when_interrupted(rt, name, again, kind=kind.name):
            found = _until(rt, kind, name, check, for_, left_s)
        if kind.name == "order" and isinstance(found, dict):
            warn(rt, found)
        yield f"{kind.name}/{name} condition met\n"
    return ExitCode.DONE


def check_of(text: str, kind: Kind) -> Check:
    """What is waited for, from `--for`.

    Raises:
        UsageError: It says nothing we know.
    """
    if text == "delete":
        return lambda found: found is None
    if text.startswith("condition="):
        return _condition(text.removeprefix("condition="), kind)
    path = JSONPATH.fullmatch(text)
    if path:
        return _field(path[1], path[2].strip("'\""), kind.name)
    raise BadValue(
        what="--for", value=text[:80], expected="condition=Active, delete, or jsonpath='{.status.phase}'=VALUE"
    )


def _condition(text: str, kind: Kind) -> Check:
    from cpctl.registry import CONDITIONS

    conditions = CONDITIONS.get(kind.name)
    if conditions is None:
        raise UsageError(detail=f"{kind.plural} have no conditions; use jsonpath='{{.status.phase}}'=VALUE")
    word, _, wanted = text.partition("=")
    name = next((one for one in conditions if one.lower() == word.lower()), None)
    if name is None:
        raise UnknownName("condition", word, conditions)
    has = _is_matched if kind.name == "demand" else _has
    return lambda found: has(found, name, (wanted or "true").lower())


def _has(found: Object, name: str, wanted: str) -> bool:
    """Whether an order's condition is so; raises when it never will be."""
    from cpctl.broker.market import Found
    from cpctl.resources.placed import ENDED, ENDING, SWITCHED_ON, order_of

    if found is None:
        raise NotFound(detail="the order is gone")
    order = order_of(found)
    said = any(one.type == name and one.status.lower() == wanted for one in order.status.conditions)
    never = {"Held": ENDING | SWITCHED_ON, "Active": ENDING, "Released": ENDED}.get(name, ENDED)
    if not said and wanted == "true" and order.phase in never:
        raise Found(order, found).end
    return said


def _is_matched(found: Object, name: str, wanted: str) -> bool:
    """Whether a demand's condition is so; raises when it never will be."""
    from cpctl.resources.demand import demand_of

    if found is None:
        raise NotFound(detail="the demand is gone")
    said = any(one.type == name and one.status.lower() == wanted for one in demand_of(found).status.conditions)
    if not said:
        _refuse_over(found)
    return said


def _field(path: str, wanted: str, kind: str) -> Check:
    """Whether a template reaches exactly one value, and that one; a list that is still too short is no failure.

    Raises when it is the status of an order that has ended or of a demand that is over, which changes no more.
    """
    from cpctl.output.go_text import go_text
    from cpctl.selectors.jsonpath import parse

    template = parse(path)
    refuse = {"order": _refuse_ended, "demand": _refuse_over}.get(kind)
    of_status = template.simple_path.partition(".")[0] == "status"

    def check(found: Object) -> bool:
        try:
            values = template.values(found)
        except UsageError:
            values = []
        said = len(values) == 1 and values[0] is not None and go_text(values[0]) == wanted
        if refuse and not said and of_status:
            refuse(found)
        return said

    return check


def _refuse_ended(found: Object) -> None:
    from cpctl.broker.market import Found
    from cpctl.resources.placed import order_of

    order = order_of(found)
    if found is not None and order.has_ended:
        raise Found(order, found).end


def _refuse_over(found: Object) -> None:
    from cpctl.broker.demanded import FoundDemand
    from cpctl.resources.demand import OVER, DemandPhase, demand_of

    demand = demand_of(found)
    if found is not None and (demand.phase in OVER or demand.phase is DemandPhase.MATCHED):
        raise FoundDemand(demand, found).end


def _until(rt: Runtime, kind: Kind, name: str, check: Check, text: str, limit_s: float) -> Object:
    """The object as it is once it is as asked; None when it is gone, and that was asked."""
    from cpctl.broker.waiting import wait_until
    from cpctl.resources.exchange import Request

    path = _path(rt, kind, name)
    last: Object = None

    def fetch(left_s: float) -> Object:
        nonlocal last
        try:
            last = rt.platform.send(Request("GET", path, deadline_s=min(30.0, left_s))).json()
        except NotFound:
            if text == "delete":
                return None
            if last is not None:  # somebody has deleted it since
                raise Conflict(reason="Ended", detail=f"{kind.name}/{name} was deleted; {text} will not come") from None
            raise
        return last

    try:
        return wait_until(check, fetch, rt.clock, limit_s=limit_s, what=f"{kind.name}/{name}: {text}")
    except TimedOut as error:
        error.advice = f"cpctl describe {kind.name}/{name}"
        raise


def _path(rt: Runtime, kind: Kind, name: str) -> str:
    from cpctl.api.platform import object_path, with_query

    scope = {"project": rt.platform.project} if "project" in kind.filters else {}
    return with_query(object_path(kind.path, name), scope)
