"""What was kept for one account is never shown to another, however the change comes about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import Client
from cpctl.complete import store
from money import manifest, new_name
from proxy import RecordingProxy
from refreshing import Gate, age, gated, offered, settled

ORDERS = ("get", "order", "")


@pytest.fixture
def way(sandbox) -> Iterator[tuple[RecordingProxy, Gate]]:
    with gated(sandbox.url, "/v1/orders") as made:
        yield made


@pytest.fixture
def here(sandbox, way, tmp_path) -> Iterator[Client]:
    """A machine without CPCTL_TOKEN, with two profiles of one platform; `mine` is current and nobody is logged in."""
    here = Client(tmp_path / "home")
    for name in ("mine", "theirs"):
        assert here("config", "set", f"profiles.{name}.server", way[0].url).code == 0
    yield here
    way[1].open.set()
    settled(here.env)


def login(here: Client, token: str, *more: str) -> None:
    done = here("auth", "login", "--with-token", "--insecure-storage", *more, stdin=f"{token}\n")
    assert done.code == 0, done.err


@pytest.fixture
def order(sandbox, cp, tmp_path) -> str:
    """An order that the first account sees, and no other project."""
    made = manifest(tmp_path, new_name())
    assert cp("apply", "-f", str(made)).code == 0
    return made.name


def known(here: Client, order: str) -> None:
    """The first account's order is in the cache."""
    assert order in here("get", "orders", "-o", "name").out
    assert order in offered(here.env, *ORDERS)


def test_another_login_and_no_login(here, sandbox, order):
    login(here, sandbox.token)
    known(here, order)
    login(here, sandbox.token_of("other"))
    assert order not in offered(here.env, *ORDERS)
    settled(here.env)
    assert order not in offered(here.env, *ORDERS)
    login(here, sandbox.token)
    known(here, order)
    assert here("auth", "logout").code == 0
    assert offered(here.env, *ORDERS) == []


def test_a_cache_that_two_homes_share(here, sandbox, order, tmp_path):
    """As where XDG_CACHE_HOME is a folder of the whole machine's: who keeps tokens elsewhere may be somebody else."""
    shared = {"XDG_CACHE_HOME": str(tmp_path / "shared")}
    ours = Client(here.home, env={**here.env, **shared})
    config = here.config.read_text(encoding="utf-8")
    theirs = Client(tmp_path / "else")
    theirs.config.parent.mkdir(parents=True)
    theirs.config.write_text(config, encoding="utf-8")
    theirs = Client(theirs.home, env={**theirs.env, **shared})
    login(ours, sandbox.token)
    login(theirs, sandbox.token_of("other"))
    known(ours, order)
    assert theirs("get", "orders").code == 4
    assert offered(theirs.env, *ORDERS) == []
    settled(theirs.env)
    assert offered(theirs.env, *ORDERS) == [] and order in offered(ours.env, *ORDERS)


def test_who_may_not_list_is_not_offered_what_was_kept(here, sandbox, order):
    """The account was changed by something else than cpctl, such as a copied file."""
    login(here, sandbox.token)
    known(here, order)
    kept = Path(store.place(here.env).folder) / "orders"
    text = kept.read_bytes()
    login(here, sandbox.token_of("other"))
    kept.write_bytes(text)
    age(here.env, "orders", store.YOURS_AGE_S + 1)
    offered(here.env, *ORDERS)
    settled(here.env)
    assert offered(here.env, *ORDERS) == [] and not kept.exists()


def test_another_profile_and_a_profile_of_another_name(here, sandbox, order):
    login(here, sandbox.token)
    known(here, order)
    login(here, sandbox.token_of("other"), "--profile", "theirs")
    assert here("config", "use-profile", "theirs").code == 0
    assert order not in offered(here.env, *ORDERS)
    settled(here.env)
    assert order not in offered(here.env, *ORDERS)
    assert order in offered(here.env, *ORDERS[:2], "--profile", "mine", "")
    assert here("config", "delete-profile", "mine").code == 0
    assert here("config", "rename-profile", "theirs", "mine").code == 0
    assert order not in offered(here.env, *ORDERS)


def test_a_profile_that_is_made_again_or_renamed_knows_nothing(here, sandbox, way, order):
    login(here, sandbox.token)
    known(here, order)
    assert here("config", "delete-profile", "mine").code == 0
    assert here("config", "set", "profiles.mine.server", way[0].url).code == 0
    assert offered(here.env, *ORDERS[:2], "--profile", "mine", "") == []
    settled(here.env)
    login(here, sandbox.token, "--profile", "mine")
    assert here("config", "use-profile", "mine").code == 0
    known(here, order)
    assert here("config", "rename-profile", "mine", "ours").code == 0
    assert here("config", "set", "profiles.mine.server", way[0].url).code == 0
    assert offered(here.env, *ORDERS[:2], "--profile", "mine", "") == []


def test_another_token_in_the_environment(cp, sandbox, order):
    known(cp, order)
    env = cp.env | {"CPCTL_TOKEN": sandbox.token_of("other")}
    assert order not in offered(env, *ORDERS)
    settled(env)
    assert order not in offered(env, *ORDERS)


@pytest.mark.parametrize("change", ["login", "logout"])
def test_a_list_on_its_way_while_the_account_changes_is_not_kept(here, way, sandbox, order, change):
    """It was asked for with the first account's token, and comes when somebody else is there, or nobody."""
    _, gate = way
    login(here, sandbox.token)
    gate.came.clear()
    gate.open.clear()
    late = threading.Thread(target=here, args=("get", "orders"))
    late.start()
    assert gate.came.wait(30)
    login(here, sandbox.token_of("other")) if change == "login" else here("auth", "logout")
    gate.open.set()
    late.join()
    assert not (Path(store.place(here.env).folder) / "orders").exists()
    assert order not in offered(here.env, *ORDERS)


@pytest.mark.parametrize("again", ["elsewhere", "in the same folder", "in the usual folder"])
def test_another_sandbox_at_the_same_address(again, tmp_path):
    """With other tokens, orders and seed: nothing of the one before is shown, and that one's is when it is back."""
    here = Client(tmp_path / "home")
    usual = Path(here.env["XDG_DATA_HOME"]) / "cpctl" / "sandbox"
    first = tmp_path / "first"
    second = {"elsewhere": tmp_path / "second", "in the usual folder": usual}.get(again, first)
    try:
        assert here("sandbox", "up", "--port=0", "--scale=60", f"--data={first}").code == 0
        port = here("sandbox", "status", "-o", "json", f"--data={first}").json["url"].rpartition(":")[2]
        assert here("create", "order", "old", "--cards=1", "--gpu=H800", "--duration=1h", "--yes").code == 0
        known(here, "old")
        assert here("sandbox", "down", f"--data={first}").code == 0
        assert "old" in offered(here.env, *ORDERS)
        first.rename(tmp_path / "kept")
        assert here("sandbox", "up", f"--port={port}", "--seed=2", "--scale=60", f"--data={second}").code == 0
        assert offered(here.env, *ORDERS) == []
        settled(here.env)
        assert here("get", "orders").code == 0
        assert offered(here.env, *ORDERS) == []
        assert here("sandbox", "down", f"--data={second}").code == 0
        second.rename(tmp_path / "other")
        (tmp_path / "kept").rename(first)
        assert here("sandbox", "up", f"--port={port}", f"--data={first}").code == 0
        assert "old" in offered(here.env, *ORDERS)
        settled(here.env)
    finally:
        for data in (first, second):
            here("sandbox", "down", f"--data={data}")


def test_profiles_with_long_names_are_told_apart(here, way, sandbox, order):
    first, second = (f"{'p' * 61}-{number}" for number in range(2))
    for name in (first, second):
        assert here("config", "set", f"profiles.{name}.server", way[0].url).code == 0
    login(here, sandbox.token, "--profile", first)
    assert order in here("get", "orders", "-o", "name", "--profile", first).out
    assert order in offered(here.env, "--profile", first, *ORDERS)
    assert order not in offered(here.env, "--profile", second, *ORDERS)
    assert here("auth", "logout", "--profile", first).code == 0
    assert order not in offered(here.env, "--profile", first, *ORDERS)
