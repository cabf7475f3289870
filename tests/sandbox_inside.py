"""A platform without HTTP, whose wall clock a test moves: for the rules of stock and money, fast."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cpctl.sandbox import demanding, demands, extending, lifecycle, placing, records
from cpctl.sandbox.clock import Clock
from cpctl.sandbox.demand import Demand
from cpctl.sandbox.money import fen, yuan
from cpctl.sandbox.order import Order
from cpctl.sandbox.platform import Platform, furnish
from cpctl.sandbox.store import Store
from cpctl.sandbox.times import rfc3339
from cpctl.sandbox.voucher import Voucher, decoded

MORNING = 1_790_000_000.0
"""2026-09-21 22:13:20 in Beijing: every test's first moment."""


def offer(name: str, province: str, capacity: int, price: str, billing: str) -> dict[str, Any]:
    """An offer of one provider a province."""
    spec = {
        "product": f"pd-{province}",
        "provider": f"sbx-{province}",
        "subplatform": province,
        "province": province,
        "city": province,
        "accelerator": "H800",
        "vendor": "NVIDIA",
        "memoryGiB": 80,
        "interconnect": "NVLink4",
        "billing": billing,
        "price": price,
        "minCards": 1,
        "stepCards": 1,
        "pue": "1.20",
        "green": "0.5000",
        "latencyClass": "metro",
    }
    status = {
        "state": "ok",
        "capacity": capacity,
        "free": capacity,
        "held": 0,
        "active": 0,
        "asOf": "2026-01-01T00:00:00Z",
    }
    return thing("Offer", name, spec, status)


def thing(kind: str, name: str, spec: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "uid": "0" * 8, "labels": {}, "createdAt": "2026-01-01T00:00:00Z"}
    return {"apiVersion": "ccpp/v1", "kind": kind, "metadata": metadata, "spec": dict(spec), "status": dict(status)}


def small_catalogue(_seed: int = 1, _scale: int = 1) -> dict[str, list[dict[str, Any]]]:
    """Two provinces, five offers."""
    places = ("ningxia", "shanxi")
    offers = [
        offer("of-a", "shanxi", 40, "11.2345", "on-demand"),
        offer("of-b", "ningxia", 24, "0.8333", "on-demand"),
        offer("of-c", "ningxia", 8, "3.3333", "spot"),
        offer("of-d", "shanxi", 16, "9.9999", "daily"),
        offer("of-m", "shanxi", 16, "7.0001", "monthly"),
    ]
    free = {
        place: sum(each["status"]["free"] for each in offers if each["spec"]["province"] == place) for place in places
    }
    return {
        "subplatforms": [
            thing(
                "SubPlatform",
                place,
                {"province": place, "nameZh": place},
                {"state": "ok", "capacityCards": free[place], "freeCards": free[place], "utilisation": "0.0000"},
            )
            for place in places
        ],
        "providers": [
            thing("Provider", f"sbx-{each}", {"province": each}, {"freeCards": free[each]}) for each in places
        ],
        "products": [
            thing(
                "Product", f"pd-{each}", {"provider": f"sbx-{each}", "accelerator": "H800"}, {"freeCards": free[each]}
            )
            for each in places
        ],
        "offers": offers,
        "models": [],
        "sources": [],
        "scenarios": [],
    }


class Inside:
    """The platform, and the few things tests do with it."""

    def __init__(self, folder: Path) -> None:
        self.wall_s = MORNING
        self.store = Store(folder / "sandbox.db")
        furnish(self.store, 1, 1, small_catalogue, MORNING)
        self.issued = {voucher.name: voucher.left for voucher in self.vouchers()}
        self.platform = Platform(self.store, Clock(self.store, wall=lambda: self.wall_s), 1)

    def now(self) -> float:
        return self.platform.clock.now()

    def place(self, name: str, lines: Mapping[str, int], total: str | None = None, **spec: Any) -> Order:
        """Hold cards, for no more than a total that was shown."""
        offers = {each["metadata"]["name"]: each for each in self.platform.objects("offers")}
        allocations = [{"offer": each, "cards": cards} for each, cards in lines.items()]
        billing = offers[next(iter(lines))]["spec"]["billing"]
        body = {
            "metadata": {"name": name},
            "spec": {"allocations": allocations, "duration": "24h", "billing": billing, **spec},
            "allocations": [each | {"price": offers[str(each["offer"])]["spec"]["price"]} for each in allocations],
            **({"total": total} if total else {}),
        }
        self.platform.settle()
        with self.store.change() as change:
            return placing.place(change, body, "default", "dev", self.now())

    def demand(
        self, name: str, cards: int, limits: Mapping[str, str] | None = None, spec: Mapping[str, Any] | None = None
    ) -> Demand:
        """Publish a demand that looks for a day."""
        whole = {"accelerator": ["H800"], "cards": cards, "duration": "24h", "until": rfc3339(self.now() + 86_400)}
        body = {"metadata": {"name": name}, "spec": {**whole, **(spec or {})}, "limits": limits}
        self.platform.settle()
        with self.store.change() as change:
            return demanding.publish(change, body, "default", "dev", self.now(), frozenset())

    def close(self, name: str) -> Demand:
        self.platform.settle()
        with self.store.change() as change:
            return demanding.close(change, demands.visible(change, "default", name), self.now())

    def found(self, name: str) -> Demand:
        self.platform.settle()
        return demands.visible(self.store, "default", name)

    def quote(self, lines: Mapping[str, int], **spec: Any) -> Any:
        """What `place` would come to: the quote's status."""
        billing = next(each for each in self.platform.objects("offers") if each["metadata"]["name"] in lines)
        allocations = [{"offer": each, "cards": cards} for each, cards in lines.items()]
        whole = {"allocations": allocations, "duration": "24h", "billing": billing["spec"]["billing"], **spec}
        self.platform.settle()
        return placing.quote(self.store, {"spec": whole, "allocations": allocations}, "default", self.now())["status"]

    def vouchers(self) -> list[Voucher]:
        """The project's, in the order of their names."""
        rows = self.store.db.execute("SELECT record FROM vouchers WHERE project = 'default' ORDER BY name")
        return [decoded(row[0]) for row in rows]

    def voucher(self, state: str, **terms: Any) -> Voucher:
        """The one of that state and those terms; the largest, when several are."""
        found = [each for each in self.vouchers() if each.state(self.now()) == state]
        return max(
            (each for each in found if all(getattr(each, k) == v for k, v in terms.items())), key=lambda v: v.cap
        )

    def activate(self, name: str, *, step_s: float = 1.0, failing: bool = False) -> Order:
        self.platform.settle()
        with self.store.change() as change:
            order = records.visible(change, "default", name)
            return lifecycle.activate(change, order, self.now(), step_s, failing)

    def release(self, name: str) -> Order:
        self.platform.settle()
        with self.store.change() as change:
            order = lifecycle.release(change, records.visible(change, "default", name), self.now())
            self.platform.match(change, self.now())
            return order

    def extend(self, name: str, ends_s: float, **limits: str) -> Order:
        self.platform.settle()
        with self.store.change() as change:
            order = records.visible(change, "default", name)
            return extending.extend(change, order, {"endsAt": rfc3339(ends_s), "limits": limits}, self.now())

    def order(self, name: str) -> Order:
        self.platform.settle()
        return records.visible(self.store, "default", name)

    def pass_time(self, seconds: float) -> None:
        self.wall_s += seconds
        self.platform.settle()

    def bills(self) -> list[Any]:
        """The final lines."""
        self.platform.settle()
        return [item.obj for item in self.store.items("bills", "default")]

    def check(self) -> None:
        """All that must hold at every moment."""
        self.check_stock()
        self.check_money()
        self.check_demands()
        self.check_vouchers()

    def check_stock(self) -> None:
        orders = self.all_orders()
        for each in self.platform.objects("offers"):
            status, name = each["status"], each["metadata"]["name"]
            assert status["free"] + status["held"] + status["active"] == status["capacity"]
            assert min(status["free"], status["held"], status["active"]) >= 0
            mine = [(order.phase, line.cards) for order in orders for line in order.lines if line.offer == name]
            assert status["active"] == sum(cards for phase, cards in mine if phase == "Active")
            assert status["held"] == sum(cards for phase, cards in mine if phase in ("Held", "Activating", "Releasing"))
        free = sum(each["status"]["free"] for each in self.platform.objects("offers"))
        for plural in ("subplatforms", "providers", "products"):
            assert sum(each["status"]["freeCards"] for each in self.platform.objects(plural)) == free

    def check_money(self) -> None:
        sums = self.store.db.execute(
            "SELECT sum(amount), sum(reserved) FROM ledger WHERE project = 'default'"
        ).fetchone()
        kept = self.store.db.execute("SELECT balance, reserved, cards FROM projects WHERE name = 'default'").fetchone()
        orders = self.all_orders()
        assert sums == kept[:2]
        assert kept[1] == sum(order.reserved for order in orders)
        assert kept[2] == sum(order.cards for order in orders if not order.is_ended)
        for order in orders:
            assert 0 <= order.charged <= order.total
            assert order.reserved >= 0

    def check_demands(self) -> None:
        """A demand is matched by one order of its name and spec, and an open one has none."""
        for (record,) in self.store.db.execute("SELECT record FROM demands").fetchall():
            demand = demands.decoded(record)
            orders = [order for order in self.all_orders() if order.name == demand.name]
            assert len(orders) == (demand.phase == "Matched")
            assert (demand.match is not None) == (demand.phase == "Matched")
            assert all(order.spec == demand.order_spec for order in orders)
            assert demand.is_open == (demand.due_s is not None)

    def check_vouchers(self) -> None:
        """What is gone from a voucher is what bills used and running orders may still use, and lists show it."""
        orders, bills = self.all_orders(), [item.obj for item in self.store.items("bills", "default")]
        for voucher in self.vouchers():
            mine = [order for order in orders if order.voucher == voucher.name]
            gone = sum(order.discounted + order.reserved_discount for order in mine)
            assert 0 <= voucher.left == self.issued[voucher.name] - gone
            used = sum(fen(bill["status"]["discount"]) for bill in bills if bill["spec"]["voucher"] == voucher.name)
            assert used == sum(order.discounted for order in mine)
            shown = self.store.find("vouchers", "default", voucher.name)
            assert shown is not None
            settled_s = self.now()
            assert shown.obj["status"] == {"state": voucher.state(settled_s), "left": yuan(voucher.left)}
        for order in orders:
            assert 0 <= order.discounted <= order.discount.left
            assert order.total + order.discount.left >= order.charged + order.discounted

    def all_orders(self) -> list[Order]:
        return [records.decoded(row[0]) for row in self.store.db.execute("SELECT record FROM orders")]
