"""What a contract must be beside valid: a rule is a function from the document to sentences about breaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from contract import Operation, operations, resolved, schemas

Document = Mapping[str, Any]
Rule = Callable[[Document], Iterator[str]]
TYPED = ("type", "$ref", "anyOf", "allOf", "oneOf", "const", "enum")
SPENDING = ("placeOrder", "activateOrder", "extendOrder")
SECRETS = ("access_token", "refresh_token", "kubeconfig")


def named_and_summed_up(contract: Document) -> Iterator[str]:
    seen: dict[str, Operation] = {}
    for operation in operations(contract):
        name = operation.body.get("operationId", "")
        if not name or not operation.body.get("summary"):
            yield f"{operation.method} {operation.path} lacks operationId or summary"
        if name in seen:
            yield f"operationId {name} twice"
        seen[name] = operation


def tagged(contract: Document) -> Iterator[str]:
    known = {tag["name"] for tag in contract["tags"]}
    for operation in operations(contract):
        if not set(operation.body.get("tags", ())) & known:
            yield f"{operation.name} has no tag that is described"


def failures_described(contract: Document) -> Iterator[str]:
    """Every operation says how it fails, in a form that is described."""
    for operation in operations(contract):
        failing = [code for code in operation.body["responses"] if code == "default" or code[0] in "45"]
        if not failing:
            yield f"{operation.name} describes no failure"
        for code in failing:
            if not resolved(operation.body["responses"][code], contract).get("content"):
                yield f"{operation.name} {code} has no body"


def bodies_with_tokens_answer_401(contract: Document) -> Iterator[str]:
    for operation in operations(contract):
        if operation.body.get("security", contract["security"]) and "401" not in operation.body["responses"]:
            yield f"{operation.name} needs a token and has no 401"


def spending_has_a_key(contract: Document) -> Iterator[str]:
    for operation in operations(contract):
        key = operation.parameters("header").get("Idempotency-Key", {})
        if operation.name in SPENDING and not key.get("required"):
            yield f"{operation.name} spends without an Idempotency-Key"


def answers_carry_a_request_id(contract: Document) -> Iterator[str]:
    for operation in operations(contract):
        for code, answer in operation.body["responses"].items():
            headers = {name.lower() for name in resolved(answer, contract).get("headers", ())}
            if operation.path.startswith("/v1") and code != "304" and "x-request-id" not in headers:
                yield f"{operation.name} {code} has no X-Request-Id"


def parameters_typed(contract: Document) -> Iterator[str]:
    for operation in operations(contract):
        for place in ("query", "path", "header"):
            for name, parameter in operation.parameters(place).items():
                if not any(word in parameter.get("schema", {}) for word in TYPED):
                    yield f"{operation.name} {name} has no type"


def objects_say_what_they_need(contract: Document) -> Iterator[str]:
    for where, schema in _all(contract):
        if schema.get("type") == "object" and "properties" in schema and "required" not in schema:
            yield f"{where} does not say which of its properties it needs"
        for name in schema.get("required", ()):
            if name not in schema.get("properties", {}) and "allOf" not in schema and not where.endswith(".not"):
                yield f"{where} needs {name}, which it does not describe"


def properties_typed(contract: Document) -> Iterator[str]:
    for where, schema in _all(contract):
        for name, inner in schema.get("properties", {}).items():
            if not any(word in inner for word in TYPED):
                yield f"{where}.{name} has no type"
        if schema.get("type") == "array" and "items" not in schema:
            yield f"{where} does not say what it is a list of"


def secrets_marked(contract: Document) -> Iterator[str]:
    for where, schema in _all(contract):
        for name in SECRETS:
            if name in schema.get("properties", {}) and not schema["properties"][name].get("x-secret"):
                yield f"{where}.{name} is not marked x-secret"


def schemas_sound(contract: Document) -> Iterator[str]:
    for where, schema in _all(contract):
        for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema):
            yield f"{where}: {error.message}"


def examples_valid(contract: Document) -> Iterator[str]:
    """Every example is what its schema says; a schema's own as well."""
    for where, media in _media(contract):
        for label, value in examples_of(media):
            for error in _validator(contract, media["schema"]).iter_errors(value):
                yield f"{where} {label}: {error.json_path} {error.message}"
    for where, schema in _all(contract):
        for value in schema.get("examples", ()):
            for error in _validator(contract, schema).iter_errors(value):
                yield f"{where}: {error.message}"


def bodies_have_an_example(contract: Document) -> Iterator[str]:
    for operation in operations(contract):
        for media in operation.body.get("requestBody", {}).get("content", {}).values():
            if not list(examples_of(media)):
                yield f"{operation.name} shows no request"


def reasons_shown(contract: Document) -> Iterator[str]:
    """Every reason has an example, with the status that it comes with."""
    reasons = contract["components"]["schemas"]["Problem"]["properties"]["reason"]["enum"]
    shown = {
        value.get("reason")
        for _, media in _media(contract)
        for _, value in examples_of(media)
        if isinstance(value, dict)
    }
    yield from (f"no example of reason {reason}" for reason in reasons if reason not in shown)


def statuses_agree(contract: Document) -> Iterator[str]:
    for operation in operations(contract):
        for code, answer in operation.body["responses"].items():
            for media in resolved(answer, contract).get("content", {}).values():
                for _, value in examples_of(media):
                    if code.isdigit() and isinstance(value, dict) and str(value.get("status", code)) != code:
                        yield f"{operation.name} {code} shows status {value['status']}"


def examples_of(media: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if "example" in media:
        yield "example", media["example"]
    yield from ((name, one["value"]) for name, one in media.get("examples", {}).items())


def _media(contract: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every request and answer that has a body, once."""
    for name, answer in contract["components"]["responses"].items():
        yield from ((f"responses.{name}", media) for media in answer.get("content", {}).values())
    for operation in operations(contract):
        parts = [("request", operation.body.get("requestBody", {})), *operation.body["responses"].items()]
        for code, part in parts:
            yield from ((f"{operation.name} {code}", media) for media in part.get("content", {}).values())


def _all(contract: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from schemas(contract["components"]["schemas"])
    for where, media in _media(contract):
        yield from schemas(media["schema"], where)


def _validator(contract: Document, schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": contract["components"]})


RULES: tuple[Rule, ...] = (
    named_and_summed_up,
    tagged,
    failures_described,
    bodies_with_tokens_answer_401,
    spending_has_a_key,
    answers_carry_a_request_id,
    parameters_typed,
    objects_say_what_they_need,
    properties_typed,
    secrets_marked,
    examples_valid,
    bodies_have_an_example,
    reasons_shown,
    statuses_agree,
    schemas_sound,
)


def violations(contract: Document) -> Iterator[str]:
    """A sentence for each breach, as they are found."""
    for rule in RULES:
        yield from rule(contract)
