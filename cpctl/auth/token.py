"""The token for one platform: found where it is kept, renewed by one process for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import NamedTuple

from cpctl.auth.record import Record, record_of
from cpctl.errors import CpctlError, NoSecretStore, NotLoggedIn, TokenRefused
from cpctl.resources.clock import Clock
from cpctl.resources.endpoint import Endpoint
from cpctl.resources.secret import SecretStore, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.auth.oauth import Grant, OAuth

EARLY = timedelta(seconds=30)  # renewed this long before its end, so that it does not end on its way
ENVIRONMENT = "CPCTL_TOKEN"
ANOTHER = "another CPCTL_TOKEN"


class Found(NamedTuple):
    """A token and where it was: CPCTL_TOKEN, a sandbox's file (record is None for both), or a store."""

    token: str
    where: str
    store: SecretStore | None = None
    record: Record | None = None


class Sources(NamedTuple):
    """Where a profile's token may be, in the order they are asked.

    Attributes:
        environment: CPCTL_TOKEN, if it may go to this platform; raises NotAuthorized if it may not.
        stores: Those that are cheap to ask or known to have it.
        sandbox: The token of a sandbox on this machine, when it is what answers at this address.
        sandbox_where: How `auth status` names that.
        rest: Stores asked last: the keyring, when nothing says that it has a login.
    """

    environment: Callable[[], str | None]
    stores: Sequence[SecretStore]
    sandbox: Callable[[], str | None]
    sandbox_where: str
    rest: Sequence[SecretStore]


class Credentials:
    """The `Bearer` of one profile.

    Args:
        key: What stores know the profile by.
        title: How messages name it.
        oauth: Reaches the platform's token endpoint, without a token.
        lock: One process at a time: between reading a store and writing it.
    """

    def __init__(
        self,
        key: str,
        title: str,
        server: Endpoint,
        sources: Sources,
        *,
        oauth: Callable[[], OAuth],
        lock: Callable[[], AbstractContextManager[None]],
        clock: Clock,
    ) -> None:
        self._key, self._title, self._server, self._sources = key, title, server, sources
        self._oauth, self._lock, self._clock = oauth, lock, clock
        self._is_kept = False  # the token in use is a login of ours, which can be renewed
        self.login_hint = "cpctl auth login"

    def token(self) -> str | None:
        """The token, renewed if its time is nearly over.

        Raises:
            NotLoggedIn: There is none.
            TokenRefused: Its time is over and there is no way to a new one.
            NoSecretStore: None was found, and the keyring does not answer.
        """
        found = self.found()
        if found is None:
            raise NotLoggedIn(detail=f"not logged in to {self._title}")
        if found.where == ENVIRONMENT:
            self.login_hint = ANOTHER
        self._is_kept = found.record is not None
        ends = found.record.expires_at if found.record else None
        if ends is None or self._clock.now() < ends - EARLY:
            return found.token
        fresh = self.renewed(found.token)
        if fresh is None and ends <= self._clock.now():
            ended = ends.isoformat(timespec="seconds")
            raise TokenRefused(reason="TokenExpired", detail=f"the login to {self._title} ended {ended}")
        return fresh or found.token

    def found(self) -> Found | None:
        """The token as it is kept, without any request."""
        token = self._sources.environment()
        if token:
            return Found(_from_environment(token), ENVIRONMENT)
        kept = self._kept(self._sources.stores)
        if kept:
            return kept
        token = self._sources.sandbox()
        if token:
            return Found(checked(token), self._sources.sandbox_where)
        return self._kept(self._sources.rest)

    def renewed(self, refused: str) -> str | None:
        """Another access token than the one that was refused, or None.

        One process asks for it; those that waited for it find it in the store.
        """
        if not self._is_kept:
            return None
        with self._lock():
            found = self._kept([*self._sources.stores, *self._sources.rest])
            if not found or not found.store or not found.record:
                return None
            if found.token != refused:
                return found.token
            if not found.record.refresh:
                return None
            return self._exchanged(found.store, found.record, found.record.refresh)

    def keep(self, grant: Grant, store: SecretStore) -> Record:
        """A login that was just made, in one store and no other."""
        record = self._record(grant)
        with self._lock():
            store.set(self._key, record.text())
        return record

    def forget(self) -> list[str]:
        """Where there was a login, which is gone now."""
        with self._lock():
            gone = [store.where for store in self._sources.stores if store.delete(self._key)]
            with suppress(NoSecretStore):  # no keyring, so nothing is in it
                gone += [store.where for store in self._sources.rest if store.delete(self._key)]
        return gone

    def _exchanged(self, store: SecretStore, record: Record, refresh: str) -> str | None:
        from cpctl.auth.oauth import Grant, oauth_word

        try:
            grant = self._oauth().grant({"grant_type": "refresh_token", "refresh_token": refresh})
        except CpctlError as error:
            if oauth_word(error) in ("invalid_grant", "invalid_client", "unauthorized_client"):
                return None
            raise
        fresh = self._record(Grant(grant.access, grant.refresh or refresh, grant.expires_in_s))
        store.set(self._key, fresh.text())
        return fresh.access

    def _record(self, grant: Grant) -> Record:
        lifetime = grant.expires_in_s
        expires_at = self._clock.now() + timedelta(seconds=lifetime) if lifetime else None
        return Record(self._server.origin, grant.access, grant.refresh, expires_at, grant.pasted)

    def _kept(self, stores: Sequence[SecretStore]) -> Found | None:
        """The login of the first store that has one for this origin."""
        for store in stores:
            text = store.get(self._key)
            record = record_of(text, store.where) if text else None
            if record and record.origin == self._server.origin:
                return Found(record.access, store.where, store, record)
        return None


def _from_environment(token: str) -> str:
    """The token, fit to be sent; a login would not help as long as the variable is set."""
    try:
        return checked(token)
    except TokenRefused as error:
        error.advice = ANOTHER
        raise


def revoke(oauth: OAuth, record: Record) -> str | None:
    """Tell the platform that the tokens are no longer good; answers why it could not be told, or None."""
    for kind, token in (("refresh_token", record.refresh), ("access_token", record.access)):
        if token:
            try:
                oauth.post("revocation_endpoint", {"token": token, "token_type_hint": kind})
            except CpctlError as error:
                return error.message
    return None


class OneToken:
    """A `Bearer` for a token that is kept nowhere."""

    def __init__(self, token: str, login_hint: str = "cpctl auth login") -> None:
        self.login_hint = login_hint
        self._token = token

    def token(self) -> str:
        return self._token

    def renewed(self, refused: str) -> None:
        return None
