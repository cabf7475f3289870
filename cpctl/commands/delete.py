"""delete: release an order if need be, and hide it from lists."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.runtime import Runtime, Verb

FORMS = ("name",)


def delete(
    rt: Runtime,
    *,
    what: flags.OrderTargets = None,
    filename: flags.Filename = None,
    recursive: flags.Recursive = False,
    run_id: flags.RunId = None,
    selector: flags.Selector = None,
    ignore_not_found: flags.IgnoreNotFound = False,
    timeout: flags.Timeout = None,
    yes: flags.Yes = False,
    output: flags.NameOutput = None,
) -> Verb:
    """Hide orders from lists; one that holds cards or is billed is released first.

    The name stays taken for ever, and the bills stay. Orders chosen by label are asked about first; off a terminal that
    takes --yes.
    """
    from cpctl.broker import purchase
    from cpctl.commands.meant import Choice, markets, orders_meant
    from cpctl.commands.release import given_back
    from cpctl.errors import NotFound

    form = rt.output(output, FORMS)
    choice = Choice(what, filename, recursive, run_id, selector)
    meant = orders_meant(rt, choice, verb="delete", ended=True, yes=yes)
    for market, name in markets(rt, meant):
        found = market.find(name)
        if found is None:
            if ignore_not_found:
                continue
            raise NotFound(detail=f'orders "{name}" not found')
        if not found.order.has_ended:
            found = given_back(rt, market, found, wait=True, timeout=timeout)
        purchase.hide(market, found)
        yield f"order/{name}\n" if form == "name" else f"order/{name} deleted\n"
    return ExitCode.DONE
