"""What Tab offers fits the command: what can be waited for, a voucher that still pays, an order before its labels.

And where nobody knows what fits, it says so, and offers what there is.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from client import Client
from cpctl.commands.completion import SCRIPTS
from cpctl.commands.filters import FILTERS
from cpctl.complete.fitting import fitting
from cpctl.complete.keeping import written
from cpctl.complete.store import place
from cpctl.complete.upkeep import keep
from cpctl.grammar import commands
from cpctl.registry import KINDS
from keyboard import FLAGS, environment, sitting
from tabs import answered, tabbed

DAMAGED = "_activeHelp_ config.toml cannot be read: cpctl config get-profiles says why"


@pytest.fixture
def nobody(tmp_path) -> Client:
    """A person who has a platform that does not answer, and knows nothing yet."""
    return Client(tmp_path / "home", env={"CPCTL_SERVER": "http://127.0.0.1:9"})


def knows(cp: Client, kind: str, *columns: list[object]) -> None:
    keep(f"{place(cp.env).folder}/{kind}", written(kind, columns))


ORDERS, DEMANDS = {"Placed", "Held", "Active", "Released"}, {"Matched"}


@pytest.mark.parametrize(
    ("words", "conditions"),
    [
        (["order/x"], ORDERS),
        (["orders", "x"], ORDERS),
        (["demand/x"], DEMANDS),
        (["order/x", "demand/y"], set()),
        (["order/x", "order/y"], ORDERS),
        ([], ORDERS | DEMANDS),
    ],
)
def test_what_can_be_waited_for(nobody, words, conditions):
    offered = {*(f"condition={name}" for name in conditions), "delete"}
    assert set(tabbed(nobody, "wait", *words, "--for", "")) == offered
    assert set(tabbed(nobody, "wait", *words, "--for=")) == {f"--for={one}" for one in offered}


def test_what_tab_offers_to_wait_for_is_taken(cp, sandbox):
    offer = sandbox.offer()["metadata"]["name"]
    assert cp("create", "order", "awaited", "--offer", f"{offer}=1", "--duration", "1h", "--yes").code == 0
    until = f"{datetime.fromtimestamp(sandbox.admin.now() + 86_400, UTC):%Y-%m-%dT%H:%M:%SZ}"
    times = ("--duration", "1h", "--until", until)
    assert cp("create", "demand", "longed-for", "--gpu", "H800", "--cards", "99999", *times, "--yes").code == 0
    for what in ("order/awaited", "demand/longed-for"):
        for condition in tabbed(cp, "wait", what, "--for", ""):
            said = cp("wait", what, "--for", condition, "--timeout", "1s")
            assert said.code in (0, 8), said.err


def test_a_voucher_that_still_pays(nobody):
    knows(nobody, "vouchers", ["vc-1", "vc-2"], ["10.00", "0.00"], ["Valid", "Spent"])
    assert tabbed(nobody, "create", "order", "x", "--voucher", "") == ["vc-1"]
    assert tabbed(nobody, "get", "vouchers", "") == ["vc-2", "vc-1"]


def test_where_nothing_is_known_all_there_is_is_offered(nobody):
    assert "H800" in tabbed(nobody, "get", "offers", "--province", "shanxi", "--accelerator", "")
    assert "shanxi" in tabbed(nobody, "get", "offers", "--vendor", "huawei", "--province", "")
    assert "huawei" in tabbed(nobody, "get", "offers", "--province", "shanxi", "--vendor", "")


def test_an_order_is_named_before_its_labels(nobody):
    knows(nobody, "orders", ["mine"], ["Active"], ["2026-12-01T08:00:00Z"], [{"team": "nlp"}])
    assert tabbed(nobody, "label", "order", "") == ["mine"]
    assert tabbed(nobody, "label", "orders", "mine", "") == ["team=", "team-"]
    assert tabbed(nobody, "label", "order/mine", "")[:2] == ["team=", "team-"]


def test_an_order_is_extended_from_its_end_on(nobody):
    names, phases = ["long", "over", "odd"], ["Active"] * 3
    knows(nobody, "orders", names, phases, ["2099-12-27T07:01:14Z", "2020-01-01T00:00:00Z", "Zz"], [None] * 3)
    longer = ["2099-12-27T11:00:00Z", "2099-12-28T07:00:00Z", "2100-01-03T07:00:00Z", "2100-01-26T07:00:00Z"]
    assert tabbed(nobody, "extend", "order/long", "--until", "") == longer
    assert tabbed(nobody, "extend", "order/over", "order/long", "--until", "") == longer
    for name in ("over", "odd", "nosuch"):
        assert min(tabbed(nobody, "extend", f"order/{name}", "--until", "")) > "2026-11-27"


def test_nothing_stands_where_a_row_has_nothing(nobody):
    knows(nobody, "models", ["m"], [["chat"]], [None], ["medicine"], ["Vertical"])
    assert "m\tchat medicine Vertical" in answered(nobody, "call", "")


@pytest.mark.parametrize("text", ["not toml", "current-profile = 1\nprofiles = 3\n", "[" * 100_000, "\udcff", "pipe"])
def test_a_damaged_file_of_settings_is_told(tmp_path, text):
    config = tmp_path / "config.toml"
    if text == "pipe":
        os.mkfifo(config)
    else:
        config.write_text(text, encoding="utf-8", errors="surrogateescape")
    cp = Client(tmp_path / "home", env={"CPCTL_CONFIG": str(config)})
    assert cp("config", "get-profiles").code != 0
    for line in (["get", "offer", ""], ["--profile", ""], ["config", "use-profile", ""]):
        assert answered(cp, *line)[:-1] == [DAMAGED]
    config.unlink()
    Path(config).write_text('[profiles.mended]\nserver = "http://127.0.0.1:9"\n', encoding="utf-8")
    assert tabbed(cp, "--profile", "") == ["mended"]


@pytest.mark.parametrize("name", ["CPCTL_ACTIVE_HELP", "COBRA_ACTIVE_HELP"])
def test_a_person_who_wants_no_help_beside_the_values(nobody, name):
    assert any(line.startswith("_activeHelp_") for line in answered(nobody, "get", "offer", ""))
    quiet = Client(nobody.home, env={**nobody.env, name: "0"})
    assert answered(quiet, "get", "offer", "") == [":4"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_shell_asks_what_can_be_waited_for(shell, nobody):
    """None holds a list of its own, which would not know the kind."""
    assert "condition=Held" not in nobody("completion", shell).out


OF_GET = {flag.spellings[0]: flag for command in commands() if command.path == ("get",) for flag in command.flags}
VALUES = {"--cards": "1", "--billing": "spot", "--min-green": "0.5", "--max-pue": "1.3", "--max-price": "9"}
MORE = {"--min-memory": "16Gi", "--latency-class": "metro", "--task": "chat", "--kind": "base", "--accelerator": "H800"}
CHOOSES = {
    **{row.flag: (VALUES | MORE).get(row.flag, "shanxi") for row in FILTERS.values()},
    "--vendor": "huawei",
    "--selector": "a=b",
    "--field-selector": "metadata.name=x",
    "--sort-by": "name",
    "--all-projects": None,
}


@pytest.mark.parametrize("name", [[], ["nosuch"]], ids=["list", "name"])
@pytest.mark.parametrize("kind", KINDS, ids=[kind.plural for kind in KINDS])
def test_flags_that_get_refuses_are_not_offered(kind, name, cp):
    """Neither by cpctl itself, nor, in tests of their own, by the shells."""
    offered = tabbed(cp, "get", kind.name, *name, "--")
    for flag, value in CHOOSES.items():
        said = cp("get", kind.plural, *name, flag, *([value] if value else []), "--limit", "1")
        is_refused = said.code == 2 and ("is no filter of" in said.err or "go with names" in said.err)
        assert is_refused == (flag not in offered), (flag, said.err)
    every = [word for flag in OF_GET.values() for word in flag.spellings if word.startswith("--")]
    assert not set(every) - set(offered) - {*CHOOSES, "--gpu"}


LISTS = {
    "cpctl get orders --prov": "cpctl get orders --prov",
    "cpctl get offers --provin": "cpctl get offers --province ",
    "cpctl get of --gp": "cpctl get of --gpu ",
    "cpctl get orders,cards --orde": "cpctl get orders,cards --orde",
    "cpctl get cards --orde": "cpctl get cards --order ",
    "cpctl get models,offers --tas": "cpctl get models,offers --tas",
    "cpctl get models,offers --provin": "cpctl get models,offers --province ",
    "cpctl get offers x --provin": "cpctl get offers x --provin",
    "cpctl get offer/x --sort-": "cpctl get offer/x --sort-",
    "cpctl get offers --sort-": "cpctl get offers --sort-by ",
    "cpctl get nosuch --tas": "cpctl get nosuch --task ",
    "cpctl get --tas": "cpctl get --task ",
    "cpctl get orders --watch-o": "cpctl get orders --watch-only ",
    "cpctl get providers -A --kin": "cpctl get providers -A --kin",
    "cpctl usage x --sinc": "cpctl usage x --since ",
}


@pytest.mark.parametrize("name", FLAGS)
def test_the_shells_offer_the_flags_that_fit(name, nobody, tmp_path):
    with sitting(name, environment(nobody.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        found = {typed: keyboard.completed(typed)[0] for typed in LISTS}
    if name == "fish":  # it takes another flag, beside which what was typed stands somewhere
        found = {typed: line if line.startswith(typed) else typed for typed, line in found.items()}
    assert found == LISTS


def test_models_to_call_answer_a_text_with_a_text(cp):
    models = {row["metadata"]["name"]: row["spec"]["tasks"] for row in cp("get", "models", "-o", "json").json["items"]}
    sources = cp("get", "sources", "-o", "json").json["items"]
    assert cp("get", "models").code == cp("get", "sources").code == 0
    answering = {row["spec"]["model"] for row in sources if "stream" in row["spec"]["capabilities"]}
    assert set(tabbed(cp, "call", "")) == answering != set(models)
    assert set(tabbed(cp, "call", "--province", "shanxi", "")) <= answering
    silent = next(name for name in models if name not in answering)
    assert tabbed(cp, "call", silent) == [] and tabbed(cp, "get", "model", silent) == [silent]


def test_where_no_model_is_known_to_answer_all_are_offered(nobody):
    knows(nobody, "models", ["m-1", "m-2"], ["image", "rerank"], ["", ""], ["", ""], ["", ""])
    assert tabbed(nobody, "call", "") == ["m-1", "m-2"]


# flags that do not go together

ORDER = ("create", "order", "x")
PLANNED = fitting(commands()).planned
VALUES = {
    "--accelerator": "H800",
    "--gpu": "H800",
    "--cards": "8",
    "--colocate": "none",
    "--max-providers": "2",
    "--min-memory": "16Gi",
    "--max-pue": "1.5",
    "--min-green": "0.1",
    "--interconnect": "NVLink",
    "--latency-class": "metro",
    "--vendor": "nvidia",
    "--max-price": "99",
    "--budget": "9999",
    "--billing": "on-demand",
    "--image": "x",
    "--label": "a=b",
    "--output": "json",
    "--duration": "2h",
}


def test_flags_that_go_with_chosen_offers_and_those_that_do_not(cp, sandbox):
    """Each is tried: the command refuses what Tab leaves out, and nothing that it offers."""
    offer = f"{sandbox.offer(8)['metadata']['name']}=8"
    left = {word for word in tabbed(cp, *ORDER, "--offer", offer, "--") if word[:2] == "--"}
    every = {word for word in tabbed(cp, *ORDER, "--") if word[:2] == "--"}
    assert every - left == set(PLANNED) and {"--offer", "--budget"} <= left
    for flag in (*PLANNED, *(left & VALUES.keys())):
        value = VALUES.get(flag, "shanxi")
        said = cp(*ORDER, "--offer", offer, "--duration", "1h", flag, value, "--dry-run=client")
        assert ("allocations stand alone" in said.err) == (flag in PLANNED), (flag, said.err)
        assert ("--offer" in tabbed(cp, *ORDER, flag, value, "--")) == (flag not in PLANNED)


def test_so_they_are_where_nothing_else_can_follow(nobody):
    assert "--cards" not in tabbed(nobody, *ORDER, "--offer=of-1=8", "") and "--yes" in tabbed(nobody, *ORDER, "")
    assert "--offer" not in tabbed(nobody, *ORDER, "--gpu=H800", "") and "--cards" in tabbed(nobody, *ORDER, "")


@pytest.mark.parametrize("name", FLAGS)
def test_so_do_the_scripts(name, nobody, tmp_path):
    """Each of these beginnings is of one flag that fits, or of none."""
    lines = {
        "cpctl create order x --offer of-1=8 --car": "cpctl create order x --offer of-1=8 --car",
        "cpctl create order x --offer=of-1=8 --acc": "cpctl create order x --offer=of-1=8 --acc",
        "cpctl create order x --offer of-1=8 --bud": "cpctl create order x --offer of-1=8 --budget ",
        "cpctl create order x --gpu H800 --of": "cpctl create order x --gpu H800 --of",
        "cpctl create order x --gpu=H800 --car": "cpctl create order x --gpu=H800 --cards ",
        "cpctl create order x --of": "cpctl create order x --offer ",
        "cpctl create demand x --gpu H800 --car": "cpctl create demand x --gpu H800 --cards ",
    }
    with sitting(name, environment(nobody.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        assert {typed: keyboard.completed(typed)[0] for typed in lines} == lines
