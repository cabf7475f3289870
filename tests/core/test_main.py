"""One writer, one exit: what the process does with streams, signals and mistakes."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from client import Client, environment
from cpctl import __version__
from cpctl.errors import ExitCode
from cpctl.main import Terminated

ROOT = Path(__file__).parents[2]
CPCTL = [sys.executable, "-m", "cpctl"]


@pytest.fixture
def cp(tmp_path):
    return Client(tmp_path)


def process(tmp_path, *argv, **options):
    return subprocess.run(
        [*CPCTL, *argv], cwd=ROOT, env=environment(tmp_path), text=True, timeout=60, check=False, **options
    )


def test_version(cp):
    assert cp("--version").out == f"cpctl {__version__}\n"
    assert cp("version", "--client").out == f"cpctl {__version__} (contract v1)\n"
    assert cp("version", "--client", "-o", "json").json["client"]["version"] == __version__


def test_version_without_a_platform_still_answers(cp):
    said = cp("version")
    assert said.code == ExitCode.DONE
    assert said.out.startswith(f"cpctl {__version__}")
    assert "no profile" in said.err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["gett", "offers"], ['unknown verb "gett"', 'Did you mean "get"']),
        (["get", "ofers"], ['unknown resource type "ofers"', 'Did you mean "offers"']),
        (["get"], ["missing argument"]),
        (["get", "offers", "--provinces", "shanxi"], ["unknown flag of cpctl", "--province"]),
        (["get", "offers", "-o", "jsn"], ['unknown output format "jsn"', 'Did you mean "json"']),
        (["get", "offers", "--province", "shangxi"], ['unknown province "shangxi"', "Did you mean"]),
        (["get", "offers", "--cards", "-3"], ['cards "-3" is not a whole number, 1 or more']),
        (["get", "offers", "--cards", "1.5"], ['cards "1.5" is not a whole number, 1 or more']),
        (["get", "offers", "--max-price", "12yuan"], ['"12yuan" is not']),
        (["get", "offers", "--billing", "weekly"], ["on-demand, daily, monthly, spot"]),
        (["get", "orders", "--accelerator", "H800"], ["--accelerator is no filter of orders"]),
        (["get", "offers", "--limit", "0"], ['limit "0"']),
        (["get", "order/x", "offers"], ['"offers" is not TYPE/NAME']),
        (["auth", "logn"], ['unknown auth verb "logn"', 'Did you mean "login"']),
        (["api-resources", "--colour", "never"], ["unknown flag of cpctl"]),
        (["-n"], ["no verb given"]),
        (["get", "offers", "-v", "lots"], ["lots"]),
    ],
)
def test_what_is_wrong_with_a_command_line_is_one_line(cp, argv, words):
    said = cp(*argv)
    assert said.code == ExitCode.USAGE
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    for word in words:
        assert word in said.err


def test_usage_errors_are_objects_when_json_was_asked_for(cp):
    said = cp("get", "ofers", "-o", "json")
    assert said.code == ExitCode.USAGE
    assert said.error["code"] == 2
    assert said.error["reason"] == "UnknownName"
    assert said.error["retryable"] is False
    assert set(said.error) == {"code", "reason", "message", "hint", "requestId", "retryable"}


@pytest.mark.parametrize(
    "argv", [["--help"], ["-h"], [], ["get", "--help"], ["auth"], ["auth", "-h"], ["auth", "login", "-h"]]
)
def test_help_goes_to_stdout(cp, argv):
    said = cp(*argv)
    assert said.code == ExitCode.DONE
    assert said.out.startswith("Usage: cpctl")
    assert said.out.endswith("\n")
    assert said.err == ""


def test_a_closed_pipe_is_no_failure(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = process(tmp_path, "api-resources", stdout=pipe, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("argv", [["--version"], ["api-resources"], ["--help"]])
def test_a_full_disk_is_one(tmp_path, argv):
    with open("/dev/full", "w") as full:
        done = process(tmp_path, *argv, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == ExitCode.FAILED
    assert "cannot write the output" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a pipe is asked and set as Linux does it")
@pytest.mark.parametrize("argv", [["explain", "orders", "--recursive", "-o", "json"], ["completion", "bash"]])
def test_a_pipe_that_does_not_wait_gets_everything(tmp_path, argv):
    """Node and others hand on pipes in which a write that finds no room fails; all of it arrives all the same."""
    import fcntl
    import termios

    def held() -> int:
        return struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"0000"))[0]

    whole = process(tmp_path, *argv, stdout=subprocess.PIPE).stdout.encode()
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    assert len(whole) > size
    os.set_blocking(writer, False)
    command = [*CPCTL, *argv]
    with (
        open(reader, "rb") as pipe,
        subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path), stdout=writer, stderr=subprocess.PIPE) as run,
    ):
        os.close(writer)
        deadline = time.monotonic() + 60
        while held() < size and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (pipe.read(), run.communicate()[1], run.returncode) == (whole, b"", 0)


def test_a_mistake_of_ours_is_said_to_be_one(tmp_path):
    from cpctl.crash import report

    env = environment(tmp_path) | {"CPCTL_TOKEN": "canary-0123456789"}
    text = report(ValueError("Bearer canary-0123456789 access_token=tell-nobody"), env)
    log = Path(text.rsplit("the log is ", 1)[1].strip())
    assert "bug in cpctl" in text
    assert log.stat().st_mode & 0o777 == 0o600
    assert "ValueError" in log.read_text()
    assert "canary" not in text + log.read_text()
    assert "tell-nobody" not in text + log.read_text()


@pytest.mark.parametrize(("signalled", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_a_signal_while_the_words_are_read_is_no_mistake_of_ours(cp, monkeypatch, signalled, code):
    def interrupted(*_):
        raise signalled

    monkeypatch.setattr("typer.core.TyperCommand.invoke", interrupted)
    result = cp("apply", "-f", "-", "--activate")
    assert (result.code, result.out, result.err) == (code, "", "")


def test_a_mistake_of_ours_without_a_home_is_told_whole(tmp_path):
    from cpctl.crash import report

    assert "RuntimeError: odd" in report(RuntimeError("odd"), {})


def test_no_home_at_all(tmp_path):
    done = subprocess.run(
        [*CPCTL, "get", "offers"], cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.FAILED
    assert "HOME is not set" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_headless_reads_need_no_home_and_purchases_are_not_begun_without_one(sandbox, tmp_path):
    env = {"PATH": "/usr/bin:/bin", **sandbox.env}
    manifest = tmp_path / "order.yaml"
    manifest.write_text((ROOT / "examples" / "order.yaml").read_text().replace("train-7b", "homeless"))
    ask = {"cwd": ROOT, "env": env, "capture_output": True, "text": True, "check": False}
    read = subprocess.run([*CPCTL, "get", "offers", "--limit", "1", "-o", "name"], **ask)
    assert (read.returncode, read.stderr) == (0, "")
    assert read.stdout.startswith("offer/")
    bought = subprocess.run([*CPCTL, "apply", "-f", str(manifest)], **ask)
    assert bought.returncode == ExitCode.FAILED
    assert "HOME is not set" in bought.stderr
    assert all(order["metadata"]["name"] != "homeless" for order in sandbox.orders())


def test_a_token_that_no_header_can_hold_is_told_with_what_helps(cp):
    said = cp("get", "offers", env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "a\nb"})
    assert said.code == ExitCode.NOT_AUTHORIZED
    assert said.err.strip().endswith("try: another CPCTL_TOKEN")


def test_api_resources_in_every_form(cp):
    from cpctl.registry import KINDS

    plurals = [kind.plural for kind in KINDS]
    assert [line.split()[0] for line in cp("api-resources", "--no-headers").lines] == plurals
    assert cp("api-resources", "-o", "name").lines == plurals
    assert [row["name"] for row in cp("api-resources", "-o", "json").json] == plurals
    assert json.dumps(plurals[0]).strip('"') in cp("api-resources", "-o", "yaml").out
