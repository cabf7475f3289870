"""What the client needs to know about secrets, whoever keeps them."""

from __future__ import annotations

import re
from typing import Protocol

from cpctl.errors import TokenRefused

LONGEST = 16_384
TOKEN = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")


class SecretStore(Protocol):
    """Keeps one text a profile."""

    where: str  # how `auth status` names it

    def get(self, profile: str) -> str | None: ...

    def set(self, profile: str, text: str) -> None: ...

    def delete(self, profile: str) -> bool:
        """Whether there was one."""
        ...


class Bearer(Protocol):
    """Whose token a transport shows to its one origin."""

    login_hint: str  # what to do when the platform refuses it

    def token(self) -> str | None:
        """The token, or None to go without; raises NotAuthorized when there should be one."""
        ...

    def renewed(self, refused: str) -> str | None:
        """Another token in place of one the platform called expired, or None."""
        ...


def checked(token: str) -> str:
    """The token, fit to stand in a header.

    Raises:
        TokenRefused: It holds a line end, a NUL, a space or anything that is not printable ASCII; it is not repeated.
    """
    if TOKEN.fullmatch(token):
        return token
    fault = "is empty" if not token else "is too long" if len(token) > LONGEST else "holds a character no token has"
    raise TokenRefused(
        reason="MalformedToken",
        detail=f"the token {fault} (printable ASCII without spaces is expected); nothing was sent",
    )
