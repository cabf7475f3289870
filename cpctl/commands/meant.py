"""What release and delete are to act on: by name, by the manifests it came from, or, orders only, by label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cpctl.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from cpctl.broker.market import Market
    from cpctl.runtime import Runtime
else:
    from typing import NamedTuple

PHASE = "status.phase"
ASKED_OF = 20
"""Names that a question spells out."""


class Meant(NamedTuple):
    """One object that is meant; its project where a manifest names one."""

    kind: str
    project: str | None
    name: str


class Choice(NamedTuple):
    """What the flags of a verb say about what is meant."""

    what: Sequence[str] | None
    filename: Sequence[str] | None
    recursive: bool
    run_id: str | None
    selector: str | None

    @property
    def ways(self) -> int:
        """In how many ways it is named; one is right."""
        return sum(map(bool, (self.what, self.filename, self.selector)))


def those_meant(
    rt: Runtime, choice: Choice, *, verb: str, ended: bool, yes: bool, kinds: Sequence[str] = ("order",)
) -> list[Meant]:
    """The orders, and what else the verb takes, that are meant.

    Orders chosen by label are shown and asked about: nobody typed their names.

    Args:
        verb: For the question.
        kinds: What the verb takes.
        ended: Whether orders that have ended are meant by a label too.

    Raises:
        UsageError: None, or in two ways, or of another kind; or by label where nobody can be asked and --yes was not
            given.
    """
    if choice.ways > 1:
        raise UsageError(detail="name orders, their manifests or their labels; one of the three")
    if choice.selector is not None:
        return [Meant("order", None, name) for name in _labelled(rt, choice, verb=verb, ended=ended, yes=yes)]
    if choice.filename:
        return list(_written(rt, choice, verb, kinds))
    from cpctl.commands.targets import of_kinds

    return [Meant(kind, None, name) for kind, name in of_kinds(choice.what, kinds)]


def _written(rt: Runtime, choice: Choice, verb: str, kinds: Sequence[str]) -> Iterator[Meant]:
    """What manifests name."""
    from cpctl.commands.manifests import wanted_of
    from cpctl.errors import BadManifest
    from cpctl.resources.demand import DemandWanted

    for one in wanted_of(rt, choice.filename, recursive=choice.recursive, run_id=choice.run_id):
        kind = "demand" if isinstance(one, DemandWanted) else "order"
        if kind not in kinds:
            detail = f'"{one.name}" is a {kind}, which {verb} does not take; once it is matched: order/{one.name}'
            raise BadManifest(source=one.source, detail=detail)
        yield Meant(kind, one.project, one.name)


def markets(rt: Runtime) -> Callable[[Meant], Market]:
    """The market that one is in; who we are is asked once a project."""
    from functools import cache

    from cpctl.commands.buying import market_of

    market_at = cache(lambda project: market_of(rt, project))
    return lambda one: market_at(one.project)


def _labelled(rt: Runtime, choice: Choice, *, verb: str, ended: bool, yes: bool) -> list[str]:
    if not choice.selector:
        raise UsageError(detail="-l is given nothing; every order would be meant")
    if not (yes or rt.asks):  # said before anything is asked for
        raise UsageError(detail=f"to {verb} orders by label needs --yes where nobody can be asked")
    found = _listed(rt, choice.selector, ended=ended)
    if not found:
        rt.say(f"No resources found in {rt.platform.project} project.")
        return []
    shown = ", ".join(f"{one['metadata']['name']} ({one['status'].get('phase')})" for one in found[:ASKED_OF])
    more = f" and {len(found) - ASKED_OF} more" if len(found) > ASKED_OF else ""
    title = f"{rt.profile.title}, project {rt.platform.project}"
    question = f"{verb.capitalize()} {len(found)} orders at {title}: {shown}{more}?"
    rt.confirm(question, yes=yes, without=f"to {verb} orders by label")
    return [one["metadata"]["name"] for one in found]


def _listed(rt: Runtime, selector: str, *, ended: bool) -> list[Mapping[str, Any]]:
    from cpctl.commands.listing import Listing, asked_for
    from cpctl.registry import find
    from cpctl.resources.placed import ENDED, phase_of

    asked = asked_for(find("orders"), {}, selector=selector)
    items = [item for page in Listing(rt).pages(asked) for item in page.items]
    return [item for item in items if ended or phase_of(item["status"].get("phase")) not in ENDED]
