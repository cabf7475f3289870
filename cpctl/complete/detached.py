"""A process that a Tab starts and that nobody waits for."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_INHERITED = 256  # open files that are looked for where nothing lists them


def start_detached(argv: list[str], env: Mapping[str, str]) -> bool:
    """Starts a process of its own session, that reads and writes nothing; whether it could be."""
    try:
        if os.name == "nt":
            import subprocess

            subprocess.Popen(argv, env=dict(env), stdin=-3, stdout=-3, stderr=-3, creationflags=0x00000208)  # detached
            return True
        devices = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        left = [(os.POSIX_SPAWN_CLOSE, number) for number in _inherited()]
        # a limit of open files may be below one of them
        return _spawned(argv, env, [*devices, *left]) or _spawned(argv, env, devices)
    except (OSError, NotImplementedError):
        return False


def _spawned(argv: list[str], env: Mapping[str, str], actions: list[tuple[Any, ...]]) -> bool:
    try:
        os.posix_spawn(argv[0], argv, env, file_actions=actions, setsid=True)
    except OSError:
        return False
    return True


def _inherited() -> list[int]:
    """What the shell left open beyond the three: one of them may be a pipe, of which somebody awaits the end."""
    try:
        names = os.listdir("/dev/fd")
    except OSError:  # as where /proc is away
        names = [str(number) for number in range(3, MOST_INHERITED)]
    found = []
    for name in names:
        try:
            found += [int(name)] if int(name) > 2 and os.get_inheritable(int(name)) else []
        except OSError:
            continue  # it is not open, or it is the one that listed the folder
    return found
