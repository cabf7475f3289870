"""From refusals in every form to the errors that users see."""

from __future__ import annotations

import json

import pytest
from wires import (
    READ,
    SPEND,
    Wire,
    answer,
    problem,
    refused,
)

from cpctl.errors import (
    Conflict,
    CpctlError,
    Forbidden,
    LimitExceeded,
    NoCapacity,
    NotFound,
    TokenRefused,
    Unreachable,
    UsageError,
)
from cpctl.resources.exchange import Request

pytestmark = pytest.mark.usefixtures("both_lines")


@pytest.mark.parametrize(
    ("status", "reason", "kind", "code"),
    [
        (400, "BadRequest", UsageError, 2),
        (401, "Unauthorized", TokenRefused, 4),
        (403, "Forbidden", Forbidden, 4),
        (404, "NotFound", NotFound, 3),
        (405, "MethodNotAllowed", CpctlError, 1),
        (409, "AlreadyExists", Conflict, 5),
        (409, "PriceChanged", Conflict, 5),
        (409, "NoCapacity", NoCapacity, 6),
        (409, "WrongPhase", Conflict, 5),
        (410, "Expired", Conflict, 5),
        (402, "LimitExceeded", LimitExceeded, 7),
        (402, "InsufficientBalance", LimitExceeded, 7),
        (413, "TooLarge", UsageError, 2),
        (415, "UnsupportedMediaType", CpctlError, 1),
        (422, "Invalid", UsageError, 2),
        (422, "OfferGone", NoCapacity, 6),
        (429, "QuotaExhausted", LimitExceeded, 7),
        (429, "RateLimited", Unreachable, 9),
        (500, "Internal", Unreachable, 9),
        (503, "Unavailable", Unreachable, 9),
        (504, "GatewayTimeout", Unreachable, 9),
        (418, "Teapot", CpctlError, 1),
        (409, "FutureReason", Conflict, 5),
        (599, "FutureReason", Unreachable, 9),
    ],
)
def test_each_status_and_reason_has_its_error(status, reason, kind, code):
    error = refused(Wire(problem(status, reason)), READ)
    assert type(error) is kind and (error.exit_code, error.reason, error.request_id) == (code, reason, "r-1")
    assert f"{reason} it is" in error.message


def test_a_problem_brings_its_values():
    extra = {"uid": "u-1", "specEqual": True, "phase": "Held", "createdBy": "ci", "self": 1, "reason2": 2}
    error = refused(Wire(problem(409, "AlreadyExists", **extra)), SPEND)
    assert {key: error.values[key] for key in ("uid", "specEqual", "phase", "createdBy")} == {
        "uid": "u-1",
        "specEqual": True,
        "phase": "Held",
        "createdBy": "ci",
    }


def test_a_missing_object_is_told_as_kubectl_does():
    error = refused(Wire(problem(404, "NotFound")), Request("GET", "/v1/orders/a%2Fb/activate?project=p"))
    assert error.message == 'Error from server (NotFound): orders "a/b" not found'


def test_unknown_values_come_with_the_legal_ones():
    error = refused(Wire(problem(422, "UnknownValue", field="accelerator", allowed=["H800", "H200"])), READ)
    assert "H800, H200" in error.message and error.exit_code == 2


@pytest.mark.parametrize(
    "document",
    [
        {
            "error": {
                "message": "no such model {x}",
                "type": "invalid_request_error",
                "code": "model_not_found",
                "param": "model",
            }
        },
        {"error": {"message": "no such model {x}", "type": "not_found", "code": None}},
        {"code": 404, "message": "no such model {x}"},
        {"error": "invalid_grant", "error_description": "no such model {x}"},
        {"reason": "NotFound", "detail": "no such model {x}"},
    ],
)
def test_every_form_of_error_is_understood(document):
    error = refused(Wire(answer(json.dumps(document), "404 Not Found")), Request("GET", "/openai/v1/models"))
    assert isinstance(error, NotFound) and "no such model {x}" in error.message


@pytest.mark.parametrize(
    "document",
    [
        "{}",
        "[]",
        '"x"',
        "null",
        '{"reason": 5, "detail": []}',
        '{"error": []}',
        '{"error": {"message": 5, "code": {}}}',
        '{"reason": "\\u001b[31m"}',
        '{"detail": "' + "x" * 100000 + '", "reason": "Internal"}',
        "[" * 90000,
    ],
)
@pytest.mark.parametrize("status", [400, 404, 409, 429, 500, 503])
def test_odd_problem_documents_are_one_short_sentence(document, status):
    error = refused(Wire(answer(document, f"{status} X", "application/problem+json")), READ)
    assert len(error.message) < 1_500 and error.exit_code in range(1, 12)
