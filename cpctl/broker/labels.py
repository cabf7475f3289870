"""Labels of an order that exists: the one thing about it that may still change.

What a manifest names is put on; what it does not name stays, for others label orders too (`label KEY-` takes one off).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cpctl.broker.market import Found, Market
from cpctl.errors import Conflict
from cpctl.resources.exchange import Request

STALE = "StaleVersion"
TRIES = 3
"""How often the labels are written when somebody else changes the order in between."""


def missing(found: Found, wanted: Mapping[str, str]) -> dict[str, str]:
    """The labels wanted that the order does not have, or with another value."""
    there = found.order.metadata.labels
    return {key: value for key, value in wanted.items() if there.get(key) != value}


def labelled(market: Market, found: Found, wanted: Mapping[str, str]) -> Found:
    """The order with the labels wanted, which it does not have yet.

    Raises:
        Conflict: Somebody else went on changing it, or it is another one by now.
    """
    name, uid = found.order.name, found.order.uid
    for left in reversed(range(TRIES)):
        changes = missing(found, wanted)
        if not changes:
            return found
        body = json.dumps({"metadata": {"labels": changes}}).encode()
        request = Request("PATCH", market.order_path(name), body, {"If-Match": found.version})
        try:
            return Found.of(market.platform.send(request), name)
        except Conflict as error:
            if error.reason != STALE or not left:
                raise
            found = market.read(name)
            if found.order.uid != uid:
                raise
    raise AssertionError("the last try returns or raises")
