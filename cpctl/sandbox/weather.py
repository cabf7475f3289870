"""What faults do to one exchange: it waits, is refused, gets a proxy's page, or is marked for what its line suffers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from cpctl.sandbox.faults import seconds
from cpctl.sandbox.problems import Problem, error_problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from cpctl.sandbox.platform import Platform

PAGE: Final = (
    "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
)


async def endure(state: MutableMapping[str, Any], effects: Mapping[str, Any], wait_s: float = 0.0) -> Response | None:
    """Let effects act before anything is done.

    Args:
        state: The exchange's; keeps what is to happen to its answer.
        effects: As `Faults.strike` gives them.
        wait_s: A wait that is due anyhow.

    Returns:
        What to answer instead, if anything.

    Raises:
        Problem: The refusal that a fault asks for.
    """
    wait_s = max(wait_s, seconds(effects.get("latency", 0)) or 0.0)
    if wait_s:
        await asyncio.sleep(wait_s)
    state["effects"] = state["effects"] | effects
    if "html" in effects:
        return Response(PAGE, effects.get("error", 200), media_type="text/html")
    where = effects.get("subplatform")
    if "denied" in effects:
        raise Problem("Forbidden", f"this account may not use sub-platform {where}", subplatform=where)
    if "down" in effects:
        named = f"sub-platform {where}" if where else "the platform"
        raise Problem("Overloaded", f"{named} does not answer; nothing was begun", **at(where))
    if "error" in effects:
        raise error_problem(effects["error"], **at(where))
    return None


def at(subplatform: str | None) -> dict[str, Any]:
    """The member that names a sub-platform in a refusal."""
    return {"subplatform": subplatform} if subplatform else {}


async def endure_at(platform: Platform, request: Request, provinces: Iterable[str]) -> Response | None:
    """The same for a request that turns out to be served in certain provinces (a model call). Raises Problem."""
    effects = platform.faults.strike(request.method, request.url.path, provinces)
    return await endure(request.scope["state"], effects)
