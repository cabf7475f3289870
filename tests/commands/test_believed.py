"""Lists of platforms that do not do what they were asked, forget, repeat, lose or never end: noticed, said, bounded."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from client import Client, environment
from fake_platform import holding, listed, platform, problem
from fixed_platform import objects
from sandbox_server import ROOT


@pytest.fixture
def cp(tmp_path):
    return Client(tmp_path)


def offers(count=6, **more):
    """Offers of-000, of-001 …, each a yuan dearer than the one before."""
    one = objects()["offers"][0]
    return [
        {
            **one,
            "metadata": {**one["metadata"], "name": f"of-{n:03}"},
            "spec": {**one["spec"], "price": f"{n}.0000", **more},
        }
        for n in range(count)
    ]


def paged(pages):
    """A platform whose list is these pages, whatever it is asked for; metadata beside the items if a pair."""

    def answer(_method, path):
        number = int(parse_qs(urlsplit(path).query).get("continue", ["0"])[0])
        page = pages[number]
        if not isinstance(page, list):
            return page
        cursor = {"continue": str(number + 1)} if number + 1 < len(pages) else {}
        rest = sum(len(one) for one in pages[number + 1 :] if isinstance(one, list))
        return listed(page, **cursor, **({"remainingItemCount": rest} if cursor else {}))

    return answer


FILTERS = {
    "--province ningxia": 0,
    "--exclude-province shanxi": 0,
    "--provider nobody": 0,
    "--accelerator A100": 0,
    "--vendor Huawei": 0,
    "--cards 49": 0,
    "--min-memory 141Gi": 0,
    "--max-price 2.5": 3,
    "--max-pue 1.01": 0,
    "--min-green 99%": 0,
    "--billing monthly": 0,
    "--interconnect HCCS": 0,
    "--latency-class national": 0,
    "--field-selector spec.price>=4": 2,
    "--selector team=nobody": 0,
    "--selector !team": 6,
}


@pytest.mark.parametrize("words", FILTERS)
@pytest.mark.parametrize("form", ["name", "json"])
def test_a_filter_that_the_platform_ignores_is_applied_and_said(cp, words, form):
    with platform(holding({"offers": offers()})) as env:
        result = cp("get", "offers", *words.split(" ", 1), "-o", form, env=env)
    kept = result.out.count("of-0") if form == "name" else len(result.json["items"])
    assert (result.code, kept) == (0, FILTERS[words])
    left_out = [line for line in result.err.splitlines() if line.startswith("warning: the platform ignored ")]
    assert left_out == ([f"warning: the platform ignored {said(words)}; rows left out: {6 - kept}"] if kept < 6 else [])


def said(words):
    return words.replace("99%", "0.99").replace("141Gi", "141")


MODELS = {"--task image": 0, "--kind vertical": 0, "--domain law": 0, "--publisher Nobody": 0, "--task chat": 1}


@pytest.mark.parametrize("words", MODELS)
def test_so_is_one_on_models(cp, words):
    model = {**objects()["models"][0]}
    model["spec"] = {**model["spec"], "kind": "base", "tasks": ["chat", "code"], "domain": "general", "publisher": "P"}
    with platform(holding({"models": [model]})) as env:
        assert cp("get", "models", *words.split(), "-o", "name", env=env).out.count("model/") == MODELS[words]


def test_a_limit_counts_what_is_kept(cp):
    with platform(paged([offers()[:3], offers()[3:]])) as env:
        result = cp("get", "offers", "--field-selector", "spec.price>=2", "--limit", "3", "-o", "name", env=env)
    assert result.out.split() == ["offer/of-002", "offer/of-003", "offer/of-004"]


@pytest.mark.parametrize("limit", [(), ("--limit", "2")])
def test_an_order_that_the_platform_ignores_is_made_here(cp, limit):
    with platform(paged([offers()[:4], offers()[4:]])) as env:
        result = cp("get", "offers", "--sort-by", "~price", "-o", "name", "-v=1", *limit, env=env)
    named = [f"offer/of-{n:03}" for n in (5, 4, 3, 2, 1, 0)]
    assert result.out.split() == named[: int(limit[1]) if limit else None]
    assert "the platform did not sort; sorted here" in result.err


def test_an_order_that_breaks_later_is_said(cp):
    first, second = offers()[3:], offers()[:3]
    with platform(paged([first, second])) as env:
        result = cp("get", "offers", "--sort-by", "price", "-o", "name", env=env)
    assert result.code == 0 and len(result.lines) == 6
    assert result.err == "warning: the platform did not keep to --sort-by; rows are out of order\n"


def test_rows_that_come_twice_are_shown_once_and_said(cp):
    with platform(paged([offers()[:4], offers()[2:]])) as env:
        result = cp("get", "offers", "-o", "name", env=env)
    assert len(set(result.lines)) == len(result.lines) == 6
    assert result.err == "warning: rows came twice, and are shown once: 2\n"


def test_rows_that_do_not_come_are_said(cp):
    def answer(method, path):
        if "continue=" in path:
            return listed(offers()[4:])
        return listed(offers()[:2], **{"continue": "x", "remainingItemCount": 4})

    with platform(answer) as env:
        result = cp("get", "offers", "-o", "name", env=env)
    assert len(result.lines) == 4
    assert result.err == "warning: rows that the platform announced did not come: 2\n"


def test_a_list_that_changes_between_its_pages_is_said(cp):
    def answer(method, path):
        later = "continue=" in path
        return listed(
            offers()[3:] if later else offers()[:3],
            resourceVersion="8" if later else "7",
            **({} if later else {"continue": "x"}),
        )

    with platform(answer) as env:
        assert "warning: the list changed between its pages; rows may be missing\n" in cp("get", "offers", env=env).err


def forgetful(times):
    """A platform that forgets its cursor so many times."""
    left = [times]

    def answer(method, path):
        if "continue=" not in path:
            return listed(offers()[:3], **{"continue": "x", "remainingItemCount": 3})
        if left[0]:
            left[0] -= 1
            return problem(410, "Expired")
        return listed(offers()[3:])

    return answer


def test_a_list_that_was_forgotten_is_read_again_and_no_row_comes_twice(cp):
    with platform(forgetful(1)) as env:
        result = cp("get", "offers", "-o", "name", env=env)
    assert (result.code, result.lines) == (0, [f"offer/of-{n:03}" for n in range(6)])
    assert result.err == "warning: the platform forgot the list while it was read; it was read again from its start\n"


def test_one_that_is_forgotten_again_is_given_up(cp):
    with platform(forgetful(2)) as env:
        result = cp("get", "offers", "-o", "json", env=env)
    assert result.code == 5 and result.error["reason"] == "Expired" and len(result.json["items"]) == 3
    assert result.json["metadata"]["complete"] is False


def test_a_list_without_an_end_is_given_up(cp):
    def answer(method, path):
        number = int(parse_qs(urlsplit(path).query).get("continue", ["0"])[0])
        return listed([], **{"continue": str(number + 1)})

    with platform(answer) as env:
        result = cp("get", "offers", env=env)
    assert result.code == 1 and "circles" in result.err


def test_rows_that_lack_what_was_asked_for_are_no_answer(cp):
    from fake_platform import good

    rows = {"kind": "Rows", "fields": ["metadata.name"], "rows": [["of-1"]], "metadata": {}}
    with platform(lambda *_: good(rows)) as env:
        result = cp("get", "offers", env=env)
    assert result.code == 1 and result.out == "" and "the answer's rows lack spec.accelerator" in result.err


@pytest.mark.parametrize(
    "rows",
    [
        {"fields": ["metadata.name", "metadata.name"], "rows": [["a", "b"]]},
        {"fields": ["metadata.name"], "rows": [["a", "b"]]},
        {"fields": ["metadata.name"], "rows": ["a"]},
        {"fields": [5], "rows": [["a"]]},
        {"fields": "metadata.name", "rows": [["a"]]},
        {"fields": ["metadata.name"], "rows": {}},
        {"fields": ["metadata.name"]},
    ],
)
def test_rows_of_another_shape_are_no_answer(cp, rows):
    from fake_platform import good

    with platform(lambda *_: good({"kind": "Rows", "metadata": {}, **rows})) as env:
        result = cp("get", "offers", "-o", "name", env=env)
    assert result.code == 1 and result.out == "" and result.err.count("\n") == 1


# all projects


def test_all_projects_stand_in_one_list(sandbox, tmp_path):
    here = Client(tmp_path, env=sandbox.env)
    mine = sandbox.buy("all-projects-one", {sandbox.offer(1)["metadata"]["name"]: 1})
    table = here("get", "orders", "-A", "--field-selector", "metadata.name=all-projects-one")
    assert table.lines[0].split()[:2] == ["PROJECT", "NAME"] and table.lines[1].split()[:2] == [
        "default",
        "all-projects-one",
    ]
    empty = here("get", "orders", "-A", "-l", "no=such")
    assert (empty.code, empty.err) == (0, "No resources found\n")
    sandbox.act(mine, "release")


def test_a_platform_that_lists_one_project_at_a_time(cp):
    known = {"a": ["one", "two"], "b": ["two"]}
    order = objects()["orders"][0]

    def answer(method, path):
        query = parse_qs(urlsplit(path).query)
        if path.startswith("/v1/projects"):
            return listed([{"metadata": {"name": name}} for name in known])
        if query["project"] == ["*"]:
            return problem(404, "NotFound")
        names = known[query["project"][0]]
        return listed([{**order, "metadata": {"name": name, "project": query["project"][0]}} for name in names])

    with platform(answer) as env:
        rows = [line.split()[:2] for line in cp("get", "orders", "-A", "--no-headers", env=env).lines]
        assert rows == [["a", "one"], ["a", "two"], ["b", "two"]]
        assert len(cp("get", "orders", "-A", "--limit", "2", "-o", "name", env=env).lines) == 2


def test_all_projects_ask_without_the_profiles_filters(cp):
    cp.config.parent.mkdir(parents=True)
    with platform(holding({"offers": offers()})) as env:
        cp.config.write_text(
            f'current-profile = "p"\n[profiles.p]\nserver = "{env["CPCTL_SERVER"]}"\nprovince = ["ningxia"]\n'
        )
        cp.config.chmod(0o600)
        named = {"CPCTL_TOKEN": env["CPCTL_TOKEN"], "CPCTL_PROFILE": "p"}
        assert "only ningxia: the default of profile p" in cp("get", "offers", env=named).err
        everything = cp("get", "offers", "-A", "-o", "name", env=named)
    assert (everything.err, len(everything.lines)) == ("", 6)


@pytest.mark.parametrize("words", [("-A",), ("-l", "a=b"), ("--sort-by", "price"), ("--field-selector", "price<3")])
def test_what_narrows_a_list_does_not_go_with_names(cp, words):
    result = cp("get", "offer", "of-1", *words, env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "x"})
    assert result.code == 2 and "names" in result.err


def test_labels_stand_in_a_last_column(cp):
    order = {**objects()["orders"][0]}
    order["metadata"] = {**order["metadata"], "labels": {"team": "nlp", "stage": "dev"}}
    with platform(holding({"orders": [order]})) as env:
        table = cp("get", "orders", "--show-labels", env=env)
    assert table.lines[0].endswith("   LABELS") and table.lines[1].endswith("   stage=dev,team=nlp")


# pages on their way


def test_the_next_page_is_on_its_way_while_one_is_printed(tmp_path):
    """The first rows are out while the second page is held back; then `head` leaves, and nothing hangs or complains."""
    held = threading.Event()
    asked = []

    def answer(method, path):
        asked.append(path)
        if "continue=" not in path:
            return listed(offers(), **{"continue": "x"})
        held.wait(20)
        return listed(offers(9)[6:])

    with platform(answer) as env:
        command = [sys.executable, "-c", "from cpctl.main import main; main()", "get", "offers", "-o", "name"]
        whole = environment(tmp_path) | env | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout and process.stderr
        assert process.stdout.readline() == b"offer/of-000\n" and not held.is_set()
        ends = time.monotonic() + 5
        while len(asked) < 2 and time.monotonic() < ends:
            time.sleep(0.005)
        assert len(asked) == 2
        process.stdout.close()
        held.set()
        assert (process.wait(10), process.stderr.read()) == (0, b"")
        process.stderr.close()


def test_ctrl_c_does_not_wait_for_the_page_on_its_way(tmp_path):
    import signal

    held = threading.Event()
    try:
        with platform(
            lambda _m, path: (
                listed(offers(), **{"continue": "x"}) if "continue=" not in path else (held.wait(30), listed([]))[1]
            )
        ) as env:
            command = [sys.executable, "-c", "from cpctl.main import main; main()", "get", "offers", "-o", "name"]
            whole = environment(tmp_path) | env | {"PYTHONPATH": str(ROOT)}
            process = subprocess.Popen(command, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert process.stdout and process.stderr
            assert process.stdout.readline() == b"offer/of-000\n"
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            assert (process.wait(5), process.stderr.read()) == (130, b"")
            process.stdout.close()
            process.stderr.close()
            held.set()
    finally:
        held.set()
