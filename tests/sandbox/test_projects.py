"""Lists of one project, and of every project one is a member of; never of anybody else's."""

import uuid

import pytest

from cpctl.sandbox.accounts import PROJECTS
from sandbox_inside import Inside, small_catalogue

YOURS = ("orders", "cards", "bills", "events")


@pytest.fixture(scope="module")
def bought(shared_sandbox):
    """One name, an order of each of dev's projects and of another tenant's."""
    name = f"every-{uuid.uuid4().hex[:6]}"
    offer = shared_sandbox.offer(3)["metadata"]["name"]
    body = shared_sandbox.order_body(name, {offer: 1})
    for account, project in (("dev", "default"), ("dev", "research"), ("other", "other")):
        order = shared_sandbox.post("/v1/orders", body, account=account, project=project)
        assert order.status_code == 201, order.text
        uid = {"uid": order.json()["metadata"]["uid"]}
        for act in ("activate", "release"):
            answer = shared_sandbox.post(f"/v1/orders/{name}/{act}", uid, account=account, project=project)
            assert answer.status_code == 200, answer.text
    return name


def projects_of(items):
    return {each["metadata"]["project"] for each in items}


@pytest.mark.parametrize("plural", YOURS)
def test_every_project_of_mine_and_no_other(sandbox, bought, plural):
    lists = {project: sandbox.items(f"/v1/{plural}", project=project) for project in ("default", "research")}
    every = sandbox.items(f"/v1/{plural}", project="*", limit=3)
    uids = [each["metadata"]["uid"] for each in every]
    assert len(uids) == len(set(uids))
    assert set(uids) >= {each["metadata"]["uid"] for items in lists.values() for each in items}
    assert projects_of(every) <= {"default", "research"}
    assert [each["metadata"]["name"] for each in every] == sorted(each["metadata"]["name"] for each in every)
    assert projects_of(sandbox.items(f"/v1/{plural}", "other", project="*")) <= {"other"}
    assert projects_of(sandbox.items(f"/v1/{plural}", "ci", project="*")) <= {"default"}


def test_one_name_stands_for_an_order_of_each_project(sandbox, bought):
    same = [each for each in sandbox.items("/v1/orders", project="*") if each["metadata"]["name"] == bought]
    assert [each["metadata"]["project"] for each in same] == ["default", "research"]
    rows = sandbox.get(
        "/v1/orders", project="*", fieldSelector=f"metadata.name={bought}", fields="metadata.project", **{"as": "rows"}
    ).json()["rows"]
    assert rows == [["default"], ["research"]]


def test_a_change_in_any_of_them_is_a_new_list(sandbox, bought):
    def read(etag=""):
        return sandbox.client().get("/v1/orders", params={"project": "*"}, headers={"If-None-Match": etag})

    etag = read().headers["etag"]
    assert read(etag).status_code == 304
    answer = sandbox.client().patch(
        f"/v1/orders/{bought}",
        params={"project": "research"},
        json={"metadata": {"labels": {"team": uuid.uuid4().hex[:6]}}},
        headers={
            "If-Match": sandbox.get(f"/v1/orders/{bought}", project="research").json()["metadata"]["resourceVersion"]
        },
    )
    assert answer.status_code == 200, answer.text
    assert read(etag).status_code == 200


def test_a_cursor_is_of_the_projects_it_was_made_for(sandbox, bought):
    cursor = sandbox.get("/v1/orders", project="*", limit=1).json()["metadata"]["continue"]
    for account, project in (("dev", "default"), ("other", "*"), ("ci", "*")):
        answer = sandbox.get("/v1/orders", account, project=project, limit=1, **{"continue": cursor})
        assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")
    assert sandbox.get("/v1/orders", project="*", limit=1, **{"continue": cursor}).status_code == 200


@pytest.mark.parametrize(("project", "status"), [("other", 403), ("nowhere", 404), ("**", 404)])
def test_a_project_of_others_stays_theirs(sandbox, project, status):
    assert {sandbox.get(f"/v1/{plural}", project=project).status_code for plural in YOURS} == {status}


def test_the_star_is_for_lists(sandbox, bought):
    for path in (f"/v1/orders/{bought}", "/v1/account", "/v1/ledger"):
        answer = sandbox.get(path, project="*")
        assert (answer.status_code, answer.json()["reason"], answer.json()["field"]) == (422, "Invalid", "project")
    body = sandbox.order_body("starred", {sandbox.offer()["metadata"]["name"]: 1})
    assert sandbox.post("/v1/orders", body, project="*").status_code == 422


def test_the_second_project_pays_for_itself(sandbox, bought):
    accounts = {project: sandbox.get("/v1/account", project=project).json() for project in ("default", "research")}
    assert accounts["research"]["quota"]["cards"] == PROJECTS["research"].quota != accounts["default"]["quota"]["cards"]
    assert {each["metadata"]["name"] for each in sandbox.items("/v1/projects")} == {"default", "research"}


def test_a_project_that_came_later_is_opened_at_the_next_start(tmp_path):
    """A sandbox of an earlier cpctl has no such project yet."""
    from cpctl.sandbox.platform import furnish

    store = Inside(tmp_path).store
    store.db.execute("DELETE FROM projects WHERE name = 'research'")
    store.collections["projects", ""].pop("research")
    before = store.version
    furnish(store, 1, 1, small_catalogue, 1_790_000_000.0)
    assert store.find("projects", "", "research").obj["status"]["balance"] == PROJECTS["research"].credit
    known = store.version
    furnish(store, 1, 1, small_catalogue, 1_790_000_000.0)
    assert before < known == store.version
