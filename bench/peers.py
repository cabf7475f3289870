"""How other tools start: kubectl where it is installed, and those of the environments in a folder (see README.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import table
from bench.starts import Start, compared
from bench.table import Row

KUBECTL = ("kubectl", "version", "--client")
FLAGS = ("--version", "--help")
COMMAND = "command"


class Peer(NamedTuple):
    """A program, and the `python -c pass` it is held against: of its own environment where that is a Python's."""

    name: str
    program: Path
    bare: tuple[str, ...]


def peers(folder: Path, bare: Sequence[str]) -> list[Peer]:
    """Of each environment in the folder the program of its own name, or those that its file `command` lists.

    Raises:
        RuntimeError: There is none, or one that is listed is not there.
    """
    found = [peer for home in sorted(folder.iterdir()) if home.is_dir() for peer in _of(home, bare)]
    if not found:
        raise RuntimeError(f"no environment in {folder} holds bin/ITS-NAME, or a file `{COMMAND}`")
    return found


def _of(home: Path, bare: Sequence[str]) -> Iterator[Peer]:
    own, listed = home / "bin" / "python", home / COMMAND
    for name in listed.read_text(encoding="utf-8").split() if listed.exists() else [home.name]:
        program = home / "bin" / name
        if os.access(program, os.X_OK):
            yield Peer(name, program, (str(own), "-c", "pass") if os.access(own, os.X_OK) else tuple(bare))
        elif listed.exists():
            raise RuntimeError(f"{listed} lists {name}, and {program} is no program")


def rows(folder: Path | None, bare: Sequence[str], env: Mapping[str, str], home: Path, rounds: int) -> Iterator[Row]:
    """kubectl, then every peer; one that does not know a flag has no figure for it.

    Args:
        home: An empty folder, for what they keep.
    """
    own = {**env, "HOME": str(home)}
    if shutil.which(KUBECTL[0]):
        yield _row(" ".join(KUBECTL), KUBECTL, bare, own, rounds)
    for peer in peers(folder, bare) if folder else ():
        its = {**own, "PATH": f"{peer.program.parent}:{env.get('PATH', os.defpath)}"}
        for flag in FLAGS:
            yield _row(f"peer {peer.name} {flag}", (str(peer.program), flag), peer.bare, its, rounds)


def _row(what: str, argv: Sequence[str], bare: Sequence[str], env: Mapping[str, str], rounds: int) -> Row:
    try:
        return table.start(what, compared([Start(what, argv)], bare, env, rounds)[what])
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return table.told(f"{what}: {str(error)[-60:].strip().splitlines()[-1]}", "none")
