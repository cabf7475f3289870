"""What lists leave in the cache: text that is safe in every shell, whatever a platform sent, and what stays of old."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client import Client, environment
from cpctl.commands.completeness import Completeness
from cpctl.commands.listing import asked_for
from cpctl.commands.passing import Passing
from cpctl.complete import store
from cpctl.complete.keeping import written
from cpctl.complete.kept import BLANK, COLUMNS, NAME_CHARACTERS, is_safe, parsed
from cpctl.complete.tab import tab
from cpctl.registry import find
from cpctl.resources.page import Page, RowPage
from cpctl.runtime import Runtime
from refreshing import offered, settled

RUNS = [
    "$(touch x)",
    "`touch x`",
    ";touch x",
    "'x'",
    '"x"',
    "a\nb",
    "a\tb",
    "\x1b[2J",
    "\u202ex",
    "-rf",
    "@x",
    "",
    "\ud800",
    "'\u2019;x",
]
TEXTS = st.sampled_from(RUNS) | st.text(max_size=12) | st.from_regex(r"[a-z0-9.-]{1,12}", fullmatch=True)
LEAVES = TEXTS | st.none() | st.booleans() | st.integers() | st.floats()
CELLS = LEAVES | st.lists(TEXTS, max_size=3) | st.dictionaries(TEXTS, TEXTS, max_size=3)
ALLOWED = set(NAME_CHARACTERS.decode() + " ,()%=\t\n")


def lists(kind: str) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(CELLS, min_size=len(COLUMNS[kind]), max_size=len(COLUMNS[kind])), max_size=6)


def objects(kind: str, rows: list[list[Any]]) -> list[dict[str, Any]]:
    """The rows as a platform sends them."""
    made = []
    for row in rows:
        item: dict[str, Any] = {}
        for path, cell in zip(COLUMNS[kind], row, strict=True):
            *above, last = path.split(".")
            table = item
            for step in above:
                table = table.setdefault(step, {})
            table[last] = cell
        made.append(item)
    return made


def is_plain(char: str) -> bool:
    return char in ALLOWED or (not char.isascii() and char.isprintable() and char.isalnum())


@settings(deadline=None)
@given(st.sampled_from(list(COLUMNS)).flatmap(lambda kind: st.tuples(st.just(kind), lists(kind))), st.booleans())
def test_a_list_of_anything_leaves_what_every_shell_takes_as_it_is(tmp_path_factory, drawn, as_rows):
    kind, rows = drawn
    home = tmp_path_factory.mktemp("home", numbered=True)
    env = environment(home) | {"CPCTL_SERVER": "http://127.0.0.1:1"}
    rt = Runtime(out=None, err=None, stdin=None, env=env)  # type: ignore[arg-type]  # it is never printed to
    passing = Passing(rt, asked_for(find(kind), {}), None)
    columns = (
        dict(zip(COLUMNS[kind], zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(COLUMNS[kind], ())
    )
    passing.add(RowPage(columns, len(rows)) if as_rows else Page(objects(kind, rows)))
    passing.keep(Completeness(rt))
    text = (Path(store.place(env).folder) / kind).read_bytes().decode()
    assert all(map(is_plain, text))
    names = {row[0] for row in rows if isinstance(row[0], str) and is_safe(row[0])}
    found = parsed(kind, text.encode().partition(BLANK))
    assert (found is not None) == bool(names)
    lines = found.lines("").splitlines() if found else []
    assert {line.split("\t")[0] for line in lines} == names
    assert all(not set(line) & set("$`;'\"\\&|<>*?!#{}~[]") for line in lines)
    known = tab(["get", kind, ""], env, time.time()).splitlines()
    assert [line for line in known if not line.startswith(("_activeHelp_", ":"))] == lines


@settings(deadline=None)
@given(CELLS, CELLS)
def test_a_name_is_offered_as_it_is_or_not_at_all(name, beside):
    text = written("subplatforms", [[name], [beside]])
    assert text == b"" or (is_safe(name) and text.decode().split("\n")[2].startswith(f"{name}\t"))


# a sub-platform that is away


@pytest.fixture
def market(fresh_sandbox, tmp_path):
    return Client(tmp_path / "home", env=fresh_sandbox.env)


@pytest.mark.parametrize("kind", ["offers", "providers", "sources", "products"])
def test_what_a_sub_platform_sells_is_still_known_while_it_is_away(market, fresh_sandbox, kind):
    market("get", kind, "-A")
    before = set(offered(market.env, "get", kind, ""))
    rows = market("get", kind, "-A", "-o", "json").json["items"]
    away = {row["metadata"]["name"] for row in rows if row["spec"].get("province") == "qinghai"}
    fresh_sandbox.admin.faults(province="qinghai", down=True)
    listed = market("get", kind, "-A")
    assert "qinghai is down" in listed.err
    assert away.isdisjoint(listed.out.split()) and set(offered(market.env, "get", kind, "")) == before
    if kind == "offers":
        assert away
        assert "qinghai" in offered(
            market.env, "get", "offers", "--accelerator", "A100,A800,H800,910B", "--province", ""
        )
    settled(market.env)


def test_of_one_that_refuses_us_nothing_stays(market, fresh_sandbox):
    market("get", "offers", "-A")
    before = set(offered(market.env, "get", "offers", ""))
    fresh_sandbox.admin.faults(province="qinghai", denied=True)
    listed = market("get", "offers", "-A")
    assert "qinghai denied access" in listed.err
    left = set(offered(market.env, "get", "offers", ""))
    assert left < before and left == {line.split()[0] for line in listed.lines[1:]}
    settled(market.env)
