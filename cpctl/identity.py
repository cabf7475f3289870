"""Puts together who speaks to a profile's platform: which stores are asked, in which order, under which lock."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from cpctl.auth.token import ANOTHER, Credentials, OneToken, Sources
from cpctl.errors import Unreachable
from cpctl.profiles.files import locked
from cpctl.profiles.folders import has_home, sandbox_folder, token_folder
from cpctl.profiles.resolve import Profile, environment_token
from cpctl.profiles.secrets import FileStore, KeyringStore, SandboxStore, file_name
from cpctl.resources.clock import Clock
from cpctl.resources.exchange import Sender
from cpctl.resources.secret import Bearer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.auth.oauth import OAuth

UP = "cpctl sandbox up"


class Stores:
    """Where one profile's token may be."""

    def __init__(self, profile: Profile, env: Mapping[str, str]) -> None:
        folder = token_folder(env)
        self.key = profile.name or profile.endpoint.origin
        self.file = FileStore(folder)
        self.keyring = KeyringStore(marks=folder)
        self.sandbox = SandboxStore(profile.sandbox_data or sandbox_folder(env))
        self.lock_path: Path = folder / file_name(self.key)
        self._profile, self._env = profile, env

    @property
    def is_sandbox(self) -> bool:
        """Whether the profile's address is this machine's and a sandbox lives here."""
        return self._profile.endpoint.loopback and self.sandbox.exists()

    def sources(self) -> Sources:
        likely = self.keyring.is_likely(self.key)
        profile = self._profile
        return Sources(
            environment=lambda: environment_token(self._env, profile.endpoint.origin, profile.token_origins),
            stores=[self.file, self.keyring] if likely else [self.file],
            sandbox=self._sandbox_token,
            sandbox_where=self.sandbox.where,
            rest=[] if likely else [self.keyring],
        )

    def _sandbox_token(self) -> str | None:
        """Raises Unreachable when the profile can only mean a sandbox that is not there."""
        server = self._profile.endpoint
        token = self.sandbox.token(server)
        if token is None and self.is_sandbox and self.sandbox.url() is None:
            raise Unreachable(detail=f"the sandbox at {server.origin} is not running", hint=UP)
        return token


def headless(profile: Profile, env: Mapping[str, str]) -> Bearer | None:
    """CPCTL_TOKEN where there is no home to look for anything else; None where there is one."""
    if has_home(env):
        return None
    token = environment_token(env, profile.endpoint.origin, profile.token_origins)
    return OneToken(token, ANOTHER) if token else None


def credentials_for(profile: Profile, env: Mapping[str, str], clock: Clock, sender: Sender) -> Credentials:
    """The profile's credentials.

    Args:
        sender: To the profile's platform, without a token; used to renew one.
    """
    stores = Stores(profile, env)

    def oauth() -> OAuth:
        from cpctl.auth.oauth import OAuth

        return OAuth(sender, profile.endpoint)

    return Credentials(
        stores.key,
        profile.title,
        profile.endpoint,
        stores.sources(),
        oauth=oauth,
        lock=partial(locked, stores.lock_path),
        clock=clock,
    )
