"""A hostile platform from end to end: no control byte comes out, no traceback, and the code is right."""

from __future__ import annotations

import copy
import json

import pytest

from cpctl.output.printers import PRINTERS
from cpctl.registry import KINDS
from fake_platform import Reply, good, holding, listed, page, platform, problem, samples
from tests.api.wires import FakeClock
from tests.client import Client
from tests.output.output_samples import HOSTILE, poisoned, raw, spelled

KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
FORM = pytest.mark.parametrize("form", sorted(PRINTERS))
WORDS = [*(["get", "-o", spelled(form)] for form in sorted(PRINTERS)), ["describe"]]
LINES = ("table", "wide", "name", "csv", "custom-columns", "jsonpath")
ALL_TEXTS = "".join(text for name, text in HOSTILE.items() if name != "long")
BUG = 70


@pytest.fixture
def alone(tmp_path):
    """A user whose waits take no time."""
    return Client(tmp_path, clock=FakeClock())


@pytest.fixture(scope="module")
def real(shared_sandbox):
    return samples(shared_sandbox)


def shows_nothing_raw(result, *, but: str = ""):
    """Whether what was printed is fit for a terminal, both streams."""
    assert raw(result.out.replace(but, "")) == [], result.out
    assert raw(result.err.replace(but, "")) == [], result.err
    (result.out + result.err).encode()
    return True


@KIND
@FORM
@pytest.mark.parametrize("tty", [False, True], ids=["pipe", "terminal"])
def test_a_list_of_hostile_objects(alone, real, kind, form, tty):
    items = [poisoned(real[kind.plural][0], text) for text in HOSTILE.values()]
    with platform(holding({kind.plural: items})) as env:
        result = alone("get", kind.plural, "-o", spelled(form), env=env, tty=tty)
    assert result.code == 0 and shows_nothing_raw(result)
    if form == "json":
        assert result.json["items"] == items
    elif form in LINES:
        assert len(result.lines) == len(items) + (form not in ("name", "jsonpath"))


@KIND
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_a_hostile_object(alone, real, kind, words):
    item = poisoned(real[kind.plural][0], ALL_TEXTS)
    with platform(holding({kind.plural: [item], "events": [poisoned(real["events"][0], ALL_TEXTS)]})) as env:
        result = alone(*words, kind.name, "x", env=env)
    assert result.code == 0 and shows_nothing_raw(result, but="\t" if words == ["describe"] else "\0")
    if words[-1] == "json":
        assert result.json == item


STATUSES = {
    400: 2,
    401: 4,
    402: 7,
    403: 4,
    404: 3,
    409: 5,
    410: 5,
    413: 2,
    422: 2,
    429: 9,
    500: 9,
    503: 9,
    504: 9,
    418: 1,
}


@pytest.mark.parametrize(("status", "code"), STATUSES.items())
@pytest.mark.parametrize(
    "words", [["get", "sp"], ["describe", "order/x"], ["overview"], ["get", "sp", "-o", "json"]], ids=" ".join
)
def test_a_hostile_problem(alone, status, code, words):
    refusal = problem(
        status, "UnknownValue" if status == 422 else "Teapot", detail=ALL_TEXTS, title=ALL_TEXTS, instance=ALL_TEXTS,
        requestId=ALL_TEXTS, field=ALL_TEXTS, allowed=[ALL_TEXTS, ALL_TEXTS], offer=ALL_TEXTS, available=ALL_TEXTS,
    )  # fmt: skip
    with platform(lambda method, path: refusal) as env:
        result = alone(*words, env=env)
    assert (result.code, result.out) == (code, "") and shows_nothing_raw(result)
    assert result.err.count("\n") == 1
    if "json" in words:
        assert result.error["code"] == code and "[/closing]" in result.error["message"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_reason_and_a_hostile_absence(alone, real, text):
    states = [{"name": text, "state": text, "asOf": text}]
    with platform(lambda method, path: listed(real["offers"], complete=False, subplatforms=states)) as env:
        result = alone("get", "offers", env=env)
    assert result.code == 0 and shows_nothing_raw(result)
    assert "warning: incomplete" in result.err and result.err.count("\n") == 1
    with platform(lambda method, path: problem(409, text, detail="no")) as env:
        refused = alone("get", "offers", env=env)
    assert refused.code != BUG and shows_nothing_raw(refused)


NO_JSON = {
    "html": page(200, "<html>\x1b[2JSign in</html>"),
    "html-403": page(403, "<h1>\x1b[31mForbidden</h1>"),
    "html-502": page(502, "<h1>Bad gateway</h1>"),
    "nothing": Reply(200, "application/json", b""),
    "half": Reply(200, "application/json", b'{"items": [], "metadata": {', 400),
    "cut": Reply(200, "application/json", b'{"items": ['),
    "array": good([1]),
    "text": good("hello \x1b[31m"),
    "null": good(None),
    "no-utf-8": Reply(200, "application/json", b'{"items": ["\xff"]}'),
    "deep": Reply(200, "application/json", b"[" * 200_000),
    "lying-kind": Reply(200, "application/\x07json", b"{}"),
}
ASKING = [["get", "sp"], ["get", "sp", "-o", "json"], ["describe", "sp", "x"], ["overview"]]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
@pytest.mark.parametrize("reply", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_answer_of_a_platform(alone, reply, words):
    with platform(lambda method, path: reply) as env:
        result = alone(*words, env=env)
    assert result.code in (1, 4, 9) and result.out == "" and result.err.count("\n") == 1
    assert shows_nothing_raw(result)
    assert "127.0.0.1" in result.err or "server" in result.err or "/v1/" in result.err or "platform" in result.err


WRONG = [None, 5, "text", True, [], [None], {}, {"a": None}, ["x", {}], -1e308, [[["deep"]]]]


@KIND
@pytest.mark.parametrize("part", ["metadata", "spec", "status"])
def test_parts_of_the_wrong_shape(alone, real, kind, part):
    def bent(value, key):
        item = copy.deepcopy(real[kind.plural][0])
        if key is None:
            item[part] = value
        else:
            item[part][key] = value
        return item

    keys = [None, *(real[kind.plural][0][part])]
    items = [bent(value, key) for value in WRONG for key in keys] + [{}, {"metadata": {}}]
    with platform(holding({kind.plural: items})) as env:
        for form in PRINTERS:
            result = alone("get", kind.plural, "-o", spelled(form), env=env)
            assert result.code in (0, 1), (form, result.err)
        described = alone("describe", kind.plural, env=env) if kind.name != "event" else None
        assert described is None or described.code in (0, 1), described.err
    for item in items[:: len(keys)]:
        with platform(holding({kind.plural: [item]})) as env:
            assert alone("describe", kind.name, "x", env=env).code in (0, 1), item


@pytest.mark.parametrize(
    "status", [None, 5, {}, {"total": {}}, {"total": None, "subplatforms": [], "accelerators": []}]
)
def test_an_overview_of_the_wrong_shape(alone, status):
    with platform(lambda method, path: good({"status": status, "metadata": {"complete": False}})) as env:
        result = alone("overview", env=env)
    assert result.code == 1 and "overview" in result.err and result.out == ""


@pytest.mark.parametrize("metadata", [{"subplatforms": 5}, {"subplatforms": [5, None]}, {"subplatforms": [{}]}])
def test_absences_of_the_wrong_shape(alone, real, metadata):
    overview = {
        "status": {"total": {}, "subplatforms": [], "accelerators": []},
        "metadata": metadata | {"complete": False},
    }
    with platform(lambda method, path: listed(real["offers"], complete=False, **metadata)) as env:
        result = alone("get", "offers", env=env)
        assert result.code in (0, 1) and "incomplete" in result.err
    with platform(lambda method, path: good(overview)) as env:
        assert alone("overview", "-o", "json", env=env).code in (0, 1)


def test_a_list_without_an_end_closes_its_document_and_fails(alone, real):
    with platform(lambda method, path: listed(real["offers"], **{"continue": "again"})) as env:
        result = alone("get", "offers", "-o", "json", env=env)
    assert result.code == 1 and result.error["reason"] == "EndlessList"
    assert (
        result.json["metadata"]["complete"] is False and result.json["metadata"] == json.loads(result.out)["metadata"]
    )


def test_a_page_that_fails_in_the_middle_closes_its_document_and_fails(alone, real):
    def answer(method, path):
        return problem(500, "Internal") if "continue=" in path else listed(real["offers"], **{"continue": "c1"})

    with platform(answer) as env:
        result = alone("get", "offers", "-o", "json", env=env)
    assert result.code == 9 and result.json["items"] == real["offers"]
    assert result.json["metadata"]["complete"] is False


def test_an_expired_token_says_so_and_how_to_get_another(alone):
    with platform(lambda method, path: problem(401, "TokenExpired", detail="the token has expired")) as env:
        result = alone("get", "orders", env=env)
    assert result.code == 4 and "expired" in result.err and "; try: " in result.err


def test_unknown_fields_and_states_of_a_newer_server_are_shown_as_they_are(alone, real):
    newer = copy.deepcopy(real["orders"][0])
    newer["status"] |= {"phase": "Hibernating", "moonPhase": "full"}
    with platform(holding({"orders": [newer]})) as env:
        assert "Hibernating" in alone("get", "orders", env=env).out
        assert alone("get", "orders", "-o", "json", env=env).json["items"] == [newer]
        assert "full" in alone("describe", "order", "x", env=env).out
