"""Stock and money under every order of events: a stateful test over two provinces, five offers, and a clock."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cpctl.sandbox import controls
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Store
from sandbox_inside import Inside

NAMES = st.sampled_from([f"o{number}" for number in range(8)])
VOUCHERS = st.none() | st.integers(0, 4)  # none, or one of the project's by its place
GROUPS = {"on-demand": ("of-a", "of-b"), "spot": ("of-c",), "daily": ("of-d",), "monthly": ("of-m",)}


class Market(RuleBasedStateMachine):
    """Placing, activating, failing, extending, releasing, waiting, and being killed."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cpctl-market-"))
        self.inside = Inside(self.folder)

    @rule(
        name=NAMES,
        billing=st.sampled_from(sorted(GROUPS)),
        cards=st.lists(st.integers(1, 30), min_size=1, max_size=2),
        duration=st.sampled_from(["90s", "2h", "25h", "3d"]),
        voucher=VOUCHERS,
    )
    def place(self, name, billing, cards, duration, voucher):
        lines = dict(zip(GROUPS[billing], cards, strict=False))
        self.attempt(lambda: self.inside.place(name, lines, duration=duration, **self.using(voucher)))

    @rule(name=NAMES, step=st.sampled_from([0.0, 0.3, 60.0]), failing=st.booleans())
    def activate(self, name, step, failing):
        self.attempt(lambda: self.inside.activate(name, step_s=step, failing=failing))

    @rule(name=NAMES)
    def release(self, name):
        self.attempt(lambda: self.inside.release(name))

    @rule(name=NAMES, seconds=st.sampled_from([-3600, 1, 1800, 86_400, 90_000]), budget=st.sampled_from(["", "200.00"]))
    def extend(self, name, seconds, budget):
        limits = {"maxDay": budget} if budget else {}
        self.attempt(lambda: self.inside.extend(name, (self.inside.order(name).ends_s or 0) + seconds, **limits))

    @rule(
        name=NAMES,
        cards=st.integers(1, 64),
        most=st.sampled_from(["", "1.0000", "11.2345"]),
        together=st.sampled_from(["none", "province"]),
        day=st.sampled_from(["", "5000.00"]),
        voucher=VOUCHERS,
    )
    def demand(self, name, cards, most, together, day, voucher):
        own = {"limits": {"maxPrice": most}} if most else {}
        spec = {"placement": {"colocate": together}, **own, **self.using(voucher)}
        self.attempt(lambda: self.inside.demand(name, cards, limits={"maxDay": day} if day else {}, spec=spec))

    def using(self, place):
        return {} if place is None else {"voucher": self.inside.vouchers()[place].name}

    @rule(offer=st.sampled_from(GROUPS["on-demand"]), price=st.sampled_from(["1.0000", "7.7777", "10.1000"]))
    def move_price(self, offer, price):
        controls.set_price(self.inside.platform, {"offer": offer, "price": price})

    @rule(name=NAMES)
    def close(self, name):
        self.attempt(lambda: self.inside.close(name))

    @rule(seconds=st.sampled_from([0, 1, 30, 899, 900, 3600, 50_000, 86_400, 200_000]))
    def wait(self, seconds):
        self.inside.pass_time(seconds)

    @rule()
    def crash(self):
        """Memory is lost; what was committed is there again."""
        before = {
            key: {name: item.body for name, item in items.items()}
            for key, items in self.inside.store.collections.items()
        }
        self.inside.store.db.close()
        self.inside.store = self.inside.platform.store = Store(self.folder / "sandbox.db")
        after = {
            key: {name: item.body for name, item in items.items()}
            for key, items in self.inside.store.collections.items()
        }
        assert {key: items for key, items in before.items() if items} == after

    @staticmethod
    def attempt(act):
        try:
            act()
        except Problem:
            return

    @invariant()
    def holds(self):
        self.inside.check()

    @invariant()
    def bills_are_charges(self):
        rows = self.inside.store.db.execute("SELECT ref, -amount FROM ledger WHERE kind = 'charge'").fetchall()
        bills = {
            item.name: item.obj["status"]["amount"].replace(".", "")
            for item in self.inside.store.items("bills", "default")
        }
        assert dict(rows) == {name: int(text) for name, text in bills.items()}
        assert len(rows) == len(bills)

    def teardown(self):
        self.inside.store.db.close()
        shutil.rmtree(self.folder)


Market.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestMarket = Market.TestCase


@pytest.mark.soak
def test_ten_thousand_steps():
    run_state_machine_as_test(Market, settings=settings(max_examples=200, stateful_step_count=50, deadline=None))
