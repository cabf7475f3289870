"""release: billing stops, cards go back."""

from __future__ import annotations

from cpctl.errors import ExitCode, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cpctl.broker.market import Found, Market
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
    no_wait: flags.NoWait = False,
    timeout: flags.Timeout = None,
    output: flags.ResultOutput = None,
) -> Verb:
    """Stop the billing of orders and give their cards back: order/NAME, or -f with the manifests they came from.

    Billing stops when the platform accepts it; the command waits until the cards are back, unless told not to.
    """
    from cpctl.commands.ordering import printed

    form = rt.output(output, FORMS)
    meant = named(rt, what, filename, recursive=recursive, run_id=run_id)
    results = _released(rt, meant, wait=not no_wait, timeout=timeout)
    yield from printed(results, form, single=len(meant) == 1)
    return ExitCode.DONE


def named(
    rt: Runtime, what: Sequence[str] | None, filename: Sequence[str] | None, *, recursive: bool, run_id: str | None
) -> list[tuple[str | None, str]]:
    """The orders that are meant, by name or by manifest: project, where a manifest names one, and name."""
    from cpctl.commands.manifests import wanted_orders
    from cpctl.commands.targets import orders

    if not filename:
        return [(None, name) for name in orders(what)]
    if what:
        raise UsageError(detail="name orders or their manifests, not both")
    return [(one.project, one.name) for one in wanted_orders(rt, filename, recursive=recursive, run_id=run_id)]


def markets(rt: Runtime, meant: Iterable[tuple[str | None, str]]) -> Iterator[tuple[Market, str]]:
    """Each order that is meant and the market it is in; who we are is asked once a project."""
    from functools import cache

    from cpctl.commands.buying import market_of

    market_at = cache(lambda project: market_of(rt, project))
    return ((market_at(project), name) for project, name in meant)


def _released(
    rt: Runtime, meant: Iterable[tuple[str | None, str]], *, wait: bool, timeout: str | None
) -> Iterator[Result]:
    from cpctl.commands.ordering import Result

    for market, name in markets(rt, meant):
        before = market.read(name)
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
        if wait and not has_ended(found):
            found = wait_for(rt, market, name, has_ended, limit_s=limit_s, what="to be Released")
    charged = f", {found.order.status.charged} CNY charged" if found.order.has_ended else ""
    rt.say(f'order "{name}" at {market.title}: {found.order.phase}{charged}')
    return found
