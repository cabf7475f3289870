"""AGE: every edge of kubectl's bands. ages.txt is what kubectl printed; cpctl prints it, and so does kubectl still."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from client import Client
from fake_platform import listed, platform
from kube_api import kubernetes

SEEN = [line.split() for line in (Path(__file__).parent / "ages.txt").read_text().splitlines()]
INTO_THE_SECOND_S = 0.1
TRIES = 5


def orders(now):
    """One order for each age, a moment into its second."""
    return [order(f"age-{age}", now - timedelta(seconds=int(age) + INTO_THE_SECOND_S)) for age, _ in SEEN]


def order(name, created):
    stamp = created.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    metadata = {"name": name, "uid": name, "labels": {}, "createdAt": stamp, "resourceVersion": "1"}
    return {"apiVersion": "ccpp/v1", "kind": "Order", "metadata": metadata, "spec": {}, "status": {}}


def shown(text):
    return [[line.split()[0].removeprefix("age-"), line.split()[-1]] for line in text.splitlines()]


def test_cpctl_prints_the_ages_that_kubectl_printed(tmp_path):
    now = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    answer = listed(orders(now))._replace(headers={"X-Ccpp-Time": now.isoformat()})
    with platform(lambda _method, _path: answer) as env:
        result = Client(tmp_path, env=env)("get", "orders", "--no-headers")
    assert shown(result.out) == SEEN


def test_kubectl_prints_them():
    with kubernetes({}, tables=False) as kubectl:
        kubectl("get", "orders")  # what is asked once is in its cache afterwards
        for _ in range(TRIES):
            began = time.monotonic()
            kubectl.server.objects = {"orders": orders(datetime.now(UTC))}
            result = kubectl("get", "orders", "--no-headers")
            if time.monotonic() - began < 1 - 2 * INTO_THE_SECOND_S:
                break  # all within the second that the ages began with
        assert shown(result.out) == SEEN
