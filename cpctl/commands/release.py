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
    accepts it; the command waits until the cards are back, unless told not to. Of several, all are tried.
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
    """Each one; before any of them is waited for, the billing of all is stopped."""
    from cpctl.commands.buying import timeout_s
    from cpctl.commands.failures import Failures
    from cpctl.commands.meant import markets
    from cpctl.commands.ordering import Result

    limit_s, failures, market_of = timeout_s(timeout), Failures(rt), markets(rt)
    begun: list[tuple[Market, Found, bool]] = []
    for one in meant:
        with failures.of(f"order/{one.name}"):
            market = market_of(one)
            before = market.read(one.name)
            had_ended = before.order.has_ended
            begun.append((market, before if had_ended else stopped(rt, market, before), had_ended))
    for market, found, had_ended in begun:
        with failures.of(f"order/{found.order.name}"):
            if had_ended:
                yield Result(found, "unchanged")
                continue
            after = given_back(rt, market, found, wait=wait, limit_s=limit_s)
            yield Result(after, "released" if after.order.has_ended else "releasing")
    failures.end()


def stopped(rt: Runtime, market: Market, found: Found) -> Found:
    """The order after its release was accepted."""
    from cpctl.broker import purchase
    from cpctl.commands.buying import told_when_interrupted

    name = found.order.name
    with told_when_interrupted(rt, name, f"cpctl release order/{name}"):
        found = purchase.release(market, found)
        for verb in ("place", "activate"):  # runs that were to bring it up have nothing left to finish
            market.close(verb, name)
    return found


def given_back(rt: Runtime, market: Market, found: Found, *, wait: bool, limit_s: float) -> Found:
    """The same once it has ended, if that is waited for."""
    from cpctl.commands.buying import has_ended, told_when_interrupted, wait_for

    name = found.order.name
    with told_when_interrupted(rt, name, f"cpctl release order/{name}"):
        if wait and not has_ended(found):
            found = wait_for(rt, market, name, has_ended, limit_s=limit_s, what="to be Released")
    charged = f", {found.order.status.charged} CNY charged" if found.order.has_ended else ""
    rt.say(f'order "{name}" at {market.title}: {found.order.phase}{charged}')
    return found
