"""A login as it is kept: the tokens, whose they are to see, and until when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import NamedTuple

from cpctl.errors import TokenRefused
from cpctl.resources.secret import checked


class Record(NamedTuple):
    """Attributes:
    origin: The only one these tokens go to, whatever a profile of the same name says later.
    refresh: What a new access token is got with, or None.
    expires_at: Aware; None when nobody said.
    pasted: Made by somebody else: forgotten at logout, not revoked.
    """

    origin: str
    access: str
    refresh: str | None = None
    expires_at: datetime | None = None
    pasted: bool = False

    def text(self) -> str:
        expires = self.expires_at.isoformat(timespec="seconds") if self.expires_at else None
        kept = {"origin": self.origin, "access": self.access, "refresh": self.refresh, "expiresAt": expires}
        return json.dumps({**kept, "pasted": self.pasted})


def record_of(text: str, where: str) -> Record:
    """The login in a store's text.

    Raises:
        TokenRefused: It is damaged; says where.
    """
    try:
        kept = json.loads(text)
        expires = kept.get("expiresAt")
        return Record(
            origin=str(kept["origin"]),
            access=checked(kept["access"]),
            refresh=checked(kept["refresh"]) if kept.get("refresh") else None,
            expires_at=datetime.fromisoformat(expires).astimezone(UTC) if expires else None,
            pasted=kept.get("pasted") is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TokenRefused(reason="DamagedLogin", detail=f"what {where} keeps for this profile is no login") from error
