"""Fixtures for servers that misbehave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from wires import QUICK


@pytest.fixture(params=[True, False], ids=["quick", "httpx"])
def both_lines(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test for either kind of line: what plain reads take, and what everything takes."""
    before = QUICK.set(request.param)
    yield
    QUICK.reset(before)
