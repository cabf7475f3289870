"""activate: switch held orders on."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cpctl.commands.ordering import Result
    from cpctl.runtime import Runtime, Verb

FORMS = ("name", "json", "yaml")


def activate(
    rt: Runtime,
    *,
    what: flags.OrderTargets = None,
    wait: flags.Wait = False,
    timeout: flags.Timeout = None,
    yes: flags.Yes = False,
    output: flags.ResultOutput = None,
) -> Verb:
    """Switch held orders on: order/NAME. Billing starts when the last card is usable.

    An order that is on already is left as it is.
    """
    from cpctl.commands.ordering import printed
    from cpctl.commands.targets import orders

    form = rt.output(output, FORMS)
    names = orders(what)
    yield from printed(_activated(rt, names, wait=wait, timeout=timeout, yes=yes), form, single=len(names) == 1)
    return ExitCode.DONE


def _activated(rt: Runtime, names: list[str], *, wait: bool, timeout: str | None, yes: bool) -> Iterator[Result]:
    from cpctl.broker import purchase
    from cpctl.commands.buying import is_active, market_of, receipt, timeout_s, told_when_interrupted, wait_for
    from cpctl.commands.leases import warn
    from cpctl.commands.ordering import Result, ask_to_activate
    from cpctl.resources.placed import SWITCHED_ON

    limit_s = timeout_s(timeout)
    market = market_of(rt)
    for name in names:
        found = market.read(name)
        with told_when_interrupted(rt, name, f"cpctl wait order/{name} --for=condition=Active"):
            was_on = found.order.phase in SWITCHED_ON
            if not was_on:
                ask_to_activate(rt, market, found, yes=yes)
            found = purchase.activate(market, found)  # for one that is on: closes the record of a run that was killed
            if not was_on:
                receipt(rt, market, found)
            else:
                warn(rt, found.raw)
            if wait and not is_active(found):
                found = wait_for(rt, market, name, is_active, limit_s=limit_s, what="to be Active")
            yield Result(found, "unchanged" if was_on else "active" if wait else "activating")
