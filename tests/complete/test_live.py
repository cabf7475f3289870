"""`cpctl __complete`: live values from the cache that lists leave, in cobra's protocol."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cpctl.complete import keeping, store
from cpctl.complete.tab import tab
from cpctl.complete.upkeep import forget
from kept_file import file_of
from tools import need

TIMED = {
    "create order ": ["order-0921-6df4", ":36"],
    "create demand ": ["demand-0921-6df4", ":36"],
    "extend order/x --until 2026-09-2": ["2026-09-21T18:00:00Z", "2026-09-22T14:00:00Z", "2026-09-28T14:00:00Z", ":36"],
    "usage --until=2026-08": ["--until=2026-08-22T14:00:00Z", ":36"],
}
HOSTILE = ["$(touch x)", "`touch x`", ";touch x", "a\nb", "\x1b[2Jx", "-rf", "a b", "'q'", '"q"', "\u202ex"]


def offered(cp, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """The values that a Tab after these words offers."""
    lines = tab(list(words), {**cp.env, **(env or {})}, time.time()).splitlines()
    assert lines[-1].startswith(":")
    return [line.split("\t")[0] for line in lines[:-1] if not line.startswith("_activeHelp_")]


def said(cp, *words: str) -> str:
    return tab(list(words), cp.env, time.time())


@pytest.fixture(autouse=True)
def no_refresh(monkeypatch):
    """Nothing is started behind a test's back; what would have been is kept."""
    started: list[list[str]] = []
    monkeypatch.setattr("cpctl.complete.detached.start_detached", lambda argv, env: started.append(argv) is None)
    return started


def folder(cp) -> Path:
    return Path(store.place(cp.env).folder)


def test_a_list_that_passes_by_feeds_the_next_tab(cp):
    assert offered(cp, "get", "offer", "") == []
    listed = cp("get", "offers", "-A").lines
    names = [line.split()[0] for line in listed[1:]]
    assert sorted(names) == sorted(offered(cp, "get", "offer", ""))
    assert " free in " in said(cp, "get", "offer", names[0]) and "_activeHelp_ offers as of 0 s ago" in said(
        cp, "get", "offer", ""
    )


def test_a_filtered_list_is_not_taken_for_the_whole(cp):
    cp("get", "offers", "--province", "shanxi")
    cp("get", "offers", "-A", "--limit", "3")
    assert offered(cp, "get", "offer", "") == []


def test_what_stands_on_the_line_narrows(cp):
    cp("get", "offers", "-A")
    rows = cp("get", "offers", "-A", "--province", "shanxi", "-o", "json").json["items"]
    has = {row["spec"]["accelerator"] for row in rows}
    for spelled in ("shanxi", "山西"):
        assert set(offered(cp, "get", "offers", "--province", spelled, "--accelerator", "")) == has
    assert set(offered(cp, "get", "offer", "--province=shanxi", "")) == {row["metadata"]["name"] for row in rows}
    first = sorted(has)[0]
    both = offered(cp, "plan", "--province", "shanxi", "--gpu", f"{first},")
    assert set(both) == {f"{first},{other}" for other in has - {first}}


def test_provinces_in_pinyin_and_in_chinese(cp):
    assert offered(cp, "get", "offers", "--province", "shan") == ["shanxi", "shanghai", "shandong"]
    assert "山西" in offered(cp, "get", "offers", "--province", "山")
    assert "shanxi,ningxia" in offered(cp, "get", "offers", "--province", "shanxi,ni")
    assert "--province=shanxi" in offered(cp, "get", "offers", "--province=shanx")


def test_orders_by_phase(fresh_cp):
    offer = fresh_cp("get", "offers", "-A", "--cards", "1", "-o", "json").json["items"][0]["metadata"]["name"]
    for name in ("one", "two"):
        assert fresh_cp("create", "order", name, "--offer", f"{offer}=1", "--duration", "1h", "--yes").code == 0
    assert fresh_cp("activate", "order/two", "--yes").code == 0
    fresh_cp("get", "orders")
    assert sorted(offered(fresh_cp, "get", "order", "")) == ["one", "two"]
    assert offered(fresh_cp, "activate", "order/") == ["order/one"]
    assert "order/two" in offered(fresh_cp, "release", "order/")
    assert fresh_cp("label", "order/one", "team=nlp").code == 0
    fresh_cp("get", "orders")
    assert offered(fresh_cp, "get", "orders", "-l", "") == ["team="]
    assert offered(fresh_cp, "get", "orders", "-l", "team=") == ["team=nlp"]
    assert fresh_cp("activate", "order/one", "--yes").code == 0
    fresh_cp("wait", "order/one", "--for=condition=Active")
    assert offered(fresh_cp, "get", "cards", "-l", "") == []
    fresh_cp("get", "cards")
    assert offered(fresh_cp, "get", "cards", "-l", "team=") == ["team=nlp"]
    assert offered(fresh_cp, "get", "demands,cards", "-l", "") == ["team="]


def test_models_by_task_sources_profiles_fields(cp):
    cp("get", "models")
    cp("get", "sources")
    models = cp("get", "models", "-o", "json").json["items"]
    embedding = {row["metadata"]["name"] for row in models if "embed" in row["spec"]["tasks"]}
    assert set(offered(cp, "get", "models", "--task", "embed", "")) == set()
    assert set(offered(cp, "get", "model", "--task", "embed", "")) == embedding
    assert set(offered(cp, "get", "sources", "--model", "")) == {row["metadata"]["name"] for row in models}
    assert offered(cp, "get", "offers", "--sort-by", "spec.pric") == ["spec.price"]
    assert offered(cp, "explain", "offers.spec.pric") == ["offers.spec.price"]
    assert "custom-columns=PRICE:.spec.price" in offered(cp, "get", "offers", "-o", "custom-columns=P")
    profiles = cp("config", "get-profiles", "-o", "name").lines
    for verb in ("use-profile", "rename-profile", "delete-profile"):
        assert len(offered(cp, "config", verb, "")) == len(profiles)
        assert not [word for word in offered(cp, "config", verb, "x", "") if word[0] != "-"]  # it takes one


def test_how_many_cards_of_an_offer_or_of_what_is_narrowed(cp):
    assert offered(cp, "plan", "--cards", "") == ["1", "2", "4", "8", "16", "32", "64"]  # nobody knows yet
    cp("get", "offers", "-A")
    rows = cp("get", "offers", "-A", "--province", "shanxi", "-o", "json").json["items"]
    frees = {row["metadata"]["name"]: row["status"]["free"] for row in rows}
    single = {row["metadata"]["name"] for row in rows if row["spec"]["minCards"] == row["spec"]["stepCards"] == 1}
    name, free = next((name, free) for name, free in frees.items() if free > 2 and name in single)
    found = offered(cp, "create", "order", "x", "--offer", f"{name}=")
    assert found[:2] == [f"{name}=1", f"{name}=2"] and found[-1] == f"{name}={free}"
    assert offered(cp, "create", "order", "x", f"--offer={name}=2")[0] == f"--offer={name}=2"
    assert offered(cp, "plan", "--province", "shanxi", "--cards", "")[-1] == str(sum(frees.values()))
    assert offered(cp, "get", "offers", "--province", "shanxi", "--cards", "")[-1] == str(max(frees.values()))
    assert offered(cp, "plan", "--province", "tibet", "--cards", "") == []


def test_a_new_name_and_times(cp):
    now = 1_790_000_000.5  # 2026-09-21T14:13:20Z
    lines = {key: tab([*key.split(" ")], cp.env, now).splitlines() for key in TIMED}
    values = {key: [line for line in found if not line.startswith("_activeHelp_")] for key, found in lines.items()}
    assert {key: [line.partition("\t")[0] for line in found] for key, found in values.items()} == TIMED


def test_where_no_plain_word_can_follow_the_flags_are_offered(cp):
    for words in (["version"], ["create", "order", "x"], ["apply"], ["call", "m"], ["plan", "--cards", "1"]):
        found = offered(cp, *words, "")
        assert "--help" in found and found == [word for word in offered(cp, *words, "-") if word in found]
    for words in (["nope"], ["version", "--"], ["get"]):
        assert "--help" not in offered(cp, *words, "")


def test_words_that_only_some_flags_and_verbs_take(cp):
    assert {"server", "project", "limits.max-order", "residency.provinces"} <= set(offered(cp, "config", "set", ""))
    assert offered(cp, "config", "set", "server", "") == []  # a value has to follow, which nobody knows
    assert "--server" in offered(cp, "config", "unset", "server", "")
    assert "--server" in offered(cp, "config", "set", "server", "http://x", "")
    assert offered(cp, "wait", "order/x", "--for", "condition=A") == ["condition=Active"]
    assert "province,accelerator" in offered(cp, "usage", "--by", "province,")
    assert offered(cp, "events", "--for", "") == ["order/", "card/", "demand/"]
    assert said(cp, "events", "--for", "").splitlines()[-1] == ":6"
    assert "\tThe platform's endpoint, instead of the profile's\n" in said(cp, "get", "offers", "--server")


def test_events_are_about_objects_by_name(cp):
    listed = cp("get", "offers", "-A").lines
    name = listed[1].split()[0]
    assert offered(cp, "events", "--for", f"offer/{name}") == [f"offer/{name}"]
    assert said(cp, "events", "--for", f"offer/{name}").splitlines()[-1] == ":4"


def test_values_alone_for_bridges_that_want_no_descriptions(cp):
    cp("get", "offers", "-A")
    words = ("get", "offer", "of-")
    process = [sys.executable, "-c", "from cpctl.main import main; main()"]
    env = {**cp.env, "PYTHONPATH": str(Path(__file__).parents[2])}
    with_them, bare = (
        subprocess.run([*process, verb, *words], env=env, capture_output=True, text=True, check=True).stdout
        for verb in ("__complete", "__completeNoDesc")
    )
    assert "\t" in with_them and "\t" not in bare
    assert [line.partition("\t")[0] for line in with_them.splitlines()] == bare.splitlines()


def test_verbs_flags_and_files_for_other_bridges(cp):
    assert offered(cp, "acti") == ["activate"]
    assert offered(cp, "auth", "log") == ["login", "logout"]
    assert offered(cp, "get", "offers", "--max-pr") == ["--max-price"]
    assert said(cp, "apply", "-f", "").splitlines()[-1] == ":0"
    assert offered(cp, "get", "offers", "--", "--max") == []


@pytest.mark.parametrize("word", HOSTILE)
def test_what_is_not_safe_in_a_shell_is_neither_written_nor_offered(cp, word):
    columns = [[word, "of-1"], ["H800", word], *[[1, 1]] * 3, ["1", "1"], ["spot", word], [word, word], ["", ""]]
    text = keeping.written("offers", columns)
    assert b"\nof-1\t" in text
    for piece in (b"$", b"`", b";", b"\x1b", b"'", b'"', b"\xe2"):
        assert piece not in text
    folder(cp).mkdir(parents=True)
    lines = f"\nof-2{word}\t{word}\n{word}\tH800\nof-1\tH800 x 1"
    plain = word.replace("\n", " ")
    one_shape = f"\n{plain}\tH800 x 1 free\nof-1\tH800 x 1 free"
    alone = f"\n{plain}\tH800"
    for poison in (lines, one_shape, alone):
        poisoned = file_of((f"{plain}\t{plain}\t{plain}", poison), ("shanxi\tH800\tp", "\nof-3\tH800 x 1 free"))
        (folder(cp) / "offers").write_text(poisoned, encoding="utf-8")
        for line in said(cp, "get", "offer", "").splitlines():
            assert not set(line) & set("$`;'\"\x1b\u202e\\"), line
        names = offered(cp, "get", "offer", "")
        assert "of-3" in names and word not in names and plain not in names
        assert "of-1" in names or poison == alone
        for flag, other in (("--accelerator", "--province"), ("--provider", "--gpu"), ("--province", "--provider")):
            known = offered(cp, "get", "offers", other, f"{plain},shanxi,H800,p", flag, "")
            assert word not in known and plain not in known and known != []


def test_no_cache_of_another_account_profile_or_project(cp):
    cp("get", "offers", "-A")
    assert offered(cp, "get", "offer", "") != []
    assert offered(cp, "get", "offer", "", env={"CPCTL_TOKEN": "another"}) == []
    assert offered(cp, "get", "offer", "-n", "elsewhere", "") == []
    assert offered(cp, "get", "offer", "--profile", "nobody", "") == []
    assert "no profile nobody" in said(cp, "get", "offer", "--profile", "nobody", "")
    forget(cp.env, store.place(cp.env).profile)
    assert offered(cp, "get", "offer", "") == []


def test_what_is_old_is_shown_and_refreshed_by_one(cp, no_refresh):
    cp("get", "offers", "-A")
    assert no_refresh == []
    old = time.time() - 3700
    os.utime(folder(cp) / "offers", (old, old))
    answers = {said(cp, "get", "offer", "") for _ in range(200)}
    assert all("as of 61 min ago" in one for one in answers) and len(no_refresh) == 1
    assert no_refresh[0][1:7] == ["-P", "-m", "cpctl", "__refresh", "get", "offers"]
    cp("get", "offers", "-A")
    assert not (folder(cp) / "offers.lock").exists()


def test_damage_and_a_folder_that_cannot_be_used(cp, tmp_path):
    cp("get", "offers", "-A")
    whole = (folder(cp) / "offers").read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        (folder(cp) / "offers").write_bytes(whole[:cut] + b"\xff")
        assert offered(cp, "get", "offer", "") == []
    blocked = tmp_path / "file"
    blocked.touch()
    assert offered(cp, "get", "offer", "", env={"XDG_CACHE_HOME": str(blocked)}) == []
    assert cp("get", "offers", "-A", env={"XDG_CACHE_HOME": str(blocked)}).code == 0
    assert offered(cp, "get", "offer", "", env={"HOME": "", "XDG_CACHE_HOME": "", "USERPROFILE": ""}) == []


def test_a_hundred_tabs_open_no_socket(cp, tmp_path):
    cp("get", "offers", "-A")
    trace = tmp_path / "trace"
    code = (
        "import sys\nfrom cpctl.complete.tab import main\n"
        "for _ in range(100): out = main(['get', 'offer', 'of-'])\nsys.stdout.buffer.write(b''.join(out))"
    )
    command = [need("strace"), "-f", "-e", "trace=socket,connect,execve,clone,fork,vfork", "-o", str(trace)]
    root = Path(__file__).parents[2]
    env = {**cp.env, "PYTHONPATH": str(root)}
    done = subprocess.run([*command, sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert "of-" in done.stdout
    calls = [line for line in trace.read_text().splitlines() if "(" in line]
    assert len(calls) == 1 and "execve" in calls[0]


def test_a_tab_loads_nothing_that_costs(cp):
    cp("get", "offers", "-A")
    code = (
        "import os, sys; from cpctl.main import main\n"
        "def ended(code): sys.stderr.write(' '.join(sys.modules)); sys.stderr.flush(); leave(code)\n"
        "leave, os._exit = os._exit, ended\nmain()"
    )
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-S", "-c", code, "__complete", "get", "offer", "of-"]
    done = subprocess.run(argv, env={**cp.env, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=True)
    heavy = {*("json", "re", "typing", "tomllib", "typer", "httpx", "pydantic"), *("pathlib", "subprocess", "enum")}
    rest = ("live", "suggest", "failure", "upkeep", "detached", "keeping", "emptied")
    unused = {f"cpctl.complete.{name}" for name in rest}
    assert "of-" in done.stdout and (heavy | unused).isdisjoint(done.stderr.split())
