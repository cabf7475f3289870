"""The vouchers a project begins with: one of each sort, for people to try. Same seed, same vouchers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from cpctl.sandbox import vouchers
from cpctl.sandbox.money import fen
from cpctl.sandbox.store import Change
from cpctl.sandbox.times import DAY_S, next_midnight
from cpctl.sandbox.voucher import Voucher

PRODUCTS: Final = 3
"""How many products the voucher of one province is good for."""


class Terms(NamedTuple):
    """One sort: amounts in CNY, days from the project's first Beijing midnight; `left` is the cap by default."""

    word: str
    ratio: str
    cap: str
    from_day: int
    until_day: int
    left: str = ""
    is_local: bool = False


TERMS: Final = (
    Terms("national", "0.3000", "5000.00", 0, 365),
    Terms("local", "0.5000", "20000.00", 0, 180, is_local=True),
    Terms("later", "0.2000", "3000.00", 30, 210),
    Terms("lapsed", "0.4000", "1000.00", -120, -30, left="412.50"),
    Terms("small", "0.3000", "500.00", -30, 150, left="12.34"),
)


def issue(change: Change, project: str, seed: int, offers: Iterable[Mapping[str, Any]], now_s: float) -> None:
    """Give a new project its vouchers; those of one province are for products that are on sale there."""
    sold = sorted((each["spec"]["province"], each["spec"]["product"]) for each in offers)
    first_day = next_midnight(now_s) - DAY_S
    for terms in TERMS:
        bits = sha256(f"{seed} {project} {terms.word}".encode()).hexdigest()
        province, products = local(sold, int(bits, 16)) if terms.is_local and sold else (None, ())
        voucher = Voucher(
            name=f"vc-{bits[:8]}",
            uid=f"{bits[:8]}-{bits[8:12]}-8{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}",
            project=project,
            province=province,
            ratio=terms.ratio,
            cap=fen(terms.cap),
            from_s=first_day + terms.from_day * DAY_S,
            until_s=first_day + terms.until_day * DAY_S,
            products=products,
            left=fen(terms.left or terms.cap),
            issued_s=first_day + min(0, terms.from_day) * DAY_S,
        )
        vouchers.save(change, voucher, now_s)


def local(sold: Sequence[tuple[str, str]], chance: int) -> tuple[str, tuple[str, ...]]:
    """A province, and some products on sale there."""
    provinces = sorted({province for province, _ in sold})
    province = provinces[chance % len(provinces)]
    products = sorted({product for where, product in sold if where == province})
    first = chance // len(provinces) % len(products)
    return province, tuple(sorted((products[first:] + products[:first])[:PRODUCTS]))
