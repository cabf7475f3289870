"""Who may do what: one table of roles, which every request is held to and which `/v1/can-i` reads out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpctl.sandbox import records
from cpctl.sandbox.accounts import Account
from cpctl.sandbox.answering import FEDERATED, home
from cpctl.sandbox.call import Call, answer
from cpctl.sandbox.platform import CATALOGUE
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.shapes import Fields, OneOf, Text
from cpctl.sandbox.stock import PLATFORM

if TYPE_CHECKING:
    from cpctl.sandbox.answers import Answer
    from cpctl.sandbox.platform import Platform

YOURS: Final = ("orders", "demands", "cards", "bills", "vouchers", "events")
KINDS: Final = (*CATALOGUE, *YOURS, "projects")
READING: Final = ("get", "list", "watch")
BUYING: Final = {
    "create": ("POST", ""),
    "label": ("PATCH", "/{name}"),
    "delete": ("DELETE", "/{name}"),
    "activate": ("POST", "/{name}/activate"),
    "extend": ("POST", "/{name}/extend"),
    "release": ("POST", "/{name}/release"),
}
"""What is done with orders, and by which request."""
VERBS: Final = (*READING, *BUYING, "call")
ANYBODY: Final = ("viewer", "developer", "buyer")
ROLES: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    **{(kind, verb): ANYBODY for kind in KINDS for verb in READING},
    **{("orders", verb): ("buyer",) for verb in BUYING},
    **{("demands", verb): ("buyer",) for verb in ("create", "delete")},
    **{(kind, "call"): ("developer", "buyer") for kind in ("models", "sources")},
}
"""Any one of these roles is enough; what is not here nobody may do."""
QUESTION: Final = Fields(
    {"verb": OneOf(VERBS), "resource": OneOf(KINDS), "name": Text(most=128, least=1)}, ("verb", "resource")
)


def lacking(account: Account, kind: str, verb: str) -> str:
    """Why an account may not, as far as its roles go; "" when it may."""
    roles = ROLES.get((kind, verb))
    if roles is None:
        return f"nobody can {verb} {kind}"
    if set(roles) & set(account.roles):
        return ""
    return f"account {account.name} may not {verb} {kind}: that takes the role {' or '.join(roles)}"


def check(account: Account, kind: str, verb: str) -> None:
    """Raise Problem unless the account's roles allow it."""
    if why_not := lacking(account, kind, verb):
        raise Problem("Forbidden", why_not)


def can_i(call: Call) -> Answer:
    """Whether the account may do something, and if not, why. Raises Problem: no such project."""
    assert call.grant is not None, "this path is not open"
    kind, verb, name = call.body["resource"], call.body["verb"], call.body.get("name")
    why_not = lacking(call.grant.account, kind, verb) or not_a_member(call, kind, name)
    why_not = why_not or denied(call, kind, verb, name)
    return answer({"allowed": not why_not, "reason": why_not})


def not_a_member(call: Call, kind: str, name: str | None) -> str:
    """Why not, as far as the project goes."""
    assert call.grant is not None, "this path is not open"
    account = call.grant.account
    if kind == "projects" and name is not None and name not in account.projects:
        return f"account {account.name} is no member of project {name}"
    if kind not in YOURS:
        return ""
    try:
        _ = call.project
    except Problem as problem:
        if problem.reason != "Forbidden":
            raise
        return problem.detail
    return ""


def denied(call: Call, kind: str, verb: str, name: str | None) -> str:
    """Why not, as far as the provinces of a named object go."""
    if name is None:
        return ""
    method, suffix = BUYING.get(verb, ("GET", "/{name}"))
    path = f"/v1/{kind}{suffix}".replace("{name}", name)
    provinces = provinces_of(call.platform, call, kind, verb, name)
    for rule in call.platform.faults.rules:
        if "denied" in rule.effects and rule.province in provinces and rule.covers(method, path):
            return f"account {call.account} may not use sub-platform {rule.province}"
    return ""


def provinces_of(platform: Platform, call: Call, kind: str, verb: str, name: str) -> frozenset[str]:
    """Where the object is, for what asks its province: one object of the catalogue, what is done with an order."""
    if kind in FEDERATED:
        item = platform.store.find(kind, PLATFORM, name)
        return frozenset({home(platform, kind)(item.obj)}) if item else frozenset()
    if kind == "orders" and verb in BUYING:
        order = records.of_name(platform.store, call.project, name)
        return frozenset(line.province for line in order.lines) if order else frozenset()
    return frozenset()
