"""The same key with the same body gives the first answer again, whatever it was; nothing happens twice."""

import socket
import threading
import time
import uuid

import pytest


@pytest.fixture
def body(sandbox):
    offer = sandbox.offer()
    return sandbox.order_body(f"key-{uuid.uuid4().hex[:8]}", {offer["metadata"]["name"]: offer["spec"]["minCards"]})


@pytest.fixture(autouse=True)
def tidy(sandbox):
    yield
    for order in sandbox.orders():
        if order["status"]["phase"] == "Held":
            sandbox.act(order, "release")


def test_a_success_is_given_again_byte_for_byte(sandbox, body):
    key = uuid.uuid4().hex
    first, again = (sandbox.post("/v1/orders", body, key=key) for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    order = first.json()
    path = f"/v1/orders/{order['metadata']['name']}/activate"
    first, again = (sandbox.post(path, {"uid": order["metadata"]["uid"]}, key=key + "a") for _ in range(2))
    assert first.content == again.content
    sandbox.wait(order["metadata"]["name"], "Active")
    assert sandbox.post(path, {"uid": order["metadata"]["uid"]}, key=key + "a").content == first.content
    sandbox.act(order, "release")


def test_a_final_refusal_is_given_again(sandbox, body):
    body["limits"] = {"maxOrder": "0.00"}
    key = uuid.uuid4().hex
    first, again = (sandbox.post("/v1/orders", body, key=key) for _ in range(2))
    assert first.status_code == 402
    assert first.content == again.content
    assert again.headers["content-type"] == "application/problem+json"


def test_another_body_is_refused(sandbox, body):
    key = uuid.uuid4().hex
    assert sandbox.post("/v1/orders", body, key=key).status_code == 201
    answer = sandbox.post("/v1/orders", body | {"limits": {"maxOrder": "9999999.00"}}, key=key)
    assert (answer.status_code, answer.json()["reason"]) == (422, "IdempotencyMismatch")


def test_another_accounts_key_is_another_key(sandbox, body):
    key = uuid.uuid4().hex
    assert sandbox.post("/v1/orders", body, key=key).status_code == 201
    assert sandbox.post("/v1/orders", body, key=key, account="ci").json()["reason"] == "AlreadyExists"


@pytest.mark.parametrize("key", [None, "short", "with space in it", "x" * 129])
def test_spending_needs_a_key(sandbox, body, key):
    answer = sandbox.post("/v1/orders", body, key=key)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")


def test_while_the_first_runs_the_second_is_told_so(sandbox, body):
    sandbox.admin.faults(path="/v1/orders", method="POST", latency=0.5, count=1)
    key, answers = uuid.uuid4().hex, []
    first = threading.Thread(target=lambda: answers.append(sandbox.post("/v1/orders", body, key=key)))
    first.start()
    time.sleep(0.2)
    second = sandbox.post("/v1/orders", body, key=key, account="dev")
    first.join()
    assert (second.status_code, second.json()["reason"]) == (409, "InProgress")
    assert answers[0].status_code == 201
    assert sandbox.post("/v1/orders", body, key=key).content == answers[0].content


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_was_not_decided_is_not_kept(sandbox, body, status):
    sandbox.admin.faults(path="/v1/orders", method="POST", error=status, count=1)
    key = uuid.uuid4().hex
    assert sandbox.post("/v1/orders", body, key=key).status_code == status
    assert sandbox.post("/v1/orders", body, key=key).status_code == 201


def test_an_answer_lost_after_the_commit_is_found_again(sandbox, body):
    import httpx

    sandbox.admin.faults(path="/v1/orders", method="POST", dropAfterCommit=True, count=1)
    key = uuid.uuid4().hex
    with pytest.raises(httpx.TransportError):
        sandbox.post("/v1/orders", body, key=key)
    again = sandbox.post("/v1/orders", body, key=key)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")


@pytest.mark.parametrize("missing", [1, 40])
def test_a_body_cut_short_is_never_acted_on(sandbox, body, missing):
    import json

    raw = json.dumps(body).encode()
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {sandbox.token}\r\n"
        f"Idempotency-Key: {uuid.uuid4().hex}\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    port = int(sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(head.encode() + raw[:-missing])
        line.shutdown(socket.SHUT_WR)
        line.settimeout(5)
        assert b" 201 " not in line.recv(1000)
    assert sandbox.get(f"/v1/orders/{body['metadata']['name']}").status_code == 404


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"a": NaN}', "application/json", 400),
        (b'{"a": "\\ud800"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"1" * 5000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b" " * 1_100_000, "application/json", 413),
    ],
)
def test_bodies_that_are_no_request(sandbox, raw, kind, status):
    headers = {"Content-Type": kind, "Idempotency-Key": uuid.uuid4().hex}
    answer = sandbox.client().post("/v1/orders", content=raw, headers=headers)
    assert answer.status_code == status, answer.text
