"""plugin: programs on PATH that are verbs of cpctl."""

from __future__ import annotations

from cpctl.aliases import aliases
from cpctl.errors import ExitCode, NotHere
from cpctl.verbs import VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cpctl.plugins import Found
    from cpctl.runtime import Runtime, Verb


def list_(rt: Runtime) -> Verb:
    """List the programs on PATH whose names begin with cpctl-, and say which of them are never run."""
    from cpctl.output.safe import safe
    from cpctl.plugins import plugins

    found = list(plugins(rt.env))
    if not found:
        raise NotHere(detail="no plugins: no file on PATH has a name that begins with cpctl-")
    seen: dict[str, Found] = {}
    for one in found:
        yield safe(str(one.path)) + "\n"
        for warning in _warnings(rt, one, seen):
            rt.say(f"  - warning: {warning}")
        seen.setdefault(one.path.name, one)
    return ExitCode.DONE


def _warnings(rt: Runtime, one: Found, seen: Mapping[str, Found]) -> Iterator[str]:
    word = one.words.split(" ")[0]
    if not one.executable:
        yield f"{one.path} is no executable file"
    if word in VERBS:
        yield f"{one.path} is never run: {word} is built in"
    elif word in aliases(rt):
        yield f"{one.path} is never run: {word} is an alias"
    if one.path.name in seen:
        yield f"{one.path} is never run: {seen[one.path.name].path} comes first on PATH"
