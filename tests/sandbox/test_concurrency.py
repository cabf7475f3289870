"""Many clients at once, and a platform that is killed in the middle: nothing is sold twice, nothing is lost."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx


def sell_down_to(sandbox, offer, left):
    """Buy an offer's cards until only so many are left."""
    free = sandbox.get(f"/v1/offers/{offer}").json()["status"]["free"]
    if free > left:
        sandbox.buy("before", {offer: free - left})


def test_fifty_clients_buy_the_last_forty_cards(fresh_sandbox):
    sandbox = fresh_sandbox
    offer = next(
        each["metadata"]["name"]
        for each in sandbox.items("/v1/offers", cards=40, billing="on-demand")
        if each["spec"]["stepCards"] == 1
    )
    sell_down_to(sandbox, offer, 40)
    bodies = [sandbox.order_body(f"rush-{number}", {offer: 1}) for number in range(50)]
    gate = threading.Barrier(50)

    def buy(body):
        with httpx.Client(base_url=sandbox.url, timeout=60, trust_env=False) as client:
            gate.wait()
            headers = {"Authorization": f"Bearer {sandbox.token}", "Idempotency-Key": body["metadata"]["name"] * 2}
            return client.post("/v1/orders", json=body, headers=headers)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(buy, bodies))
    reasons = Counter(answer.json().get("reason", "sold") for answer in answers)
    assert reasons == {"sold": 40, "NoCapacity": 10}
    status = sandbox.get(f"/v1/offers/{offer}").json()["status"]
    assert (status["free"], status["state"]) == (0, "sold-out")
    sandbox.check_stock()
    sandbox.balance_sheet()


def test_a_platform_killed_during_a_hundred_purchases_keeps_its_books(fresh_sandbox):
    sandbox = fresh_sandbox
    offers = [
        each["metadata"]["name"]
        for each in sandbox.items("/v1/offers", cards=40, billing="on-demand")
        if each["spec"]["stepCards"] == 1
    ][:5]
    bodies = [sandbox.order_body(f"kill-{number}", {offers[number % 5]: 2}) for number in range(100)]
    done: list[httpx.Response] = []

    def buy(body):
        headers = {"Authorization": f"Bearer {sandbox.token}", "Idempotency-Key": body["metadata"]["name"] * 2}
        try:
            done.append(httpx.post(f"{sandbox.url}/v1/orders", json=body, headers=headers, timeout=10, trust_env=False))
        except httpx.TransportError:
            return False
        return True

    def kill_midway():
        while len(done) < 30:
            time.sleep(0.001)
        sandbox.kill()

    killer = threading.Thread(target=kill_midway)
    killer.start()
    with ThreadPoolExecutor(8) as pool:
        answered = list(pool.map(buy, bodies))
    killer.join()
    assert 30 <= sum(answered) < 100, "the kill fell outside the purchases"
    sandbox.restart()
    names = {order["metadata"]["name"] for order in sandbox.orders()}
    assert names >= {answer.json()["metadata"]["name"] for answer in done}
    sandbox.check_stock()
    assert sandbox.balance_sheet()["reserved"] == sum_of_totals(sandbox)
    assert all(buy(body) for body in bodies), "the same requests again"
    assert {answer.status_code for answer in done} == {201}
    assert len(sandbox.orders()) == 100
    sandbox.check_stock()
    assert sandbox.balance_sheet()["reserved"] == sum_of_totals(sandbox)


def sum_of_totals(sandbox):
    from decimal import Decimal

    return sum(Decimal(order["status"]["total"]) for order in sandbox.orders())


def test_sixteen_spenders_never_pass_a_day_limit(fresh_sandbox):
    sandbox = fresh_sandbox
    offer = next(
        each for each in sandbox.items("/v1/offers", cards=32, billing="on-demand") if each["spec"]["stepCards"] == 1
    )
    body = sandbox.order_body("first", {offer["metadata"]["name"]: 1}, duration="10h")
    lines = [{"offer": each["offer"], "cards": 1} for each in body["allocations"]]
    quote = sandbox.post("/v1/quotes", {"spec": body["spec"], "allocations": lines}, key=None).json()
    limit = float(quote["status"]["total"]) * 5.5
    bodies = [
        {**body, "metadata": {"name": f"day-{number}"}, "limits": {"maxDay": f"{limit:.2f}"}} for number in range(16)
    ]

    def buy(body):
        headers = {"Authorization": f"Bearer {sandbox.token}", "Idempotency-Key": body["metadata"]["name"] * 2}
        return httpx.post(f"{sandbox.url}/v1/orders", json=body, headers=headers, timeout=30, trust_env=False)

    with ThreadPoolExecutor(16) as pool:
        reasons = Counter(answer.json().get("reason", "sold") for answer in pool.map(buy, bodies))
    assert reasons == {"sold": 5, "LimitExceeded": 11}


def test_state_and_clock_outlive_a_restart(fresh_sandbox):
    sandbox = fresh_sandbox
    offer = sandbox.offer()
    order = sandbox.buy("stay", {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    sandbox.admin.advance(600)
    before, token = sandbox.admin.now(), sandbox.token
    sandbox.kill()
    sandbox.restart()
    assert sandbox.token == token
    assert sandbox.admin.now() >= before
    assert sandbox.get("/v1/orders/stay").json()["metadata"] == order["metadata"]
    sandbox.admin.advance(301)
    assert sandbox.get("/v1/orders/stay").json()["status"]["phase"] == "Expired"
