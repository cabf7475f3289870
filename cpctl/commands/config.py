"""config: profiles and settings, in a file that people edit too."""

from __future__ import annotations

from cpctl.errors import ExitCode, UnknownName, UsageError
from cpctl.lazy import flags
from cpctl.verbs import VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from cpctl.resources.secret import SecretStore
    from cpctl.runtime import Runtime, Verb

TITLES = ("CURRENT", "NAME", "SERVER", "PROJECT", "MODELS")
FIELDS = ("current", "name", "server", "project", "models")


def view(rt: Runtime, *, output: flags.DocumentOutput = None) -> Verb:
    """Print the configuration: the file as it is, or its values as a document. There are no secrets in it."""
    form = rt.output(output, ("json", "yaml"))
    if form:
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](_plain(rt.config))
    elif rt.config:
        from cpctl.output.safe import safe_lines

        yield safe_lines(_file(rt).read_text(encoding="utf-8-sig"))
    else:
        rt.say(f"{_file(rt)} holds nothing yet")
    return ExitCode.DONE


def get_profiles(rt: Runtime, *, output: flags.ResourcesOutput = None, no_headers: flags.NoHeaders = False) -> Verb:
    """List the profiles; the current one is marked."""
    form = rt.output(output, ("table", "name", "json", "yaml"))
    rows = [_row(name, table, rt) for name, table in rt.config.get("profiles", {}).items()]
    if form == "name":
        yield "".join(f"{row['name']}\n" for row in rows)
    elif form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        yield VALUE_PRINTERS[form](rows)
    elif rows:
        from cpctl.output.tables import table

        shown = [["*" if row["current"] else "", *(row[field] or "<none>" for field in FIELDS[1:])] for row in rows]
        yield table(TITLES, shown, headers=not no_headers)
    else:
        rt.say("no profiles; try: cpctl sandbox up")
    return ExitCode.DONE


def current_profile(rt: Runtime) -> Verb:
    """Print the name of the profile in force."""
    name = _current(rt)
    if not name:
        raise UsageError(reason="NoProfile", detail="no current profile", hint="cpctl config use-profile NAME")
    yield name + "\n"
    return ExitCode.DONE


def use_profile(rt: Runtime, *, name: flags.ProfileName) -> Verb:
    """Make a profile the current one."""
    from cpctl.profiles import changes

    _edit(rt, lambda document: changes.use(document, name))
    rt.say(f'profile "{name}" is current')
    if rt.env.get("CPCTL_PROFILE"):
        rt.say(f"CPCTL_PROFILE is set and comes first: {rt.env['CPCTL_PROFILE']}")
    return ExitCode.DONE
    yield ""


def set_(rt: Runtime, *, key: flags.SettingKey, value: flags.SettingValue) -> Verb:
    """Set a value: of the profile in force, of --profile NAME (made when it is new), or anywhere by its full key.

    Settings of a profile: server, project, province, output, models, warn-before, sandbox-data, limits.max-price,
    limits.max-order, limits.max-day, limits.max-call, residency.provinces. Elsewhere: defaults.VERB.output.
    """
    from cpctl.profiles import changes

    path = changes.full_path(key, _meant(rt, key))
    if path[0] == "aliases" and path[1] in VERBS:
        raise UsageError(detail=f"{path[1]} is built in; an alias of that name would never act")
    if path[0] == "defaults":
        _check_default(path[1], path[2])
    typed = changes.typed(path, value)
    _edit(rt, lambda document: changes.put(document, path, typed))
    rt.say(f"{'.'.join(path)} is set")
    return ExitCode.DONE
    yield ""


def _check_default(verb: str, key: str) -> None:
    """Refuse at once what `[defaults.VERB]` cannot hold: the verb would be refused ever after.

    Raises:
        UsageError: The verb has no defaults, or no such flag, or it is one that is said anew every time.
    """
    from cpctl.aliases import DECISIONS, NO_DEFAULTS
    from cpctl.complete.defaults import VERBS_WITH, flags_of

    if verb in NO_DEFAULTS:
        raise UsageError(detail=f"{verb} works with any configuration, and takes no defaults from one")
    if key in DECISIONS:
        raise UsageError(detail=f"--{key} is said anew every time, and has no default")
    if verb not in VERBS_WITH:
        raise UnknownName("verb", verb, VERBS_WITH)
    if key not in flags_of(verb):
        raise UnknownName(f"flag of {verb} that may have a default", key, flags_of(verb))


def unset(rt: Runtime, *, key: flags.SettingKey) -> Verb:
    """Remove a value; one that is not there is no failure."""
    from cpctl.profiles import changes

    path = changes.full_path(key, _meant(rt, key))
    found: list[bool] = []
    _edit(rt, lambda document: found.append(changes.take(document, path)))
    rt.say(f"{'.'.join(path)} {'is removed' if any(found) else 'was not set'}")
    return ExitCode.DONE
    yield ""


def rename_profile(rt: Runtime, *, name: flags.ProfileName, new: flags.NewProfileName) -> Verb:
    """Give a profile another name; its login goes with it."""
    from cpctl.profiles import changes

    logins = _logins(rt, name)
    _edit(rt, lambda document: changes.rename(document, name, new))
    for store, text in logins:
        store.set(new, text)
        store.delete(name)
    _forget(rt, name, new)
    rt.say(f'profile "{name}" is "{new}" now')
    return ExitCode.DONE
    yield ""


def delete_profile(rt: Runtime, *, name: flags.ProfileName) -> Verb:
    """Remove a profile and forget its login (cpctl auth logout also tells the platform)."""
    from cpctl.profiles import changes

    logins = _logins(rt, name)
    _edit(rt, lambda document: changes.remove(document, name))
    for store, _ in logins:
        store.delete(name)
    _forget(rt, name)
    rt.say(f'profile "{name}" is removed' + (" and its login forgotten" if logins else ""))
    if rt.config.get("current-profile") == name:
        rt.say("no profile is current now; choose one: cpctl config use-profile NAME")
    return ExitCode.DONE
    yield ""


def path(rt: Runtime) -> Verb:
    """Print where the configuration is."""
    yield f"{_file(rt)}\n"
    return ExitCode.DONE


def _file(rt: Runtime) -> Path:
    from cpctl.profiles.folders import config_file

    return config_file(rt.env)


def _edit(rt: Runtime, change: Any) -> None:
    from cpctl.profiles.config import edit

    _ = rt.config  # what was there before, for the words afterwards
    edit(_file(rt), change)


def _current(rt: Runtime) -> str:
    from cpctl.profiles.resolve import Flags, chosen_name

    return chosen_name(rt.config, rt.env, Flags(profile=rt.options.profile))[0]


def _meant(rt: Runtime, key: str) -> str:
    """The profile a short key is about. Raises UsageError when none is named."""
    from cpctl.profiles.changes import TOP

    name = _current(rt)
    if not name and key.split(".")[0] not in TOP:
        raise UsageError(reason="NoProfile", detail="which profile? none is current", hint="--profile NAME")
    return name


def _row(name: str, table: Mapping[str, Any], rt: Runtime) -> dict[str, Any]:
    values = (name == _current(rt), name, table.get("server"), table.get("project", "default"), table.get("models"))
    return dict(zip(FIELDS, values, strict=True))


def _logins(rt: Runtime, name: str) -> list[tuple[SecretStore, str]]:
    """(store, text) of every store that has a login of that name; a keyring is asked only if it is known to."""
    from cpctl.profiles.folders import token_folder
    from cpctl.profiles.secrets import FileStore, KeyringStore

    keyring = KeyringStore(marks=token_folder(rt.env))
    stores: list[SecretStore] = [FileStore(token_folder(rt.env)), *([keyring] if keyring.is_likely(name) else [])]
    return [(store, text) for store in stores if (text := store.get(name)) is not None]


def _forget(rt: Runtime, *names: str) -> None:
    """What completion knows under these names is of a login that is not theirs any more."""
    from cpctl.complete.upkeep import forget

    for name in names:
        forget(rt.env, name)


def _plain(value: Any) -> Any:
    """TOML values as JSON has them; exact decimals as text."""
    from decimal import Decimal

    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Decimal) else value
