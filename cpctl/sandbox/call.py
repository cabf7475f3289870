"""One request as handlers see it, and the table row that says how a path is served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cpctl.sandbox.answering import Asked
from cpctl.sandbox.answers import Answer
from cpctl.sandbox.problems import Problem
from cpctl.sandbox.store import Change, dumps

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cpctl.sandbox.platform import Platform
    from cpctl.sandbox.shapes import Shape
    from cpctl.sandbox.tokens import Grant

NOBODY: Final = Asked()
JSON: Final = {"Content-Type": "application/json"}
UNASKED: Final = "unasked"
OPTIONAL: Final = "optional"
REQUIRED: Final = "required"


@dataclass(frozen=True)
class Call:
    """A request, authorised and read.

    Attributes:
        platform: What it acts on.
        grant: Who asks; None on open paths.
        params: The path's variables.
        query: The query's parameters, the first of each name.
        headers: Lower-case names.
        body: The checked JSON, None without one.
        now_s: Sandbox time of the request.
        asked: How the sub-platforms answered, for what needs them.
    """

    platform: Platform
    grant: Grant | None
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    now_s: float
    asked: Asked = NOBODY

    @property
    def account(self) -> str:
        """Who asks."""
        assert self.grant is not None, "this path is open"
        return self.grant.account.name

    @property
    def project(self) -> str:
        """The project asked about. Raises Problem: unknown, or not the account's."""
        assert self.grant is not None, "this path is open"
        return self.platform.project_for(self.grant.account, self.query.get("project"))

    @property
    def memberships(self) -> tuple[str, ...]:
        """The projects the account is a member of."""
        assert self.grant is not None, "this path is open"
        return self.grant.account.projects

    @property
    def projects(self) -> tuple[str, ...]:
        """The projects a list is asked for. Raises Problem: unknown, or not the account's."""
        assert self.grant is not None, "this path is open"
        return self.platform.projects_for(self.grant.account, self.query.get("project"))


Read = Callable[[Call], Answer]
Write = Callable[[Call, Change], Answer]
Watch = Callable[[Call, "Request"], "Response"]


@dataclass(frozen=True)
class Route:
    """How one method of one path is served.

    Attributes:
        method: GET, POST, PATCH, DELETE.
        path: Starlette's notation.
        read: Answers without changing anything; or
        write: answers inside a transaction.
        watch: Answers with a stream of changes, when `watch=true` asks for it.
        shape: The JSON body's, when there is one.
        key: Whether an Idempotency-Key is required, optional, or not asked for.
        act: What it does with orders, in the words of permissions.py; "" where anybody may.
        is_open: Whether it is served without a token.
    """

    method: str
    path: str
    read: Read | None = None
    write: Write | None = None
    watch: Watch | None = None
    shape: Shape | None = None
    key: str = UNASKED
    act: str = ""
    is_open: bool = field(default=False)


def answer(value: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, value if isinstance(value, bytes) else dumps(value), JSON)


def missing(plural: str, name: str) -> Problem:
    """404 in kubectl's words."""
    return Problem("NotFound", f'{plural} "{name}" not found')
