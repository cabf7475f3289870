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
BEGIN = """
import signal, sys
from cpctl.main import main
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

def reached(frame, event, arg):
    if event == "return" and frame.f_back is not None and frame.f_back.f_code is main.__code__:
        sys.setprofile(None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
sys.stderr.write("begun\\n")
sys.stderr.flush()
sys.setprofile(reached)
main()
"""
"""Signals wait until `main` has done its first statement: what comes before that is this script's, and not cpctl's."""
INSIDE_A_CLASS = """
import os, signal, sys, time
from cpctl.main import main
NUMBER = int(sys.argv.pop(1))

class Part:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), NUMBER)
        time.sleep(30)

class Finder:
    def find_spec(self, name, path, target=None):
        if name == "cpctl.commands.dry_run":
            type("Class", (), {"part": Part()})

sys.meta_path.insert(0, Finder())
main()
"""
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


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_while_a_class_is_made_is_no_bug(cp, tmp_path, number):
    """Python 3.11 makes a RuntimeError of what is raised there, and imports make many classes."""
    command = [sys.executable, "-c", INSIDE_A_CLASS, str(int(number)), "apply", "-f", str(manifest(tmp_path))]
    env = cp.env | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (ENDS[number][0], "")


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
