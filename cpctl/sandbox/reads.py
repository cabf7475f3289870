"""What is served without changing anything."""

from __future__ import annotations

from typing import Any, Final

from cpctl.sandbox import access, answering, billing, ledger, listing, records
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.call import Call, Read, answer, missing
from cpctl.sandbox.lifecycle import wrong_phase
from cpctl.sandbox.listing import whole
from cpctl.sandbox.money import yuan
from cpctl.sandbox.overview import overview
from cpctl.sandbox.platform import CATALOGUE
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import stamped
from cpctl.sandbox.times import beijing_day, rfc3339
from cpctl.sandbox.tokens import SCOPES

VERSION: Final = "1.0.0"
CAPABILITIES: Final = (
    "catalogue",
    "orders",
    "demands",
    "quotes",
    "ledger",
    "bills",
    "vouchers",
    "usage",
    "access",
    "events",
    "device-login",
    "models",
    "watch",
    "can-i",
)
YOURS: Final = ("orders", "demands", "cards", "bills", "vouchers", "events")


def service(call: Call) -> Answer:
    """What this server is."""
    return answer(
        {
            "name": "China Computing Power Platform sandbox 中国算力平台沙箱",
            "version": VERSION,
            "contract": "v1",
            "capabilities": list(CAPABILITIES),
            "sandbox": True,
            "catalogueRevision": call.platform.revision,
            "time": rfc3339(call.now_s),
        }
    )


def whoami(call: Call) -> Answer:
    """The account behind the token."""
    assert call.grant is not None, "this path is not open"
    account = call.grant.account
    return answer(
        {
            "account": account.name,
            "displayName": account.display_name,
            "projects": list(account.projects),
            "roles": list(account.roles),
            "scopes": list(SCOPES),
            "tokenExpiresAt": None if call.grant.expires is None else rfc3339(call.grant.expires),
            "sandbox": True,
        }
    )


def account(call: Call) -> Answer:
    """The money and quota of a project."""
    funds = ledger.funds(call.platform.store, call.project)
    spent = ledger.spent_on(call.platform.store, call.project, beijing_day(call.now_s))
    return answer(
        {
            "account": call.account,
            "project": call.project,
            "balance": yuan(funds.balance),
            "reserved": yuan(funds.reserved),
            "available": yuan(funds.available),
            "quota": {"cards": funds.quota, "cardsUsed": funds.cards},
            "spentToday": yuan(spent),
            "reservedToday": yuan(funds.reserved),
        }
    )


def ledger_lines(call: Call) -> Answer:
    """The project's lines of money."""
    since = whole(call.query, "since", 0, 0, 10**12)
    limit = whole(call.query, "limit", listing.DEFAULT_LIMIT, 1, listing.LARGEST_LIMIT)
    lines, more = ledger.lines(call.platform.store, call.project, since, limit)
    funds = ledger.funds(call.platform.store, call.project)
    return answer(
        {
            "project": call.project,
            "balance": yuan(funds.balance),
            "reserved": yuan(funds.reserved),
            "lines": lines,
            "more": more,
        }
    )


def national(call: Call) -> Answer:
    """The overview."""
    return answer(overview(call.platform, call.asked, call.now_s))


def order_access(call: Call) -> Answer:
    """How to reach the cards of an active order."""
    order = records.visible(call.platform.store, call.project, call.params["order"])
    if order.phase != "Active":
        raise wrong_phase(order)
    return answer(access.access(order))


def scope_of(call: Call, plural: str) -> str:
    """The project for what belongs to one, "" for the rest. Raises Problem."""
    return call.project if plural in YOURS else PLATFORM


def scopes_of(call: Call, plural: str) -> tuple[str, ...]:
    """The same for a list, which may be of several projects. Raises Problem."""
    return call.projects if plural in YOURS else (PLATFORM,)


def lister(plural: str) -> Read:
    """Serves the list of a kind."""
    return lambda call: listing.listed(call, plural, scopes_of(call, plural))


def getter_of(plural: str) -> Read:
    """Serves one object of a kind."""

    def serve(call: Call) -> Answer:
        name = call.params["name"]
        item = call.platform.store.find(plural, scope_of(call, plural), name)
        if item is None and plural == "bills":
            return answer(open_bill(call, name))
        if item is None or (plural == "projects" and name not in call.memberships):
            raise missing(plural, name)
        if plural == "subplatforms":
            item = listing.with_state(item, call.asked, int(call.now_s))
        if plural in answering.FEDERATED:
            item = answering.one_dated(call.platform, plural, item, call.asked, int(call.now_s))
        return answer(item.body)

    return serve


def open_bill(call: Call, name: str) -> dict[str, Any]:
    """A bill line that is still growing. Raises Problem."""
    store = call.platform.store
    for order in records.running(store, call.project):
        for bill in billing.open_bills(order, int(call.now_s)):
            if bill["metadata"]["name"] == name:
                return dict(stamped(bill, store.version).obj)
    raise missing("bills", name)


LISTED: Final = (*CATALOGUE, *YOURS, "projects")
