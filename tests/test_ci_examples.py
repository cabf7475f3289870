"""examples/ci, run as the runners run them: one order a run, used while it is on, given back whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
import yaml

from money import new_name, orders_of, reservations
from runners import EXAMPLES, RUNNERS, Checkout, shell

PREFIX = "ci-train-"
RUNNER = pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)


@pytest.fixture
def checkout(tmp_path, sandbox):
    return Checkout(tmp_path, sandbox.env)


@pytest.fixture
def run_id():
    return new_name()


def only(sandbox, run_id):
    """The run's one order."""
    (order,) = orders_of(sandbox, PREFIX + run_id)
    assert len(reservations(sandbox, PREFIX + run_id)) == 1
    return order


def test_the_identity_is_the_run_and_not_the_attempt():
    for file in EXAMPLES.iterdir():
        code = "\n".join(line.partition("#")[0] for line in file.read_text().splitlines())
        assert "attempt" not in code.lower().replace("without that of the attempt", "") and "JOB_ID" not in code, file
    assert yaml.safe_load((EXAMPLES / "order.yaml").read_text())["metadata"]["generateName"] == PREFIX


@RUNNER
def test_cards_are_on_while_they_are_used_and_given_back_at_the_end(checkout, sandbox, run_id, runner):
    code, said = runner(checkout, run_id)
    assert code == 0, said
    assert checkout.trained == [f"{PREFIX}{run_id} Active"]
    assert only(sandbox, run_id)["status"]["phase"] == "Released"


@RUNNER
def test_a_training_that_fails_gives_its_cards_back(checkout, sandbox, run_id, runner):
    checkout.then("exit 3")
    code, said = runner(checkout, run_id)
    assert code == 3, said
    assert only(sandbox, run_id)["status"]["phase"] == "Released"


@RUNNER
@pytest.mark.parametrize(
    ("change", "env", "code", "words"),
    [
        ({"cards: 8\n": "cards: 90000\n"}, {}, 6, "no capacity"),
        ({}, {"CPCTL_MAX_ORDER": "1.00"}, 7, "a limit says no"),
        ({}, {"CPCTL_SERVER": ""}, 4, "no login"),
        ({}, {"CPCTL_TOKEN": "wrong-token-of-nobody"}, 4, "no login"),
    ],
    ids=["no-capacity", "limit", "no-server", "wrong-token"],
)
def test_what_was_not_bought_is_told_with_its_code(checkout, sandbox, run_id, runner, change, env, code, words):
    for old, new in change.items():
        checkout.change(old, new)
    checkout.env |= {key: value for key, value in env.items() if key.startswith("CPCTL_MAX")}
    checkout.secrets |= {key: value for key, value in env.items() if key in checkout.secrets}
    ended, said = runner(checkout, run_id)
    assert (ended, checkout.trained) == (code, []), said
    assert words in said
    assert orders_of(sandbox, PREFIX + run_id) == []


@RUNNER
def test_a_lost_answer_and_a_slow_start_are_one_order(checkout, sandbox, run_id, runner):
    sandbox.admin.faults(path="/v1/orders", method="POST", count=1, dropAfterCommit=True)
    sandbox.admin.activation(secondsPerCard=0.3)
    checkout.env["LIMIT"] = "1s"
    code, said = runner(checkout, run_id)
    assert code == 0, said
    assert "never buys twice" in said and "waiting on" in said
    assert only(sandbox, run_id)["status"]["phase"] == "Released"


def started(checkout, run_id):
    """pipeline.sh, come as far as the training."""
    checkout.then("exec sleep 60")
    process = checkout.start(["examples/ci/pipeline.sh", "./train.sh"], checkout.secrets | {"RUN_ID": run_id})
    until(process, lambda: checkout.trained)
    return process


def until(process: subprocess.Popen[str], there, limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("group", [False, True], ids=["the script", "its group"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"])
def test_a_run_that_is_cancelled_gives_its_cards_back(checkout, sandbox, run_id, number, code, group):
    process = started(checkout, run_id)
    os.killpg(process.pid, number) if group else process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert only(sandbox, run_id)["status"]["phase"] == "Released"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_cancelled_while_its_cards_come_up_gives_them_back(checkout, sandbox, run_id, number):
    sandbox.admin.activation(secondsPerCard=5)
    process = checkout.start(["examples/ci/pipeline.sh", "./train.sh"], checkout.secrets | {"RUN_ID": run_id})
    until(process, lambda: [one["status"]["phase"] for one in orders_of(sandbox, PREFIX + run_id)] == ["Activating"])
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, checkout.trained) == (128 + number, []), said
    assert only(sandbox, run_id)["status"]["phase"] in ("Releasing", "Released")


def test_a_runner_that_died_is_followed_by_one_that_finds_the_order(checkout, sandbox, run_id, tmp_path):
    os.killpg(started(checkout, run_id).pid, signal.SIGKILL)
    first = only(sandbox, run_id)
    assert first["status"]["phase"] == "Active"
    (tmp_path / "another").mkdir()
    code, said = shell(Checkout(tmp_path / "another", sandbox.env), run_id)
    assert code == 0, said
    last = only(sandbox, run_id)
    assert (last["metadata"]["uid"], last["status"]["phase"]) == (first["metadata"]["uid"], "Released")
    code, said = shell(checkout, run_id)
    assert code == 5 and "start a new run" in said, "what was given back is not bought again behind one's back"
    only(sandbox, run_id)
