"""Which flags go with what stands on the line. Pure.

Of `get`, each kind has filters of its own, and a name has none; of `create order`, who chooses offers leaves nothing
to choose to the planner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from cpctl.grammar import Command, Flag
from cpctl.registry import KINDS

OFFER = "--offer"  # of `create order`
BESIDE_FILTERS = frozenset({"--selector", "--field-selector", "--sort-by", "--all-projects"})
BESIDE_OFFERS = frozenset(
    {
        *(OFFER, "--duration", "--billing", "--max-price", "--budget", "--voucher", "--scenario", "--image"),
        *("--ssh-key", "--label", "--activate", "--wait", "--timeout", "--yes", "--dry-run", "--output"),
    }
)


class Fitting(NamedTuple):
    """Spellings of flags.

    Attributes:
        filters: Those of any kind.
        choosing: What else chooses among the objects of a list, and so goes with no names.
        taken: The filters that kinds take, and before them all the words for these kinds.
        planned: Those of `create order` that say how to choose offers, and so go with no offer.
    """

    filters: tuple[str, ...]
    choosing: tuple[str, ...]
    taken: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    planned: tuple[str, ...]


def fitting(commands: tuple[Command, ...]) -> Fitting:
    """The facts of the verbs `get` and `create order`."""
    flags = {command.path: command.flags for command in commands}
    own, of_order = flags["get",], flags.get(("create", "order"), ())
    kinds: dict[tuple[str, ...], list[str]] = {}
    for kind in KINDS:
        filters = _spelled(flag for flag in own if _parameter(flag) in kind.narrowed_by)
        kinds.setdefault(filters, []).extend(kind.spellings)
    return Fitting(
        filters=_spelled(flag for flag in own if any(_parameter(flag) in kind.narrowed_by for kind in KINDS)),
        choosing=_spelled(flag for flag in own if flag.spellings[0] in BESIDE_FILTERS),
        taken=tuple((tuple(words), filters) for filters, words in kinds.items()),
        planned=_spelled(flag for flag in of_order if BESIDE_OFFERS.isdisjoint(flag.spellings)),
    )


def _parameter(flag: Flag) -> str:
    """What a filter is in the contract: `minMemory` of --min-memory."""
    return re.sub("-(.)", lambda found: found[1].upper(), flag.spellings[0].removeprefix("--"))


def _spelled(flags: Iterable[Flag]) -> tuple[str, ...]:
    return tuple(word for flag in flags for word in flag.spellings)
