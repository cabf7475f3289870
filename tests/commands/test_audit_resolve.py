"""`audit --resolve` finishes with the same bytes, or makes sure that nothing is bought; it touches nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from client import Client
from money import (
    LOST,
    TestClock,
    Trouble,
    manifest,
    orders_of,
    problem,
    record_files,
    reservations,
    rolled_back,
)
from proxy import RecordingProxy
from sandbox_server import ROOT, running
from tools import need

FINISH, CANCEL = ("audit", "--resolve=finish", "--yes"), ("audit", "--resolve=cancel", "--yes")
PLACE = "/v1/orders?"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with running(tmp_path_factory.mktemp("shop"), seed=6) as sandbox:
        yield sandbox


@pytest.fixture
def front(shop):
    """All goes through it, so that what is sent can be counted."""
    with RecordingProxy(shop.url) as proxy:
        yield proxy
    shop.admin.clear_faults()


@pytest.fixture
def cp(shop, front, tmp_path):
    return Client(tmp_path / "home", env=shop.env | {"CPCTL_SERVER": front.url})


@pytest.fixture
def wanted(tmp_path, shop):
    made = manifest(tmp_path)
    with rolled_back(shop, made.name):
        yield made


def later(cp, **age):
    """The same machine after a while: no request of then is on its way."""
    return replace(cp, clock=TestClock(timedelta(**age or {"minutes": 2})))


def unheard(front, cp, made, *flags, path=PLACE):
    """A run whose request did what it asked for, and whose answer was lost."""
    front.instead = Trouble(path, LOST["lost"])
    assert cp("apply", "-f", str(made), *flags).code == 11


def undone(shop, cp, made):
    """A run whose request did nothing, and who does not know it."""
    shop.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(made)).code == 11


def state(cp, verb="place"):
    (path,) = record_files(cp, verb)
    return next(line for line in path.read_text().splitlines() if line.startswith("state")).split('"')[1]


def phase(shop, name):
    (order,) = orders_of(shop, name)
    return order["status"]["phase"]


# finish


def test_finish_sends_the_same_bytes_again(cp, shop, front, wanted):
    undone(shop, cp, wanted)
    result = cp(*FINISH)
    assert result.code == 0, result.err
    assert "finished: the order is Held" in result.out and "RESULT" in result.lines[0]
    first, second = front.sent("POST", PLACE)
    assert (first.body, first.header("Idempotency-Key")) == (second.body, second.header("Idempotency-Key"))
    assert len(reservations(shop, wanted.name)) == 1 and state(cp) == "done"
    assert cp("audit").code == 0
    assert cp("apply", "-f", str(wanted), "-o", "json").json["result"] == "unchanged"


def test_finish_sends_nothing_when_the_order_is_there(cp, shop, front, wanted):
    unheard(front, cp, wanted)
    result = cp(*FINISH, "-o", "json")
    assert (result.code, result.json["items"][0]["resolved"]) == (0, True)
    assert result.json["items"][0]["result"] == "the order is there: Held"
    assert len(front.sent("POST", PLACE)) == 1 and state(cp) == "done"


@pytest.mark.parametrize("days", [8, -1])
def test_finish_never_sends_what_is_older_than_the_key_window(cp, shop, front, wanted, days):
    undone(shop, cp, wanted)
    result = later(cp, days=days)(*FINISH)
    assert result.code == 0 and "too old to be sent" in result.out
    assert len(front.sent("POST", PLACE)) == 1 and state(cp) == "outdated"
    assert orders_of(shop, wanted.name) == []


def test_finish_keeps_to_the_limits_and_the_residency_of_now(cp, shop, front, wanted):
    undone(shop, cp, wanted)
    for limit, value in (("CPCTL_MAX_ORDER", "1.00"), ("CPCTL_MAX_PRICE", "0.01"), ("CPCTL_MAX_DAY", "1.00")):
        result = cp(*FINISH, env={limit: value})
        assert result.code == 1 and "not sent" in result.out and value in result.out
    cp.config.parent.mkdir(parents=True)
    cp.config.touch(mode=0o600)
    residency = '[profiles.here]\nserver = "{}"\n[profiles.here.residency]\nprovinces = ["{}"]\n'
    elsewhere = {"CPCTL_PROFILE": "here", "CPCTL_SERVER": ""}
    cp.config.write_text(residency.format(front.url, "tibet"))
    result = cp(*FINISH, env=elsewhere)
    assert result.code == 1 and "not known to stay in" in result.out, result.err
    assert len(front.sent("POST", PLACE)) == 1 and state(cp) == "prepared"
    assert cp(*FINISH).code == 0 and phase(shop, wanted.name) == "Held"


def test_finish_of_what_the_platform_refuses_for_good(cp, shop, wanted):
    undone(shop, cp, wanted)
    shop.admin.faults(path="/v1/orders", method="POST", count=1, soldOut=True)
    result = cp(*FINISH)
    assert result.code == 0 and "refused it, nothing was bought" in result.out
    assert state(cp) == "refused" and orders_of(shop, wanted.name) == []


def test_finish_that_hears_nothing_again_is_11_and_goes_on_with_the_others(cp, shop, front, wanted, tmp_path):
    undone(shop, cp, wanted)
    other = manifest(tmp_path)
    undone(shop, cp, other)
    shop.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    with rolled_back(shop, other.name):
        result = cp(*FINISH)
        assert result.code == 11 and result.out.count("finished: the order") == 1
        assert cp(*FINISH).code == 0
        assert len(reservations(shop, wanted.name)) == len(reservations(shop, other.name)) == 1


def test_finish_of_a_lost_activation_and_a_lost_release(cp, shop, front, wanted):
    shop.admin.faults(path=f"/v1/orders/{wanted.name}/activate", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted), "--activate").code == 11
    assert cp(*FINISH).code == 0
    assert phase(shop, wanted.name) in ("Activating", "Active")
    first, second = front.sent("POST", f"/v1/orders/{wanted.name}/activate")
    assert first.header("Idempotency-Key") == second.header("Idempotency-Key")
    assert (state(cp), state(cp, "activate")) == ("done", "done")
    shop.admin.faults(path=f"/v1/orders/{wanted.name}/release", method="POST", count=1, error=500)
    assert cp("release", f"order/{wanted.name}").code == 11
    assert cp(*CANCEL).code == 0  # nothing else ends the billing
    assert phase(shop, wanted.name) in ("Releasing", "Released") and state(cp, "release") == "done"
    assert cp("audit").code == 0


def test_finish_does_not_switch_on_above_the_limits_of_now(cp, shop, wanted):
    shop.admin.faults(path=f"/v1/orders/{wanted.name}/activate", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted), "--activate").code == 11
    result = cp(*FINISH, env={"CPCTL_MAX_ORDER": "1.00"})
    assert result.code == 1 and "not sent" in result.out
    assert phase(shop, wanted.name) == "Held" and state(cp, "activate") == "prepared"


@pytest.mark.parametrize("way", [FINISH, CANCEL])
@pytest.mark.parametrize("acted", [True, False])
def test_a_lost_extension(cp, shop, front, wanted, way, acted):
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    (order,) = orders_of(shop, wanted.name)
    until = order["status"]["endsAt"].replace("2026", "2027")
    path = f"/v1/orders/{wanted.name}/extend"
    if acted:
        front.instead = Trouble(path, LOST["lost"])
    else:
        shop.admin.faults(path=path, method="POST", count=1, error=500)
    extend = ("extend", f"order/{wanted.name}", "--until", until, "--yes")
    assert cp(*extend).code == 11
    assert later(cp)(*way).code == 0
    (order,) = orders_of(shop, wanted.name)
    short_s = (datetime.fromisoformat(until) - datetime.fromisoformat(order["status"]["endsAt"])).total_seconds()
    assert (0 <= short_s < 60) == (acted or way is FINISH)  # rounding day by day may cost some seconds of a year
    assert cp("audit").code == 0


def test_finish_of_a_raw_order(cp, shop, front, wanted):
    offer = shop.offer(8)["metadata"]["name"]
    body = shop.order_body(wanted.name, {offer: 8})
    command = ("api", "POST", "/v1/orders?project=default", "--input", "-", "--yes")
    shop.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp(*command, stdin=json.dumps(body)).code == 11
    assert cp("audit", "-o", "name").out == f"order/{wanted.name}\n"
    assert cp(*FINISH).code == 0
    assert phase(shop, wanted.name) == "Held" and cp("audit").code == 0
    assert len(reservations(shop, wanted.name)) == 1


# cancel


def test_cancel_releases_the_order_that_is_there(cp, shop, front, wanted):
    unheard(front, cp, wanted)
    result = cp(*CANCEL)
    assert result.code == 0 and "released" in result.out
    assert phase(shop, wanted.name) in ("Releasing", "Released") and state(cp) == "cancelled"
    assert len(front.sent("POST", PLACE)) == 1
    assert cp("audit").code == 0


def test_cancel_of_what_is_not_there_waits_until_no_request_is_on_its_way(cp, shop, front, wanted):
    undone(shop, cp, wanted)
    young = cp(*CANCEL)
    assert young.code == 1 and "may be on its way" in young.out and state(cp) == "prepared"
    assert later(cp)(*CANCEL).code == 0
    assert state(cp) == "cancelled" and len(front.sent("POST", PLACE)) == 1
    assert orders_of(shop, wanted.name) == []
    assert cp("audit").code == 0
    again = cp("apply", "-f", str(wanted), "-o", "json")  # cancelled is not forbidden: with a key of its own
    assert again.json["result"] == "created"
    assert len({one.header("Idempotency-Key") for one in front.sent("POST", PLACE)}) == 2


def test_an_order_that_comes_after_it_was_cancelled_is_found_and_cancelled(cp, shop, front, wanted):
    undone(shop, cp, wanted)
    assert later(cp)(*CANCEL).code == 0
    (late,) = front.sent("POST", PLACE)  # what a frozen process sends when it goes on
    key = late.header("Idempotency-Key")
    assert shop.post("/v1/orders", json.loads(late.body), key=key, project="default").status_code == 201
    result = cp("audit", "-o", "json")
    (item,) = result.json["items"]
    assert (item["finding"], item["order"], item["resolve"]) == ("unexpected", wanted.name, ["cancel"])
    assert cp(*FINISH).code == 1 and phase(shop, wanted.name) == "Held"
    assert cp(*CANCEL).code == 0 and phase(shop, wanted.name) in ("Releasing", "Released")
    assert cp("audit").code == 0


def test_cancel_leaves_an_order_of_the_name_alone_that_is_not_the_one(cp, shop, wanted, tmp_path):
    undone(shop, cp, wanted)
    ours = {"CPCTL_TOKEN": shop.token_of("ci")}
    elsewhere = Client(tmp_path / "elsewhere", env=shop.env)
    assert elsewhere("apply", "-f", str(wanted), env=ours).code == 0
    assert later(cp)(*CANCEL).code == 0
    assert phase(shop, wanted.name) == "Held" and state(cp) == "cancelled"
    second = manifest(tmp_path)
    with rolled_back(shop, second.name):
        undone(shop, cp, second)
        second.change(duration="2h")
        assert elsewhere("apply", "-f", str(second)).code == 0
        result = later(cp)(*CANCEL)
        assert result.code == 0 and "left alone" in result.out
        assert phase(shop, second.name) == "Held"


def test_cancel_of_an_activation_releases(cp, shop, front, wanted):
    unheard(front, cp, wanted, "--activate", path="/activate")
    assert cp(*CANCEL).code == 0
    assert phase(shop, wanted.name) in ("Releasing", "Released")
    assert (state(cp), state(cp, "activate")) == ("cancelled", "cancelled")
    assert cp("audit").code == 0


# who is asked, and what stays


def test_it_asks_on_a_terminal_and_no_is_no(cp, shop, front, wanted):
    unheard(front, cp, wanted)
    before = record_files(cp)[0].read_bytes()
    for answer in ("n\n", "\n"):
        result = cp("audit", "--resolve=cancel", tty=True, stdin=answer)
        assert (
            result.code == 2
            and f"Cancel 1 intents at CPCTL_SERVER ({front.url}): place order/{wanted.name}?" in result.err
        )
    assert record_files(cp)[0].read_bytes() == before and phase(shop, wanted.name) == "Held"
    assert cp("audit", "--resolve=cancel", tty=True, stdin="y\n").code == 0
    assert cp("audit", "--resolve=cancel", tty=True).code == 0  # nothing to ask about


def test_everything_else_is_listed_and_left_alone(cp, shop, front, wanted, tmp_path):
    elsewhere = Client(tmp_path / "elsewhere", env=shop.env | {"CPCTL_SERVER": front.url})
    assert elsewhere("apply", "-f", str(wanted), "--activate").code == 0
    (cp.state / "journal").mkdir(parents=True)
    (cp.state / "journal" / "x.toml").write_text("damaged")
    spent = len(front.sent("POST", "/v1/orders"))
    for way in (FINISH, CANCEL):
        result = cp(*way)
        assert result.code == 1
        assert "unexpected" in result.out and "damaged" in result.out and "RESULT" not in result.out
    assert len(front.sent("POST", "/v1/orders")) == spent
    assert (cp.state / "journal" / "x.toml").read_text() == "damaged"


def test_a_platform_that_goes_away_half_way_is_11_and_before_that_9(cp, shop, front, wanted, tmp_path):
    undone(shop, cp, wanted)
    other = manifest(tmp_path)
    undone(shop, cp, other)
    patient = replace(cp, clock=TestClock(timedelta(minutes=2)))
    gone = {"count": 0}

    def instead(exchange):
        if "/v1/orders/" in exchange.line:
            gone["count"] += 1
            if gone["count"] >= 2:
                return problem(503, "Overloaded")(b"")
        return None

    front.instead = instead
    result = patient(*CANCEL)
    assert result.code == 11 and "not all was settled" in result.err
    gone["count"] = 10
    assert patient(*CANCEL).code == 9
    front.instead = None
    assert patient(*CANCEL).code == 0


@pytest.mark.parametrize(("way", "code"), [(FINISH, 0), (CANCEL, 1)])
def test_a_journal_on_a_read_only_disk(cp, shop, front, wanted, way, code):
    """It is read all the same; nothing is said to be cancelled that cannot be noted."""
    undone(shop, cp, wanted)
    stamp = "createdAt = 2026-"
    path = record_files(cp)[0]
    text = path.read_text()
    if way is CANCEL:
        path.write_text(text.replace(stamp, "createdAt = 2025-"))
    mounted = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; shift; exec "$@"'
    apart = [need("unshare"), "--user", "--map-root-user", "--mount", "sh", "-c", mounted, "sh", str(cp.state)]
    python = [sys.executable, "-B", "-c", "from cpctl.main import main; main()"]
    env = cp.env | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*apart, *python, "audit"], env=env, capture_output=True, text=True, timeout=60)
    if done.returncode == 99 or "unshare failed" in done.stderr:
        pytest.skip("no disk may be mounted here")
    assert done.returncode == 1 and wanted.name in done.stdout, done.stderr
    done = subprocess.run([*apart, *python, *way], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == code and "Read-only file system" in done.stderr
    assert state(cp) == "prepared" and "cancelled" not in done.stdout
    assert len(orders_of(shop, wanted.name)) == (1 if way is FINISH else 0)
