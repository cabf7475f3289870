"""What planning costs in CPU seconds: 512 cards over 10,000 offers, of few providers of one province."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from random import Random
from statistics import median

from cpctl.broker import parts, planner
from cpctl.broker.constraints import Offer, PlanRequest

OFFERS, FITTING = 10_000, 3_000
REQUEST = PlanRequest(
    ("H800",), 512, 86_400, provinces=("shanxi",), max_pue=Decimal("1.3"), colocate="province", max_providers=3
)
# providers, lowest and highest price × 10⁴: far apart, as a catalogue has them; close together; all alike
MARKETS = ((12, 90_000, 140_000), (40, 30_000, 300_000), (40, 120_000, 120_300), (12, 125_000, 125_000))


def offers(providers: int, low: int, high: int) -> list[Offer]:
    """So many offers, always the same; the first 3,000 fit."""
    chance = Random(7)
    return [
        Offer(
            name=f"of-{number:05}",
            product="pd",
            provider=f"pv-{chance.randrange(providers)}",
            province="shanxi" if number % 2 else "ningxia",
            accelerator="H800",
            vendor="NVIDIA",
            memory_gib=80,
            interconnect="NVLink4",
            billing="on-demand",
            price=Decimal(chance.randint(low, high)) / 10_000,
            min_cards=(size := chance.choice((1, 1, 2, 4, 8))),
            step_cards=size,
            pue=Decimal("1.20") if number < FITTING * 2 else Decimal("1.40"),
            green=Decimal("0.50"),
            latency_class="regional",
            state="ok",
            free=chance.randint(0, 64),
        )
        for number in range(OFFERS)
    ]


def seconds(rounds: int) -> tuple[float, float]:
    """CPU seconds of one plan: the median, and the most of any market; nothing is remembered between plans."""
    took = []
    for market in MARKETS:
        there = offers(*market)
        for number in range(rounds):
            _forget()
            began = time.process_time()
            planner.plan(replace(REQUEST, cards=REQUEST.cards - 3 * (number % 2)), there)
            took.append(time.process_time() - began)
    return median(took), max(took)


def _forget() -> None:
    """As in a process of its own."""
    for module in (parts, planner):
        for held in vars(module).values():
            if isinstance(held, type(lru_cache(_forget))):
                held.cache_clear()
