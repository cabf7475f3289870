"""How many requests a second the sandbox answers: a few connections that are kept, each in a thread of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import cycle, islice
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CONNECTIONS = 4


class Ask(NamedTuple):
    """One request, and the status it has to be answered with."""

    method: str
    path: str
    status: int
    body: bytes | None = None
    key: str = ""


class Platform:
    """One connection to the sandbox."""

    def __init__(self, url: str, token: str) -> None:
        self.given = url, token
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, ask: Ask) -> bytes:
        """The answer's body; raises RuntimeError for another status than the one expected."""
        headers = {**self._headers, "Idempotency-Key": ask.key} if ask.key else self._headers
        self._connection.request(ask.method, ask.path, ask.body, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != ask.status:
            raise RuntimeError(f"{ask.method} {ask.path}: {answer.status} {body[:300]!r}")
        return body

    def another(self) -> Platform:
        """A further connection to the same."""
        return Platform(*self.given)

    def json(self, path: str) -> Any:
        return json.loads(self.ask(Ask("GET", path, 200)))


def rate(platform: Platform, asks: Iterator[Ask], count: int) -> float:
    """Requests a second, over `count` of them spread over connections of their own."""
    chosen = list(islice(asks, count))
    shares = [chosen[n::CONNECTIONS] for n in range(CONNECTIONS)]
    platforms = [platform.another() for _ in shares]
    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(_all, platforms, shares))
    return count / (time.perf_counter() - began)


def _all(platform: Platform, asks: list[Ask]) -> None:
    for ask in asks:
        platform.ask(ask)


def lists() -> Iterator[Ask]:
    """The first page of every order of offers that people look at."""
    queries = ("limit=20", "limit=20&province=shanxi", "limit=20&sortBy=spec.price", "limit=20&billing=spot&cards=8")
    return cycle(Ask("GET", f"/v1/offers?{query}", 200) for query in queries)


def purchases(platform: Platform, label: str) -> Iterator[Ask]:
    """Orders of a card each, over all offers that sell single cards, as long as there are free ones."""
    page = platform.json("/v1/offers?limit=5000&billing=on-demand&cards=1")
    cards = [offer for offer in page["items"] for _ in range(offer["status"]["free"])]
    Random(1).shuffle(cards)
    for number, offer in enumerate(cards):
        yield _order(f"{label}-{number}", offer["metadata"]["name"], offer["spec"]["price"])


def _order(name: str, offer: str, price: str) -> Ask:
    line = {"offer": offer, "cards": 1}
    body = {
        "metadata": {"name": name},
        "spec": {"allocations": [line], "duration": "1h", "billing": "on-demand"},
        "allocations": [{**line, "price": price}],
    }
    return Ask("POST", "/v1/orders", 201, json.dumps(body).encode(), f"bench-{name}")


def oversold(platform: Platform) -> list[str]:
    """Offers whose cards do not add up, by name; there are none."""
    page = platform.json("/v1/offers?limit=5000")
    statuses = {offer["metadata"]["name"]: offer["status"] for offer in page["items"]}
    return [n for n, s in statuses.items() if s["free"] < 0 or s["held"] + s["active"] + s["free"] != s["capacity"]]
