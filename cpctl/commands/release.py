"""release: billing stops, cards go back."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cpctl.broker.market import Found, Market
    from cpctl.commands.meant import Meant
    from cpctl.commands.ordering import Result
    from cpctl.runtime import Runtime, Verb

FORMS = ("name", "json", "yaml")


def release(
    rt: Runtime,
    *,
    what: flags.OrderTargets = None,
    filename: flags.Filename = None,
    recursive: flags.Recursive = False,
    run_id: flags.RunId = None,
    selector: flags.Selector = None,
    no_wait: flags.NoWait = False,
    timeout: flags.Timeout = None,
    yes: flags.Yes = False,
    output: flags.ResultOutput = None,
) -> Verb:
    """Stop the billing of orders and give their cards back: order/NAME, -f with the manifests they came from, or -l.

    Orders chosen by label are asked about first; off a terminal that takes --yes. Billing stops when the platform
    accepts it; the command waits until the cards are back, unless told not to.
    """
    from cpctl.commands.meant import Choice, those_meant
    from cpctl.commands.ordering import printed

    form = rt.output(output, FORMS)
    choice = Choice(what, filename, recursive, run_id, selector)
    meant = those_meant(rt, choice, verb="release", ended=False, yes=yes)
    results = _released(rt, meant, wait=not no_wait, timeout=timeout)
    yield from printed(results, form, single=len(meant) == 1 and selector is None)
    return ExitCode.DONE


def _released(rt: Runtime, meant: Iterable[Meant], *, wait: bool, timeout: str | None) -> Iterator[Result]:
    from cpctl.commands.meant import markets
    from cpctl.commands.ordering import Result

    for market, one in markets(rt, meant):
        before = market.read(one.name)
        if before.order.has_ended:
            yield Result(before, "unchanged")
            continue
        after = given_back(rt, market, before, wait=wait, timeout=timeout)
        yield Result(after, "released" if after.order.has_ended else "releasing")


def given_back(rt: Runtime, market: Market, found: Found, *, wait: bool, timeout: str | None) -> Found:
    """The order after its release was accepted, or once it has ended."""
    from cpctl.broker import purchase
    from cpctl.commands.buying import has_ended, timeout_s, told_when_interrupted, wait_for

    limit_s, name = timeout_s(timeout), found.order.name
    with told_when_interrupted(rt, name, f"cpctl release order/{name}"):
        found = purchase.release(market, found)
        for verb in ("place", "activate"):  # runs that were to bring it up have nothing left to finish
            market.close(verb, name)
        if wait and not has_ended(found):
            found = wait_for(rt, market, name, has_ended, limit_s=limit_s, what="to be Released")
    charged = f", {found.order.status.charged} CNY charged" if found.order.has_ended else ""
    rt.say(f'order "{name}" at {market.title}: {found.order.phase}{charged}')
    return found
