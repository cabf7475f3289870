"""A call charged once: its answer is kept with the charge, in one transaction, and given again for the same key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from cpctl.sandbox import answers, ledger, permissions
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.bodies import KEY
from cpctl.sandbox.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from cpctl.sandbox.platform import Platform

PROJECT_HEADER = "openai-project"


class Caller(NamedTuple):
    """Who calls, who pays, and under which key (None: without)."""

    account: str
    project: str
    key: str | None
    fingerprint: str


def caller(platform: Platform, request: Request) -> Caller:
    """Who is behind a request whose body is read. Raises Problem."""
    account = platform.account_of(request)
    permissions.check(account, "models", "call")
    project = platform.project_for(account, request.headers.get(PROJECT_HEADER))
    key = request.headers.get("idempotency-key")
    if key is not None:
        KEY.check(key, "Idempotency-Key")
    fingerprint = answers.fingerprint(request.method, request.url.path, request.state.raw)
    return Caller(account.name, project, key, fingerprint)


@contextmanager
def claimed(platform: Platform, who: Caller) -> Iterator[None]:
    """Hold the key while its call is being answered. Raises Problem: another one does."""
    if who.key is None:
        yield
        return
    mine = (who.account, who.key)
    if mine in platform.running:
        raise Problem("InProgress", "the first request with this key still runs")
    platform.running.add(mine)
    try:
        yield
    finally:
        platform.running.discard(mine)


def earlier(platform: Platform, who: Caller) -> Answer | None:
    """The answer this key got before. Raises Problem: to another body."""
    if who.key is None:
        return None
    with platform.store.change() as change:
        return answers.first_answer(change, who.account, who.key, who.fingerprint, platform.clock.wall())


def settle(platform: Platform, who: Caller, source: str, cost: Decimal, answer: Answer) -> None:
    """Charge the call and keep its answer. Raises Problem: there is no money for it."""
    if not cost and who.key is None:
        return
    with platform.store.change() as change:
        if cost:
            ledger.charge_call(change, who.project, who.account, source, cost, platform.clock.now())
        if who.key is not None:
            answers.keep(change, who.account, who.key, who.fingerprint, answer, platform.clock.wall())
