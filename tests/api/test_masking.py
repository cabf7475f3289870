from __future__ import annotations

from pathlib import Path

import yaml

import cpctl.api
from cpctl.api.masking import SECRET_FIELDS, masked_body


def secret_fields(node: object, name: str = "") -> set[str]:
    """The names of the fields that openapi.yaml marks `x-secret`."""
    if isinstance(node, list):
        return set().union(*(secret_fields(inner, name) for inner in node), set())
    if not isinstance(node, dict):
        return set()
    own = {name} if node.get("x-secret") is True else set()
    return own.union(*(secret_fields(inner, key) for key, inner in node.items()))


def test_every_secret_of_the_contract_is_masked():
    contract = yaml.safe_load((Path(cpctl.api.__file__).parent / "openapi.yaml").read_text())
    assert secret_fields(contract) == SECRET_FIELDS


def test_bodies_are_shown_short_and_readable():
    assert masked_body('{"名": "山西"}'.encode(), "application/json") == '{"名": "山西"}'
    assert len(masked_body(b"x" * 1_000_000, "text/plain")) < 17_000
    assert masked_body(b"[" * 100_000, "application/json").startswith("[[[")


def test_a_body_is_cut_behind_its_secrets_or_not_at_all():
    body = b'{"access_token": "s3cret", "text": "' + b"x" * 40_000 + b'"}'
    shown, whole = masked_body(body, "application/json"), masked_body(body, "application/json", None)
    assert "s3cret" not in shown + whole
    assert len(shown) < 20_000 < len(whole) and shown.endswith(f"… ({len(body)} bytes)")
