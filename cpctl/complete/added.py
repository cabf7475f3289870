"""Words that a person added to the verbs: aliases of config.toml, and plugins, which are programs of PATH."""

from __future__ import annotations

import os

from cpctl.complete._words import VERBS
from cpctl.complete.kept import Kept, listed
from cpctl.complete.line import Line
from cpctl.complete.store import aliases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PLUGIN = "cpctl-"


def added(env: Mapping[str, str]) -> Kept:
    """These words, with what they stand for beside them."""
    words = dict.fromkeys(_plugins(env), "plugin") | {name: f"cpctl {text}" for name, text in aliases(env).items()}
    return listed((name, beside) for name, beside in words.items() if name not in VERBS)


def spelled_out(words: Sequence[str], now: float, env: Mapping[str, str]) -> Line:
    """A command line taken apart, with the words that an alias at its beginning stands for in place of it."""
    line = Line(words, now)
    known = {name: text for name, text in aliases(env).items() if name not in VERBS}
    while line.verb in known:
        import shlex

        try:
            meant = shlex.split(known.pop(line.verb))  # one that leads back to itself stands for nothing
        except ValueError:
            break
        words = [*words[: line.begins], *meant, *words[line.begins + 1 :]]
        line = Line(words, now)
    return line


def _plugins(env: Mapping[str, str]) -> Iterator[str]:
    """The first word of each: `cpctl-foo-bar_baz` is `foo bar-baz`. `cpctl.plugins` would load pathlib for it."""
    for folder in env.get("PATH", "").split(os.pathsep):
        try:
            names = os.listdir(folder) if folder[:1] == "/" else []
        except OSError:
            continue  # PATH may name folders that are not there
        for name in names:
            if name.startswith(PLUGIN) and name != PLUGIN and _is_program(f"{folder}/{name}"):
                yield name.removeprefix(PLUGIN).partition("-")[0].replace("_", "-")


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
