"""`wait`: until it is so, or can no longer be, or time is up; and never longer."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from money import manifest, new_name, orders_of, rolled_back, through
from proxy import RecordingProxy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def held(cp, sandbox, tmp_path):
    made = manifest(tmp_path)
    assert cp("apply", "-f", str(made)).code == 0
    with rolled_back(sandbox, made.name):
        yield made.name


def waiting(cp, name, condition, *more):
    return cp("wait", f"order/{name}", f"--for={condition}", "--timeout", "2s", *more)


MET = [
    "condition=Placed",
    "condition=Held",
    "condition=held=true",
    "condition=Active=false",
    """jsonpath='{.status.conditions[?(@.type=="Held")].status}'=True""",
]
LATER = [
    "condition=Active",
    "jsonpath={.status.phase}=Active",
    "jsonpath='{.status.phase}'=Active",
    "condition=Held=false",
]
PATIENT_S = "20s"


@pytest.mark.parametrize("condition", MET)
def test_what_is_so_ends_at_once(cp, held, condition):
    result = waiting(cp, held, condition)
    assert (result.code, result.out) == (0, f"order/{held} condition met\n")


@pytest.mark.parametrize("condition", LATER)
def test_what_comes_is_waited_for(cp, held, condition):
    assert cp("activate", f"order/{held}", "--yes").code == 0
    assert cp("wait", f"order/{held}", f"--for={condition}", "--timeout", PATIENT_S).code == 0


def test_deletion_is_waited_for(cp, held):
    assert waiting(cp, held, "delete").code == 8
    assert cp("delete", f"order/{held}").code == 0
    assert waiting(cp, held, "delete").code == 0


@pytest.mark.parametrize("condition", ["condition=Active", "condition=Held", "jsonpath={.status.phase}=Active"])
def test_what_can_no_longer_come_is_5_at_once_with_the_reason(cp, sandbox, held, condition):
    sandbox.admin.activation(failing=1)
    assert cp("activate", f"order/{held}", "--yes").code == 0
    result = cp("wait", f"order/{held}", f"--for={condition}", "--timeout", PATIENT_S)
    if condition == "condition=Held":
        assert f'order "{held}" is ' in result.err
    else:
        assert "Failed (ActivationFailed" in result.err
    assert (result.code, result.out) == (5, "")
    assert waiting(cp, held, "condition=Released").code == 5


def test_an_order_that_is_on_is_never_held_again(cp, held):
    assert cp("activate", f"order/{held}", "--yes", "--wait").code == 0
    assert waiting(cp, held, "condition=Held").code == 5


def test_lack_of_capacity_is_6(cp, held):
    """No sandbox runs out of cards it holds; a platform may."""

    def soldout(exchange):
        if exchange.line.startswith(f"GET /v1/orders/{held}"):
            body = exchange.answer.partition(b"\r\n\r\n")[2]
            body = body.replace(b'"phase":"Held"', b'"phase":"Failed"').replace(
                b'"reason":null', b'"reason":"NoCapacity"'
            )
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            return head.encode() + body
        return None

    with RecordingProxy(cp.env["CPCTL_SERVER"], instead=soldout) as proxy:
        result = cp("wait", f"order/{held}", "--for=condition=Active", env=through(cp, proxy))
    assert result.code == 6, result.err
    assert "NoCapacity" in result.err


def test_time_that_is_up_is_8_and_names_what_goes_on(cp, held):
    began = time.monotonic()
    result = waiting(cp, held, "condition=Active")
    assert (result.code, result.out) == (8, "")
    assert 1.8 < time.monotonic() - began < 2.4
    assert f"order/{held}" in result.err and "goes on" in result.err


@pytest.mark.parametrize("kind", ["silent", "dripping", "refusing", "html"])
def test_a_server_that_does_not_answer_does_not_hold_it(cp, kind):
    with Stubborn(kind) as server:
        began = time.monotonic()
        result = cp("wait", "order/x", "--for=condition=Active", "--timeout", "3s", env={"CPCTL_SERVER": server.url})
        took = time.monotonic() - began
    assert result.code == 8, result.err
    assert 2.7 < took < 3.3 + 0.2


def test_several_share_one_deadline(cp, held):
    began = time.monotonic()
    result = cp("wait", f"order/{held}", f"order/{held}-2", "--for=condition=Active", "--timeout", "2s")
    assert result.code == 8 and time.monotonic() - began < 2.4


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "condition=",
        "condition=Happy",
        "Active",
        "jsonpath=x",
        "jsonpath={.a}",
        "jsonpath={.a=x",
        "jsonpath={.a[}=x",
    ],
)
def test_a_condition_that_says_nothing_is_2(cp, held, condition):
    assert waiting(cp, held, condition).code == 2


def test_what_is_not_there_is_3(cp):
    assert waiting(cp, new_name(), "condition=Active").code == 3
    assert cp("wait", "orders", "--for=delete").code == 2
    assert cp("wait", "offer/x", "--for=condition=Active").code == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
@pytest.mark.parametrize("verb", ["apply", "activate", "wait", "deletion"])
def test_a_signal_says_what_goes_on_and_the_next_run_resumes(cp, sandbox, tmp_path, verb, number, code):
    made = manifest(tmp_path)
    sandbox.admin.activation(secondsPerCard=30)
    command = {
        "apply": ("apply", "-f", str(made), "--activate", "--wait"),
        "activate": ("activate", f"order/{made.name}", "--yes", "--wait"),
        "wait": ("wait", f"order/{made.name}", "--for=condition=Active"),
        "deletion": ("wait", f"order/{made.name}", "--for=delete"),
    }[verb]
    if verb != "apply":
        assert cp("apply", "-f", str(made)).code == 0
    argv = [sys.executable, "-c", "from cpctl.main import main; main()", *command]
    with rolled_back(sandbox, made.name), RecordingProxy(sandbox.url) as proxy:
        env = cp.env | through(cp, proxy) | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while len(proxy.sent("GET", f"/v1/orders/{made.name}")) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (code, ""), err
        assert "Traceback" not in err
        assert ("if it was placed" in err) == (verb == "apply")  # of the others it is known that it is there
        assert f'order "{made.name}"' in err and f"cpctl release order/{made.name}" in err
        if verb in ("apply", "activate"):
            sandbox.admin.activation(secondsPerCard=0.01)
            assert orders_of(sandbox, made.name)[0]["status"]["phase"] == "Activating"
            assert cp(*command[:-1], env=through(cp, proxy)).code == 0


class Stubborn:
    """A server that takes a connection and never answers as it should."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __enter__(self):
        import threading

        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.lines: list[socket.socket] = []
        if self.kind == "refusing":
            self.socket.close()
        else:
            threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        for line in self.lines:
            line.close()

    def _serve(self) -> None:
        import threading

        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            self.lines.append(line)
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        if self.kind == "silent":
            return
        try:
            line.recv(65536)
            if self.kind == "html":
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi")
                return
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
            while True:
                line.sendall(b" ")
                time.sleep(0.1)
        except OSError:
            return
