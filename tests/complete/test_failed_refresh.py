"""A refresh that failed says why to the next Tab, in words of ours; what was known stays, and it is asked again."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from client import Client, environment
from cpctl.complete.failure import FIRST_S, LONGEST_S, SENTENCES
from cpctl.complete.upkeep import LOCK_AGE_S
from keyboard import environment as shell_environment
from keyboard import sitting
from proxy import Exchange, RecordingProxy
from refreshing import TAB, WAIT_S, age, folder, offered, settled, tab, until

OLD_S = 3_700
HELP = "_activeHelp_ "
NOWHERE = "http://127.0.0.1:9"
SOON = r", asked \d+ s ago: "


def told(env: Mapping[str, str], *words: str) -> str:
    """What a Tab says, beside what it offers."""
    (line,) = [line for line in tab(env, *words).splitlines() if line.startswith(HELP)]
    return line.removeprefix(HELP)


def failed(env: Mapping[str, str], kind: str, times: int = 1) -> str:
    """Waits until so many refreshes of a kind failed; the word that the last one left."""
    left = folder(env) / f"{kind}.failed"
    until(lambda: left.exists() and left.read_text().endswith(f" {times}"))
    until(lambda: not (folder(env) / f"{kind}.lock").exists())
    settled(env)
    return left.read_text().partition(" ")[0]


CASES = {
    "down": (
        "offers",
        {"CPCTL_SERVER": NOWHERE},
        (),
        "the platform at 127.0.0.1:9 does not answer",
        "cpctl sandbox up",
    ),
    "project": ("orders", {}, ("-n", "nosuch"), "no project nosuch here", "cpctl get projects"),
    "no name": ("orders", {}, ("-n", "a/b$(id)\x1b[31m"), "no project a/bid31m here", "cpctl get projects"),
    "foreign": (
        "orders",
        {"CPCTL_TOKEN": "other"},
        (),
        "this login may not list orders of project default",
        "cpctl auth",
    ),
    "unknown": ("offers", {"CPCTL_TOKEN": "sbx-unknown"}, (), "CPCTL_TOKEN is refused", "set another CPCTL_TOKEN"),
    "malformed": ("orders", {"CPCTL_TOKEN": "a b"}, (), "CPCTL_TOKEN is refused", "set another CPCTL_TOKEN"),
    "no url": ("orders", {"CPCTL_SERVER": "notaurl"}, (), "CPCTL_SERVER is no address", "one looks like https://"),
    "flag": ("orders", {}, ("-s", "x(y"), "--server is no address", "one looks like https://"),
    "nobody": (
        "orders",
        {"CPCTL_TOKEN": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        (),
        "",
        "cpctl",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_next_tab_says_why_and_does_not_ask_again_at_once(case, cp, sandbox):
    kind, changed, flags, sentence, advice = CASES[case]
    token = changed.get("CPCTL_TOKEN", sandbox.token)
    env = cp.env | changed | {"CPCTL_TOKEN": sandbox.token_of("other") if token == "other" else token}
    words = ("get", *flags, kind, "")
    assert told(env, *words) == f"no {kind} known yet: asking the platform, press Tab again"
    (where,) = Path(cp.env["XDG_CACHE_HOME"]).glob("cpctl/complete/*~*")
    until(lambda: (where / f"{kind}.failed").exists() and not (where / f"{kind}.lock").exists())
    settled(env)
    assert re.fullmatch(rf"{re.escape(sentence)}.*{SOON}{re.escape(advice)}.*", told(env, *words))
    assert not (where / f"{kind}.lock").exists()
    assert (where / f"{kind}.failed").read_text().endswith(" 1")


@pytest.fixture
def way(sandbox) -> Iterator[RecordingProxy]:
    with RecordingProxy(sandbox.url) as front:
        yield front


@pytest.fixture
def here(cp, way) -> Client:
    """cpctl by that way, with offers in its cache that are an hour old."""
    here = Client(cp.home, env={**cp.env, "CPCTL_SERVER": way.url})
    assert here("get", "offers", "-A").code == 0
    age(here.env, "offers", OLD_S)
    return here


def test_what_was_known_stays_and_is_asked_for_again_less_and_less_often(here, way):
    names = offered(here.env, "get", "offers", "of-")
    settled(here.env)
    age(here.env, "offers", OLD_S)
    live, way.upstream = way.upstream, NOWHERE
    rests = []
    for times in (1, 2, 5):
        if times == 5:
            (folder(here.env) / "offers.failed").write_bytes(b"unreachable 4")
            age(here.env, "offers.failed", LONGEST_S)
        assert offered(here.env, "get", "offers", "of-") == names
        assert failed(here.env, "offers", times) == "unreachable"
        said = told(here.env, "get", "offers", "of-")
        assert re.fullmatch(
            rf"offers as of 6\d min ago, the platform at 127\.0\.0\.1:\d+ .*{SOON}cpctl sandbox up", said
        )
        rest = next(s for s in range(LOCK_AGE_S + 1) if not waits(here.env, s))
        rests.append(rest)
        age(here.env, "offers.failed", rest)
    assert rests == [FIRST_S] * 3  # of this machine
    way.upstream = live
    tab(here.env, "get", "offers", "")
    until(lambda: not (folder(here.env) / "offers.failed").exists())
    settled(here.env)
    assert re.fullmatch(r"offers as of \d+ s ago", told(here.env, "get", "offers", ""))
    assert [one.name for one in folder(here.env).iterdir()] == ["offers"]


@pytest.mark.parametrize(("times", "rest_s"), [(1, FIRST_S), (2, 2 * FIRST_S), (5, LONGEST_S), (99, LONGEST_S)])
def test_another_machine_is_asked_less_and_less_often(times, rest_s, cp):
    env = {**cp.env, "CPCTL_SERVER": "https://platform.example"}
    folder(env).mkdir(parents=True)
    for word in ("unreachable", "busy"):
        (folder(env) / "offers.failed").write_text(f"{word} {times}")
        assert next(s for s in range(LONGEST_S + 1) if not waits(env, s)) == rest_s


@pytest.mark.parametrize("word", ["config", "nobody", "ended", "no-address"])
def test_what_is_mended_here_is_seen_soon(word, cp):
    env = {**cp.env, "CPCTL_SERVER": "https://platform.example"}
    folder(env).mkdir(parents=True)
    (folder(env) / "offers.failed").write_text(f"{word} 9")
    assert waits(env, FIRST_S - 1) and not waits(env, FIRST_S)


def waits(env: Mapping[str, str], seconds: int) -> bool:
    """Whether a Tab so many seconds after the failure would leave the platform alone."""
    from cpctl.complete.failure import failure_of
    from cpctl.complete.store import place

    failure = failure_of(place(env), "offers")
    assert failure is not None
    return not failure.is_over(failure.at + seconds)


def test_a_list_that_passes_by_ends_it(here, way):
    live, way.upstream = way.upstream, NOWHERE
    tab(here.env, "get", "offers", "")
    failed(here.env, "offers")
    way.upstream = live
    assert here("get", "offers", "-A").code == 0
    assert [one.name for one in folder(here.env).iterdir()] == ["offers"]
    assert re.fullmatch(r"offers as of \d+ s ago", told(here.env, "get", "offers", ""))


HOSTILE = "$(touch /tmp/x) `id` ;reboot \x1b[2J\x1b]52;c;eA==\x07 \u202e'\" cpctl auth login"


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500, 503])
def test_nothing_that_a_platform_said_comes_that_far(status, here, way):
    body = json.dumps({"reason": "Untrusted", "detail": HOSTILE, "title": HOSTILE, "message": HOSTILE}).encode()
    head = f"HTTP/1.1 {status} {'x' * 9}\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"

    def instead(exchange: Exchange) -> bytes:
        return f"{head}Location: https://x/\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    way.instead = instead
    tab(here.env, "get", "offers", "")
    word = failed(here.env, "offers")
    assert word in SENTENCES and (folder(here.env) / "offers.failed").read_bytes() == f"{word} 1".encode()
    said = told(here.env, "get", "offers", "")
    assert set(re.sub(r"[A-Za-z0-9]", "", said)) <= set(" ,.:_/-"), said
    assert "reboot" not in said and "touch" not in said


def test_a_platform_in_trouble_is_not_said_to_be_silent(here, sandbox):
    sandbox.admin.faults(path="/v1/offers", error=500)
    tab(here.env, "get", "offers", "")
    assert failed(here.env, "offers") == "trouble"
    assert " answers with an error, asked " in told(here.env, "get", "offers", "")


@pytest.mark.parametrize("left", [b"", b"$(id) 1", b"other", b"other x", b"other 1\x1b[2J", b"other \xd9\xa3", b"9 9"])
def test_what_somebody_else_left_there_is_not_believed(left, here):
    (folder(here.env) / "offers.failed").write_bytes(left)
    assert re.fullmatch(r"offers as of 6\d min ago", told(here.env, "get", "offers", ""))
    until(lambda: not (folder(here.env) / "offers.failed").exists())
    settled(here.env)


def test_a_profile_whose_server_is_none(cp):
    cp.config.parent.mkdir(parents=True)
    cp.config.write_text('current-profile = "mine"\n[profiles.mine]\nserver = "notaurl"\n', encoding="utf-8")
    env = {name: value for name, value in cp.env.items() if name not in ("CPCTL_SERVER", "CPCTL_TOKEN")}
    tab(env, "get", "offers", "")
    assert failed(env, "offers") == "config"
    assert told(env, "get", "offers", "").startswith("config.toml is not understood, asked ")


@pytest.mark.parametrize("words", [(), ("get",), ("nosuch", "offers"), ("get", "nosuch"), ("get", "--help")])
def test_what_a_tab_would_not_have_started_is_an_error_like_others(words, cp):
    done = subprocess.run([*TAB[:-1], "__refresh", *words], env=cp.env, capture_output=True, text=True, timeout=WAIT_S)
    assert "Traceback" not in done.stderr and done.returncode == (0 if "--help" in words else 2)


def test_nobodys_lock_is_left_when_nothing_can_be_kept(cp):
    env = environment(cp.home)
    assert told(env, "get", "offers", "").startswith("no platform known: cpctl sandbox up")
    assert not (Path(env["XDG_CACHE_HOME"]) / "cpctl" / "complete" / "offers.lock").exists()


def test_orders_of_a_platform_that_does_not_know_the_token_are_not_shown(here, way, sandbox, tmp_path):
    """It may be another one at the same address."""
    del here.env["CPCTL_TOKEN"]
    assert here("config", "set", "profiles.mine.server", way.url).code == 0
    del here.env["CPCTL_SERVER"]
    login = ("auth", "login", "--with-token", "--insecure-storage")
    assert here(*login, stdin=f"{sandbox.token}\n").code == 0
    assert here("get", "orders").code == 0 and here("get", "offers", "-A").code == 0
    for kind in ("orders", "offers"):
        age(here.env, kind, OLD_S)
    unknown = b"HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    way.instead = lambda exchange: unknown
    for kind in ("orders", "offers"):
        tab(here.env, "get", kind, "")
        assert failed(here.env, kind) == "refused"
    assert told(here.env, "get", "orders", "").startswith("the token is refused, asked ")
    assert told(here.env, "get", "offers", "").startswith("offers as of 6")
    assert sorted(one.name for one in folder(here.env).iterdir()) == ["offers", "offers.failed", "orders.failed"]


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_shell_shows_it_below_the_line(name, cp, tmp_path):
    env = shell_environment(cp.env, tmp_path) | {"CPCTL_SERVER": NOWHERE}
    tab(env, "get", "orders", "")
    failed(env, "orders")
    with sitting(name, env, tmp_path, tmp_path / "notes") as keyboard:
        keyboard.put("cpctl get order")
        keyboard.press(" \t\t")
        assert keyboard.line() == ("cpctl get order ", "")
        assert "the platform at 127.0.0.1:9 does not answer, asked" in keyboard.seen()
    assert not (folder(env) / "orders.lock").exists()
