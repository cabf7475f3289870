"""The cards of an order, made when it is activated, each walking through its phases."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from typing import Any, Final

from cpctl.sandbox.order import Order
from cpctl.sandbox.stock import PLATFORM
from cpctl.sandbox.store import Change
from cpctl.sandbox.times import rfc3339

CARDS_PER_NODE: Final = 8
COMING_UP: Final = ("Allocating", "Booting", "Active")
OFFSETS: Final = (0.0, 0.4, 1.0)
"""Where in a card's own time it enters each phase of COMING_UP."""
NAMESPACE: Final = uuid.UUID("8c1d2a52-52a5-4a0e-9a0c-6f0b7f1f0a11")


def card_name(order: Order, number: int) -> str:
    """A card's name; the cards of an order sort in the order they come up."""
    return f"cd-{order.uid[:8]}-{number:05d}"


def placed_cards(order: Order) -> Iterator[tuple[int, str, str, str, str, int]]:
    """(number, offer, provider, province, node, index on the node) of each card, in order."""
    number = 0
    for line in order.lines:
        for position in range(line.cards):
            node = f"{line.offer}-n{position // CARDS_PER_NODE + 1:02d}"
            yield number, line.offer, line.provider, line.province, node, position % CARDS_PER_NODE
            number += 1


def step_due_s(order: Order, step: int) -> float:
    """When an activation's step (three a card) is due; the last is on a whole second, where billing starts."""
    assert order.activated_s is not None
    due = order.activated_s + (step // 3 + OFFSETS[step % 3]) * order.step_s
    return float(math.ceil(due)) if step == 3 * order.cards - 1 else due


def create(change: Change, order: Order, at_s: float) -> None:
    """Put all cards of an order, Pending."""
    accelerators: dict[str, str] = {}
    for number, offer, provider, province, node, index in placed_cards(order):
        if offer not in accelerators:
            item = change.find("offers", PLATFORM, offer)
            accelerators[offer] = item.obj["spec"]["accelerator"] if item else ""
        name = card_name(order, number)
        spec = {
            "order": order.name,
            "offer": offer,
            "provider": provider,
            "province": province,
            "accelerator": accelerators[offer],
            "node": node,
            "index": index,
        }
        metadata = {
            "name": name,
            "uid": str(uuid.uuid5(NAMESPACE, f"{order.uid} {number}")),
            "labels": dict(order.labels),
            "createdAt": rfc3339(at_s),
            "project": order.project,
        }
        status = {"phase": "Pending", "since": rfc3339(at_s)}
        change.put(
            "cards",
            order.project,
            {"apiVersion": "ccpp/v1", "kind": "Card", "metadata": metadata, "spec": spec, "status": status},
        )


def enter(change: Change, order: Order, number: int, phase: str, at_s: float) -> None:
    """Move one card to a phase."""
    item = change.find("cards", order.project, card_name(order, number))
    if item is not None and item.obj["status"]["phase"] != phase:
        status: dict[str, Any] = {"phase": phase, "since": rfc3339(at_s)}
        change.put("cards", order.project, {**item.obj, "status": status})


def enter_all(change: Change, order: Order, phase: str, at_s: float) -> None:
    """Move all cards to a phase."""
    for number in range(order.cards):
        enter(change, order, number, phase, at_s)


def remove(change: Change, order: Order) -> None:
    """Take an ended order's cards out of sight."""
    for number in range(order.cards):
        if change.find("cards", order.project, card_name(order, number)) is not None:
            change.drop("cards", order.project, card_name(order, number))
