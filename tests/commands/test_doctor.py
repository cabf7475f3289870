"""doctor: each check by itself, in homes and with servers that are not as they should be; never a token."""

from __future__ import annotations

import time

import pytest

from client import Client
from cpctl.profiles.folders import sandbox_folder
from fake_platform import good, platform


def states(result):
    return {one["check"]: one["state"] for one in result.json["checks"]}


def test_all_is_well(cp, sandbox):
    result = cp("doctor", "-o", "json")
    assert result.code == 0 and set(states(result).values()) == {"ok"}
    assert {
        "configuration",
        "profile",
        "network",
        "login",
        "server",
        "clock",
        "contract",
        "identity",
        "journal",
        "sandbox",
    } == set(states(result))
    assert sandbox.token not in result.out + result.err
    table = cp("doctor")
    assert table.lines[0].split() == ["CHECK", "STATE", "FOUND"] and sandbox.token not in table.out


def test_a_newcomer_is_told_where_to_begin(tmp_path):
    result = Client(tmp_path)("doctor")
    assert result.code == 2 and "profile         fail    no profile" in result.out and "cpctl sandbox up" in result.out
    assert result.err == ""


def test_nothing_answers(tmp_path):
    began = time.monotonic()
    result = Client(tmp_path)(
        "doctor", "-o", "json", env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "t0k3n-x"}
    )
    assert (result.code, states(result)["server"]) == (9, "fail") and "identity" not in states(result)
    assert time.monotonic() - began < 6 and "t0k3n-x" not in result.out


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
@pytest.mark.parametrize(
    "proxy", ["http://me:s3cr3t-p@127.0.0.1:9", "me:s3cr3t-p@127.0.0.1:9", "http://a:s3cr3t-p@b@127.0.0.1:9"]
)
def test_the_password_of_a_proxy_is_nobodys(tmp_path, form, proxy):
    env = {"CPCTL_SERVER": "https://platform.invalid", "CPCTL_TOKEN": "t0k3n-x", "HTTPS_PROXY": proxy}
    result = Client(tmp_path, env=env)("doctor", "-o", form)
    assert "through http://127.0.0.1:9" in result.out and "s3cr3t-p" not in result.out + result.err


def test_a_sandbox_that_was_killed_does_not_run(tmp_path):
    client = Client(tmp_path)
    client.env |= {"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "t0k3n-x"}
    data = sandbox_folder(client.env)
    data.mkdir(parents=True)
    (data / "token").write_text("t0k3n-y")
    (data / "endpoint.json").write_text('{"url": "http://127.0.0.1:9"}')
    result = client("doctor", "-o", "json")
    assert states(result)["sandbox"] == "warn" and "nobody answers at http://127.0.0.1:9" in result.out


def test_a_refused_token_ends_with_4(sandbox, tmp_path):
    result = Client(tmp_path)("doctor", "-o", "json", env={"CPCTL_SERVER": sandbox.url, "CPCTL_TOKEN": "wrong-token-1"})
    assert (result.code, states(result)["identity"], states(result)["server"]) == (4, "fail", "ok")


def test_a_project_of_others(cp):
    result = cp("doctor", "-n", "other", "-o", "json")
    assert (result.code, states(result)["identity"]) == (4, "fail")


def test_a_damaged_configuration(cp):
    cp.config.parent.mkdir(parents=True)
    cp.config.write_text("profiles = [\n")
    result = cp("doctor", "-o", "json")
    assert result.code == 2 and states(result)["configuration"] == states(result)["profile"] == "fail"


def test_one_that_others_may_change(cp):
    cp.config.parent.mkdir(parents=True)
    cp.config.write_text("")
    cp.config.chmod(0o666)
    result = cp("doctor")
    assert result.code == 0 and "can be changed by others; try: chmod 600" in result.out


def test_no_home(sandbox, tmp_path):
    cp = Client(tmp_path)
    cp.env = {"PATH": "/usr/bin", **sandbox.env}
    result = cp("doctor", "-o", "json")
    assert (result.code, states(result)["configuration"], states(result)["identity"]) == (1, "warn", "ok")
    assert states(result)["folders"] == "fail" and "sandbox" not in states(result)


def test_a_journal_that_cannot_be_written(cp, tmp_path):
    (tmp_path / "file").write_text("")
    result = cp("doctor", "-o", "json", env={"XDG_STATE_HOME": str(tmp_path / "file")})
    assert (result.code, states(result)["journal"]) == (1, "fail")


SERVICE = {"name": "x", "version": "1", "contract": "v1", "capabilities": ["watch"]}


@pytest.mark.parametrize(
    ("said", "check", "state", "code"),
    [
        ({**SERVICE, "contract": "v2"}, "contract", "fail", 1),
        ({**SERVICE, "capabilities": []}, "contract", "warn", 0),
        ({**SERVICE, "capabilities": "watch"}, "contract", "warn", 0),
        ({}, "server", "ok", 0),
        ([], "server", "ok", 0),
    ],
)
def test_servers_of_other_kinds(tmp_path, said, check, state, code):
    def answer(method, path):
        return good(said if path == "/v1" else {"account": "a", "projects": ["default"]})

    with platform(answer) as env:
        result = Client(tmp_path, env=env)("doctor", "-o", "json")
    assert (states(result)[check], result.code) == (state, code)


def test_a_clock_that_is_wrong_is_said(sandbox, tmp_path):
    from datetime import UTC, datetime, timedelta

    class Ahead:
        def now(self):
            return datetime.now(UTC) + timedelta(hours=1)

        monotonic, sleep = staticmethod(time.monotonic), staticmethod(time.sleep)

    result = Client(tmp_path, env=sandbox.env, clock=Ahead())("doctor")
    assert result.code == 0 and "s ahead of the server's; try: set this machine's clock" in result.out


def test_hostile_words_of_a_server_do_nothing_to_a_terminal(tmp_path):
    with platform(
        lambda _m, path: good({**SERVICE, "name": "\x1b[2Jx\u202e"} if path == "/v1" else {"account": "\x9b31m"})
    ) as env:
        result = Client(tmp_path, env=env)("doctor", tty=True)
    assert not {"\x1b", "\x9b", "\u202e"} & set(result.out)
