"""diff: what apply would change; nothing is changed."""

from __future__ import annotations

from cpctl.commands.verdict import apart_from_1
from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cpctl.broker.foreseeing import Foreseen, ForeseenDemand
    from cpctl.broker.manifests import Wanted
    from cpctl.runtime import Runtime, Verb


def diff(
    rt: Runtime,
    *,
    filename: flags.Filename = None,
    recursive: flags.Recursive = False,
    run_id: flags.RunId = None,
) -> Verb:
    """Compare manifests with the orders and demands of their names, and say what `apply` would do; nothing is written.

    Printed is a unified diff of labels and spec; stderr says what `apply` would call it: created, resumed, configured
    (labels change), unchanged, or a conflict. Limits bound what is paid and are no part of what is bought: where they
    alone differ, they are shown and the order is unchanged. Labels that a manifest does not name stay.

    Ends with 0 when nothing differs, with 1 when something does, and with more than 1 when that could not be found out.
    """
    from cpctl.commands.manifests import wanted_of

    wanted = wanted_of(rt, filename, recursive=recursive, run_id=run_id)
    differs = False
    with apart_from_1():
        for found in _foreseen(rt, wanted):
            yield from _shown(rt, found)
            differs = differs or found.differs
    return ExitCode.FAILED if differs else ExitCode.DONE


def _foreseen(rt: Runtime, wanted: Sequence[Wanted]) -> Iterator[Foreseen | ForeseenDemand]:
    from functools import cache

    from cpctl.broker.choosing import own_limits
    from cpctl.broker.demanding import Need
    from cpctl.broker.foreseeing import foreseen, foreseen_demand
    from cpctl.broker.purchase import Intent
    from cpctl.commands.buying import market_of
    from cpctl.resources.demand import DemandWanted

    market_at = cache(lambda project: market_of(rt, project))
    for one in wanted:
        market = market_at(one.project)
        limits = own_limits(market.limits, one.spec, one.source)
        if isinstance(one, DemandWanted):
            yield foreseen_demand(market, Need(one, limits, lambda: None))
            continue
        yield foreseen(market, Intent(wanted=one, limits=limits, confirm=lambda _: None))


def _shown(rt: Runtime, found: Foreseen | ForeseenDemand) -> Iterator[str]:
    from cpctl.output.differences import differences

    name = found.spelled
    yield from differences(found.live, found.wanted, name, color=rt.out_colors)
    rt.say(f"{name} {found.outcome}" + (f": {found.why}" if found.why else ""))
