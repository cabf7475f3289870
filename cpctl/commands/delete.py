"""delete: release an order if need be, close a demand, and hide it from lists."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.broker.market import Market
    from cpctl.runtime import Runtime, Verb

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
    label are asked about first; off a terminal that takes --yes.
    """
    from cpctl.commands.failures import Failures
    from cpctl.commands.meant import Choice, markets, those_meant
    from cpctl.errors import NotFound

    form = rt.output(output, FORMS)
    choice = Choice(what, filename, recursive, run_id, selector)
    meant = those_meant(rt, choice, verb="delete", ended=True, yes=yes, kinds=("order", "demand"))
    failures = Failures(rt)
    for market, one in markets(rt, meant):
        with failures.of(f"{one.kind}/{one.name}"):
            if _withdrawn(rt, market, one.name) if one.kind == "demand" else _hidden(rt, market, one.name, timeout):
                yield f"{one.kind}/{one.name}\n" if form == "name" else f"{one.kind}/{one.name} deleted\n"
            elif not ignore_not_found:
                raise NotFound(detail=f'{one.kind}s "{one.name}" not found')
    failures.end()
    return ExitCode.DONE


def _hidden(rt: Runtime, market: Market, name: str, timeout: str | None) -> bool:
    """Release an order if need be and hide it; whether there was one."""
    from cpctl.broker import purchase
    from cpctl.commands.release import given_back

    found = market.find(name)
    if found is None:
        return False
    if not found.order.has_ended:
        found = given_back(rt, market, found, timeout=timeout)
    purchase.hide(market, found)
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
