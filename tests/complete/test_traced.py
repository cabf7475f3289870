"""What a Tab does to the machine: a hundred of them in a traced shell start no process and open no socket."""

from __future__ import annotations

import re

import pexpect
import pytest

from keyboard import ENTER, FLAGS, environment, sitting
from tools import need

BEGIN, END = "it-begins", "it-ends"
CALLS = "trace=execve,fork,vfork,clone,clone3,socket,connect,bind,sendto,sendmsg"
FIXED = [
    ("cpctl act", "cpctl activate"),
    ("cpctl get off", "cpctl get offers"),
    ("cpctl auth log", "cpctl auth log"),
    ("cpctl get offers --bil", "cpctl get offers --billing"),
    ("cpctl get offers --billing sp", "cpctl get offers --billing spot"),
    ("cpctl get offers --billing=sp", "cpctl get offers --billing=spot"),
    ("cpctl get offers --province shanxi,ning", "cpctl get offers --province shanxi,ningxia"),
    ("cpctl get offers -oya", "cpctl get offers -oyaml"),
    ("cpctl get offers --gpu h80", "cpctl get offers --gpu H800"),
    ("cpctl delete d", "cpctl delete demand/"),
    ("cpctl create order x --dur", "cpctl create order x --duration"),
    ("cpctl create order 'a b' --duration 24", "cpctl create order 'a b' --duration 24h"),
    ("cpctl create order x ", "cpctl create order x -"),
]
LIVE = (
    "cpctl get offer OFFER",
    "cpctl get offers --province shanxi --accelerator H80",
    "cpctl get offers --province 山",
)


def tabs(name, cp, folder, lines) -> tuple[list[str], list[str]]:
    """What the shell asked of the system while each line was completed, and what stood there afterwards."""
    trace = folder / "trace"
    follow = (need("strace"), "-f", "--seccomp-bpf", "-e", CALLS, "-o", str(trace))
    with sitting(name, environment(cp.env, folder), folder, folder / "notes", follow=follow) as keyboard:
        keyboard.echo(BEGIN)
        found = [keyboard.completed(line)[0] for line in lines]
        keyboard.echo(END)
        keyboard.press(f"exit{ENTER}")
        keyboard.shell.expect(pexpect.EOF)
    calls = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    first, last = (number for mark in (BEGIN, END) for number, line in enumerate(calls) if f'", "{mark}"]' in line)
    return calls[first + 1 : last], found


def processes(calls: list[str]) -> list[str]:
    """Programs and processes that began; threads (of fish) are none. The last is the mark's own."""
    began = [line for line in calls if re.search(r"\b(execve|fork|vfork|clone3?)\(", line)]
    return [line for line in began if "CLONE_THREAD" not in line]


def sockets(calls: list[str]) -> list[str]:
    return [line for line in calls if re.search(r"\b(socket|connect|bind|sendto|sendmsg)\(", line)]


@pytest.mark.parametrize("name", FLAGS)
def test_a_hundred_tabs_of_verbs_flags_and_fixed_values(name, cp, tmp_path):
    calls, found = tabs(name, cp, tmp_path, [typed for typed, _ in FIXED] * 10)
    assert [line.rstrip() for line in found] == [line for _, line in FIXED] * 10
    assert sockets(calls) == []
    assert len(processes(calls)) == 1, processes(calls)[:-1]


@pytest.mark.parametrize("name", FLAGS)
def test_a_live_value_is_a_process_that_the_same_trace_sees_and_no_socket(name, cp, tmp_path):
    cp("get", "offers", "-A")
    offer = cp("get", "offers", "--limit", "1", "-o", "name").lines[0].partition("/")[2]
    calls, found = tabs(name, cp, tmp_path, [line.replace("OFFER", offer[:-1]) for line in LIVE])
    assert found[0].rstrip() == f"cpctl get offer {offer}" and found[1].rstrip().endswith("H800")
    began = [line for line in processes(calls) if "execve(" in line and '"__complete"' in line]
    assert len(began) >= len(LIVE), began
    assert sockets(calls) == []
