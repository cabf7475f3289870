"""get and describe as users type them: every kind in every form, names, pages, and what is missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from cpctl.output.printers import PRINTERS
from cpctl.registry import KINDS
from fake_platform import holding, platform, samples
from sandbox_server import ROOT
from tests.output.output_samples import spelled

KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
FORM = pytest.mark.parametrize("form", sorted(PRINTERS))
DOCUMENTS = ("json", "yaml", "toml", "jsonpath-as-json")
PASSING = re.compile(r"asOf\W+[-:0-9]+T[:0-9]+Z| +\d+s\b *")  # of the second a list was read in: its time, and ages
CHINESE = "山西太原 7号·昇腾（示例）"


@pytest.fixture(scope="module")
def real(shared_sandbox):
    return samples(shared_sandbox)


def titles(kind, form):
    return [column.title for column in kind.columns if form == "wide" or not column.wide]


def in_chinese(value):
    """The same object with Chinese text in place of every other word."""
    if isinstance(value, dict):
        return {key: in_chinese(one) for key, one in value.items()}
    if isinstance(value, list):
        return [in_chinese(one) for one in value]
    return CHINESE if isinstance(value, str) else value


@KIND
@FORM
def test_a_terminal_and_a_pipe_get_the_same(cp, real, kind, form):
    words = ("get", kind.plural, "--limit", "3", "-o", spelled(form))
    piped, shown = cp(*words), cp(*words, tty=True)
    assert piped.code == shown.code == 0 and piped.err == shown.err == ""
    assert "\x1b" not in shown.out
    if kind.plural not in ("events", "bills", "subplatforms", "offers"):  # ages and open bills go on
        assert PASSING.sub("", shown.out) == PASSING.sub("", piped.out)
    if form in ("table", "wide"):
        head, *rows = piped.lines
        assert [title.strip() for title in head.split("   ") if title.strip()] == titles(kind, form)
        assert len(rows) == min(3, len(real[kind.plural])) and rows[0] != head


@KIND
def test_json_and_yaml_are_what_the_server_sent(cp, sandbox, real, kind):
    import yaml

    sent = sandbox.get(kind.path, limit=5).json()
    for text in (
        cp("get", kind.short, "--limit", "5", "-o", "json"),
        cp("get", kind.short, "--limit", "5", "-o", "yaml"),
    ):
        said = json.loads(text.out) if text.out.startswith("{") else yaml.safe_load(text.out)
        assert list(said) == ["apiVersion", "kind", "items", "metadata"]
        assert without_dates(said["items"]) == without_dates(sent["items"])
        assert said["metadata"]["complete"] is True
    name = real[kind.plural][0]["metadata"]["name"]
    one = cp("get", kind.name, name, "-o", "json").json
    assert without_dates([one]) == without_dates([sandbox.get(f"{kind.path}/{name}").json()])
    assert list(one) == ["apiVersion", "kind", "metadata", "spec", "status"]


def without_dates(items):
    """Objects without what moves with the clock."""
    return [{**item, "status": {**item["status"], "asOf": None}} for item in items]


@KIND
@FORM
def test_chinese_keeps_the_columns(cp, real, kind, form):
    items = [in_chinese(real[kind.plural][0]), real[kind.plural][-1]]
    with platform(holding({kind.plural: items})) as env:
        result = cp("get", kind.plural, "-o", spelled(form), env=env)
    assert result.code == 0
    if form == "json":
        assert result.json["items"] == items and CHINESE in result.out  # readable, not escaped
    elif form in ("table", "wide"):
        lines = [in_cells(line) for line in result.lines]
        assert len(lines) == 3 and CHINESE in result.out
        at = 0
        for column in (column for column in kind.columns if form == "wide" or not column.wide):
            at = lines[0].index(column.title, at)
            gaps = {line[max(at - 3, 0) : at].strip() for line in lines}
            assert column.align == "right" or gaps == {""}, column.title
    else:
        assert CHINESE in result.out


def in_cells(line):
    """A line with one character for each cell of a terminal."""
    from cpctl.output.width import cells

    return "".join(char + "~" * (cells(char) - 1) for char in line)


@KIND
@FORM
def test_nothing_is_said_once_and_is_no_failure(cp, kind, form):
    with platform(holding({})) as env:
        result = cp("get", kind.plural, "-o", spelled(form), env=env)
    where = " in default project." if "project" in kind.filters else ""
    assert (result.code, result.err) == (0, f"No resources found{where}\n")
    if form == "json":
        assert result.json["items"] == []
    elif form not in DOCUMENTS:
        assert result.out == ""


@KIND
def test_pages_of_three_are_the_same_rows(cp, real, kind):
    def rows(*words):
        items = cp("get", kind.plural, "-o", "json", "--limit", "31", *words).json["items"]
        return without_dates(items)

    assert rows() == rows("--chunk-size", "3") == rows("--chunk-size", "30")
    assert rows()[:7] == rows("--chunk-size", "3", "--limit", "7")
    table = cp("get", kind.plural, "--limit", "8", "--chunk-size", "3", "-o", "name")
    assert table.out == cp("get", kind.plural, "--limit", "8", "-o", "name").out


@KIND
@FORM
@pytest.mark.parametrize("verb", ["get", "describe"])
def test_what_is_missing_is_said_as_kubectl_says_it(cp, kind, form, verb):
    words = ("-o", spelled(form)) if verb == "get" else ()
    result = cp(verb, f"{kind.name}/no-such-thing", *words)
    assert (result.code, result.out) == (3, "")
    sentence = f'Error from server (NotFound): {kind.plural} "no-such-thing" not found'
    assert (result.error["message"] if form == "json" and words else result.err.strip()) == sentence


@KIND
def test_what_is_missing_may_be_ignored(cp, real, kind):
    there = real[kind.plural][0]["metadata"]["name"]
    assert cp("get", kind.name, "no-such-thing", "--ignore-not-found").out == ""
    both = cp("get", kind.name, "no-such-thing", there, "--ignore-not-found", "-o", "name")
    assert (both.code, both.out, both.err) == (0, f"{kind.name}/{there}\n", "")
    empty = cp("get", kind.name, "no-such-thing", "--ignore-not-found", "-o", "json")
    assert empty.code == 0 and empty.json["items"] == []  # exactly one document
    partly = cp("get", kind.name, there, "no-such-thing", "-o", "name")
    assert (partly.code, partly.out) == (3, f"{kind.name}/{there}\n")


ODD = [
    "../../admin",
    "..%2f",
    "..",
    ".",
    "?x",
    "#f",
    "a\0b",
    "%00",
    "%2e%2e",
    "a b",
    "山西",
    "\udcff",
    "{0}",
    "{",
    "a%sb",
]


@pytest.mark.parametrize("name", [*ODD, "x" * 300, "x" * 128])
@pytest.mark.parametrize("verb", ["get", "describe"])
def test_an_odd_name_never_leaves_its_place_in_the_path(cp, sandbox, verb, name):
    asked: list[str] = []

    def answer(method, path):
        asked.append(path)
        return holding({})(method, path)

    with platform(answer) as env:
        alone = cp(verb, "order", name, env=env)
        assert all(path.partition("?")[0].count("/") == 3 and path.startswith("/v1/orders/") for path in asked), asked
        assert alone.code in (2, 3)
    result = cp(verb, "order", name)
    assert result.code in (2, 3) and result.out == "" and result.err.count("\n") == 1
    assert "\0" not in result.err


def test_a_leading_dash_is_a_flag_or_a_name_behind_two_dashes(cp):
    assert cp("get", "offers", "-zlead").code == 2
    assert 'offers "-lead" not found' in cp("get", "offers", "--", "-lead").err


def test_many_kinds_stand_one_under_the_other(cp, real):
    result = cp("get", "sp,scenarios,projects", "--limit", "2")
    first, second, third = result.out.split("\n\n")
    assert first.split()[0] == second.split()[0] == third.split()[0] == "NAME"
    assert "subplatform/henan" in first and "scenario/" in second and "project/default" in third
    assert [item["kind"] for item in cp("get", "sp,sc", "--limit", "1", "-o", "json").json["items"]] == [
        "SubPlatform",
        "Scenario",
    ]
    assert cp("get", "sp,sp,subplatform", "--limit", "1", "-o", "name").lines == ["subplatform/henan"]
    two = cp("get", "sp/henan", "project/default")
    assert two.code == 0 and "subplatform/henan" in two.out and "project/default" in two.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["get", "ofers"], 'Did you mean "offers"?'),
        (["get"], "missing argument"),
        (["get", ","], "no resource type given"),
        (["get", "offers,", "models"], "cpctl get offers,models"),
        (["get", "offers,models", "x"], "names need one type"),
        (["get", "offers/x", "models"], "is not TYPE/NAME"),
        (["get", "offers", "--provinz", "x"], "--province"),
        (["get", "offers", "x", "--province", "shanxi"], "filters narrow a list"),
        (["get", "offers", "-o", "xml"], "table, wide, json, yaml, toml, name, csv, jsonpath"),
        (["get", "offers", "--limit", "0"], "1 or more"),
        (["get", "offers", "--limit", "x"], "1 or more"),
        (["get", "offers", "--chunk-size", "-3"], "1 or more"),
        (["get", "offers", "--color", "pink"], "auto, always, never"),
        (["get", "offers", "-v", "x"], "-v"),
        (["describe", "events"], "cpctl get events"),
        (["gett", "offers"], 'Did you mean "get"?'),
    ],
)
def test_a_wrong_call_is_one_line_that_says_what_is_right(cp, words, said):
    result = cp(*words)
    assert (result.code, result.out) == (2, "")
    assert said in result.err and result.err.startswith("error: ") and result.err.count("\n") == 1
    told = cp(*words, "-o=json") if "-o" not in words and words[0] == "get" else None
    assert told is None or told.error["code"] == 2


def test_flags_stand_anywhere_and_in_every_spelling(cp):
    wanted = cp("get", "sp", "-o", "name").out
    for words in ("-o=name get sp", "-o name get sp", "--output=name get sp", "get -oname sp", "get sp --output name"):
        assert cp(*words.split()).out == wanted, words


def test_what_is_asked_is_shown_masked(cp, sandbox):
    requests = cp("-v=6", "get", "sp")
    assert "GET http://127.0.0.1" in requests.err and " 200 in " in requests.err
    bodies = cp("get", "sp", "-v=8")
    assert "authorization" in bodies.err.lower() and sandbox.token not in bodies.err + requests.err
    assert bodies.out == requests.out == cp("get", "sp").out


@pytest.mark.parametrize("form", ["table", "json", "name"])
def test_a_real_pipe_may_be_closed_early(cp, sandbox, form):
    line = f'"{sys.executable}" -m cpctl get offers -o {form} | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", line],
        env=cp.env | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "0" and done.stderr == ""


def test_a_real_pipe_into_json_tool(cp):
    line = f'"{sys.executable}" -m cpctl get offers -o json | "{sys.executable}" -m json.tool >/dev/null'
    environment = cp.env | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], env=environment, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("closed", "code"), [(">&-", 1), (">/dev/full", 1), ("2>&-", 0), ("<&-", 0)])
def test_closed_and_full_streams(cp, closed, code):
    environment = cp.env | {"PYTHONPATH": str(ROOT)}
    line = f'"{sys.executable}" -m cpctl get sp {closed}'
    done = subprocess.run(
        ["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code
    assert done.stderr == "" if code == 0 else "cannot write the output" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("word", ["shanxi", "山西", "晋", "CN-SX", "140000"])
def test_a_sub_platform_is_named_as_its_province(cp, word):
    assert cp("get", "sp", word, "-o", "name").out == "subplatform/shanxi\n"
