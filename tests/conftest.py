"""Fixtures that all layers use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from client import Client
from cpctl.sandbox.answering import DEADLINE_S
from sandbox_server import SECONDS_PER_CARD, Sandbox, running


def pytest_configure() -> None:
    """Ctrl-C works in the processes that tests start, also where a shell in the background has switched it off.

    No example has a deadline: how long one takes is a matter of what else the machine does.
    """
    hypothesis.settings.register_profile("patient", deadline=None)
    hypothesis.settings.load_profile("patient")
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox a worker; take `sandbox` instead, which tidies up after each test."""
    with running(tmp_path_factory.mktemp("sandbox"), seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A live sandbox, shared by the tests of a worker: use names of your own, leave clock and prices alone."""
    yield shared_sandbox
    shared_sandbox.admin.clear_faults()
    shared_sandbox.admin.aggregator(DEADLINE_S)
    shared_sandbox.admin.activation(secondsPerCard=SECONDS_PER_CARD, failing=0)


@pytest.fixture
def fresh_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A live sandbox of one's own, whose clock may be moved and process killed."""
    with running(tmp_path / "sandbox", seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def cp(sandbox: Sandbox, tmp_path: Path) -> Client:
    """cpctl on a machine of its own, pointed at the shared sandbox."""
    return Client(tmp_path / "home", env=sandbox.env)


@pytest.fixture
def fresh_cp(fresh_sandbox: Sandbox, tmp_path: Path) -> Client:
    """cpctl on a machine of its own, pointed at the fresh sandbox."""
    return Client(tmp_path / "home", env=fresh_sandbox.env)
