"""The token of an endpoint that serves models and is no platform."""

from __future__ import annotations

from collections.abc import Mapping

from cpctl.errors import NotAuthorized
from cpctl.profiles.resolve import Profile

VARIABLE = "CPCTL_MODELS_TOKEN"


class ModelsToken:
    """The `Bearer` of `profile.models`: CPCTL_MODELS_TOKEN or none; a server on this machine often wants none."""

    def __init__(self, env: Mapping[str, str], profile: Profile) -> None:
        self._token = env.get(VARIABLE)
        self._profile = profile
        self.login_hint = f"set {VARIABLE} to a key of {profile.models.url if profile.models else 'the server'}"

    def token(self) -> str | None:
        """The token, for the endpoint that the environment names, itself or through its profile, and for no other.

        Raises:
            NotAuthorized: It is set, and the endpoint comes from elsewhere.
        """
        sources = self._profile.sources
        if not self._token or sources.get("models") == "CPCTL_MODELS_URL" or sources.get("profile") == "CPCTL_PROFILE":
            return self._token
        raise NotAuthorized(
            reason="TokenNotForThisServer",
            detail=f"{VARIABLE} is not sent to {self._profile.models and self._profile.models.url}: "
            "neither CPCTL_MODELS_URL nor CPCTL_PROFILE says whose it is",
            hint=f"set CPCTL_MODELS_URL or CPCTL_PROFILE beside {VARIABLE}, or unset {VARIABLE}",
        )

    def renewed(self, _refused: str) -> None:
        """There is no way to another one."""
