"""What an order goes through after it was placed, by request and by itself; every step in a transaction, once.

Held ──activate──▶ Activating ──last card usable──▶ Active ──release, or its end──▶ Releasing ──▶ Released
  │ hold lapses        │ fails      └──────────────release──────────────────▶ Releasing
  ▼                    ▼
Expired              Failed                    (a held order that is released is Released at once)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from cpctl.sandbox import billing, cards, demanding, demands, ledger, records, vouchers
from cpctl.sandbox.demand import Demand
from cpctl.sandbox.events import tell
from cpctl.sandbox.money import yuan
from cpctl.sandbox.order import Order
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.stock import move
from cpctl.sandbox.store import Change

ACTIVATED: Final = ("Activating", "Active")


def entered(order: Order, phase: str, at_s: float, reason: str | None, message: str | None, **changes: Any) -> Order:
    """The order in its next phase."""
    history = {**order.history, phase: at_s}
    return replace(order, phase=phase, reason=reason, message=message, history=history, **changes)


def meant(order: Order, uid: str) -> None:
    """Refuse to act on another order of the same name. Raises Problem."""
    if order.uid != uid:
        raise Problem("UidMismatch", f'orders "{order.name}" is another order than the one meant', uid=order.uid)


def wrong_phase(order: Order) -> Problem:
    """The refusal of what an order's phase does not allow."""
    return Problem("WrongPhase", f'orders "{order.name}" is {order.phase}', phase=order.phase)


def activate(change: Change, order: Order, now_s: float, step_s: float, failing: bool) -> Order:
    """Switch a held order on; a no-op for one that is on, or coming on. Raises Problem."""
    if order.phase in ACTIVATED:
        return order
    if order.phase != "Held":
        raise wrong_phase(order)
    on = entered(order, "Activating", now_s, None, None, activated_s=now_s, step_s=step_s, failing=failing)
    cards.create(change, on, now_s)
    tell(change, on, "Activating", f"{on.cards} cards are coming up", now_s)
    return records.save(change, on)


def release(change: Change, order: Order, now_s: float, reason: str = "ReleaseRequested") -> Order:
    """Stop billing and send the cards back; a no-op for an order that has ended or is about to."""
    if order.is_ended or order.phase == "Releasing":
        return order
    if order.phase == "Held":
        return ended(change, order, "Released", now_s, reason, "released before it was activated; nothing is charged")
    now = int(now_s)
    stopped = billing.charge(change, order, now) if order.phase == "Active" and not order.is_prepaid else order
    give_money_back(change, stopped, now_s)
    going = entered(stopped, "Releasing", now_s, reason, f"{yuan(stopped.charged)} CNY charged", stopped_s=now)
    cards.enter_all(change, going, "Releasing", now_s)
    if order.phase == "Active":
        move_all(change, going, "active", "held", now_s)
    tell(change, going, "Releasing", f"billing is over; {yuan(going.charged)} CNY charged", now_s)
    return records.save(change, going)


def ended(change: Change, order: Order, phase: str, at_s: float, reason: str, message: str) -> Order:
    """The end: cards and what is still reserved go back, exactly once."""
    give_money_back(change, order, at_s)
    move_all(change, order, "held", "free", at_s)
    ledger.take_cards(change, order.project, -order.cards)
    over = entered(order, phase, at_s, reason, message, ended_s=int(at_s))
    if order.activated_s is not None:
        cards.enter_all(change, over, "Failed" if phase == "Failed" else "Released", at_s)
    tell(change, over, phase, message, at_s, severity="Normal" if phase == "Released" else "Warning")
    return records.save(change, over)


def give_money_back(change: Change, order: Order, at_s: float) -> None:
    """Unreserve what will not be charged any more, of the project's funds and of the voucher."""
    if order.reserved:
        ledger.post(change, "unreserve", order.project, order.account, order.name, at_s, reserved=-order.reserved)
    vouchers.give_back(change, order, at_s)


def move_all(change: Change, order: Order, source: str, target: str, at_s: float) -> None:
    """Move all cards of an order."""
    for line in order.lines:
        move(change, line.offer, line.cards, source, target, at_s)


def settle(change: Change, now_s: float, most: int, shut: frozenset[str] = frozenset()) -> int:
    """Let all that is due take its steps, in the order of time, each at its own; at most `most`.

    What a step frees goes to the open demands at that time. `shut` are provinces where no orders can be placed now.

    Returns:
        How many steps were taken.
    """
    for taken in range(most):
        order, demand = records.next_due(change, now_s), demands.next_due(change, now_s)
        voucher_s = vouchers.first_due_s(change)
        due_s = min((at_s for at_s in (due(order), due(demand), voucher_s) if at_s is not None), default=None)
        if due_s is None or due_s > now_s:
            return taken
        if voucher_s == due_s:
            vouchers.settle(change, due_s)
        elif order is not None and due(order) == due_s:
            STEPS[order.phase](change, order, due_s, now_s)
        elif demand is not None:
            demanding.come_due(change, demand, due_s, shut)
        demanding.look_at_all(change, due_s, shut)
    return most


def due(one: Order | Demand | None) -> float | None:
    """When it next changes by itself."""
    if one is None:
        return None
    return records.due_s(one) if isinstance(one, Order) else one.due_s


def lapse(change: Change, order: Order, due_s: float, _now_s: float) -> None:
    """A hold that was not activated in time."""
    ended(change, order, "Expired", due_s, "HoldExpired", "the hold lapsed before it was activated; nothing is charged")


def come_up(change: Change, order: Order, due_s: float, now_s: float) -> None:
    """Walk the cards as far as time allows."""
    last = 3 * order.cards
    passed = order.passed
    stop = max(1, last // 2) if order.failing else last
    while passed < stop and (at_s := cards.step_due_s(order, passed)) <= now_s:
        due_s = at_s
        passed += 1
    for number in range(order.passed // 3, -(-passed // 3)):
        phase = cards.COMING_UP[min(2, passed - 1 - 3 * number)]
        cards.enter(change, order, number, phase, cards.step_due_s(order, min(passed - 1, 3 * number + 2)))
    further = replace(order, passed=passed)
    if passed < stop:
        records.save(change, further)
    elif order.failing:
        fail(change, further, due_s)
    else:
        start(change, further, due_s)


def fail(change: Change, order: Order, at_s: float) -> None:
    """An activation that does not succeed; nothing is charged."""
    name = cards.card_name(order, (order.passed - 1) // 3)
    ended(change, order, "Failed", at_s, "ActivationFailed", f"card {name} did not come up; nothing is charged")


def start(change: Change, order: Order, at_s: float) -> None:
    """The last card is usable: billing starts; what is prepaid is charged."""
    started, ends = int(at_s), billing.end_within_total(order, int(at_s))
    on = entered(order, "Active", at_s, None, None, started_s=started, billed_s=started, ends_s=ends)
    move_all(change, on, "held", "active", at_s)
    if on.is_prepaid:
        on = billing.charge(change, on, ends)
    tell(change, on, "Active", f"{on.cards} cards are usable; billing has started", at_s)
    records.save(change, on)


def run(change: Change, order: Order, due_s: float, _now_s: float) -> None:
    """A Beijing midnight closes the day's bills; the end releases."""
    if due_s == order.ends_s:
        release(change, order, due_s, "EndReached")
    else:
        records.save(change, billing.charge(change, order, int(due_s)))


def go_back(change: Change, order: Order, due_s: float, _now_s: float) -> None:
    """The cards are back."""
    message = f"{yuan(order.charged)} CNY charged"
    ended(change, order, "Released", due_s, order.reason or "ReleaseRequested", message)


STEPS: Final[dict[str, Callable[[Change, Order, float, float], None]]] = {
    "Held": lapse,
    "Activating": come_up,
    "Active": run,
    "Releasing": go_back,
}
