"""Which profile, server, project and limits a command runs with, and who said so.

Precedence: flag, environment, profile, default. Limits are no preference: the least of all that were set holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cpctl.errors import NotAuthorized, UnknownName, UsageError
from cpctl.profiles import settings
from cpctl.profiles.settings import LIMITS
from cpctl.resources.endpoint import Endpoint, endpoint

DEFAULT_PROJECT = "default"
DEFAULT_OUTPUT = "table"
DEFAULT_WARNING = "30m"
ENVIRONMENT = {
    "server": "CPCTL_SERVER",
    "project": "CPCTL_PROJECT",
    "output": "CPCTL_OUTPUT",
    "models": "CPCTL_MODELS_URL",
}
DEFAULTS = {"project": DEFAULT_PROJECT, "output": DEFAULT_OUTPUT}
UNNAMED = ""  # the profile's name when only CPCTL_SERVER or --server says where to go


class Limit(NamedTuple):
    """Attributes:
    value: An exact decimal text in CNY.
    set_by: "profile ci", "CPCTL_MAX_PRICE" …
    """

    value: str
    set_by: str


class Flags(NamedTuple):
    """What global flags said; None when they were not given."""

    profile: str | None = None
    server: str | None = None
    project: str | None = None
    output: str | None = None


class Profile(NamedTuple):
    """What a command runs with.

    Attributes:
        name: "" when no profile of config.toml is meant.
        server: The platform, or None for a profile of models alone.
        provinces: Default filter of get and plan, pinyin ids.
        limits: By name: max-price (CNY per card-hour), max-order, max-day, max-call (CNY).
        warn_before: How long before it ends an order is warned of, such as 30m.
        residency: Where prompts and orders may go, pinyin ids; empty is anywhere.
        sandbox_data: The folder of a sandbox not at its usual place.
        token_origins: Where CPCTL_TOKEN may be sent.
        sources: Who said it, by setting: "--server", "CPCTL_SERVER", "profile ci", "default".
    """

    name: str
    server: Endpoint | None
    project: str = DEFAULT_PROJECT
    provinces: tuple[str, ...] = ()
    output: str = DEFAULT_OUTPUT
    limits: Mapping[str, Limit] = {}
    warn_before: str = DEFAULT_WARNING
    residency: tuple[str, ...] = ()
    models: Endpoint | None = None
    sandbox_data: Path | None = None
    token_origins: frozenset[str] = frozenset()
    sources: Mapping[str, str] = {}

    @property
    def endpoint(self) -> Endpoint:
        """The platform's address.

        Raises:
            UsageError: The profile has models only.
        """
        if self.server:
            return self.server
        raise UsageError(
            reason="NoServer",
            detail=f"profile {self.name} names no platform",
            hint="cpctl config set server https://… --profile {name}",
            name=self.name,
        )

    @property
    def title(self) -> str:
        """How confirmations and receipts name it: `sandbox (http://127.0.0.1:8790)`."""
        where = self.server or self.models
        return f"{self.name or self.sources.get('server', '')} ({where.url if where else 'no endpoint'})"


def resolve(document: Mapping[str, Any], env: Mapping[str, str], flags: Flags | None = None) -> Profile:
    """The profile a command runs with.

    Args:
        document: A checked config.toml.

    Raises:
        UsageError: Nothing says where to go, or a name or a value is wrong.
    """
    given = flags or Flags()
    name, named_by = chosen_name(document, env, given)
    table = _table(document, name, named_by)
    values = dict(_chosen(table, env, given, name))
    if "server" not in values and "models" not in values:
        raise _nowhere(name, has_token=bool(env.get("CPCTL_TOKEN")))
    return Profile(
        name=name,
        server=_endpoint(values, "server"),
        project=str(values["project"][0]),
        provinces=settings.provinces("province", table.get("province", [])),
        output=str(values["output"][0]),
        limits=_limits(table, env, name),
        warn_before=str(table.get("warn-before", DEFAULT_WARNING)),
        residency=settings.provinces("residency.provinces", table.get("residency", {}).get("provinces", [])),
        models=_endpoint(values, "models"),
        sandbox_data=Path(table["sandbox-data"]) if "sandbox-data" in table else None,
        token_origins=frozenset(_token_origins(document, env)),
        sources={key: said for key, (_, said) in values.items()} | {"profile": named_by},
    )


def chosen_name(document: Mapping[str, Any], env: Mapping[str, str], flags: Flags) -> tuple[str, str]:
    """The profile's name and who chose it; `UNNAMED` when none did."""
    if flags.profile:
        return flags.profile, "--profile"
    if env.get("CPCTL_PROFILE"):
        return env["CPCTL_PROFILE"], "CPCTL_PROFILE"
    return str(document.get("current-profile", UNNAMED)), "current-profile"


def preferred_outputs(document: Mapping[str, Any], env: Mapping[str, str], flags: Flags, verb: str) -> list[str]:
    """Output formats that somebody prefers, first choice first; a verb takes the first that it has."""
    table = document.get("profiles", {}).get(chosen_name(document, env, flags)[0], {})
    default = document.get("defaults", {}).get(verb, {})
    return [word for word in (env.get("CPCTL_OUTPUT"), table.get("output"), default.get("output")) if word]


def tightest(*limits: Mapping[str, Limit]) -> dict[str, Limit]:
    """By name, the least of every place that sets it; the first of equals."""
    least: dict[str, Limit] = {}
    for name, limit in (pair for some in limits for pair in some.items()):
        if name not in least or _is_less(limit.value, least[name].value):
            least[name] = limit
    return least


def _is_less(one: str, other: str) -> bool:
    from decimal import Decimal

    return Decimal(one) < Decimal(other)


def environment_token(env: Mapping[str, str], origin: str, allowed: frozenset[str]) -> str | None:
    """CPCTL_TOKEN when it may go to the origin, None when there is none.

    Raises:
        NotAuthorized: It is set, and nothing says that it belongs there.
    """
    token = env.get("CPCTL_TOKEN")
    if not token:
        return None
    if origin in allowed:
        return token
    belongs = (
        f"it belongs to {', '.join(sorted(allowed))}"
        if allowed
        else "neither CPCTL_SERVER nor CPCTL_PROFILE says whose"
    )
    raise NotAuthorized(
        reason="TokenNotForThisServer",
        detail=f"CPCTL_TOKEN is not sent to {origin}: {belongs}",
        hint="set CPCTL_SERVER or CPCTL_PROFILE beside CPCTL_TOKEN, or unset CPCTL_TOKEN",
    )


def _table(document: Mapping[str, Any], name: str, named_by: str) -> Mapping[str, Any]:
    profiles: Mapping[str, Mapping[str, Any]] = document.get("profiles", {})
    if name == UNNAMED:
        return {}
    if name not in profiles:
        raise UnknownName(f"profile ({named_by})", name, sorted(profiles), hint="cpctl config get-profiles")
    return profiles[name]


def _chosen(
    table: Mapping[str, Any], env: Mapping[str, str], flags: Flags, name: str
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Setting → (value, who said it), for those that somebody or a default says."""
    for key, variable in ENVIRONMENT.items():
        candidates = (
            (getattr(flags, key, None), f"--{key}"),
            (env.get(variable), variable),
            (table.get(key), f"profile {name}"),
            (DEFAULTS.get(key), "default"),
        )
        for value, said in candidates:
            if value:
                read = settings.setting(("profiles", name or "unnamed", key)).read
                yield key, (read(said, value), said)
                break


def _endpoint(values: Mapping[str, tuple[str, str]], key: str) -> Endpoint | None:
    return endpoint(values[key][0], values[key][1]) if key in values else None


def _limits(table: Mapping[str, Any], env: Mapping[str, str], name: str) -> dict[str, Limit]:
    written = {key: (value, f"profile {name}") for key, value in table.get("limits", {}).items()}
    exported = {key: (env[var], var) for key in LIMITS if env.get(var := f"CPCTL_{key.upper().replace('-', '_')}")}
    return tightest(_parsed(written), _parsed(exported))


def _parsed(limits: Mapping[str, tuple[Any, str]]) -> dict[str, Limit]:
    return {
        key: Limit(settings.setting(("profiles", "any", "limits", key)).read(_label(key, said), value), said)
        for key, (value, said) in limits.items()
    }


def _label(key: str, said: str) -> str:
    return said if said.startswith("CPCTL_") else f"limits.{key}"


def _token_origins(document: Mapping[str, Any], env: Mapping[str, str]) -> Iterator[str]:
    if env.get("CPCTL_SERVER"):
        yield endpoint(env["CPCTL_SERVER"], "CPCTL_SERVER").origin
    named = document.get("profiles", {}).get(env.get("CPCTL_PROFILE", ""), {})
    if "server" in named:
        yield endpoint(named["server"]).origin


def _nowhere(name: str, *, has_token: bool) -> UsageError | NotAuthorized:
    if name:
        return UsageError(
            reason="NoServer",
            detail=f"profile {name} names no server",
            hint="cpctl config set server https://… --profile {name}",
            name=name,
        )
    if has_token:
        return NotAuthorized(
            reason="TokenNotForThisServer",
            detail="CPCTL_TOKEN is set, and neither CPCTL_SERVER nor CPCTL_PROFILE says whose it is",
            hint="set CPCTL_SERVER or CPCTL_PROFILE beside it",
        )
    return UsageError(
        reason="NoProfile",
        detail="no profile: nothing says which platform to talk to",
        hint="cpctl sandbox up (a platform on this machine), or: cpctl config set server https://… --profile NAME",
    )
