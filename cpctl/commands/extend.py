"""extend: give a running order more time."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cpctl.broker.extending import Extension
    from cpctl.broker.limits import Limits
    from cpctl.broker.market import Found, Market
    from cpctl.commands.ordering import Result
    from cpctl.runtime import Runtime, Verb

FORMS = ("name", "json", "yaml")
OF_THE_ORDER = "the order"


def extend(
    rt: Runtime,
    *,
    what: flags.OrderTargets = None,
    until: flags.Until,
    max_price: flags.MaxPrice = None,
    budget: flags.Budget = None,
    yes: flags.Yes = False,
    output: flags.ResultOutput = None,
) -> Verb:
    """Let running orders go on until a later time, at the prices they were held at: order/NAME --until TIME

    The time is an end, not a span: the same command again changes nothing. What the extra time costs is reserved, under
    the same limits as placing; billing by days and months is extended by whole ones. A voucher does not reach into it.
    """
    from cpctl.commands.ordering import printed
    from cpctl.commands.targets import orders
    from cpctl.units import instant

    form = rt.output(output, FORMS)
    names = orders(what)
    own = _own_limits(max_price, budget)
    yield from printed(_extended(rt, names, instant(until), own, yes=yes), form, single=len(names) == 1)
    return ExitCode.DONE


def _own_limits(max_price: str | None, budget: str | None) -> Limits:
    from cpctl import units
    from cpctl.broker.limits import Limits

    price = units.price(max_price) if max_price is not None else None
    total = units.money(budget) if budget is not None else None
    return Limits().and_also("max-price", price, "--max-price").and_also("max-order", total, "--budget")


def _extended(rt: Runtime, names: list[str], until: datetime, own: Limits, *, yes: bool) -> Iterator[Result]:
    from cpctl.broker.extending import VERB, extend, extension
    from cpctl.broker.limits import Limits
    from cpctl.commands.buying import market_of, receipt, told_when_interrupted
    from cpctl.commands.ordering import Result

    market = market_of(rt)
    limits = Limits([*market.limits.items(), *own.items()])
    for name in names:
        found = market.read(name)
        wanted = extension(found, until)
        if wanted is None:
            market.close(VERB, name)
            yield Result(found, "unchanged")
            continue
        _ask(rt, market, found, wanted, yes=yes)
        with told_when_interrupted(rt, name, "the same command again"):
            after = extend(market, found, wanted, _with_the_order_s(limits, found))
        receipt(rt, market, after)
        yield Result(after, "extended")


def _with_the_order_s(limits: Limits, found: Found) -> Limits:
    """The limits with those that the order's own spec states."""
    from cpctl.broker.choosing import own_limits
    from cpctl.errors import UsageError
    from cpctl.resources.order import order_spec

    try:
        return own_limits(limits, order_spec(found.order.spec, OF_THE_ORDER), OF_THE_ORDER)
    except UsageError:  # a spec of a newer form; the platform holds it against its own limits all the same
        return limits


def _ask(rt: Runtime, market: Market, found: Found, wanted: Extension, *, yes: bool) -> None:
    status = found.order.status
    question = (
        f'Extend order "{found.order.name}" at {market.title}, project {market.project}:'
        f" {status.cards.total} cards until {wanted.last:%Y-%m-%dT%H:%M:%SZ},\n"
        f"{wanted.extra} CNY more, {wanted.total} CNY in all, the most that is ever charged?"
    )
    rt.confirm(question, yes=yes, without="extending an order")
