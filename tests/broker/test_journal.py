"""The record is durable before the first byte leaves, is for people to read, and hides no order when it is damaged."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cpctl.broker.journal import Journal, Record, _bytes, check_owner, is_sendable
from cpctl.errors import Conflict, LocalFailure
from money import (
    LOST,
    TestClock,
    Trouble,
    forget,
    manifest,
    orders_of,
    record_files,
    reservations,
    rolled_back,
    through,
)
from proxy import RecordingProxy

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def wanted(tmp_path, sandbox):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        yield made


@pytest.fixture
def proxy(sandbox):
    with RecordingProxy(sandbox.url) as running:
        yield running


def a_record(**fields):
    whole = {
        "verb": "place",
        "account": "dev",
        "endpoint": "http://127.0.0.1:8790",
        "project": "default",
        "name": "train",
        "key": "place-0123456789abcdef0123456789abcdef",
        "path": "/v1/orders?project=default",
        "body": '{"metadata":{"name":"train"}}',
        "created_at": NOW,
    }
    return Record(**whole | fields)


def journal_in(folder, said=None):
    from cpctl.profiles.files import replace as write

    return Journal(folder, write=write, say=(said if said is not None else []).append)


# durable first


def in_a_process(proxy, cp, wanted, *, limit):
    """`apply` in a process of its own whose files may be no larger than that."""
    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nfrom cpctl.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "apply", "-f", str(wanted)],
        env=cp.env | through(cp, proxy) | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_folder_for_the_record_nothing_is_sent(cp, sandbox, proxy, wanted):
    cp.state.parent.mkdir(parents=True)
    cp.state.write_text("a file where the folder should be")
    result = cp("apply", "-f", str(wanted), env=through(cp, proxy))
    assert (result.code, result.out) == (1, "")
    assert "cannot write" in result.err
    assert not proxy.sent("POST", "/v1/orders")


@pytest.mark.parametrize("limit", [0, 100])
def test_with_no_room_for_the_record_nothing_is_sent(cp, sandbox, proxy, wanted, limit):
    result = in_a_process(proxy, cp, wanted, limit=limit)
    assert (result.returncode, result.stdout) == (1, ""), result.stderr
    assert "cannot write" in result.stderr
    assert not proxy.sent("POST", "/v1/orders")
    assert not list((cp.state / "journal").iterdir())
    assert cp("apply", "-f", str(wanted)).code == 0


def test_a_disk_that_fills_after_the_answer_changes_nothing_but_is_told(cp, sandbox, proxy, wanted):
    def full(exchange):
        if exchange.line.startswith("POST /v1/orders?"):
            folder = cp.state / "journal"
            folder.rename(folder.with_name("gone"))
            folder.write_text("")

    proxy.before = full
    result = cp("apply", "-f", str(wanted), env=through(cp, proxy))
    assert result.code == 0
    assert "warning: the journal was not brought up to date" in result.err


# what it holds


def test_the_record_stands_before_the_request_arrives(cp, proxy, wanted):
    seen = []

    def look(exchange):
        if exchange.line.startswith("POST /v1/orders?"):
            (path,) = record_files(cp)
            text = path.read_text()
            assert 'state = "prepared"' in text
            assert exchange.header("Idempotency-Key") in text
            seen.append(stat.S_IMODE(path.stat().st_mode))

    proxy.before = look
    os.umask(os.umask(0))
    assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 0
    assert seen == [0o600]


def test_the_record_can_be_read_by_a_person_and_holds_no_token(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted), "--activate", "--wait").code == 0
    files = record_files(cp) + record_files(cp, "activate")
    assert len(files) == 2
    for path in files:
        text = path.read_text()
        assert f'name = "{wanted.name}"' in text and 'account = "dev"' in text and 'state = "done"' in text
        assert sandbox.token not in text and "Bearer" not in text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.name.startswith(f"default.{wanted.name}.")
    assert stat.S_IMODE((cp.state / "journal").stat().st_mode) == 0o700


def test_what_is_written_is_read_back_whatever_a_platform_said(tmp_path):
    journal = journal_in(tmp_path)
    for number, outcome in enumerate(
        ["", '"""', "'''\\", "half a character \ud800", "\x00\x1b[31m\r\n\x7f", "山西 ✓" * 500]
    ):
        record = a_record(key=f"place-{number:032}", name=f"n{number}")
        journal.settle(journal.begin(record), "placed", outcome)
        read = journal.open("place", "default", record.name)
        assert read == replace(record, state="placed", outcome=outcome.encode("utf-8", "replace").decode())


def test_projects_with_dots_are_not_mixed_up(tmp_path):
    journal = journal_in(tmp_path)
    journal.begin(a_record(project="a.b", name="activate"))
    assert journal.open("activate", "a", "b") is None
    assert journal.open("place", "a.b", "activate") is not None


def test_the_latest_open_record_counts(tmp_path):
    journal = journal_in(tmp_path)
    early, late = (a_record(key=f"place-{n:032}", created_at=NOW + timedelta(hours=n)) for n in (1, 2))
    for one in (late, early):
        journal.begin(one)
    assert journal.open("place", "default", "train") == late
    journal.settle(late, "refused", "")
    assert journal.open("place", "default", "train") == early


# damage


def test_every_prefix_of_a_record_is_told_or_read_and_never_crashes(tmp_path):
    whole = _bytes(a_record())
    for length in range(len(whole)):
        said: list[str] = []
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / a_record().file_name).write_bytes(whole[:length])
        found = journal_in(folder, said).open("place", "default", "train")
        assert (found is None and "is damaged" in said[0]) or found == a_record()


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[" * 100_000, b"format = 2\n", b"a = 1\n" * 10_000, b"\x00" * 50, b"x = " + b"[" * 5_000]
)
def test_rubbish_is_told(tmp_path, content):
    said: list[str] = []
    (tmp_path / a_record().file_name).write_bytes(content)
    assert journal_in(tmp_path, said).open("place", "default", "train") is None
    assert "is damaged" in said[0]


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_damaged_record_hides_no_order(cp, sandbox, proxy, wanted, share):
    proxy.instead = Trouble("/v1/orders?", LOST["lost"])
    assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 11
    (path,) = record_files(cp)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    again = cp("apply", "-f", str(wanted), env=through(cp, proxy))
    assert again.code == 0
    assert f"warning: {path} is damaged" in again.err
    assert len(proxy.sent("POST", "/v1/orders?")) == len(reservations(sandbox, wanted.name)) == 1


# age and owner


@pytest.mark.parametrize("days", [8, -1])
def test_a_record_beyond_the_key_window_is_looked_up_by_name_and_never_sent_again(cp, sandbox, proxy, wanted, days):
    proxy.instead = Trouble("/v1/orders?", LOST["lost"])
    assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 11
    later = replace(cp, clock=TestClock(timedelta(days=days)))
    assert later("apply", "-f", str(wanted), env=through(cp, proxy)).code == 0
    assert len(proxy.sent("POST", "/v1/orders?")) == len(reservations(sandbox, wanted.name)) == 1
    assert 'state = "outdated"' in record_files(cp)[0].read_text()


def test_an_old_record_of_an_order_that_is_not_there_is_bought_with_a_new_key(cp, sandbox, proxy, wanted):
    sandbox.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 11
    later = replace(cp, clock=TestClock(timedelta(days=8)))
    assert later("apply", "-f", str(wanted), env=through(cp, proxy)).code == 0
    first, second = proxy.sent("POST", "/v1/orders?")
    assert first.header("Idempotency-Key") != second.header("Idempotency-Key")
    assert len(orders_of(sandbox, wanted.name)) == 1


def test_the_key_window(tmp_path):
    day = timedelta(days=1)
    ages = {timedelta(0): True, 6 * day: True, 7 * day: False, 8 * day: False, -day: False}
    assert {age: is_sendable(a_record(), NOW + age) for age in ages} == ages


@pytest.mark.parametrize("who", [("ci", "http://127.0.0.1:8790"), ("dev", "http://127.0.0.1:8791")])
def test_a_record_of_somebody_else_is_a_conflict(who):
    check_owner(a_record(), "dev", "http://127.0.0.1:8790")
    with pytest.raises(Conflict, match="was begun by dev at http"):
        check_owner(a_record(), *who)


def test_a_record_that_cannot_be_kept_is_an_error_and_one_that_cannot_be_settled_a_warning(tmp_path):
    def full(path, content):
        raise LocalFailure(detail="No space left on device")

    said: list[str] = []
    journal = Journal(tmp_path, write=full, say=said.append)
    with pytest.raises(LocalFailure):
        journal.begin(a_record())
    journal.settle(a_record(), "placed", "")
    assert said == ["warning: the journal was not brought up to date: No space left on device"]


def test_a_wiped_journal_is_no_loss(cp, sandbox, wanted):
    for _ in range(3):
        assert cp("apply", "-f", str(wanted)).code == 0
        forget(cp)
    assert len(reservations(sandbox, wanted.name)) == 1
