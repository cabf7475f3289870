"""`create order`: the cheapest cards, a question on a terminal, and a name that is new."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from money import new_name, orders_of, record_files, reservations, rolled_back, through
from proxy import RecordingProxy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def name(sandbox):
    made = new_name()
    with rolled_back(sandbox, made):
        yield made


def order(name, *more):
    return ("create", "order", name, "--gpu", "H800", "--cards", "8", "--duration", "1h", *more)


def test_an_order_is_placed_and_told(cp, sandbox, name):
    result = cp(*order(name, "--yes", "--label", "team=nlp"))
    assert (result.code, result.out) == (0, f"order/{name} created\n")
    (made,) = orders_of(sandbox, name)
    assert made["status"]["phase"] == "Held" and made["metadata"]["labels"] == {"team": "nlp"}
    assert sandbox.url in result.err


@pytest.mark.parametrize(("form", "text"), [("name", "order/{}\n"), ("yaml", "name: {}\n"), ("json", '"name": "{}"')])
def test_every_form_is_one_document(cp, name, form, text):
    result = cp(*order(name, "--yes", "-o", form))
    assert result.code == 0 and text.format(name) in result.out
    if form != "name":
        assert "created" in result.out and result.out.count(name) >= 1


def test_a_name_that_exists_is_a_conflict_whatever_became_of_it(cp, sandbox, name):
    sandbox.admin.activation(failing=1)
    assert cp(*order(name, "--yes", "--activate", "--wait")).code == 5  # Failed; that run did not get to its end
    assert cp(*order(name, "--yes")).code == 0
    held = cp(*order(name, "--yes"))
    assert (held.code, held.out) == (5, "")
    assert "nothing was bought" in held.err
    cp("release", f"order/{name}")
    assert cp(*order(name, "--yes")).code == 5
    cp("delete", f"order/{name}")
    assert cp(*order(name, "--yes")).code == 5
    assert len(reservations(sandbox, name)) == 2


def test_an_order_that_failed_is_not_bought_again_by_create_of_somebody_else_s_machine(cp, sandbox, name, tmp_path):
    from client import Client

    sandbox.admin.activation(failing=1)
    assert cp(*order(name, "--yes", "--activate", "--wait")).code == 5
    elsewhere = Client(tmp_path / "elsewhere", env=sandbox.env)
    result = elsewhere(*order(name, "--yes"))
    assert (result.code, result.out) == (5, "")
    assert len(reservations(sandbox, name)) == 1


@pytest.mark.parametrize("path", ["/v1/orders?", "/activate"])
def test_killed_between_placing_and_the_end_it_is_finished_by_the_same_command(cp, sandbox, name, path):
    command = [
        sys.executable,
        "-c",
        "from cpctl.main import main; main()",
        *order(name, "--yes", "--activate", "--wait"),
    ]
    with RecordingProxy(sandbox.url) as proxy:
        env = cp.env | through(cp, proxy)
        proxy.instead = lambda exchange: process.kill() if path in exchange.line and "POST" in exchange.line else None
        process = subprocess.Popen(command, env=env | {"PYTHONPATH": str(ROOT)}, stdout=-3, stderr=-3)
        assert process.wait(60) == -9
        proxy.instead = None
        assert cp(*command[3:], env=env).code == 0
    (made,) = orders_of(sandbox, name)
    assert made["status"]["phase"] == "Active"
    assert len(reservations(sandbox, name)) == 1
    assert cp(*order(name, "--yes")).code == 5


# asking


def test_on_a_terminal_it_shows_lines_total_profile_and_endpoint_and_no_means_no(cp, sandbox, name):
    with RecordingProxy(sandbox.url) as proxy:
        for answer in ("n\n", "\n", "", "nope\n"):
            result = cp(*order(name), stdin=answer, tty=True, env=through(cp, proxy))
            assert (result.code, result.out) == (2, "")
            assert "not confirmed; nothing was done" in result.err
        assert not proxy.sent("POST", "/v1/orders?")
        assert not record_files(cp)
        assert proxy.url in result.err and "project default" in result.err and f'"{name}"' in result.err
    for word in ("OFFER", "PROVINCE", "CNY/CARD-HOUR", "total ", "[y/N]"):
        assert word in result.err


@pytest.mark.parametrize("answer", ["y\n", "YES\n", "是\n"])
def test_yes_on_a_terminal_buys_what_was_shown(cp, sandbox, name, answer):
    result = cp(*order(name, "--activate"), stdin=answer, tty=True)
    assert result.code == 0
    assert "Place and switch on" in result.err and result.err.count("[y/N]") == 1
    (made,) = orders_of(sandbox, name)
    assert f"total {made['status']['total']} CNY" in result.err


def test_a_dearer_price_is_asked_about_again(fresh_cp, fresh_sandbox):
    offer = fresh_sandbox.offer(accelerator="H800")
    which, cards = offer["metadata"]["name"], offer["spec"]["minCards"]
    command = ("create", "order", "moved", "--offer", f"{which}={cards}", "--duration", "1h")

    def move(exchange):
        if exchange.line.startswith("POST /v1/orders?"):
            fresh_sandbox.admin.set_price(which, "77.0000")

    with RecordingProxy(fresh_sandbox.url, before=move) as proxy:
        refused = fresh_cp(*command, stdin="y\nn\n", tty=True, env=through(fresh_cp, proxy))
        assert refused.code == 2 and refused.err.count("[y/N]") == 2 and "77.0000" in refused.err
    assert orders_of(fresh_sandbox, "moved") == []
    assert fresh_cp(*command, stdin="y\n", tty=True).code == 0


@pytest.mark.parametrize(
    ("flags", "env"), [((), {}), (("--no-input",), {}), ((), {"CI": "true"}), ((), {"CPCTL_NO_INPUT": "1"})]
)
def test_where_nobody_can_be_asked_it_needs_yes(cp, sandbox, name, flags, env):
    result = cp(*order(name, *flags), stdin="y\n", tty=bool(flags or env), env=env)
    assert (result.code, result.out) == (2, "")
    assert "--yes" in result.err and "[y/N]" not in result.err
    assert orders_of(sandbox, name) == []


def test_on_a_terminal_a_name_is_proposed(cp, sandbox):
    command = ("create", "order", "--gpu", "H800", "--cards", "8", "--duration", "1h", "-o", "name")
    result = cp(*command, stdin="\ny\n", tty=True)
    made = result.out.strip().removeprefix("order/")
    with rolled_back(sandbox, made):
        assert result.code == 0 and f"Name of the order [{made}]" in result.err
    assert cp(*command).code == 2


# bad input


@pytest.mark.parametrize(
    "flags",
    [
        ("--cards", "-1"),
        ("--cards", "0"),
        ("--cards", "1.5"),
        ("--cards", "many"),
        ("--max-price", "12a"),
        ("--max-price", "-1"),
        ("--budget", "1.234"),
        ("--duration", "24"),
        ("--duration", "-1h"),
        ("--province", "atlantis"),
        ("--gpu", "H9999"),
        ("--billing", "weekly"),
        ("--offer", "of-x"),
        ("--label", "x"),
        ("--min-memory", "lots"),
        ("--max-pue", "0.5"),
        ("--min-green", "150%"),
        ("--ssh-key", "/nowhere"),
        ("--wait",),
        ("--timeout", "soon", "--activate", "--wait"),
    ],
    ids=" ".join,
)
def test_a_bad_flag_is_2_and_nothing_is_bought(cp, sandbox, name, flags):
    with RecordingProxy(sandbox.url) as proxy:
        result = cp(*order(name, "--yes"), *flags, env=through(cp, proxy))
        assert (result.code, result.out) == (2, ""), result.err
        assert not proxy.sent("POST", "/v1/orders")
    assert len(result.err.splitlines()) <= 2


@pytest.mark.parametrize("bad", ["UPPER", "../x", "a b", "-x", "x" * 64, "é", "a/b", "x\x1b[31m"])
def test_a_bad_name_is_2(cp, bad):
    result = cp("create", "order", "--gpu", "H800", "--cards", "8", "--duration", "1h", "--yes", "--", bad)
    assert (result.code, result.out) == (2, "")
    assert "\x1b" not in result.err


def test_no_profile_and_no_token_are_told(cp, name):
    nobody = cp(*order(name, "--yes"), env={"CPCTL_SERVER": "", "CPCTL_TOKEN": ""})
    assert nobody.code == 2 and "sandbox up" in nobody.err
    assert cp(*order(name, "--yes"), env={"CPCTL_TOKEN": "expired-or-wrong"}).code == 4


def test_of_runs_that_create_one_name_at_once_one_owns_it(cp, sandbox, name):
    command = [sys.executable, "-c", "from cpctl.main import main; main()", *order(name, "--yes")]
    runs = [
        subprocess.Popen(command, env=cp.env | {"PYTHONPATH": str(ROOT)}, stdout=-3, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    ends = [(run.communicate(timeout=120)[1], run.returncode) for run in runs]
    assert sorted(code for _, code in ends) == [0, 5, 5, 5, 5, 5], ends
    assert len(orders_of(sandbox, name)) == len(reservations(sandbox, name)) == 1
    assert cp(*order(name, "--yes")).code == 5
