"""audit: this machine's journal held against the platform; ends what earlier runs began, when told to."""

from __future__ import annotations

from cpctl.commands.verdict import apart_from_1
from cpctl.errors import ExitCode, OutcomeUnknown, UnknownName, Unreachable, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cpctl.broker.audit import Books, Finding, Key
    from cpctl.broker.demanded import FoundDemand
    from cpctl.broker.market import Found, Market
    from cpctl.broker.settled import Settled
    from cpctl.runtime import Runtime, Verb

FORMS = ("table", "name", "json", "yaml")
WAYS = {"finish": "Finish", "cancel": "Cancel"}
NAMED = 20
"""Intents that a question spells out."""


def audit(
    rt: Runtime,
    *,
    all_projects: flags.AuditProjects = False,
    resolve: flags.Resolve = None,
    prune: flags.Prune = False,
    yes: flags.Yes = False,
    output: flags.ResourcesOutput = None,
) -> Verb:
    """Compare what runs on this machine began (the journal) with the orders that the platform has.

    Findings: `unfinished` (a run heard no answer, or did not come to its end), `orphaned` (placed, and unknown to the
    platform now), `unswitched` (Held though switching it on was answered with yes), `duplicate` (orders of this
    journal with an equal spec, switched on at the same time), `unexpected` (a billed order of yours that is not in this
    journal, or one that was cancelled), `foreign` (unfinished, of another account or platform), `damaged` (a file that
    is no record).

    --resolve touches unfinished and cancelled intents of this journal alone. `finish` looks each up by name, else sends
    the same bytes again, within the limits of now and never when they are older than the platform's memory of keys.
    `cancel` releases the order when it is there and yours; when it is not there, its request is never sent again. One
    that a frozen process still holds may come all the same: audit then shows that order as `unexpected`.

    Ends with 0 when all agrees, with 1 when there are findings (with --resolve: when some are left), and with more than
    1 when that could not be found out.
    """
    from cpctl.broker.audit import findings
    from cpctl.commands.audit_views import VIEWS
    from cpctl.commands.buying import market_of

    form = rt.output(output, FORMS) or "table"
    _check(rt, resolve, yes=yes)
    with apart_from_1():
        market = market_of(rt)
        books = _books(rt, market, all_projects=all_projects)
        found = findings(books)
        settled, unknown = _settled(rt, market, found, resolve, yes=yes) if resolve else ({}, None)
        rt.say(_summary(market, books, found))
        yield from VIEWS[form](found, settled, rt.clock.now())
        if prune:
            _prune(rt, market, books)
    if unknown is not None:
        raise unknown
    left = [one for i, one in enumerate(found) if i not in settled or not settled[i].done]
    return ExitCode.FAILED if left else ExitCode.DONE


def _check(rt: Runtime, resolve: str | None, *, yes: bool) -> None:
    """What is wrong with the call is said before anything is asked for."""
    if resolve is not None and resolve not in WAYS:
        raise UnknownName("resolution", resolve, WAYS)
    if resolve is not None and not (yes or rt.asks):
        raise UsageError(detail=f"audit --resolve={resolve} needs --yes where nobody can be asked")


def _books(rt: Runtime, market: Market, *, all_projects: bool) -> Books:
    """The journal first: what is placed after it was read is no finding then."""
    from cpctl.broker.audit import Books, Scope

    kept = market.journal.everything()
    project = None if all_projects else market.project
    now = min(rt.clock.now(), rt.platform.now())  # a clock that jumped ahead makes no record older
    scope = Scope(market.account, market.endpoint, project, now)
    return Books(kept, _orders(rt, market, project), scope, _demands(rt, market, project))


def _demands(rt: Runtime, market: Market, project: str | None) -> Mapping[Key, FoundDemand]:
    from cpctl.broker.demanded import FoundDemand
    from cpctl.resources.demand import demand_of

    found = {}
    for page in rt.platform.pages("/v1/demands", {"project": project or "*"}):
        for item in page.items:
            demand = demand_of(item)
            there = item["metadata"].get("project")
            found[there if isinstance(there, str) else project or market.project, demand.name] = FoundDemand(
                demand, item
            )
    return found


def _orders(rt: Runtime, market: Market, project: str | None) -> Mapping[Key, Found]:
    from cpctl.broker.market import Found
    from cpctl.resources.placed import order_of

    found = {}
    for page in rt.platform.pages("/v1/orders", {"project": project or "*"}):
        for item in page.items:
            order = order_of(item)
            there = item["metadata"].get("project")
            found[there if isinstance(there, str) else project or market.project, order.name] = Found(order, item)
    return found


def _settled(
    rt: Runtime, market: Market, found: Sequence[Finding], way: str, *, yes: bool
) -> tuple[Mapping[int, Settled], OutcomeUnknown | None]:
    """What became of each finding that can be ended so, by its place, and the last one whose outcome is not known."""
    from cpctl.broker.settled import Settled
    from cpctl.broker.settling import settle

    meant = [i for i, one in enumerate(found) if way in one.ways]
    if meant:
        _ask(rt, market, [found[i] for i in meant], way, yes=yes)
    market_at = _markets(rt, market)
    results: dict[int, Settled] = {}
    unknown = None
    for i in meant:
        try:
            results[i] = settle(market_at(found[i].project), found[i], way)
        except OutcomeUnknown as error:
            results[i], unknown = Settled(False, error.message), error
        except Unreachable as error:
            if not results:
                raise
            raise OutcomeUnknown(reason="HalfWay", detail=f"not all was settled: {error.message}") from error
        rt.say(f"{_intent(found[i], market.project)}: {results[i].words}")
    return results, unknown


def _markets(rt: Runtime, market: Market) -> Callable[[str], Market]:
    """The same market in another project."""
    from dataclasses import replace

    return lambda project: replace(market, project=project or market.project)


def _ask(rt: Runtime, market: Market, found: Sequence[Finding], way: str, *, yes: bool) -> None:
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    shown = ", ".join(_intent(one, market.project) for one in found[:NAMED]) + more
    question = f"{WAYS[way]} {len(found)} intents at {market.title}: {shown}?"
    rt.confirm(question, yes=yes, without=f"audit --resolve={way}")


def _intent(finding: Finding, home: str) -> str:
    """`place order/train-7b`, in another project than this run's `place order/train-7b (lab)`."""
    record = finding.record
    verb = record.verb if record else finding.finding
    where = f" ({finding.project})" if finding.project != home else ""
    kind = "demand" if verb == "publish" else "order"
    return f"{verb} {kind}/{finding.name}{where}" if finding.name else f"{verb} {record.path if record else ''}"


def _summary(market: Market, books: Books, found: Sequence[Finding]) -> str:
    project = books.scope.project
    where = f"project {project}" if project else "all projects"
    elsewhere = sum(bool(one.record and not books.scope.holds(one.record)) for one in books.kept)
    beside = f" ({elsewhere} more are of another account, platform or project)" if elsewhere else ""
    return (
        f"audit of {market.account} at {market.title}, {where}: {len(books.ours)} records{beside},"
        f" {len(books.orders)} orders, {len(found)} findings"
    )


def _prune(rt: Runtime, market: Market, books: Books) -> None:
    from cpctl.broker.audit import prunable

    dropped = prunable(books)
    for kept in dropped:
        market.journal.drop(kept.path)
    rt.say(f"{len(dropped)} closed records deleted")
