"""Orders that end, or lapse, soon: said on stderr beside a table of them, for their cards go back by themselves."""

from __future__ import annotations

from datetime import datetime

from cpctl.registry import Kind
from cpctl.units import age, instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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
    """When cards go back in a phase: the field that says it, how long before it is warned, and in which words."""

    path: str
    soon_s: int
    words: str


LEASES = {
    "Active": Lease("status.endsAt", 1_800, "ends in {left} ({at}); more time: cpctl extend order/{name} --until TIME"),
    "Held": Lease(
        "status.heldUntil", 300, "lapses in {left} ({at}) unless it is switched on: cpctl activate order/{name}"
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
        soon += _soon(page, rt.platform.now())
        yield page
    for _, words in sorted(soon)[:NAMED]:
        rt.say(f"warning: {words}")
    if len(soon) > NAMED:
        rt.say(f"warning: {len(soon) - NAMED} more orders end soon: cpctl get orders --sort-by status.endsAt -o wide")


def _soon(page: AnyPage, now: datetime) -> Iterator[tuple[datetime, str]]:
    names, phases = page.values(NAME), page.values(PHASE)
    ends = {phase: page.values(lease.path) for phase, lease in LEASES.items()}
    for i, phase in enumerate(phases):
        lease = LEASES.get(phase) if isinstance(phase, str) else None
        at = _instant(ends[phase][i]) if lease else None
        if lease and at and (left_s := int((at - now).total_seconds())) <= lease.soon_s:
            words = lease.words.format(left=age(max(0, left_s)), at=f"{at:%Y-%m-%dT%H:%M:%SZ}", name=names[i])
            yield at, f"order/{names[i]} {words}"


def _instant(value: Any) -> datetime | None:
    """A time of the platform's; one that is none is for the table to show."""
    from cpctl.errors import UsageError

    try:
        return instant(value) if isinstance(value, str) else None
    except UsageError:
        return None
