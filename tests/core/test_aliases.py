"""Aliases and defaults of config.toml: what they stand for, what goes before them, what is refused."""

from __future__ import annotations

import pytest

from client import Client
from fake_platform import holding, platform
from fixed_platform import objects


@pytest.fixture
def cp(tmp_path):
    with platform(holding(objects())) as env:
        yield Client(tmp_path, env=env)


def configured(cp, text):
    cp.config.parent.mkdir(parents=True, exist_ok=True)
    cp.config.write_text(text, encoding="utf-8")
    cp.config.chmod(0o600)


ALIASES = """
[aliases]
cheap = "get offers --sort-by price -o name"
first = "cheap --limit 1"
quoted = "get offers --field-selector 'spec.price < 5' -o name"
flags = "-o name get offers"
loop = "pool"
pool = "loop"
bad = "get 'x"
none = "  "
get = "version"
evil = "get offers; touch /tmp/x $(id)"
"""


def test_an_alias_is_the_command_line_it_stands_for(cp):
    configured(cp, ALIASES)
    plain = cp("get", "offers", "--sort-by", "price", "-o", "name")
    assert cp("cheap").out == plain.out and plain.code == 0
    assert cp("first").lines == plain.lines[:1]
    assert cp("cheap", "--limit", "2").lines == plain.lines[:2]
    assert cp("-o", "json", "cheap").json["kind"] == "List"  # flags before it, and the last one wins
    assert cp("flags").lines == cp("get", "offers", "-o", "name").lines
    assert set(cp("quoted").lines) < set(plain.lines)


def test_help_says_what_it_stands_for(cp):
    configured(cp, ALIASES)
    result = cp("first", "--help")
    assert result.code == 0 and result.out == cp("get", "--help").out
    assert result.err == "first stands for: cheap --limit 1\n"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("loop", "alias loop → pool → loop goes round in circles"),
        ("bad", "aliases.bad is no command line"),
        ("none", "aliases.none"),
        ("evil", "is not TYPE/NAME"),
        ("cheep", 'Did you mean "cheap"?'),
        ("nonsense-word", "one of: get, "),
    ],
)
def test_what_is_no_command_line_is_told(cp, word, said):
    configured(cp, ALIASES.replace('none = "  "', 'none = " "'))
    result = cp(word)
    assert (result.code, result.out) == (2, "") and said in result.err and result.err.count("\n") == 1


def test_what_is_built_in_goes_first(cp):
    configured(cp, ALIASES)
    assert cp("get", "offers", "-o", "name").lines[0].startswith("offer/")


def test_a_home_without_configuration_has_no_aliases(cp):
    assert cp("cheap").code == 2
    cp.env = {key: value for key, value in cp.env.items() if key.startswith("CPCTL_")}
    assert 'unknown verb "cheap"' in cp("cheap").err


DEFAULTS = """
[defaults.get]
output = "name"
limit = 2
province = ["shanxi"]
no-headers = true
show-labels = false
sort-by = "price"
"""


def test_defaults_act_until_something_is_typed(cp):
    configured(cp, DEFAULTS)
    assert len(cp("get", "offers").lines) == 2
    assert len(cp("get", "offers", "--limit", "3").lines) == 3
    assert len(cp("get", "offers", "--limit=1").lines) == 1
    table = cp("get", "offers", "-o", "table")
    assert not table.out.startswith("NAME") and "shanxi" in table.out and "ningxia" not in table.out
    elsewhere = cp("get", "offers", "-o", "table", "--province", "ningxia")
    assert "ningxia" in elsewhere.out and "shanxi" not in elsewhere.out
    assert cp("describe", "offers").out.startswith("Name:")


def test_default_filters_break_nothing(cp):
    configured(cp, DEFAULTS)
    assert cp("get", "offer", "of-1a7k2m").out == "offer/of-1a7k2m\n"  # a name is a name
    assert cp("get", "orders", "--sort-by", "metadata.name").code == 0  # they have no province
    everywhere = cp("get", "offers", "-A", "--limit", "50", "-o", "table")
    assert "ningxia" in everywhere.out and "shanxi" in everywhere.out


def test_a_profiles_provinces_go_before_a_default(cp):
    configured(
        cp,
        f'current-profile = "p"\n[profiles.p]\nserver = "{cp.env["CPCTL_SERVER"]}"\nprovince = ["ningxia"]\n'
        + DEFAULTS,
    )
    env = {"CPCTL_PROFILE": "p"}
    result = cp("get", "offers", "-o", "table", env=env)
    assert "ningxia" in result.out and "shanxi" not in result.out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("get.nosuch = 1", 'unknown flag in defaults.get "nosuch"'),
        ("get.provinze = 'x'", 'Did you mean "province"?'),
        ("get.no-headers = 'perhaps'", "neither true nor false"),
        ("get.limit = [1, 2]", "defaults.get.limit"),
        ("get.limit = true", "defaults.get.limit is no value of --limit"),
        ("get.limit = 'many'", 'limit "many"'),
        ("get.server = 'http://127.0.0.1:1'", "its place is profiles.NAME.server"),
    ],
)
def test_a_default_that_is_none_is_told(cp, line, said):
    configured(cp, f"[defaults]\n{line}\n")
    result = cp("get", "offers")
    assert (result.code, result.out) == (2, "") and said in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("verb", "flag"), [("activate", "yes"), ("apply", "recreate"), ("create", "activate"), ("apply", "adopt")]
)
def test_a_decision_has_no_default(cp, verb, flag):
    configured(cp, f"[defaults.{verb}]\n{flag} = true\n")
    words = {
        "activate": ("activate", "order/x"),
        "apply": ("apply", "-f", "x.yaml"),
        "create": ("create", "order", "x"),
    }[verb]
    result = cp(*words)
    assert result.code == 2 and f"--{flag} is said anew every time" in result.err


@pytest.mark.parametrize("words", [("config", "path"), ("doctor",), ("options",), ("get", "--help")])
def test_a_damaged_configuration_keeps_nobody_from_mending_it(cp, words):
    configured(cp, "defaults = [\n")
    result = cp(*words)
    assert result.out and (result.code == 0 or words == ("doctor",))


def test_config_set_takes_both(cp):
    assert cp("config", "set", "aliases.mine", "get orders -o name").code == 0
    assert cp("config", "set", "defaults.get.limit", "1").code == 0
    refused = cp("config", "set", "aliases.get", "version")
    assert refused.code == 2 and "get is built in" in refused.err
    assert len(cp("mine").lines) == 1
