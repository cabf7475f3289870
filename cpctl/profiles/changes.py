"""Edits of config.toml's document, alike on tomlkit's document and on plain dicts, so that one proves the other."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from cpctl.errors import Conflict, UnknownName
from cpctl.profiles.settings import profile_name, setting

Document = MutableMapping[str, Any]  # tomlkit's, or plain dicts
TOP = frozenset({"current-profile", "profiles", "defaults", "aliases"})


def full_path(key: str, profile: str) -> list[str]:
    """`limits.max-day` as `profiles.NAME.limits.max-day`; a key that begins at the top stays.

    Raises:
        UnknownName: It is no setting.
    """
    parts = key.split(".")
    path = parts if parts[0] in TOP else ["profiles", profile, *parts]
    setting(path)
    return path


def typed(path: Sequence[str], text: str) -> Any:
    """The value for a setting, from what was typed: a list where the setting takes one.

    Raises:
        UsageError: It does not parse.
    """
    row = setting(path)
    value = row.read(".".join(path), [word.strip() for word in text.split(",") if word.strip()] if row.many else text)
    return list(value) if row.many else value


def put(document: Document, path: Sequence[str], value: Any) -> None:
    """Set a value, making the tables above it; the first profile becomes the current one."""
    table, rest = document, list(path)
    while len(rest) > 1 and rest[0] in table:
        table = table[rest.pop(0)]
    for step in reversed(rest[1:]):
        value = {step: value}  # new tables go in whole: tomlkit loses what is put into them later
    table[rest[0]] = value
    if path[0] == "profiles" and "current-profile" not in document and len(document["profiles"]) == 1:
        use(document, path[1])


def take(document: Document, path: Sequence[str]) -> bool:
    """Remove a value, and tables that hold nothing else but the profile itself; answers whether it was there."""
    tables: list[Document] = [document]
    for step in path[:-1]:
        if step not in tables[-1]:
            return False
        tables.append(tables[-1][step])
    if path[-1] not in tables[-1]:
        return False
    del tables[-1][path[-1]]
    for depth in range(len(path) - 2, _least_depth(path), -1):
        if not tables[depth][path[depth]]:
            del tables[depth][path[depth]]
    return True


def _least_depth(path: Sequence[str]) -> int:
    """Tables below this depth go when they are empty; a profile stays, even without a setting."""
    return 1 if path[0] == "profiles" else -1


def use(document: Document, profile: str) -> None:
    """Make a profile the current one. Raises UnknownName."""
    _profile(document, profile)
    document["current-profile"] = profile


def rename(document: Document, old: str, new: str) -> None:
    """Give a profile another name. Raises UnknownName and Conflict."""
    found = _profile(document, old)
    if profile_name(new) in document["profiles"]:
        raise Conflict(reason="AlreadyExists", detail=f'profile "{new}" already exists')
    document["profiles"][new] = found
    del document["profiles"][old]
    if document.get("current-profile") == old:
        document["current-profile"] = new


def remove(document: Document, profile: str) -> None:
    """Remove a profile; if it was the current one, none is. Raises UnknownName."""
    _profile(document, profile)
    del document["profiles"][profile]
    if document.get("current-profile") == profile:
        del document["current-profile"]


def _profile(document: Document, name: str) -> Any:
    profiles = document.get("profiles", {})
    if name not in profiles:
        raise UnknownName("profile", name, sorted(profiles), hint="cpctl config get-profiles")
    return profiles[name]
