"""A signal at any moment: no traceback, a code of its own, and the next run finishes the order."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from client import Client
from money import manifest, orders_of, rolled_back

ROOT = Path(__file__).resolve().parents[2]
BEGIN = "import signal, sys; from cpctl.main import main; sys.stderr.write('begun\\n'); sys.stderr.flush(); main()"
MOMENTS = 16
ENDS = {signal.SIGINT: (130, -2), signal.SIGTERM: (143, -15), signal.SIGHUP: (143, -1)}


def started(cp: Client, *argv: str, **more: Any) -> subprocess.Popen[str]:
    """A process that has come as far as `main`."""
    command, env = [sys.executable, "-c", BEGIN, *argv], cp.env | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=env, stdout=-1, stderr=-1, text=True, **more)
    assert process.stderr.readline() == "begun\n"
    return process


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_signal_at_any_moment_ends_it_without_a_traceback_and_loses_nothing(cp, sandbox, tmp_path, moment):
    made = manifest(tmp_path)
    command = ("apply", "-f", str(made), "--activate", "--wait")
    number = list(ENDS)[moment % 3]
    with rolled_back(sandbox, made.name):
        process = started(cp, *command)
        time.sleep(moment * 0.06 + random.uniform(0, 0.06))
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode in (0, *ENDS[number]), err
        assert "Traceback (most recent call last)" not in err or "Exception ignored in" in err
        assert cp(*command).code == 0
        (order,) = orders_of(sandbox, made.name)
        assert order["status"]["phase"] == "Active"


def test_a_hangup_that_nohup_ignores_is_ignored(cp, sandbox, tmp_path):
    made = manifest(tmp_path)
    sandbox.admin.activation(secondsPerCard=0.2)
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    with rolled_back(sandbox, made.name):
        process = started(cp, "apply", "-f", str(made), "--activate", "--wait", **ignoring)
        while process.poll() is None:
            process.send_signal(signal.SIGHUP)
            time.sleep(0.05)
        assert process.returncode == 0, process.communicate()
        process.communicate()
