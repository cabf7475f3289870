"""What `/v1/can-i` says is what happens: each thing it was asked about is then done."""

import uuid

import pytest

from cpctl.sandbox.permissions import KINDS, ROLES, VERBS

ACCOUNTS = ("dev", "ci", "viewer")
ORDER = "can-i-read"


def asked(sandbox, account, verb, kind, name=None, **query):
    question = {"verb": verb, "resource": kind} | ({"name": name} if name else {})
    answer = sandbox.post("/v1/can-i", question, key=None, account=account, **query)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert bool(said["reason"]) is not said["allowed"]
    return said["allowed"]


@pytest.fixture(scope="module")
def names(shared_sandbox):
    """An object of every kind that anybody may look at."""
    offer = shared_sandbox.offer()
    shared_sandbox.demand("can-i-demand", cards=100_000)
    order = shared_sandbox.buy(ORDER, {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    shared_sandbox.act(order, "activate")
    shared_sandbox.wait(ORDER, "Active")
    while not shared_sandbox.items("/v1/bills", order=ORDER):
        pass
    yield {kind: shared_sandbox.get(f"/v1/{kind}", limit=1).json()["items"][0]["metadata"]["name"] for kind in KINDS}
    shared_sandbox.act(order, "release")


def place(sandbox, account, phase="Held"):
    """A held or ended order of somebody who may, for somebody else to act on."""
    offer = sandbox.offer()["metadata"]["name"]
    order = sandbox.buy(f"may-{uuid.uuid4().hex[:8]}", {offer: sandbox.offer()["spec"]["minCards"]})
    if phase == "Ended":
        sandbox.act(order, "release")
        sandbox.wait(order["metadata"]["name"], "Released")
    return order


def create(sandbox, account):
    body = sandbox.order_body(f"may-{uuid.uuid4().hex[:8]}", {(offer := sandbox.offer())["metadata"]["name"]: 8})
    body["allocations"][0]["cards"] = body["spec"]["allocations"][0]["cards"] = offer["spec"]["minCards"]
    return sandbox.post("/v1/orders", body, account=account)


def act(verb):
    def done(sandbox, account):
        order = place(sandbox, account)
        body = {"uid": order["metadata"]["uid"]}
        if verb == "extend":
            sandbox.act(order, "activate")
            body["endsAt"] = sandbox.wait(order["metadata"]["name"], "Active")["status"]["endsAt"]
        answer = sandbox.post(f"/v1/orders/{order['metadata']['name']}/{verb}", body, account=account)
        if verb in ("activate", "extend") and answer.status_code == 200:
            sandbox.wait(order["metadata"]["name"], "Active")
            sandbox.act(order, "release")  # no bill of this test goes on growing beside another's
        return answer

    return done


def label(sandbox, account):
    order = place(sandbox, account)
    return sandbox.client(account).patch(
        f"/v1/orders/{order['metadata']['name']}",
        json={"metadata": {"labels": {"team": "nlp"}}},
        headers={"If-Match": order["metadata"]["resourceVersion"]},
    )


def delete(sandbox, account):
    order = place(sandbox, account, "Ended")["metadata"]
    return sandbox.client(account).delete(f"/v1/orders/{order['name']}", params={"uid": order["uid"]})


def call(sandbox, account):
    body = {"model": "deepseek-v3.2", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    return sandbox.post("/openai/v1/chat/completions", body, account=account)


DEEDS = {"create": create, "label": label, "delete": delete, "call": call} | {
    verb: act(verb) for verb in ("activate", "extend", "release")
}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("verb", DEEDS)
def test_what_it_says_is_what_happens(sandbox, account, verb):
    allowed = asked(sandbox, account, verb, "models" if verb == "call" else "orders")
    answer = DEEDS[verb](sandbox, account)
    assert (answer.status_code < 300) is allowed, answer.text
    if not allowed:
        said = answer.json()
        assert answer.status_code == 403 and account in (said.get("detail") or said["error"]["message"])
    assert allowed is (account != "viewer")


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("kind", KINDS)
def test_everybody_may_look(sandbox, names, account, kind):
    assert asked(sandbox, account, "list", kind) and asked(sandbox, account, "get", kind, names[kind])
    assert asked(sandbox, account, "watch", kind)
    assert sandbox.get(f"/v1/{kind}", account, limit=1).status_code == 200
    assert sandbox.get(f"/v1/{kind}", account, watch="true", timeoutSeconds=0).status_code == 200
    assert sandbox.get(f"/v1/{kind}/{names[kind]}", account).status_code == 200


def test_what_nobody_can(sandbox):
    for kind in KINDS:
        for verb in VERBS:
            if (kind, verb) not in ROLES:
                assert not asked(sandbox, "dev", verb, kind)


def test_in_a_project_of_others(sandbox):
    assert asked(sandbox, "dev", "create", "orders", project="research")
    assert not asked(sandbox, "ci", "create", "orders", project="research")
    assert not asked(sandbox, "dev", "list", "orders", project="other")
    assert not asked(sandbox, "dev", "get", "projects", "other")
    assert asked(sandbox, "dev", "list", "offers", project="other"), "the catalogue is of no project"
    unknown = sandbox.post("/v1/can-i", {"verb": "list", "resource": "orders"}, key=None, project="nowhere")
    assert unknown.status_code == 404


def test_in_a_province_that_is_denied(sandbox):
    offer = sandbox.offer(province="henan")
    name = offer["metadata"]["name"]
    order = sandbox.buy(f"may-{uuid.uuid4().hex[:8]}", {name: offer["spec"]["minCards"]})
    source = sandbox.items("/v1/sources", province="henan", model="deepseek-v3.2")[0]
    questions = [
        ("get", "offers", name),
        ("release", "orders", order["metadata"]["name"]),
        ("call", "sources", source["metadata"]["name"]),
    ]
    assert all(asked(sandbox, "dev", *question) for question in questions)
    sandbox.admin.faults(province="henan", denied=True)
    assert not any(asked(sandbox, "dev", *question) for question in questions)
    assert sandbox.get(f"/v1/offers/{name}").status_code == 403
    uid = {"uid": order["metadata"]["uid"]}
    assert sandbox.post(f"/v1/orders/{order['metadata']['name']}/release", uid).status_code == 403
    served = f"deepseek-v3.2@{source['spec']['provider']}"
    body = {"model": served, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    assert sandbox.post("/openai/v1/chat/completions", body).status_code == 403
    assert asked(sandbox, "dev", "get", "orders", order["metadata"]["name"])
    assert sandbox.get(f"/v1/orders/{order['metadata']['name']}").status_code == 200


@pytest.mark.parametrize(
    "question",
    [
        {"verb": "burn", "resource": "orders"},
        {"verb": "get", "resource": "ships"},
        {"verb": "get"},
        {"verb": "get", "resource": "orders", "name": ""},
        {"verb": ["get"], "resource": "orders"},
    ],
)
def test_questions_that_are_none(sandbox, question):
    assert sandbox.post("/v1/can-i", question, key=None).status_code == 422


def test_an_onlooker_changes_nothing(sandbox):
    before = sandbox.admin.state()["version"]
    for deed in (create, call):
        assert deed(sandbox, "viewer").status_code == 403
    assert sandbox.admin.state()["version"] == before
    who = sandbox.get("/v1/whoami", "viewer").json()
    assert (who["roles"], who["projects"]) == (["viewer"], ["default"])
    assert "viewer" in sandbox.get("/v1/projects/default", "viewer").json()["spec"]["members"]
