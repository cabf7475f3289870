"""openapi.yaml is sound, and the sandbox does what it says: every operation, refusals, generated requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from openapi_spec_validator import validate
from schemathesis.core.failures import FailureGroup

import contract_rules
import contract_tester
from contract import PATH, document, operations
from contract_proxy import Breaking, Reply, lying
from contract_walk import PARTS, Ground, Visit
from cpctl.api.problems import error_of
from cpctl.errors import ExitCode
from cpctl.resources.exchange import Request
from cpctl.sandbox.problems import REASONS
from sandbox_server import Sandbox, running

# ---- the document


def test_it_is_valid_openapi():
    validate(document())


def test_it_keeps_every_rule():
    assert list(contract_rules.violations(document())) == []


def without(*path: str) -> Callable[[Any], None]:
    def change(node: Any) -> None:
        for part in path[:-1]:
            node = node[part]
        del node[path[-1]]

    return change


def with_value(value: Any, *path: str) -> Callable[[Any], None]:
    def change(node: Any) -> None:
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = value

    return change


OFFERS = ("paths", "/v1/offers", "get")
SCHEMAS = ("components", "schemas")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without(*OFFERS, "operationId"), "lacks operationId"),
        (with_value("listOrders", *OFFERS, "operationId"), "listOrders twice"),
        (without(*OFFERS, "summary"), "lacks operationId or summary"),
        (with_value(["odd"], *OFFERS, "tags"), "has no tag"),
        (with_value({"200": {"description": "x"}}, *OFFERS, "responses"), "describes no failure"),
        (without(*OFFERS, "responses", "401"), "has no 401"),
        (without(*SCHEMAS, "Account", "required"), "which of its properties"),
        (with_value({}, *SCHEMAS, "Account", "properties", "balance"), "balance has no type"),
        (with_value(["nothing"], *SCHEMAS, "Account", "required"), "needs nothing"),
        (without(*SCHEMAS, "TokenAnswer", "properties", "access_token", "x-secret"), "not marked x-secret"),
        (with_value("text", *SCHEMAS, "Account", "properties", "balance", "type"), "Account.properties.balance"),
        (with_value(["11.2"], *SCHEMAS, "Price", "examples"), "Price"),
        (
            without("paths", "/v1/orders", "post", "requestBody", "content", "application/json", "example"),
            "shows no request",
        ),
        (
            without("components", "responses", "Expired", "content", "application/problem+json", "example"),
            "reason Expired",
        ),
    ],
)
def test_a_broken_rule_is_seen(change, said):
    broken = deepcopy(document())
    change(broken)
    assert any(said in sentence for sentence in contract_rules.violations(broken))


# ---- the reasons


def test_the_sandbox_gives_the_reasons_of_the_contract_and_no_other():
    assert set(REASONS) == set(document()["components"]["schemas"]["Problem"]["properties"]["reason"]["enum"])


EXITS = {
    **dict.fromkeys(("BadRequest", "TooLarge", "Invalid", "UnknownValue"), ExitCode.USAGE),
    **dict.fromkeys(("Unauthorized", "TokenExpired", "Forbidden"), ExitCode.NOT_AUTHORIZED),
    **dict.fromkeys(("LimitExceeded", "InsufficientBalance", "QuotaExhausted", "VoucherRefused"), ExitCode.LIMIT),
    **dict.fromkeys(("NoCapacity", "OfferGone"), ExitCode.NO_CAPACITY),
    **dict.fromkeys(("AlreadyExists", "PriceChanged", "InProgress", "WrongPhase", "UidMismatch"), ExitCode.CONFLICT),
    **dict.fromkeys(("StaleVersion", "Expired"), ExitCode.CONFLICT),
    **dict.fromkeys(("RateLimited", "Overloaded", "Internal", "Unavailable", "GatewayTimeout"), ExitCode.UNREACHABLE),
    "NotFound": ExitCode.NOT_FOUND,
}


@pytest.mark.parametrize("reason", EXITS)
def test_every_reason_has_its_exit_code(reason):
    known = REASONS[reason]
    problem = {"type": f"urn:ccpp:problem:{reason}", "status": known.status, "reason": reason, "detail": "x"}
    headers = {"content-type": "application/problem+json", "x-request-id": "r-1"}
    error = error_of(known.status, headers, json.dumps(problem).encode(), Request("GET", "/v1/offers"))
    assert (error.exit_code, error.reason) == (EXITS[reason], reason)


def test_no_reason_is_without_an_exit_code():
    assert set(REASONS) - set(EXITS) <= {
        "MethodNotAllowed",
        "IdempotencyMismatch",
        "UnsupportedMediaType",
    }  # cpctl cannot cause them


# ---- the sandbox, operation by operation

CONTRACT = schemathesis.openapi.from_path(PATH)
BY_NAME = {operation.name: operation for operation in operations()}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with running(tmp_path_factory.mktemp("contract"), seed=1) as sandbox:
        yield Ground(sandbox)


def visit(ground: Ground, one: Visit, url: str = "") -> None:
    """Send the request and hold its answer against the contract. Raises FailureGroup, AssertionError for the status."""
    operation = BY_NAME[one.operation]
    case = CONTRACT[operation.path][operation.method.upper()].Case(**deepcopy(one.arguments))
    headers = {"Authorization": f"Bearer {ground.sandbox.token_of(one.token)}"} if one.token else {}
    sent = {**headers, **one.arguments.get("headers", {})}
    answer = case.call(base_url=url or ground.sandbox.url, headers=sent)
    assert answer.status_code == one.status, (one, answer.text)
    case.validate_response(answer, headers=headers)


@pytest.mark.parametrize("part", PARTS, ids=[part.__name__ for part in PARTS])
def test_every_answer_is_as_promised(ground, part):
    for one in part(ground):
        visit(ground, one)


def test_every_operation_was_visited_and_answered_well(ground):
    visited = {one.operation for part in PARTS for one in part(ground) if one.status < 300}
    assert visited == set(BY_NAME)


# ---- the same checks see a broken sandbox


def changed(change: Callable[[Any], None]) -> Breaking:
    def breaking(reply: Reply) -> Reply:
        found = json.loads(reply.body)
        with suppress(KeyError, TypeError):  # a check's own further requests are answered with problems
            change(found)
        return reply._replace(body=json.dumps(found).encode())

    return breaking


def with_headers(**headers: str | None) -> Breaking:
    def breaking(reply: Reply) -> Reply:
        whole = {**reply.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return reply._replace(headers={name: value for name, value in whole.items() if value is not None})

    return breaking


GONE = Visit("getOffer", 404, {"path_parameters": {"name": "no-such-name"}})
BROKEN: dict[str, tuple[str | Visit, Breaking]] = {
    "a price as a number": ("getOffer", changed(with_value(11.2, "spec", "price"))),
    "a price with two places": ("getOffer", changed(with_value("11.20", "spec", "price"))),
    "no free cards": ("getOffer", changed(without("status", "free"))),
    "cards as text": ("getOffer", changed(with_value("8", "status", "free"))),
    "an unknown billing": ("getOffer", changed(with_value("hourly", "spec", "billing"))),
    "another kind": ("getOffer", changed(with_value("Product", "kind"))),
    "a time with an offset": ("getOffer", changed(with_value("2026-01-02T03:04:05+08:00", "metadata", "createdAt"))),
    "a version as a number": ("getOffer", changed(with_value(7, "metadata", "resourceVersion"))),
    "a list without complete": ("listOffers", changed(without("metadata", "complete"))),
    "money as a number": ("getAccount", changed(with_value(1.5, "balance"))),
    "a ledger without numbers": ("getLedger", changed(with_value([{"amount": "1.00"}], "lines"))),
    "no request id": ("getOffer", with_headers(x_request_id=None)),
    "another content type": ("getOffer", with_headers(content_type="text/html")),
    "an odd status": ("getOffer", lambda reply: reply._replace(status=202)),
    "a server error": ("getOffer", lambda reply: reply._replace(status=500)),
    "half a body": ("getOffer", lambda reply: reply._replace(body=reply.body[: len(reply.body) // 2])),
    "a problem without a reason": (GONE, changed(without("reason"))),
    "a reason of its own": (GONE, changed(with_value("Vanished", "reason"))),
    "a problem that is plain JSON": (GONE, with_headers(content_type="application/json")),
}


def sound_visit(ground: Ground, wanted: str | Visit) -> Visit:
    if isinstance(wanted, Visit):
        return wanted
    return next(one for part in PARTS[:2] for one in part(ground) if one.operation == wanted and one.status == 200)


@pytest.mark.parametrize(("wanted", "breaking"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_seen(ground, wanted, breaking):
    one = sound_visit(ground, wanted)
    with lying(ground.sandbox.url, lambda reply: reply) as honest:
        visit(ground, one, honest)
    with lying(ground.sandbox.url, breaking) as broken, pytest.raises((FailureGroup, AssertionError)):
        visit(ground, one, broken)


def test_a_sandbox_that_asks_for_no_token_is_seen(ground):
    let_in = {"Authorization": f"Bearer {ground.sandbox.token}"}
    with lying(ground.sandbox.url, lambda reply: reply, let_in) as url, pytest.raises(FailureGroup, match="uthenticat"):
        visit(ground, sound_visit(ground, "whoAmI"), url)


# ---- generated requests


def generated(sandbox: Sandbox, folder: Any, **size: int) -> contract_tester.Run:
    Ground(sandbox)
    words = contract_tester.configuration(contract_tester.names(sandbox))
    return contract_tester.run(sandbox.url, sandbox.token, folder, words, **size)


def test_generated_requests_find_no_violation(fresh_sandbox, tmp_path):
    done = generated(fresh_sandbox, tmp_path, examples=5)
    assert done.code == 0 and done.failures == [], done.output[-20_000:]
    assert done.operations == (len(BY_NAME), len(BY_NAME)) and done.cases > 2_000
    fresh_sandbox.check_stock()
    fresh_sandbox.balance_sheet()


@pytest.mark.soak
def test_generated_requests_for_a_long_time(fresh_sandbox, tmp_path):
    for seed in range(2, 6):
        done = contract_tester.run(
            fresh_sandbox.url,
            fresh_sandbox.token,
            tmp_path,
            contract_tester.configuration(contract_tester.names(fresh_sandbox)),
            examples=150,
            seed=seed,
        )
        assert done.code == 0 and done.failures == [], done.output[-20_000:]


def test_generated_requests_see_a_broken_field(ground, tmp_path):
    words = contract_tester.configuration(contract_tester.names(ground.sandbox))

    def breaking(reply: Reply) -> Reply:
        return reply._replace(body=reply.body.replace(b'"free":', b'"spare":'))

    with lying(ground.sandbox.url, breaking) as url:
        narrowed = ("--include-operation-id", "getOffer", "--phases", "fuzzing")
        done = contract_tester.run(url, ground.sandbox.token, tmp_path, words, *narrowed, examples=10)
    assert done.code == 1 and done.operations[0] == 1 and "free" in done.output
