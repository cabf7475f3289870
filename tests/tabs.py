"""A press of Tab as shells ask for it: `cpctl __complete` in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from client import Client

ROOT = Path(__file__).resolve().parents[1]


def answered(cp: Client, *words: str) -> list[str]:
    """Its lines: values with what stands beside them, help, and the directive."""
    command = [sys.executable, "-c", "from cpctl.main import main; main()", "__complete", *words]
    env = {**cp.env, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[-1][0] == ":" and int(lines[-1][1:]) & 1 == 0, lines
    return lines


def tabbed(cp: Client, *words: str) -> list[str]:
    """The values that are offered."""
    lines = answered(cp, *words)[:-1]
    return [line.partition("\t")[0] for line in lines if not line.startswith("_activeHelp_")]
