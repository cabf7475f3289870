"""Starting, finding and stopping: whatever is wrong is one clear sentence, and nobody else's process is touched."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cpctl.sandbox import daemon, lock
from cpctl.sandbox.failure import SandboxError
from cpctl.sandbox.files import Endpoint, write_endpoint


@pytest.fixture
def folder(tmp_path):
    """A sandbox's folder; what runs in it is stopped."""
    yield tmp_path / "sandbox"
    if (tmp_path / "sandbox").is_dir():
        daemon.down(tmp_path / "sandbox")


@pytest.fixture
def up(folder):
    endpoint = daemon.up(folder, port=0)
    assert daemon.answers(endpoint, folder)
    return endpoint


def sentence(caught):
    """The message, which is one line and no traceback."""
    error = caught.value
    assert "\n" not in error.message
    assert "Traceback" not in error.message
    return error.message


def test_up_is_idempotent(folder, up):
    assert daemon.up(folder) == up
    assert daemon.up(folder, port=0, seed=1, scale=up.scale, speed=1) == up
    assert daemon.status(folder) == up


def test_eight_ups_at_once_are_one_sandbox(folder):
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: daemon.up(folder, port=0), range(8)))
    assert len(found) == 1


@pytest.mark.parametrize("wish", [{"seed": 2}, {"scale": 99}, {"speed": 60}, {"port": 1}])
def test_another_wish_of_a_running_one_is_refused(folder, up, wish):
    with pytest.raises(SandboxError) as caught:
        daemon.up(folder, **wish)
    assert up.url in sentence(caught)


def test_down_and_up_again_keep_all(folder, up):
    token = (folder / "token").read_text()
    assert daemon.down(folder) is True
    assert daemon.status(folder) is None
    assert daemon.down(folder) is False
    again = daemon.up(folder, port=0)
    assert (again.seed, again.scale) == (up.seed, up.scale)
    assert (folder / "token").read_text() == token


def test_another_seed_of_an_existing_folder_is_refused(folder, up):
    daemon.down(folder)
    with pytest.raises(SandboxError) as caught:
        daemon.up(folder, port=0, seed=7)
    assert "seed 1, not 7" in sentence(caught)


def test_reset_starts_afresh_with_the_same_settings(folder, up):
    before, token = (folder / "sandbox.db").stat().st_ino, (folder / "token").read_text()
    again = daemon.reset(folder)
    assert (again.url, again.seed, again.scale) == (up.url, up.seed, up.scale)
    assert (folder / "token").read_text() == token
    assert again.pid != up.pid
    assert (folder / "sandbox.db").stat().st_ino != before or again.startedAt >= up.startedAt


def test_a_killed_one_is_found_dead_and_starts_again(folder, up):
    os.kill(up.pid, signal.SIGKILL)
    assert daemon.within(5, lambda: daemon.status(folder) is None)
    assert daemon.up(folder, port=0).pid != up.pid


def test_a_stale_pid_of_somebody_else_is_left_alone(folder):
    folder.mkdir()
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (folder / "lock").write_text(f"{bystander.pid}\n")
        write_endpoint(folder, Endpoint("http://127.0.0.1:1", bystander.pid, "", 1, 1, 1, "1"))
        assert daemon.status(folder) is None
        assert daemon.down(folder) is False
        assert daemon.up(folder, port=0).pid != bystander.pid
        daemon.down(folder)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_taken_port(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError) as caught:
            daemon.up(folder, port=port)
    assert f"port {port} on 127.0.0.1 is taken" in sentence(caught)
    assert "--port" in caught.value.hint
    assert daemon.status(folder) is None


@pytest.mark.parametrize("damage", ["text", "half", "holes", "newer"])
def test_a_damaged_database(folder, up, damage):
    daemon.down(folder)
    path = folder / "sandbox.db"
    whole = path.read_bytes()
    if damage == "text":
        path.write_bytes(b"this is no database at all, but long enough to look like one" * 100)
    elif damage == "half":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "holes":
        path.write_bytes(whole[:8192] + bytes(len(whole) // 2) + whole[8192 + len(whole) // 2 :])
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
    with pytest.raises(SandboxError) as caught:
        daemon.up(folder, port=0)
    assert ("damaged" if damage != "newer" else "another version") in sentence(caught)
    assert caught.value.hint == "cpctl sandbox reset"
    assert daemon.answers(daemon.reset(folder), folder)


def test_a_database_killed_before_it_was_furnished(folder):
    folder.mkdir()
    (folder / "sandbox.db").touch()
    assert daemon.answers(daemon.up(folder, port=0), folder)


@pytest.mark.parametrize("text", ["", "{", '{"url": 1}', "[]", "\x00"])
def test_a_half_written_endpoint_file(folder, text):
    folder.mkdir()
    (folder / "endpoint.json").write_text(text)
    assert daemon.status(folder) is None
    assert daemon.answers(daemon.up(folder, port=0), folder)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "inner", Path("/proc/cpctl")):
        with pytest.raises(SandboxError) as caught:
            daemon.up(folder, port=0)
        assert str(folder) in sentence(caught)


def test_files_are_private_at_any_umask(folder):
    former = os.umask(0)
    try:
        daemon.up(folder, port=0)
        daemon.down(folder)
        daemon.up(folder, port=0)
    finally:
        os.umask(former)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert set(modes) >= {"sandbox.db", "token", "token-ci", "token-other", "admin-token", "endpoint.json", "lock"}


def test_a_program_lying_in_the_folder_is_not_run(folder):
    folder.mkdir()
    for name in ("json.py", "uvicorn.py", "sqlite3.py"):
        (folder / name).write_text("raise SystemExit('run')")
    assert daemon.answers(daemon.up(folder, port=0), folder)


def test_a_start_that_fails_inside_says_where_to_look(folder, monkeypatch):
    monkeypatch.setattr(daemon, "CHILD", "raise RuntimeError('broken')")
    with pytest.raises(SandboxError) as caught:
        daemon.up(folder, port=0)
    assert "sandbox.log" in sentence(caught)
    assert "broken" in daemon.log_path(folder).read_text()


def test_a_hanging_one_is_ended(folder, up):
    os.kill(up.pid, signal.SIGSTOP)
    try:
        assert lock.holder(folder) == up.pid
        monkey = daemon.STOP_LIMIT_S
        daemon.STOP_LIMIT_S = 0.5
        assert daemon.down(folder) is True
    finally:
        daemon.STOP_LIMIT_S = monkey


def test_sigterm_stops_cleanly_with_streams_open(folder, up):
    with socket.create_connection(("127.0.0.1", int(up.url.rpartition(":")[2]))) as idle:
        idle.sendall(b"GET /v1 HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        begin = time.monotonic()
        assert daemon.down(folder)
        assert time.monotonic() - begin < 6
    assert "Traceback" not in daemon.log_path(folder).read_text()


def test_the_foreground_process(tmp_path):
    command = [sys.executable, "-m", "cpctl.sandbox", "--data", str(tmp_path / "s"), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("sandbox at http://127.0.0.1:")
        second = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
        assert second.returncode == 1
        assert "another sandbox is running" in second.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_controls_go_through_the_daemon(folder, up):
    rule = daemon.control(folder, "POST", "/sandbox/v1/faults", {"province": "henan", "down": True})
    assert daemon.control(folder, "GET", "/sandbox/v1/faults", None)["faults"] == [rule]
    with pytest.raises(SandboxError, match="not connected"):
        daemon.control(folder, "POST", "/sandbox/v1/faults", {"province": "atlantis", "down": True})
    daemon.down(folder)
    with pytest.raises(SandboxError, match="not running"):
        daemon.control(folder, "GET", "/sandbox/v1/faults", None)


def test_the_daemon_imports_only_the_standard_library():
    script = "import sys; import cpctl.sandbox.daemon; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    command = [sys.executable, "-S", "-c", script]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout.split()
    assert {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith("_")} <= {"cpctl"}


def test_the_log_is_kept_short(folder):
    folder.mkdir()
    daemon.log_path(folder).write_bytes(b"x" * (daemon.LOG_KEPT + 1))
    daemon.up(folder, port=0)
    assert daemon.log_path(folder).stat().st_size < 10_000
    assert json.loads((folder / "endpoint.json").read_text())["pid"] > 0


def listens(url: str) -> bool:
    try:
        return daemon.exchange(url, "GET", "/v1", None, {})[0] > 0
    except OSError:
        return False


def test_it_ends_when_its_folder_is_removed(folder, up):
    assert listens(up.url)
    shutil.rmtree(folder)
    assert daemon.within(10, lambda: not listens(up.url))
