"""More offers than a shell lists, and more than a Tab can know by name: it says so, and narrows by what it knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.offers import offer
from bench.still_server import still_server
from client import Client
from cpctl.complete.keeping import MOST_GROUPS, MOST_ROWS, written
from cpctl.complete.kept import BLANK, COLUMNS, MOST_BYTES, MOST_LISTED, parsed
from refreshing import folder, offered, settled, tab, until

WHERE = ("--province", "shanxi")
HELP = "_activeHelp_ "


@contextmanager
def market(home: Path, count: int) -> Iterator[Client]:
    """cpctl before a platform of so many offers, which a refresh behind a Tab has listed."""
    with still_server(count) as url:
        here = Client(home, env={"CPCTL_SERVER": url, "CPCTL_TOKEN": "any"})
        assert "asking the platform" in tab(here.env, "get", "offers", "")
        until(lambda: (folder(here.env) / "offers").exists() and not (folder(here.env) / "offers.lock").exists())
        settled(here.env)
        yield here


def helps(here: Client, *words: str) -> list[str]:
    """What is said of a Tab, without how old what is known is."""
    found = [line.removeprefix(HELP) for line in tab(here.env, *words).splitlines() if line.startswith(HELP)]
    assert re.fullmatch(r"offers as of \d+ s ago", found[-1])
    return found[:-1]


def version(here: Client) -> tuple[int, int]:
    """Changes whenever the list is written; reading it moves another of its times."""
    status = (folder(here.env) / "offers").stat()
    return status.st_ino, status.st_mtime_ns


def narrowed(count: int, **wanted: str) -> list[dict]:
    rows = [offer(number) for number in range(count)]
    return [row for row in rows if all(row["spec"][key] == value for key, value in wanted.items())]


def test_more_than_a_shell_lists(tmp_path):
    count = MOST_LISTED + 5_000
    with market(tmp_path, count) as here:
        before = version(here)
        assert offered(here.env, "get", "offers", "") == []
        flags = "--province, --accelerator, --provider"
        said = f"{count:,} offers: too many to list, type more or narrow with {flags}"
        assert helps(here, "get", "offers", "") == helps(here, "get", "offers", "of-") == [said]
        assert helps(here, "create", "order", "x", "--offer", "") == [said]
        assert helps(here, "get", "offers", "of-0000a") == []
        begun = [offer(number)["metadata"]["name"] for number in range(0xA00, 0xB00)]
        assert sorted(offered(here.env, "get", "offers", "of-0000a")) == begun
        rows = narrowed(count, province="shanxi")
        names = {row["metadata"]["name"] for row in rows}
        assert len(names) < MOST_LISTED and set(offered(here.env, "get", "offers", *WHERE, "")) == names
        has = {row["spec"]["accelerator"] for row in rows}
        assert set(offered(here.env, "get", "offers", *WHERE, "--accelerator", "")) == has
        assert sorted(one.name for one in folder(here.env).iterdir()) == ["offers"]  # nobody asks again
        assert version(here) == before


def test_more_than_are_known_by_name(tmp_path):
    count = MOST_ROWS + 1
    with market(tmp_path, count) as here:
        assert (folder(here.env) / "offers").stat().st_size < 50_000
        said = f"{count:,} offers: too many to know them by name, cpctl get offers lists them"
        assert helps(here, "get", "offers", "") == helps(here, "get", "offers", "of-00") == [said]
        rows = narrowed(count, province="shanxi", accelerator="H800")
        few = f"{len(rows):,} offers: too many to know them by name, cpctl get offers lists them"
        assert helps(here, "get", "offers", *WHERE, "--gpu", "H800", "") == [few]
        has = {row["spec"]["accelerator"] for row in narrowed(count, province="shanxi")}
        assert set(offered(here.env, "get", "offers", *WHERE, "--accelerator", "")) == has
        free = sum(row["status"]["free"] for row in narrowed(count, province="shanxi"))
        assert f"\tof {free} free" in tab(here.env, "plan", *WHERE, "--cards", "")
        assert offered(here.env, "get", "offers", *WHERE, "--cards", "")[-1] == "64"  # nobody knows of each
        assert sorted(one.name for one in folder(here.env).iterdir()) == ["offers"]


ROWS = {"of every kind its own": MOST_GROUPS + 1, "of long words": 70_000}


@pytest.mark.parametrize("what", ROWS)
def test_what_is_written_can_be_read(what):
    """However long it would be: a file that no Tab reads would be asked for again and again."""
    count, text = ROWS[what], "x" * 120
    own = [f"a{number}" for number in range(count)] if count == MOST_GROUPS + 1 else [text] * count
    columns = dict.fromkeys(COLUMNS["offers"], [text] * count)
    columns |= {"metadata.name": [f"of-{number}" for number in range(count)], "spec.accelerator": own}
    columns |= {"status.free": [2] * count}
    file = written("offers", list(columns.values()))
    found = parsed("offers", file.partition(BLANK))
    assert found is not None and len(file) <= MOST_BYTES
    assert (found.count(""), sum(found.values(0).values()), found.has_names) == (count, 2 * count, False)
