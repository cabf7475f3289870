"""delete: release an order if need be, close a demand, and hide it from lists."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.broker.market import Found, Market
    from cpctl.commands.meant import Meant
    from cpctl.runtime import Runtime, Verb

    Ending = tuple[Found, bool]

FORMS = ("name",)


def delete(
    rt: Runtime,
    *,
    what: flags.DeleteTargets = None,
    filename: flags.Filename = None,
    recursive: flags.Recursive = False,
    run_id: flags.RunId = None,
    selector: flags.Selector = None,
    ignore_not_found: flags.IgnoreNotFound = False,
    timeout: flags.Timeout = None,
    yes: flags.Yes = False,
    output: flags.NameOutput = None,
) -> Verb:
    """Hide orders from lists; one that holds cards or is billed is released first. A demand is closed and hidden.

    The name stays taken for ever, and the bills stay. The order that matches a demand stays as it is. Orders chosen by
    label are asked about first; off a terminal that takes --yes. Of several, all are tried, and the billing of all is
    stopped first.
    """
    from cpctl.commands.buying import timeout_s
    from cpctl.commands.failures import Failures
    from cpctl.commands.meant import Choice, markets, those_meant
    from cpctl.errors import NotFound

    form = rt.output(output, FORMS)
    choice = Choice(what, filename, recursive, run_id, selector)
    meant = those_meant(rt, choice, verb="delete", ended=True, yes=yes, kinds=("order", "demand"))
    limit_s, failures, market_of = timeout_s(timeout), Failures(rt), markets(rt)
    begun: list[tuple[Market, Meant, Ending | None]] = []
    for one in meant:
        with failures.of(f"{one.kind}/{one.name}"):
            market = market_of(one)
            begun.append((market, one, _ending(rt, market, one.name) if one.kind == "order" else None))
    for market, one, ending in begun:
        with failures.of(f"{one.kind}/{one.name}"):
            if _withdrawn(rt, market, one.name) if one.kind == "demand" else _hidden(rt, market, ending, limit_s):
                yield f"{one.kind}/{one.name}\n" if form == "name" else f"{one.kind}/{one.name} deleted\n"
            elif not ignore_not_found:
                raise NotFound(detail=f'{one.kind}s "{one.name}" not found')
    failures.end()
    return ExitCode.DONE


def _ending(rt: Runtime, market: Market, name: str) -> Ending | None:
    """An order whose billing is stopped, and whether it was over before; None where there is none."""
    from cpctl.commands.release import stopped

    found = market.find(name)
    if found is None:
        return None
    had_ended = found.order.has_ended
    return found if had_ended else stopped(rt, market, found), had_ended


def _hidden(rt: Runtime, market: Market, ending: Ending | None, limit_s: float) -> bool:
    """Hide an order once it is over; whether there was one."""
    from cpctl.broker import purchase
    from cpctl.commands.release import given_back

    if ending is None:
        return False
    found, had_ended = ending
    purchase.hide(market, found if had_ended else given_back(rt, market, found, wait=True, limit_s=limit_s))
    return True


def _withdrawn(rt: Runtime, market: Market, name: str) -> bool:
    """Close a demand and hide it; whether there was one. What it was matched by goes on, which is said."""
    from cpctl.broker.demanded import find, withdraw

    found = find(market, name)
    if found is None:
        return False
    match = withdraw(market, found).demand.status.match
    market.close("publish", name)
    market.forget("publish", name)
    if match:
        rt.say(f'demand "{name}" was matched: order/{match} stays as it is; stop it: cpctl delete order/{match}')
    return True
