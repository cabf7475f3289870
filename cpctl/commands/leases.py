"""Orders that end, or lapse, soon: said on stderr where people look at them, for their cards go back by themselves."""

from __future__ import annotations

from datetime import datetime

from cpctl.registry import Kind
from cpctl.resources.page import Page
from cpctl.units import age, duration_s, instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, NamedTuple

    from cpctl.resources.page import AnyPage
    from cpctl.runtime import Runtime
else:
    from typing import NamedTuple

FORMS = ("table", "wide")
"""Where people look; programs read `endsAt`."""
NAMED = 5
NAME, PHASE = "metadata.name", "status.phase"


class Lease(NamedTuple):
    """When cards go back in a phase: the field that says it, and the words to warn with.

    Attributes:
        soon_s: How long before it is warned; None for as long as the profile says.
    """

    path: str
    words: str
    soon_s: int | None = None


LEASES = {
    "Active": Lease("status.endsAt", "ends in {left} ({at}); more time: cpctl extend order/{name} --until TIME"),
    "Held": Lease(
        "status.heldUntil", "lapses in {left} ({at}) unless it is switched on: cpctl activate order/{name}", 300
    ),
}
READS = (PHASE, *(lease.path for lease in LEASES.values()))


def has_leases(form: str, kind: Kind) -> bool:
    """Whether what is shown so is warned about."""
    return form in FORMS and kind.plural == "orders"


def warned(rt: Runtime, pages: Iterable[AnyPage]) -> Iterator[AnyPage]:
    """The pages of a list of orders as they come; when they are over, those that end soon are named."""
    soon: list[tuple[datetime, str]] = []
    for page in pages:
        soon += _soon(rt, page)
        yield page
    for _, words in sorted(soon)[:NAMED]:
        rt.say(f"warning: {words}")
    if len(soon) > NAMED:
        rt.say(f"warning: {len(soon) - NAMED} more orders end soon: cpctl get orders --sort-by status.endsAt -o wide")


def warn(rt: Runtime, order: Mapping[str, Any]) -> None:
    """One order, named when it ends soon."""
    for _, words in _soon(rt, Page([order])):
        rt.say(f"warning: {words}")


def _soon(rt: Runtime, page: AnyPage) -> Iterator[tuple[datetime, str]]:
    now, before_s = rt.platform.now(), duration_s(rt.profile.warn_before, least=0)
    names, phases = page.values(NAME), page.values(PHASE)
    ends = {phase: page.values(lease.path) for phase, lease in LEASES.items()}
    for i, phase in enumerate(phases):
        lease = LEASES.get(phase) if isinstance(phase, str) else None
        at = _instant(ends[phase][i]) if lease else None
        soon_s = before_s if lease is None or lease.soon_s is None else lease.soon_s
        if lease and at and (left_s := int((at - now).total_seconds())) <= soon_s:
            words = lease.words.format(left=age(max(0, left_s)), at=f"{at:%Y-%m-%dT%H:%M:%SZ}", name=names[i])
            yield at, f"order/{names[i]} {words}"


def _instant(value: Any) -> datetime | None:
    """A time of the platform's; one that is none is for the table to show."""
    from cpctl.errors import UsageError

    try:
        return instant(value) if isinstance(value, str) else None
    except UsageError:
        return None
