"""The platform: its store, clock, faults and catalogue, and everything that changes by itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cpctl.sandbox import answers, demanding, demands, events, issuing, ledger, lifecycle, records, tokens, vouchers
from cpctl.sandbox.accounts import PROJECTS, Account
from cpctl.sandbox.answering import ASKING, DEADLINE_S
from cpctl.sandbox.clock import Clock
from cpctl.sandbox.faults import Faults
from cpctl.sandbox.feed import Feed
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.snapshots import Snapshots
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import Change, Store, set_meta
from cpctl.sandbox.watches import Watches

if TYPE_CHECKING:
    from starlette.requests import Request

CATALOGUE: Final = ("subplatforms", "providers", "products", "offers", "models", "sources", "scenarios")
EVERY_PROJECT: Final = "*"
STEPS_PER_COMMIT: Final = 500
BRING_UP_S: Final = 2.0
PER_CARD_S: Final = 0.25
LONGEST_ACTIVATION_S: Final = 6.0


Build = Callable[[int, int], Mapping[str, Sequence[Mapping[str, Any]]]]
"""(seed, scale) → catalogue objects by plural."""


class Activation(NamedTuple):
    """How activations go: seconds a card (None: quick, whatever the size), and how many of the next ones fail."""

    seconds_per_card: float | None = None
    failing: int = 0

    def step_s(self, cards: int) -> float:
        """Sandbox seconds for one card of so many."""
        if self.seconds_per_card is not None:
            return self.seconds_per_card
        return min(BRING_UP_S + PER_CARD_S * cards, LONGEST_ACTIVATION_S) / cards


class Platform:
    """Everything a request needs.

    Args:
        store: The database, with the catalogue in it.
        clock: Sandbox time.
        seed: Of the catalogue.
    """

    def __init__(self, store: Store, clock: Clock, seed: int) -> None:
        self.store = store
        self.clock = clock
        self.provinces = tuple(sorted(item.obj["spec"]["province"] for item in store.items("subplatforms", PLATFORM)))
        self.faults = Faults(self.provinces, seed)
        self.snapshots = Snapshots(bytes.fromhex(store.meta("cursor-key")))
        self.running: set[tuple[str, str]] = set()
        self.watches = Watches()
        store.feed = Feed(store.version)  # how the catalogue was made is nobody's change
        self._weather: tuple[str, ...] = ()
        self.deadline_s = DEADLINE_S
        self.revision = f"{store.meta('seed')}-{store.meta('scale')}"

    def objects(self, plural: str) -> Sequence[Mapping[str, Any]]:
        """All objects of a catalogue kind, by name."""
        return [item.obj for item in self.store.items(plural, PLATFORM)]

    def account_of(self, request: Request) -> Account:
        """The account behind a request's bearer token. Raises Problem."""
        return tokens.grant_of(self.store, request.headers.get("authorization"), self.clock.wall()).account

    def charge_call(self, account: str, project: str, source: str, cost: Decimal) -> None:
        """Charge a model call to a project; `cost` in CNY, six places. Raises Problem."""
        with self.store.change() as change:
            ledger.charge_call(change, project, account, source, cost, self.clock.now())

    def project_for(self, account: Account, name: str | None) -> str:
        """The project asked for, or the account's first. Raises Problem."""
        if name is None:
            return account.projects[0]
        if name == EVERY_PROJECT:
            raise invalid("project", "must be one project here: * is for lists")
        if name not in PROJECTS:
            raise Problem("NotFound", f'projects "{name}" not found')
        if name not in account.projects:
            raise Problem("Forbidden", f"account {account.name} is no member of project {name}")
        return name

    def projects_for(self, account: Account, name: str | None) -> tuple[str, ...]:
        """The projects a list is asked for: one, or with `*` all that the account is a member of. Raises Problem."""
        return account.projects if name == EVERY_PROJECT else (self.project_for(account, name),)

    def settle(self) -> None:
        """Let everything happen that is due."""
        now_s = self.clock.now()
        while any(
            due_s is not None and due_s <= now_s
            for due_s in (source.first_due_s(self.store) for source in (records, demands, vouchers))
        ):
            with self.store.change() as change:
                lifecycle.settle(change, now_s, STEPS_PER_COMMIT, self.faults.shut())
        if self.faults.weather() != self._weather:
            self._weather = self.faults.weather()
            with self.store.change() as change:
                for plural in (*ASKING, "models"):  # whoever watches what the provinces fill has to list again
                    change.break_off(plural, PLATFORM)
                change.eased = True  # a province may answer again
                self.match(change, now_s)

    def match(self, change: Change, now_s: float) -> None:
        """Give what a transaction has freed to the open demands, within it."""
        demanding.look_at_all(change, now_s, self.faults.shut())

    def tidy(self) -> None:
        """Forget answers, tokens and logins whose time is over, and keep the clock."""
        wall_s = self.clock.wall()
        with self.store.change() as change:
            answers.forget(change, wall_s)
            tokens.forget(change, wall_s)
            for project in PROJECTS:
                events.forget(change, project, [item.name for item in self.store.items("events", project)])
        self.clock.advance(0)

    @property
    def activation(self) -> Activation:
        """How activations go."""
        return Activation(**json.loads(self.store.meta("activation", "{}")))

    def keep_activation(self, change: Change, activation: Activation) -> None:
        """Change how activations go."""
        set_meta(change.db, "activation", json.dumps(activation._asdict()))


def furnish(store: Store, seed: int, scale: int, build: Build, now_s: float) -> None:
    """Put the catalogue into an empty database and open the projects it has not yet, all or nothing."""
    catalogue = {} if store.meta("seed") else build(seed, scale)
    with store.change() as change:
        for plural in CATALOGUE:
            for obj in sorted(catalogue.get(plural, ()), key=lambda each: str(each["metadata"]["name"])):
                change.put(plural, PLATFORM, obj)
        for name in PROJECTS:
            if change.find("projects", PLATFORM, name) is None:
                ledger.open_project(change, name, now_s)
                offers = catalogue.get("offers") or [item.obj for item in store.items("offers", PLATFORM)]
                issuing.issue(change, name, int(store.meta("seed") or seed), offers, now_s)
        if catalogue:
            for key, value in (("seed", seed), ("scale", scale), ("cursor-key", secrets.token_hex(32))):
                set_meta(change.db, key, value)
