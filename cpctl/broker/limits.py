"""What may be spent: of every place that sets a limit the least, and who set it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple, Protocol

from cpctl.errors import LimitExceeded

# name in config and environment → name in a request
WIRE = {"max-price": "maxPrice", "max-order": "maxOrder", "max-day": "maxDay"}
WORDS = {
    "max-price": "{what} costs {figure} CNY per card-hour",
    "max-order": "{what} would cost {figure} CNY",
    "max-day": "{what} would make it {figure} CNY for a day",
}


class Set(Protocol):
    """A limit as a profile holds it: an exact decimal text in CNY, and who wrote it."""

    @property
    def value(self) -> str: ...

    @property
    def set_by(self) -> str: ...


class Limit(NamedTuple):
    """Attributes:
    amount: CNY, by the limit's name per card-hour, order or day.
    set_by: "profile ci", "CPCTL_MAX_PRICE", "--budget", "train.yaml" …
    """

    amount: Decimal
    set_by: str


class Limits(Mapping[str, Limit]):
    """By name (max-price, max-order, max-day), the least that anybody set; the first of equals."""

    def __init__(self, limits: Iterable[tuple[str, Limit]] = ()) -> None:
        self._least: dict[str, Limit] = {}
        for name, limit in limits:
            if name not in self._least or limit.amount < self._least[name].amount:
                self._least[name] = limit

    def __getitem__(self, name: str) -> Limit:
        return self._least[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._least)

    def __len__(self) -> int:
        return len(self._least)

    def and_also(self, name: str, amount: Decimal | None, set_by: str) -> Limits:
        """With one more limit; None sets none."""
        more = [] if amount is None else [(name, Limit(amount, set_by))]
        return Limits([*self._least.items(), *more])

    def wire(self) -> dict[str, str]:
        """What travels with a request; the platform checks it in the transaction that places the order."""
        return {WIRE[name]: str(limit.amount) for name, limit in sorted(self._least.items()) if name in WIRE}

    def check(self, name: str, figure: Decimal, what: str, deed: str = "bought") -> None:
        """Refuse a figure above the limit of that name.

        Args:
            deed: What did not happen then: bought, extended.

        Raises:
            LimitExceeded: Names the figure, the limit and who set it; nothing was sent.
        """
        limit = self._least.get(name)
        if limit is not None and figure > limit.amount:
            raise LimitExceeded(
                detail=f"{WORDS[name].format(what=what, figure=figure)}, the limit is {limit.amount}"
                f" ({name} of {limit.set_by}); nothing was {deed}",
                limit=name,
                figure=str(figure),
                set_by=limit.set_by,
            )


def limits_of(written: Mapping[str, Set]) -> Limits:
    """The limits of a profile and its environment; `max-call` is the model calls' own."""
    return Limits((name, Limit(Decimal(one.value), one.set_by)) for name, one in written.items() if name in WIRE)


def named(error: LimitExceeded, limits: Limits, deed: str = "bought") -> LimitExceeded:
    """The platform's refusal, with who set the limit that it names."""
    for name, wire in WIRE.items():
        if error.values.get("limit") == wire and name in limits:
            told = f"{error.message} ({name} of {limits[name].set_by}); nothing was {deed}"
            figure, set_by = error.values.get("figure"), limits[name].set_by
            return LimitExceeded(
                reason=error.reason,
                request_id=error.request_id,
                detail=told,
                limit=name,
                figure=figure,
                set_by=set_by,
            )
    return error
