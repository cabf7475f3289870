"""Many processes want the same order, or orders of their own, at the same moment."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from client import Client
from killing import RUN
from money import Manifest, forget, manifest, orders_of, record_files, reservations, rolled_back
from sandbox_server import ROOT

PROCESSES = 16


def at_once(clients: Sequence[Client], *commands: Sequence[str]) -> list[tuple[int, str]]:
    """(exit code, stderr) of every command, all of them begun before any has ended."""
    running = [
        subprocess.Popen(
            [*RUN, *command], env=cp.env | {"PYTHONPATH": str(ROOT)}, stdout=-3, stderr=subprocess.PIPE, text=True
        )
        for cp, command in zip(clients, commands, strict=True)
    ]
    words = [process.communicate(timeout=300)[1] for process in running]
    return [(process.returncode, word) for process, word in zip(running, words, strict=True)]


def test_sixteen_machines_apply_one_manifest_and_one_order_is_bought(cp, sandbox, tmp_path):
    """On one machine, with one journal: tests/commands/test_apply.py."""
    made = manifest(tmp_path)
    clients = [Client(tmp_path / f"home-{n}", env=sandbox.env) for n in range(PROCESSES)]
    command = ["apply", "-f", str(made), "--activate", "--wait"]
    with rolled_back(sandbox, made.name):
        ends = at_once(clients, *[command] * PROCESSES)
        assert [code for code, _ in ends] == [0] * PROCESSES, ends
        assert len(reservations(sandbox, made.name)) == 1
        (order,) = orders_of(sandbox, made.name)
        assert order["status"]["phase"] == "Active"
        assert cp(*command).out == f"order/{made.name} unchanged\n"
        left = [path for client in clients for verb in ("place", "activate") for path in record_files(client, verb)]
        assert left and not [path for path in left if re.search('state = "(prepared|placed)"', path.read_text())]


@pytest.fixture
def generated(tmp_path: Path) -> Manifest:
    made = manifest(tmp_path)
    made.document["metadata"] = {"generateName": f"{made.name}-"}
    made.change()
    return made


def test_two_pipelines_of_one_manifest_are_two_orders_and_a_rerun_is_the_same(sandbox, tmp_path, generated):
    clients = [Client(tmp_path / f"runner-{n}", env=sandbox.env) for n in range(2)]
    pipelines = [["apply", "-f", str(generated), "--activate", "--wait", "--run-id", str(n)] for n in (41, 42)]
    names = [f"{generated.name}-{n}" for n in (41, 42)]
    with rolled_back(sandbox, names[0]), rolled_back(sandbox, names[1]):
        for another_runner in (False, True, True):
            ends = at_once(clients, *pipelines)
            assert [code for code, _ in ends] == [0, 0], ends
            assert [len(reservations(sandbox, name)) for name in names] == [1, 1]
            assert [order["status"]["phase"] for name in names for order in orders_of(sandbox, name)] == ["Active"] * 2
            for cp in clients:
                if another_runner:
                    forget(cp)


def test_a_run_id_in_the_environment_is_the_same_identity(cp, sandbox, generated):
    name = f"{generated.name}-77"
    with rolled_back(sandbox, name):
        assert cp("apply", "-f", str(generated), env={"CPCTL_RUN_ID": "77"}).out == f"order/{name} created\n"
        other = replace(cp, home=cp.home / "elsewhere")
        assert other("apply", "-f", str(generated), "--run-id", "77").out == f"order/{name} unchanged\n"
        assert len(reservations(sandbox, name)) == 1
