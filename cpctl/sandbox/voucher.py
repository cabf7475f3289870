"""A voucher as the platform keeps it, and as the contract shows it. Times are sandbox epoch seconds, money is fen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cpctl.sandbox.money import yuan
from cpctl.sandbox.times import rfc3339


@dataclass(frozen=True)
class Voucher:
    """One voucher; every change is a new value."""

    name: str
    uid: str
    project: str
    province: str | None  # None: anywhere
    ratio: str
    cap: int
    from_s: int
    until_s: int
    products: tuple[str, ...]  # none: any
    left: int  # neither used by bills nor reserved for orders
    issued_s: int

    def state(self, now_s: float) -> str:
        """What becomes of it at an instant."""
        if now_s >= self.until_s:
            return "Lapsed"
        if now_s < self.from_s:
            return "NotYet"
        return "Valid" if self.left else "Spent"

    def due_s(self, now_s: float) -> int | None:
        """When its state next changes by itself."""
        return next((at_s for at_s in (self.from_s, self.until_s) if now_s < at_s), None)

    def covers(self, sold: Mapping[str, Any]) -> bool:
        """Whether it takes something off an offer, whose spec is `sold`."""
        return self.province in (None, sold["province"]) and (not self.products or sold["product"] in self.products)

    def encoded(self) -> str:
        """For the database."""
        return json.dumps(asdict(self), ensure_ascii=False)


def decoded(text: str) -> Voucher:
    """From the database."""
    kept = json.loads(text)
    return Voucher(**kept | {"products": tuple(kept["products"])})


def shown(voucher: Voucher, now_s: float) -> dict[str, Any]:
    """The voucher as the contract shows it, but for its resourceVersion."""
    return {
        "apiVersion": "ccpp/v1",
        "kind": "Voucher",
        "metadata": {
            "name": voucher.name,
            "uid": voucher.uid,
            "labels": {},
            "createdAt": rfc3339(voucher.issued_s),
            "project": voucher.project,
        },
        "spec": {
            "province": voucher.province,
            "ratio": voucher.ratio,
            "cap": yuan(voucher.cap),
            "from": rfc3339(voucher.from_s),
            "until": rfc3339(voucher.until_s),
            "products": list(voucher.products),
        },
        "status": {"state": voucher.state(now_s), "left": yuan(voucher.left)},
    }
