"""Which token is shown, and how one process renews it for all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from cpctl.auth.oauth import Grant
from cpctl.auth.record import Record, record_of
from cpctl.auth.token import Credentials, Sources
from cpctl.errors import NoSecretStore, NotLoggedIn, TokenRefused, UsageError
from cpctl.resources.endpoint import endpoint

HERE = endpoint("https://platform.example")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Memory:
    where = "memory"

    def __init__(self, record: Record | None = None) -> None:
        self.kept = {"ci": record.text()} if record else {}

    def get(self, profile: str) -> str | None:
        return self.kept.get(profile)

    def set(self, profile: str, text: str) -> None:
        self.kept[profile] = text

    def delete(self, profile: str) -> bool:
        return self.kept.pop(profile, None) is not None


class Broken(Memory):
    def get(self, profile: str) -> str | None:
        raise NoSecretStore(detail="no keyring")

    def delete(self, profile: str) -> bool:
        raise NoSecretStore(detail="no keyring")


class Clock:
    def now(self) -> datetime:
        return NOW


class Renewals:
    """Stands for OAuth: what it was asked, and the next grant or error."""

    def __init__(self, answer: Grant | Exception | None = None) -> None:
        self.answer, self.asked = answer or Grant("at-2", "rt-2", 600), list[dict[str, str]]()

    def grant(self, form: dict[str, str]) -> Grant:
        self.asked.append(form)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def credentials(store=None, *, environment=None, sandbox=None, rest=(), renewals=None) -> Credentials:
    stores = [store] if store else []
    sources = Sources(lambda: environment, stores, lambda: sandbox, "the sandbox's file", rest)
    oauth = renewals or Renewals()
    return Credentials(
        "ci", "ci (https://platform.example)", HERE, sources, oauth=lambda: oauth, lock=nullcontext, clock=Clock()
    )


def kept(seconds: float | None = 3600, refresh: str | None = "rt-1", origin: str = HERE.origin) -> Memory:
    ends = NOW + timedelta(seconds=seconds) if seconds is not None else None
    return Memory(Record(origin, "at-1", refresh, ends))


def test_order_environment_login_sandbox_keyring():
    assert credentials(kept(), environment="env", sandbox="box", rest=[kept()]).token() == "env"
    assert credentials(kept(), sandbox="box", rest=[Broken()]).token() == "at-1"
    assert credentials(Memory(), sandbox="box", rest=[Broken()]).token() == "box"
    assert credentials(Memory(), rest=[kept()]).token() == "at-1"


def test_nobody_logged_in_is_said_with_the_way_on():
    with pytest.raises(NotLoggedIn, match="not logged in to ci") as caught:
        credentials(Memory(), rest=[Memory()]).token()
    assert (caught.value.exit_code, caught.value.advice) == (4, "cpctl auth login")
    with pytest.raises(NoSecretStore):
        credentials(Memory(), rest=[Broken()]).token()


def test_a_login_goes_to_the_origin_it_was_made_for_and_no_other():
    with pytest.raises(NotLoggedIn):
        credentials(kept(origin="https://other.example")).token()


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", "{}", '{"origin": "x"}', "[" * 50_000])
def test_a_damaged_record_is_one_clear_line(text):
    with pytest.raises(TokenRefused, match="memory"):
        record_of(text or " ", "memory")
    with pytest.raises(TokenRefused):
        record_of(json.dumps({"origin": HERE.origin, "access": "a\r\nb"}), "memory")
    with pytest.raises(TokenRefused):
        record_of(json.dumps({"origin": HERE.origin, "access": "a", "expiresAt": "soon"}), "memory")


def test_a_token_near_its_end_is_renewed_before_it_is_shown():
    for seconds in (29, 0, -3600):
        store, renewals = kept(seconds), Renewals()
        assert credentials(store, renewals=renewals).token() == "at-2"
        assert renewals.asked == [{"grant_type": "refresh_token", "refresh_token": "rt-1"}]
        fresh = record_of(store.kept["ci"], "memory")
        assert (fresh.access, fresh.refresh, fresh.expires_at) == ("at-2", "rt-2", NOW + timedelta(seconds=600))


def test_a_platform_that_keeps_the_refresh_token_does_not_lose_it():
    store = kept(0)
    credentials(store, renewals=Renewals(Grant("at-2", None, None))).token()
    assert record_of(store.kept["ci"], "memory").refresh == "rt-1"


def test_an_expired_token_without_a_way_on_is_refused_here():
    for renewals in (None, Renewals(UsageError(detail="no", oauth="invalid_grant"))):
        with pytest.raises(TokenRefused, match="ended 2026-01-02") as caught:
            credentials(kept(-1, refresh="rt-1" if renewals else None), renewals=renewals).token()
        assert caught.value.advice == "cpctl auth login"
    assert credentials(kept(20, refresh=None)).token() == "at-1"


def test_only_a_login_of_ours_is_renewed():
    store = kept()
    here = credentials(store, environment="env")
    here.token()
    assert here.renewed("env") is None
    here = credentials(Memory(), sandbox="box", rest=[store])
    here.token()
    assert here.renewed("box") is None


def test_what_another_process_renewed_is_taken_from_the_store():
    store, renewals = kept(), Renewals()
    here = credentials(store, renewals=renewals)
    assert here.token() == "at-1"
    store.set("ci", Record(HERE.origin, "at-9", "rt-9").text())
    assert here.renewed("at-1") == "at-9" and renewals.asked == []


def test_forgetting_clears_every_store_and_minds_no_missing_keyring():
    store, rest = kept(), kept()
    assert credentials(store, rest=[rest]).forget() == ["memory", "memory"] and not store.kept and not rest.kept
    assert credentials(kept(), rest=[Broken()]).forget() == ["memory"]


# 32 processes at the moment a token ends

ONE_OF_MANY = """
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from cpctl.api.transport import Transport
from cpctl.auth.oauth import OAuth
from cpctl.auth.token import Credentials, Sources
from cpctl.profiles.files import locked
from cpctl.profiles.secrets import FileStore
from cpctl.resources.endpoint import endpoint

class Clock:
    now = staticmethod(lambda: datetime.now(UTC))
    monotonic, sleep = staticmethod(monotonic), staticmethod(sleep)

server, folder = endpoint(sys.argv[1]), Path(sys.argv[2])
sender = Transport(server, clock=Clock())
sources = Sources(lambda: None, [FileStore(folder)], lambda: None, "", [])
mine = Credentials("ci", "ci", server, sources, oauth=lambda: OAuth(sender, server),
                   lock=partial(locked, folder / "ci"), clock=Clock())
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
sys.stdout.write(mine.token())
"""


class TokenEndpoint(ThreadingHTTPServer):
    """Rotates: a refresh token is good once, and one that comes again ends the login."""

    def __init__(self) -> None:
        self.turn, self.reused, self.guard = 1, 0, threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                base = f"http://127.0.0.1:{outer.server_port}"
                names = ("token_endpoint", "device_authorization_endpoint", "revocation_endpoint")
                self.reply(200, dict.fromkeys(names, f"{base}/oauth/token"))

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                with outer.guard:
                    if form["refresh_token"] != [f"rt-{outer.turn}"]:
                        outer.reused += 1
                        return self.reply(400, {"error": "invalid_grant"})
                    outer.turn += 1
                    turn = outer.turn
                fresh = {"access_token": f"at-{turn}", "refresh_token": f"rt-{turn}"}
                return self.reply(200, fresh | {"token_type": "Bearer", "expires_in": 600})

            def reply(self, status: int, document: object) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.mark.parametrize("processes", [int(os.environ.get("CPCTL_TEST_REFRESHERS", "12"))])
def test_many_processes_renew_once_and_nobody_is_logged_out(tmp_path, processes):
    from cpctl.profiles.secrets import FileStore

    with TokenEndpoint() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        ended = datetime.now(UTC) - timedelta(seconds=5)
        FileStore(tmp_path).set("ci", Record(url, "at-1", "rt-1", ended).text())
        started = [
            subprocess.Popen(
                [sys.executable, "-c", ONE_OF_MANY, url, tmp_path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            for _ in range(processes)
        ]
        for process in started:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = {process.communicate(timeout=60)[0] for process in started}
        server.shutdown()
    assert answers == {"at-2"} and (server.turn, server.reused) == (2, 0)
