"""`--sort-by`: several keys, `~` before one that descends; equals stay as they were, what is missing comes last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from cpctl.errors import UsageError
from cpctl.fields import field
from cpctl.resources.page import AnyPage
from cpctl.selectors.terms import terms, unreadable
from cpctl.selectors.values import rank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.registry import Kind

FLAG = "--sort-by"
KEY = re.compile(r"(?P<down>~?)\s*(?:\{\.?(?P<braced>[^{}]+)\}|\.?(?P<path>[^{}.~][^{}~]*))")


class SortKey(NamedTuple):
    """One key; `down` for the largest first."""

    path: str
    down: bool = False

    @property
    def wire(self) -> str:
        """As the contract's sortBy spells it."""
        return ("~" if self.down else "") + self.path


def sort_keys(text: str, kind: Kind) -> tuple[SortKey, ...]:
    """The keys, most significant first; `spec.price`, and kubectl's `.spec.price` and `{.spec.price}`.

    Raises:
        UsageError: It does not parse, or a field is no single value.
        UnknownName: The kind has no such field; the legal ones are named.
    """
    keys = []
    for term in terms(text, FLAG):
        match = KEY.fullmatch(term.text)
        if not match:
            raise unreadable(FLAG, text, term.column, "a field such as spec.price, or ~spec.price")
        known = field(kind, match["braced"] or match["path"])
        if not known.is_scalar:
            raise UsageError(
                reason="NotSortable",
                detail=f"{kind.plural} cannot be sorted by {known.path}, which is {known.type}",
                hint=f"cpctl explain {kind.plural} --recursive",
            )
        keys.append(SortKey(known.path, bool(match["down"])))
    return tuple(keys)


def is_sorted(page: AnyPage, keys: Sequence[SortKey], before: Sequence[Any] | None = None) -> bool:
    """Whether a page is in that order, and stands behind a row that had these values."""
    rows = zip(*(page.values(key.path) for key in keys), strict=True)
    return all(_in_order(one, two, keys) for one, two in pairwise(chain([] if before is None else [before], rows)))


def in_order(page: AnyPage, keys: Sequence[SortKey]) -> list[int]:
    """The places of a page's rows in that order."""
    places = list(range(len(page)))
    for key in reversed(keys):
        ranks = [rank(value) for value in page.values(key.path)]
        there = sorted(
            (place for place in places if ranks[place][0] < 2), key=lambda place: ranks[place], reverse=key.down
        )
        places = there + [place for place in places if ranks[place][0] == 2]
    return places


def _in_order(one: Sequence[Any], two: Sequence[Any], keys: Sequence[SortKey]) -> bool:
    for key, left, right in zip(keys, one, two, strict=True):
        if left == right and type(left) is type(right):  # true is not 1
            continue
        first, second = rank(left), rank(right)
        if first != second:
            missing = 2 in (first[0], second[0])
            return second > first if missing or not key.down else first > second
    return True
