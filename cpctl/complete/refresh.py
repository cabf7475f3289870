"""The process behind a Tab: a list that nobody reads, for what it leaves in the cache, or why it left nothing."""

from __future__ import annotations

import time

from cpctl.complete.failure import keep_failure
from cpctl.complete.line import Line
from cpctl.complete.store import YOURS, account, place_of
from cpctl.complete.upkeep import drop, end_turn
from cpctl.errors import (
    BadAnswer,
    BadValue,
    CpctlError,
    Forbidden,
    NoSecretStore,
    NotAuthorized,
    NotFound,
    NotLoggedIn,
    TokenRefused,
    Unreachable,
    UsageError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORDS: tuple[tuple[type[CpctlError], tuple[str, ...], str], ...] = (
    (Unreachable, ("Untrusted",), "untrusted"),
    (Unreachable, ("Overloaded", "RateLimited"), "busy"),
    (Unreachable, ("Unreachable", "Late"), "unreachable"),
    (Unreachable, (), "trouble"),
    (NotLoggedIn, (), "nobody"),
    (TokenRefused, ("TokenExpired",), "ended"),
    (TokenRefused, (), "refused"),
    (Forbidden, (), "forbidden"),
    (NoSecretStore, (), "no-keyring"),
    (NotAuthorized, ("MalformedToken",), "refused"),
    (NotAuthorized, ("TokenNotForThisServer",), "not-sent"),
    (UsageError, ("DamagedConfig", "BadValue"), "config"),
    (BadAnswer, (), "no-list"),
)
"""What is told of an error: its class, the reasons it may have (none: any)."""


class Refresh:
    """One refresh: `get KIND …`, as the Tab that started it wrote it."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str]) -> None:
        self._env, self._kind = env, words[1]
        self._place = place_of(Line([*words, ""]), env)
        self._account = account(env, self._place.profile)

    def end(self, error: CpctlError | None, *, failed: bool) -> None:
        """Leaves the way free for the next one; what another account is told is not for who is here now."""
        where, kind = self._place, self._kind
        if not where.folder or account(self._env, where.profile) != self._account:
            return
        if failed:
            word = word_of(error, kind)
            if word in ("refused", "forbidden") and kind in YOURS:  # another platform, or another account
                drop(where, kind)
            keep_failure(where, kind, word, time.time())
        end_turn(where, kind)


def word_of(error: CpctlError | None, kind: str) -> str:
    """What is left of an error: a word of ours."""
    what = str(error.values.get("what")).lower() if isinstance(error, BadValue) else ""
    if "server" in what:
        return "no-address"
    if "project" in what or (isinstance(error, NotFound) and kind in YOURS):
        return "no-project"
    if what:  # of the environment
        return "other"
    found = (
        word for cls, reasons, word in WORDS if isinstance(error, cls) and (not reasons or error.reason in reasons)
    )
    return next(found, "other")
