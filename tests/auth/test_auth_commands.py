"""auth as people and scripts use it, against a live sandbox."""

from __future__ import annotations

import io
import re
import stat
import time

import httpx
import pytest

from client import Client
from cpctl.main import run
from cpctl.runtime import Runtime


@pytest.fixture
def cp(tmp_path, sandbox):
    """A client whose current profile is the sandbox's address, with no token of its own."""
    client = Client(tmp_path)
    assert client("config", "set", "server", sandbox.url, "--profile", "here").code == 0
    return client


def logged_in(cp, token):
    done = cp("auth", "login", "--with-token", "--insecure-storage", stdin=token + "\n")
    assert done.code == 0, done.err
    return done


def test_a_token_from_stdin_is_tried_and_kept_in_a_private_file(cp, sandbox):
    said = logged_in(cp, sandbox.token_of("ci")).err
    assert f"logged in to here ({sandbox.url}) as ci" in said and sandbox.token_of("ci") not in said
    (file,) = (cp.home / "data/cpctl/tokens").glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert cp("auth", "whoami").out == "ci\n"
    assert cp("auth", "token").out == sandbox.token_of("ci") + "\n"
    status = cp("auth", "status", "-o", "json").json
    assert (status["account"], status["profile"], status["server"]) == ("ci", "here", sandbox.url)
    assert "a file in" in status["tokenFrom"]


def test_logging_out_forgets_a_pasted_token_and_leaves_it_valid(cp, sandbox):
    logged_in(cp, sandbox.token_of("ci"))
    assert "logged out" in cp("auth", "logout").err
    assert not list((cp.home / "data/cpctl/tokens").glob("*.json"))
    assert "was not logged in" in cp("auth", "logout").err or cp("auth", "status").code == 4
    assert sandbox.get("/v1/whoami", account="ci").status_code == 200


@pytest.mark.parametrize("token", ["wrong", "a b", "a\x00b", "令牌", "", "two\nlines", "x" * 20_000])
def test_a_token_that_is_none_is_refused_and_not_kept(cp, token):
    done = cp("auth", "login", "--with-token", "--insecure-storage", stdin=token)
    assert done.code == 4 and len(done.err.splitlines()) == 1
    assert not token or token not in done.err
    assert not list((cp.home / "data/cpctl/tokens").glob("*.json"))


def test_a_terminal_is_not_asked_for_a_token(cp):
    done = cp("auth", "login", "--with-token", tty=True)
    assert done.code in (2, 4) and "Traceback" not in done.err


def test_without_a_keyring_nothing_is_kept_and_both_ways_on_are_named(cp, sandbox, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    began = time.monotonic()
    done = cp("auth", "login", "--with-token", stdin=sandbox.token_of("ci"))
    assert done.code == 4 and time.monotonic() - began < 5
    assert "CPCTL_TOKEN" in done.err and "--insecure-storage" in done.err
    assert not list(cp.home.rglob("*.json"))


def test_a_token_in_the_environment_goes_to_the_named_server_only(cp, sandbox):
    env = {"CPCTL_TOKEN": sandbox.token_of("ci")}
    refused = cp("get", "orders", env=env)
    assert refused.code == 4 and "neither CPCTL_SERVER nor CPCTL_PROFILE" in refused.err
    assert cp("auth", "whoami", env=env | {"CPCTL_SERVER": sandbox.url}).out == "ci\n"
    assert cp("auth", "whoami", env=env | {"CPCTL_PROFILE": "here"}).out == "ci\n"
    elsewhere = cp("get", "orders", "--server", "https://127.0.0.1:9", env=env | {"CPCTL_PROFILE": "here"})
    assert elsewhere.code == 4 and "not sent to https://127.0.0.1:9" in elsewhere.err


def test_a_file_that_others_can_read_is_not_used(cp, sandbox):
    logged_in(cp, sandbox.token_of("ci"))
    (file,) = (cp.home / "data/cpctl/tokens").glob("*.json")
    file.chmod(0o644)
    done = cp("get", "orders")
    assert done.code == 4 and "0644" in done.err and len(done.err.splitlines()) == 1


def test_a_login_does_not_follow_a_profile_to_another_server(cp, sandbox):
    logged_in(cp, sandbox.token_of("ci"))
    cp("config", "set", "server", "http://127.0.0.1:9")
    done = cp("get", "orders")
    assert done.code == 4 and sandbox.token_of("ci") not in done.err


def test_a_renamed_profile_keeps_its_login_and_a_deleted_one_loses_it(cp, sandbox):
    logged_in(cp, sandbox.token_of("ci"))
    assert cp("config", "rename-profile", "here", "there").code == 0
    assert cp("auth", "whoami").out == "ci\n"
    assert "login forgotten" in cp("config", "delete-profile", "there").err
    assert not list((cp.home / "data/cpctl/tokens").glob("*.json"))


def test_no_secret_is_seen_in_what_minus_v_tells(cp, sandbox):
    token = sandbox.token_of("ci")
    logged_in(cp, token)
    told = cp("auth", "status", "-v9")
    assert told.code == 0 and "authorization: ***" in told.err and token not in told.err + told.out
    failed = cp("get", "order/none", "-v9")
    assert failed.code == 3 and token not in failed.err
    for place in ("config", "state", "cache"):
        assert not any(token in file.read_text() for file in (cp.home / place).rglob("*") if file.is_file())


class Approver(io.StringIO):
    """stderr, read by somebody who opens the page and decides."""

    def __init__(self, account: str, decision: str) -> None:
        super().__init__()
        self.account, self.decision = account, decision

    def write(self, text: str) -> int:
        written = super().write(text)
        page = re.search(r"Open (\S+)", self.getvalue())
        if page and self.decision:
            decision, self.decision = self.decision, ""
            shown = httpx.get(page[1], trust_env=False).text
            csrf = re.search(r'name="csrf" value="([^"]+)"', shown)
            code = re.search(r'name="user_code" value="([^"]+)"', shown)
            assert csrf and code
            form = {"user_code": code[1], "csrf": csrf[1], "account": self.account, "decision": decision}
            assert httpx.post(page[1].partition("?")[0], data=form, trust_env=False).status_code == 200
        return written


def device_login(cp, account: str, decision: str) -> tuple[int, str]:
    err = Approver(account, decision)
    rt = Runtime(out=io.StringIO(), err=err, stdin=io.StringIO(), env=cp.env)
    return run(["auth", "login", "--insecure-storage"], rt), err.getvalue()


def test_a_device_login_from_code_to_revocation(cp, sandbox):
    code, said = device_login(cp, "other", "approve")
    assert code == 0, said
    assert "as other" in said and re.search(r"approve the code [A-Z]{4}-[A-Z]{4}", said)
    token = cp("auth", "token").out.strip()
    assert cp("auth", "whoami").out == "other\n"
    assert cp("auth", "logout").code == 0
    with httpx.Client(base_url=sandbox.url, trust_env=False) as client:
        assert client.get("/v1/whoami", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_denied_device_login(cp):
    code, said = device_login(cp, "other", "deny")
    assert code == 4 and "denied" in said and cp("auth", "status").code == 4
