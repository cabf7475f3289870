"""Plugins: a program `cpctl-foo` on PATH is `cpctl foo`. What is built in, and aliases, come first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PREFIX = "cpctl-"


class Plugin(NamedTuple):
    """A program that is to run in place of this process."""

    path: str
    words: tuple[str, ...]


class Found(NamedTuple):
    """A file that looks like a plugin, in the order of PATH; `executable` tells whether it can be one."""

    path: Path
    executable: bool

    @property
    def words(self) -> str:
        """What is typed for it: `cpctl-foo-bar_baz` is `foo bar-baz`."""
        name = self.path.name.removeprefix(PREFIX)
        return " ".join(step.replace("_", "-") for step in name.split("-"))


def folders(env: Mapping[str, str]) -> list[Path]:
    """The folders of PATH; a relative one, and the current folder that an empty one means, are left aside."""
    texts = env.get("PATH", "").split(os.pathsep)
    return [Path(text) for text in dict.fromkeys(texts) if text and Path(text).is_absolute()]


def plugins(env: Mapping[str, str]) -> Iterator[Found]:
    """Every file on PATH that is named like a plugin."""
    for folder in folders(env):
        try:
            names = sorted(entry.name for entry in os.scandir(folder) if entry.name.startswith(PREFIX))
        except OSError:
            continue  # PATH may name folders that are not there
        yield from (Found(folder / name, _is_program(folder / name)) for name in names if name != PREFIX)


def plugin_for(words: Sequence[str], env: Mapping[str, str]) -> Plugin | None:
    """The plugin that the most of the leading words name, with the words it is given; None where there is none."""
    steps = []
    for word in words:
        if not word or word.startswith("-") or "/" in word or "\0" in word:
            break
        steps.append(word.replace("-", "_"))
    for count in range(len(steps), 0, -1):
        name = PREFIX + "-".join(steps[:count])
        path = next((folder / name for folder in folders(env) if _is_program(folder / name)), None)
        if path:
            return Plugin(str(path), tuple(words[count:]))
    return None


def _is_program(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except OSError:
        return False
