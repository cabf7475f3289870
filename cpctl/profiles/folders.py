"""Where cpctl keeps things, by the XDG base directory rules, from the environment it was given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cpctl.errors import LocalFailure

HOME_DEFAULTS = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_DATA_HOME": ".local/share",
}
HOME_VARIABLES = ("HOME", "USERPROFILE")


def has_home(env: Mapping[str, str]) -> bool:
    """Whether there is a place for this user's files at all; a service or a bare container has none."""
    try:
        token_folder(env)
    except LocalFailure:
        return False
    return True


def config_file(env: Mapping[str, str]) -> Path:
    """config.toml, or what CPCTL_CONFIG names."""
    named = env.get("CPCTL_CONFIG")
    return Path(named) if named else _base(env, "XDG_CONFIG_HOME") / "cpctl" / "config.toml"


def state_folder(env: Mapping[str, str]) -> Path:
    """Journal and batches."""
    return _base(env, "XDG_STATE_HOME") / "cpctl"


def cache_folder(env: Mapping[str, str]) -> Path:
    """What may be deleted at any time."""
    return _base(env, "XDG_CACHE_HOME") / "cpctl"


def data_folder(env: Mapping[str, str]) -> Path:
    return _base(env, "XDG_DATA_HOME") / "cpctl"


def sandbox_folder(env: Mapping[str, str]) -> Path:
    """Where `sandbox up` keeps its platform unless told otherwise."""
    return data_folder(env) / "sandbox"


def token_folder(env: Mapping[str, str]) -> Path:
    """Token files written by `auth login --insecure-storage`, one a profile."""
    return data_folder(env) / "tokens"


def _base(env: Mapping[str, str], variable: str) -> Path:
    """The variable's folder; a relative one is ignored, as the XDG rules say."""
    folder = env.get(variable, "")
    if folder and Path(folder).is_absolute():
        return Path(folder)
    return _home(env, variable) / HOME_DEFAULTS[variable]


def _home(env: Mapping[str, str], variable: str) -> Path:
    for name in HOME_VARIABLES:
        home = env.get(name, "")
        if home and Path(home).is_absolute():
            return Path(home)
    raise LocalFailure(
        reason="NoHome",
        detail="HOME is not set, so there is no folder for cpctl's files",
        hint=f"set HOME or {variable}",
    )
