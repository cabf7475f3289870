"""Whether a project could pay for what a dry run reckons: its day, its balance, its cards."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from cpctl.broker.limits import Limits
from cpctl.broker.market import Market
from cpctl.errors import LimitExceeded
from cpctl.resources.account import Account, account_of
from cpctl.resources.exchange import Request


@dataclass
class Purse:
    """What a project has when it is first asked for; what one run would buy adds up."""

    market: Market
    total: Decimal = Decimal("0.00")
    cards: int = 0

    @cached_property
    def account(self) -> Account:
        """As the platform tells it."""
        request = Request("GET", f"/v1/account?project={self.market.project}")
        return account_of(self.market.platform.send(request).json())

    def pay(self, what: str, total: Decimal, cards: int, limits: Limits) -> None:
        """One order more; one that is refused costs nothing.

        Raises:
            LimitExceeded: With those before it, it passes the limit of a day, the balance or the quota.
        """
        total, cards = self.total + total, self.cards + cards
        has, project = self.account, self.market.project
        limits.check("max-day", has.spent_today + has.reserved_today + total, what)
        if total > has.available:
            raise LimitExceeded(
                reason="InsufficientBalance",
                detail=f"project {project} has {has.available} CNY available, {what} makes it {total};"
                " nothing was bought",
                hint="cpctl get projects",
            )
        held = has.quota.cards_used + cards
        if held > has.quota.cards:
            raise LimitExceeded(
                detail=f"project {project} may hold {has.quota.cards} cards at once, {what} would make it {held};"
                " nothing was bought",
                limit="quota.cards",
                figure=str(held),
            )
        self.total, self.cards = total, cards
