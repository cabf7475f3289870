"""CPCTL_PAGER: only when asked, only on a terminal, only for what is read; and a pager that fails or leaves."""

from __future__ import annotations

import sys

import pytest

from client import Client
from fake_platform import holding, listed, platform, problem
from fixed_platform import objects


@pytest.fixture
def cp(tmp_path):
    with platform(holding(objects())) as env:
        yield Client(tmp_path, env=env)


@pytest.fixture
def pager(tmp_path):
    """A pager's command line, and what it was given."""
    kept = tmp_path / "read by the pager"
    program = tmp_path / "pager.py"
    program.write_text(
        f"import sys; open({str(kept)!r}, 'w', encoding='utf-8').write(sys.stdin.read())", encoding="utf-8"
    )
    return f"'{sys.executable}' '{program}'", kept


READING = ["get offers", "get order train-7b -o yaml", "describe order/train-7b", "explain offers", "api-resources"]


@pytest.mark.parametrize("line", READING)
def test_what_is_read_goes_through_it_whole(cp, pager, line):
    command, kept = pager
    plain = cp(*line.split())
    paged = cp(*line.split(), tty=True, env={"CPCTL_PAGER": command})
    assert (paged.code, paged.out, paged.err) == (0, "", plain.err)
    assert kept.read_text(encoding="utf-8") == plain.out


@pytest.mark.parametrize("line", ["config path", "version --client", "auth token"])
def test_what_is_not_read_does_not(cp, pager, line):
    command, kept = pager
    paged = cp(*line.split(), tty=True, env={"CPCTL_PAGER": command})
    assert paged.code == 0 and paged.out and not kept.exists()


def test_a_pipe_has_none(cp, pager):
    command, kept = pager
    assert cp("get", "offers", env={"CPCTL_PAGER": command}).out and not kept.exists()


def test_pager_alone_means_nothing(cp, pager):
    command, kept = pager
    assert cp("get", "offers", tty=True, env={"PAGER": command, "MANPAGER": command}).out and not kept.exists()


@pytest.mark.parametrize("command", ["no-such-pager", "'open quote", "  ", "/"])
def test_one_that_cannot_start_is_said_and_nothing_is_lost(cp, command):
    result = cp("get", "offers", tty=True, env={"CPCTL_PAGER": command})
    assert result.code == 0 and "of-1a7k2m" in result.out
    assert result.err.startswith("warning: CPCTL_PAGER cannot be started: ") and result.err.count("\n") == 1


def test_no_shell_reads_its_words(cp, tmp_path):
    made = tmp_path / "made"
    cp("get", "offers", tty=True, env={"CPCTL_PAGER": f"true; touch {made}"})
    cp("get", "offers", tty=True, env={"CPCTL_PAGER": f"true $(touch {made})"})
    assert not made.exists()


def test_one_that_leaves_ends_it_quietly(cp):
    result = cp("get", "offers", tty=True, env={"CPCTL_PAGER": f"'{sys.executable}' -c pass"})
    assert (result.code, result.out, result.err) == (0, "", "")


def test_a_failure_halfway_is_told_when_the_pager_has_ended(tmp_path, pager):
    command, kept = pager

    def answer(_method, path):
        return (
            listed(objects()["offers"], **{"continue": "x"}) if "continue=" not in path else problem(403, "Forbidden")
        )

    with platform(answer) as env:
        result = Client(tmp_path, env=env)("get", "offers", "-o", "name", tty=True, env={"CPCTL_PAGER": command})
    assert result.code == 4 and result.out == "" and "[Forbidden]" in result.err
    assert kept.read_text(encoding="utf-8").startswith("offer/of-1a7k2m")
