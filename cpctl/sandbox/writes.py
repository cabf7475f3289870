"""What changes orders and demands, each inside one transaction."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from cpctl.sandbox import cards, demanding, demands, extending, lifecycle, placing, records
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.bodies import UID
from cpctl.sandbox.call import Call, answer
from cpctl.sandbox.demand import Demand
from cpctl.sandbox.order import Order
from cpctl.sandbox.problems import Problem, invalid
from cpctl.sandbox.store import Change

MOST_LABELS: Final = 64


def shown(change: Change, one: Order | Demand, status: int = 200) -> Answer:
    """The order or demand as this transaction leaves it."""
    item = change.find("orders" if isinstance(one, Order) else "demands", one.project, one.name)
    assert item is not None, f"{one.name} has no object"
    return answer(item.body, status)


def meant(call: Call, change: Change, uid: str) -> Order:
    """The order of the path, when it is the one meant. Raises Problem."""
    order = records.visible(change, call.project, call.params["name"])
    lifecycle.meant(order, uid)
    return order


def place(call: Call, change: Change) -> Answer:
    """Hold cards and funds."""
    order = placing.place(change, call.body, call.project, call.account, call.now_s)
    return shown(change, order, 201)


def quote(call: Call) -> Answer:
    """Price and stock; nothing is reserved."""
    return answer(placing.quote(call.platform.store, call.body, call.project, call.now_s))


def activate(call: Call, change: Change) -> Answer:
    """Switch a held order on."""
    order = meant(call, change, call.body["uid"])
    activation = call.platform.activation
    failing = order.phase == "Held" and activation.failing > 0
    after = lifecycle.activate(change, order, call.now_s, activation.step_s(order.cards), failing)
    if failing:
        call.platform.keep_activation(change, activation._replace(failing=activation.failing - 1))
    return shown(change, after)


def release(call: Call, change: Change) -> Answer:
    """Stop billing and give the cards back."""
    order = meant(call, change, call.body["uid"])
    return shown(change, lifecycle.release(change, order, call.now_s))


def extend(call: Call, change: Change) -> Answer:
    """Give a running order more time."""
    order = meant(call, change, call.body["uid"])
    return shown(change, extending.extend(change, order, call.body, call.now_s))


def label(call: Call, change: Change) -> Answer:
    """Change labels; null removes one."""
    order = records.visible(change, call.project, call.params["name"])
    item = change.find("orders", order.project, order.name)
    assert item is not None, f"order {order.name} has no object"
    if if_match(call) != item.version:
        raise Problem("StaleVersion", f'orders "{order.name}" changed since version {if_match(call)} was read')
    merged = {**order.labels, **call.body["metadata"]["labels"]}
    labels = {key: value for key, value in merged.items() if value is not None}
    if len(labels) > MOST_LABELS:
        raise invalid("metadata.labels", f"are more than {MOST_LABELS}")
    return shown(change, records.save(change, replace(order, labels=labels)))


def if_match(call: Call) -> int:
    """The version of the If-Match header. Raises Problem."""
    match = re.fullmatch(r'"?([0-9]{1,18})"?', call.headers.get("if-match", ""), re.ASCII)
    if match is None:
        raise Problem("BadRequest", "If-Match must carry the order's resourceVersion")
    return int(match[1])


def hide(call: Call, change: Change) -> Answer:
    """Hide an ended order and its cards; its name stays taken, its bills stay."""
    order = meant(call, change, uid_asked(call))
    if not order.is_ended:
        raise lifecycle.wrong_phase(order)
    last = shown(change, order)
    cards.remove(change, order)
    records.save(change, replace(order, hidden=True))
    return last


def uid_asked(call: Call) -> str:
    """The uid of the query. Raises Problem."""
    uid = call.query.get("uid")
    if uid is None:
        raise Problem("BadRequest", "the query parameter uid is required")
    UID.check(uid, "uid")
    return uid


def publish(call: Call, change: Change) -> Answer:
    """Keep a demand; it is matched at once if it can be."""
    shut = call.platform.faults.shut()
    return shown(change, demanding.publish(change, call.body, call.project, call.account, call.now_s, shut), 201)


def close(call: Call, change: Change) -> Answer:
    """Close a demand if it is open, and hide it; its name stays taken, an order that matches it stays as it is."""
    uid = uid_asked(call)
    demand = demands.visible(change, call.project, call.params["name"])
    if demand.uid != uid:
        raise Problem("UidMismatch", f'demands "{demand.name}" is another demand than the one meant', uid=demand.uid)
    last = demanding.close(change, demand, call.now_s)
    answered = shown(change, last)
    demands.save(change, replace(last, hidden=True))
    return answered
