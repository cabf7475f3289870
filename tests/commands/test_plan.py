"""`plan`: what the platform then quotes, the manifest that `apply` takes, what is said beside it; nothing is bought."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import unquote

import pytest
import yaml

from cpctl.commands.plan_views import manifest
from cpctl.output.values import VALUE_PRINTERS
from cpctl.resources.manifest import documents
from cpctl.resources.order import order_spec, order_wanted
from money import new_name, orders_of, rolled_back, through
from proxy import RecordingProxy

ASKED = ("plan", "--gpu", "H800", "--cards", "24", "--duration", "24h")


@pytest.fixture
def name(sandbox):
    made = new_name()
    with rolled_back(sandbox, made):
        yield made


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--colocate", "province"),
        ("--billing", "daily"),
        ("--max-providers", "2", "--max-pue", "1.35"),
        ("--exclude-province", "qinghai", "--latency-class", "regional,national"),
    ],
    ids=" ".join,
)
def test_a_plan_costs_what_the_platform_quotes(cp, sandbox, more):
    found = cp(*ASKED, *more, "-o", "json")
    assert found.code == 0, found.err
    plan = found.json
    assert (plan["kind"], plan["apiVersion"], list(plan)[-1]) == ("Plan", "ccpp/v1", "metadata")
    lines = plan["status"]["lines"]
    allocations = [{"offer": one["offer"], "cards": one["cards"]} for one in lines]
    quote = sandbox.post("/v1/quotes", {"spec": plan["spec"], "allocations": allocations})
    assert quote.status_code == 200, quote.text
    status = quote.json()["status"]
    assert (status["total"], status["perHour"]) == (plan["status"]["total"], plan["status"]["perHour"])
    assert [one["amount"] for one in status["lines"]] == [one["amount"] for one in lines]


def test_nothing_is_bought_and_nothing_is_written(cp, sandbox):
    before = sandbox.balance_sheet()
    with RecordingProxy(sandbox.url) as proxy:
        for form in ("table", "wide", "json", "yaml"):
            assert cp(*ASKED, "-o", form, env=through(cp, proxy)).code == 0
        assert {exchange.line.split()[0] for exchange in proxy.exchanges} == {"GET"}
    assert sandbox.balance_sheet() == before and not cp.state.exists()


def test_the_table_says_total_platform_next_best_and_what_was_left_out(cp, sandbox):
    found = cp(*ASKED, "--province", "shanxi,ningxia", "--colocate", "province")
    told = cp(*ASKED, "--province", "shanxi,ningxia", "--colocate", "province", "-o", "json").json["status"]
    assert found.code == 0 and not found.err
    for word in ("OFFER", "CNY/CARD-HOUR", f"total {told['total']} CNY", sandbox.url, "project default"):
        assert word in found.out
    (other,) = told["alternatives"]
    assert f"next best: {other['total']} CNY, {other['extra']} more, without {other['without']}" in found.out
    assert Decimal(told["total"]) + Decimal(other["extra"]) == Decimal(other["total"])
    for one in told["savings"]:
        assert f"without {one['without']}: {one['total']} CNY, {one['saved']} less" in found.out


def test_every_cheaper_looking_offer_that_was_left_out_has_its_reason(cp, sandbox):
    status = cp(*ASKED, "--max-pue", "1.3", "--colocate", "provider", "-o", "json").json["status"]
    dearest = max(Decimal(one["price"]) for one in status["lines"])
    chosen = {one["offer"] for one in status["lines"]}
    cheaper = {
        one["metadata"]["name"]: one
        for one in sandbox.items("/v1/offers", accelerator="H800")
        if Decimal(one["spec"]["price"]) < dearest and one["metadata"]["name"] not in chosen
    }
    assert {one["offer"] for one in status["rejected"]} == set(cheaper)
    for one in status["rejected"]:
        spec = cheaper[one["offer"]]["spec"]
        if one["reason"] == "billing":
            assert spec["billing"] == one["detail"] != "on-demand"
        elif one["reason"] == "max-pue":
            assert Decimal(spec["pue"]) == Decimal(one["detail"]) > Decimal("1.3")
        else:
            assert spec["billing"] == "on-demand" and Decimal(spec["pue"]) <= Decimal("1.3")


# the manifest


@pytest.mark.parametrize("named", [True, False], ids=["named", "generated"])
def test_the_manifest_is_what_apply_takes(cp, sandbox, name, named):
    words = (*ASKED[:4], "8", *ASKED[5:], "--colocate", "province", "--max-providers", "1", "--budget", "99999")
    found = cp(words[0], *([name] if named else []), *words[1:], "-o", "yaml")
    assert found.code == 0, found.err
    document = yaml.safe_load(found.out)
    assert document["metadata"] == ({"name": name} if named else {"generateName": "plan-"})
    assert document["spec"] == {
        "accelerator": ["H800"],
        "cards": 8,
        "duration": "24h",
        "placement": {"colocate": "province", "maxProviders": 1},
        "limits": {"budget": "99999.00"},
    }
    run_id = name.removeprefix("t-")
    made = name if named else f"plan-{run_id}"
    with rolled_back(sandbox, made):
        for outcome in ("created", "unchanged"):
            applied = cp("apply", "-f", "-", "--run-id", run_id, stdin=found.out)
            assert (applied.code, applied.out) == (0, f"order/{made} {outcome}\n"), applied.err
        (order,) = orders_of(sandbox, made)
    assert order["spec"] == document["spec"]
    assert len({one["provider"] for one in order["status"]["allocations"]}) == 1


@pytest.mark.parametrize(
    "word", ["null", "yes", "1e3", "0x10", "NVLink: 4", "- a", "#x", "'", '"', "*a", "&b", "!t", "~", "是"]
)
def test_the_manifest_keeps_words_that_yaml_has_uses_for(cp, word):
    """As a spec keeps them; the quotes are the emitter's work."""
    spec = order_spec(
        {"accelerator": ["H800"], "cards": 1, "duration": "1h", "requirements": {"interconnect": word}}, ""
    )
    text = VALUE_PRINTERS["yaml"](manifest(spec, "x"))
    (found,) = documents(text.encode(), "x.yaml", ".yaml")
    assert order_wanted(found.value, "x.yaml").spec == spec


def test_create_buys_what_plan_plans(cp, sandbox, name):
    flags = (
        *ASKED[1:],
        "--colocate",
        "provider",
        "--exclude-provider",
        "sbx-qh-01",
        "--latency-class",
        "national,metro",
    )
    plan = cp("plan", *flags, "-o", "json").json["status"]
    assert cp("create", "order", name, *flags, "--yes").code == 0
    (order,) = orders_of(sandbox, name)
    assert [(one["offer"], one["cards"]) for one in order["status"]["allocations"]] == [
        (one["offer"], one["cards"]) for one in plan["lines"]
    ]
    assert order["status"]["total"] == plan["total"]
    assert order["spec"]["placement"] == {"excludeProviders": ["sbx-qh-01"], "colocate": "provider"}
    assert order["spec"]["requirements"] == {"latencyClass": ["national", "metro"]}


def test_the_profile_s_default_provinces_stand_in_the_manifest(cp, sandbox):
    cp.config.parent.mkdir(parents=True)
    cp.config.touch(mode=0o600)
    cp.config.write_text(
        f'current-profile = "west"\n[profiles.west]\nserver = "{sandbox.url}"\nprovince = ["ningxia"]\n'
    )
    env = {"CPCTL_SERVER": "", "CPCTL_PROFILE": "west"}
    found = cp(*ASKED, "-o", "yaml", env=env)
    assert found.err == "only ningxia: the default of profile west\n"
    assert yaml.safe_load(found.out)["spec"]["placement"] == {"provinces": ["ningxia"]}
    elsewhere = cp(*ASKED, "--province", "shanxi", "-o", "yaml", env=env)
    assert not elsewhere.err and yaml.safe_load(elsewhere.out)["spec"]["placement"] == {"provinces": ["shanxi"]}


def test_a_scenario_is_planned(cp, sandbox):
    scenario = sandbox.items("/v1/scenarios")[0]
    found = cp("plan", "--scenario", scenario["metadata"]["name"], "-o", "json")
    assert found.code in (0, 6), found.err
    if found.code == 0:
        assert found.json["spec"]["accelerator"] == scenario["spec"]["order"]["accelerator"]


# provinces that do not answer, places that are not allowed


def test_a_province_that_does_not_answer_is_named_and_not_planned_with(cp, sandbox):
    whole = cp(*ASKED, "-o", "json").json["status"]
    gone = whole["lines"][0]["province"]
    sandbox.admin.faults(province=gone, down=True)
    found = cp(*ASKED, "-o", "json")
    assert found.code == 0 and f"{gone} is down" in found.err
    told = found.json
    assert told["status"]["absent"] == [gone] and told["metadata"]["complete"] is False
    assert gone not in {one["province"] for one in told["status"]["lines"]}
    assert Decimal(told["status"]["total"]) >= Decimal(whole["total"])
    assert f"not answering, and not planned with: {gone}" in cp(*ASKED).out
    assert "absent" not in cp(*ASKED, "--exclude-province", gone).err
    nothing = cp(*ASKED, "--province", gone)
    assert nothing.code == 6 and f"not answering: {gone}" in nothing.err


def test_residency_is_never_relaxed(cp, sandbox):
    cp.config.parent.mkdir(parents=True)
    cp.config.touch(mode=0o600)
    cp.config.write_text(
        f'[profiles.near]\nserver = "{sandbox.url}"\n[profiles.near.residency]\nprovinces = ["shanxi", "ningxia"]\n'
    )
    env = {"CPCTL_SERVER": "", "CPCTL_PROFILE": "near"}
    with RecordingProxy(sandbox.url) as proxy:
        refused = cp(*ASKED, "--province", "qinghai", env=env)
        assert refused.code == 7 and "residency" in refused.err
        cp.config.write_text(cp.config.read_text().replace(sandbox.url, proxy.url))
        found = cp(*ASKED, "--province", "shanxi", "-o", "json", env=env).json["status"]
        assert {one["province"] for one in found["lines"]} == {"shanxi"}
        assert all("province=ningxia,shanxi" in unquote(exchange.line) for exchange in proxy.exchanges)


# no answer


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (("--cards", "5000"), 6, "are free in the"),
        (("--province", "xinjiang", "--cards", "1000"), 6, "without province there are enough"),
        (("--max-pue", "1.0"), 6, "no offer passes accelerator and billing and max-pue; without max-pue"),
        (("--colocate", "provider", "--cards", "400"), 6, "without colocate there are enough"),
        (("--max-providers", "1", "--cards", "400"), 6, "not of at most 1 providers; without max-providers"),
        (("--max-price", "0.01"), 7, "max-price of --max-price"),
        (("--budget", "0.01"), 7, "max-order of --budget"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_no_answer_names_the_constraint(cp, flags, code, words):
    given = list(ASKED)
    if "--cards" in flags:
        del given[3:5]
    result = cp(*given, *flags, "-o", "json")
    assert (result.code, result.out) == (code, "")
    assert words in result.error["message"]


@pytest.mark.parametrize(
    "flags",
    [
        ("--cards", "-1"),
        ("--cards", "0"),
        ("--cards", "100001"),
        ("--duration", "24"),
        ("--budget", "1.234"),
        ("--colocate", "city"),
        ("--max-providers", "0"),
        ("--max-providers", "1001"),
        ("--province", "atlantis"),
        ("--latency-class", "near"),
        ("--provider", "Not A Name"),
        ("-o", "csv"),
    ],
    ids=" ".join,
)
def test_a_bad_flag_is_2_and_nothing_is_sent(cp, sandbox, flags):
    with RecordingProxy(sandbox.url) as proxy:
        for command in (ASKED, ("create", "order", "x", *ASKED[1:], "--yes")):
            result = cp(*command, *flags, env=through(cp, proxy))
            assert (result.code, result.out) == (2, ""), result.err
        assert not proxy.exchanges
    assert len(result.err.splitlines()) == 1


def test_a_failure_is_told_as_json(cp):
    result = cp(*ASKED, "--max-pue", "1.0", "-o", "json")
    assert json.loads(result.err)["error"]["reason"] == "NoCapacity"


def test_time_that_is_rounded_up_is_said(cp):
    daily = cp("plan", "--accelerator", "H800", "--cards", "1", "--billing", "daily", "--duration", "25h")
    assert "over 2d (1d1h rounded up: daily is paid by whole periods)" in daily.out
    whole = cp("plan", "--accelerator", "H800", "--cards", "1", "--billing", "daily", "--duration", "48h")
    assert "over 2d, " in whole.out
