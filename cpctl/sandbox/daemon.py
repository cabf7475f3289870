"""Starting, finding and stopping the sandbox's process; for whoever commands it. Imports the standard library only."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cpctl.sandbox import lock
from cpctl.sandbox.failure import SandboxError
from cpctl.sandbox.files import ADMIN_TOKEN, LOG, STATE, Endpoint, private_folder, read_endpoint, read_text

DEFAULT_PORT: Final = 8790
DEFAULT_SEED: Final = 1
DEFAULT_SCALE: Final = 1_200
START_LIMIT_S: Final = 30.0
OFFERS_PER_S: Final = 2_000
"""How many offers a slow machine makes in a second, at least."""
STOP_LIMIT_S: Final = 8.0
ANSWER_LIMIT_S: Final = 5.0
POLL_S: Final = 0.02
LOG_KEPT: Final = 5_000_000
BESIDE: Final = "cpctl sandbox up --port 0 --data DIR, for another one beside it"
ANOTHER: Final = dict.fromkeys(("seed", "scale"), BESIDE) | dict.fromkeys(
    ("port", "speed"), "cpctl sandbox down first; what it holds stays"
)
"""What to do for another one: a catalogue is made once, the rest is chosen at each start."""
CHILD: Final = "import sys; sys.path.append(sys.argv.pop(1)); from cpctl.sandbox.__main__ import main; sys.exit(main())"
"""Finds this very package, from any folder, without putting that folder on the path."""

__all__ = ["Endpoint", "SandboxError", "control", "down", "log_path", "reset", "status", "up"]


def up(
    folder: Path,
    *,
    port: int | None = None,
    seed: int | None = None,
    scale: int | None = None,
    speed: float | None = None,
    foreground: bool = False,
) -> Endpoint:
    """Start the sandbox of a folder, or find it running.

    Args:
        folder: Its data; made when it is not there.
        port: On 127.0.0.1; 0 is any free one, None the usual one (or the one it runs on).
        seed: Of the catalogue; None as it was, or 1.
        scale: About how many offers; None as it was, or 1,200.
        speed: Of its clock; None as it was, or 1.
        foreground: Be the sandbox, and return when it was stopped.

    Raises:
        SandboxError: In one sentence why not.
    """
    private_folder(folder)
    asked = {"port": port, "seed": seed, "scale": scale, "speed": speed}
    running = status(folder)
    if running is None:
        running = in_foreground(folder, asked) if foreground else in_background(folder, asked)
    else:
        check_same(running, asked)
    return running


def check_same(running: Endpoint, asked: dict[str, Any]) -> None:
    """Refuse to call a running sandbox something else. Raises SandboxError."""
    has = {"port": urlsplit(running.url).port, "seed": running.seed, "scale": running.scale, "speed": running.speed}
    for name, value in asked.items():
        if value is not None and value != has[name] and (name, value) != ("port", 0):
            raise SandboxError(f"a sandbox with {name} {has[name]} is running at {running.url}", ANOTHER[name])


def arguments(folder: Path, asked: dict[str, Any]) -> list[str]:
    """The process's arguments."""
    return ["--data", str(folder), *(f"--{name}={value}" for name, value in asked.items() if value is not None)]


def in_foreground(folder: Path, asked: dict[str, Any]) -> Endpoint:
    """Be the sandbox. Raises SandboxError."""
    from cpctl.sandbox.serve import Wish, serve

    known: list[Endpoint] = []
    serve(folder, Wish(**{name: value for name, value in asked.items() if value is not None}), known.append)
    return known[0]


def in_background(folder: Path, asked: dict[str, Any]) -> Endpoint:
    """Start a process that outlives this one, and wait until it serves. Raises SandboxError."""
    rotate(log_path(folder))
    log = os.open(log_path(folder), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-P", "-c", CHILD, root, *arguments(folder, asked), "--report"]
    detached: dict[str, Any] = {"creationflags": 0x208} if os.name == "nt" else {"start_new_session": True}
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=folder, **detached
        )
    finally:
        os.close(log)
    return told(folder, child, asked["scale"] or DEFAULT_SCALE)


def told(folder: Path, child: subprocess.Popen[bytes], scale: int) -> Endpoint:
    """What a starting process says of itself, within the time it is given. Raises SandboxError."""
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(child.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    reader.join(START_LIMIT_S + scale / OFFERS_PER_S)
    try:
        report = json.loads(lines[0])
    except (ValueError, IndexError):
        child.kill()
        why = "ended while it started" if lines else "did not start in time"
        raise SandboxError(f"the sandbox {why}; its log is {log_path(folder)}", "cpctl sandbox logs") from None
    if "error" not in report:
        return Endpoint(**report)
    other = status(folder)  # somebody else's start may have been quicker
    if other is not None:
        return other
    raise SandboxError(report["error"], report["hint"])


def log_path(folder: Path) -> Path:
    """Where it writes what it has to say."""
    return folder / LOG


def rotate(path: Path) -> None:
    """Keep one older log when this one has grown long."""
    with contextlib.suppress(OSError):
        if path.stat().st_size > LOG_KEPT:
            path.replace(path.with_suffix(".log.1"))


def status(folder: Path) -> Endpoint | None:
    """The sandbox that runs in a folder, once it serves; None when none does. Raises SandboxError: one hangs."""
    deadline = time.monotonic() + ANSWER_LIMIT_S
    while (pid := lock.holder(folder)) is not None:
        endpoint = read_endpoint(folder)
        if endpoint is not None and endpoint.pid == pid and answers(endpoint, folder):
            return endpoint
        if time.monotonic() > deadline:
            raise SandboxError(f"the sandbox in {folder} runs but does not answer", "cpctl sandbox down")
        time.sleep(POLL_S)
    return None


def answers(endpoint: Endpoint, folder: Path) -> bool:
    """Whether it is this folder's sandbox that answers there: asked at a switch, which no fault strikes."""
    try:
        return exchange(endpoint.url, "GET", "/sandbox/v1/clock", None, _admin(folder))[0] == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException, ValueError):
        return False


def _admin(folder: Path) -> dict[str, str]:
    return {"X-Sandbox-Admin": (read_text(folder / ADMIN_TOKEN) or "").strip()}


def exchange(url: str, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
    """One request to a sandbox: status and JSON."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_LIMIT_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def control(folder: Path, method: str, path: str, body: Any) -> Any:
    """Use one of the sandbox's switches, such as `/sandbox/v1/faults`. Raises SandboxError."""
    endpoint = status(folder)
    if endpoint is None:
        raise SandboxError("the sandbox is not running", "cpctl sandbox up")
    try:
        code, answer = exchange(endpoint.url, method, path, body, _admin(folder))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SandboxError("the sandbox does not answer", "cpctl sandbox logs") from error
    if code >= 400:
        raise refused(code, answer)
    return answer


def refused(code: int, answer: Any) -> SandboxError:
    """What a switch says to a wrong wish."""
    allowed = ", ".join(map(str, answer.get("allowed") or ()))
    detail = str(answer.get("detail", "the sandbox refused"))
    return SandboxError(detail + (f" (one of: {allowed})" if allowed else ""), is_usage=code in (400, 422))


def down(folder: Path) -> bool:
    """Stop the sandbox of a folder; False when none was running. Raises SandboxError."""
    pid = lock.holder(folder)
    if pid is None:
        return False
    if not (ended_by(folder, pid, signal.SIGTERM) or ended_by(folder, pid, getattr(signal, "SIGKILL", signal.SIGTERM))):
        raise SandboxError(f"the sandbox's process {pid} does not end")
    return True


def ended_by(folder: Path, pid: int, sign: signal.Signals) -> bool:
    """Signal the holder of the lock, so never a stranger; whether it let go in time."""
    with contextlib.suppress(ProcessLookupError):
        if pid > 0:
            os.kill(pid, sign)
    return within(STOP_LIMIT_S, lambda: lock.holder(folder) is None)


def within(limit_s: float, done: Callable[[], bool]) -> bool:
    """Whether it is done before the limit."""
    deadline = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def reset(folder: Path) -> Endpoint:
    """Stop it, throw its state away, start afresh with the same settings and port; tokens stay. Raises SandboxError."""
    private_folder(folder)
    with contextlib.suppress(SandboxError):
        status(folder)
    former = read_endpoint(folder)
    down(folder)
    for name in STATE:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise SandboxError(f"cannot remove {folder / name}: {error.strerror}") from error
    if former is None:
        return up(folder)
    return up(folder, port=urlsplit(former.url).port, seed=former.seed, scale=former.scale, speed=former.speed)
