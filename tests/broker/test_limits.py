"""Limits: the smallest that anybody set holds and is named, and ends with 7 before anything is bought."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from cpctl.broker.limits import Limit, Limits, named
from cpctl.errors import LimitExceeded
from money import manifest, orders_of, rolled_back

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def wanted(tmp_path, sandbox):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        yield made


def profile(cp, sandbox, text):
    """A profile with limits, in place of the server in the environment."""
    cp.config.parent.mkdir(parents=True, exist_ok=True)
    cp.config.write_text(f'[profiles.ci]\nserver = "{sandbox.url}"\n{text}')
    cp.config.chmod(0o600)
    return {"CPCTL_SERVER": "", "CPCTL_PROFILE": "ci"}


def test_the_least_counts_and_the_first_of_equals_is_named():
    limits = Limits([("max-order", Limit(Decimal("9"), "a")), ("max-order", Limit(Decimal("9.00"), "b"))])
    assert limits["max-order"].set_by == "a"
    tighter = limits.and_also("max-order", Decimal("8.99"), "c").and_also("max-price", None, "d")
    assert dict(tighter) == {"max-order": Limit(Decimal("8.99"), "c")}
    assert tighter.wire() == {"maxOrder": "8.99"}


def test_a_figure_that_equals_the_limit_passes():
    limits = Limits([("max-order", Limit(Decimal("10.00"), "a"))])
    limits.check("max-order", Decimal("10.00"), "it")
    limits.check("max-price", Decimal("1000"), "it")
    with pytest.raises(LimitExceeded, match=r"10\.01 CNY, the limit is 10\.00 \(max-order of a\)"):
        limits.check("max-order", Decimal("10.01"), "it")


def test_the_platforms_refusal_is_told_with_who_set_the_limit():
    limits = Limits([("max-day", Limit(Decimal("5"), "profile ci"))])
    told = named(LimitExceeded(detail="maxDay is 5", limit="maxDay", figure="6", request_id="r-1"), limits)
    assert (told.message, told.request_id) == ("maxDay is 5 (max-day of profile ci); nothing was bought", "r-1")
    other = LimitExceeded(detail="balance")
    assert named(other, limits) is other


PRICE, ORDER, DAY = "0.0100", "1.00", "1.00"


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [
        ("CPCTL_MAX_PRICE", PRICE, "max-price of CPCTL_MAX_PRICE"),
        ("CPCTL_MAX_ORDER", ORDER, "max-order of CPCTL_MAX_ORDER"),
        ("CPCTL_MAX_DAY", DAY, "max-day of CPCTL_MAX_DAY"),
    ],
)
def test_limits_of_the_environment(cp, sandbox, wanted, variable, value, word):
    result = cp("apply", "-f", str(wanted), env={variable: value})
    assert (result.code, result.out) == (7, "")
    assert word in result.err and "nothing was bought" in result.err
    assert orders_of(sandbox, wanted.name) == []


@pytest.mark.parametrize(("key", "value"), [("max-price", PRICE), ("max-order", ORDER), ("max-day", DAY)])
def test_limits_of_the_profile(cp, sandbox, wanted, key, value):
    env = profile(cp, sandbox, f'[profiles.ci.limits]\n{key} = "{value}"\n')
    result = cp("apply", "-f", str(wanted), env=env | {f"CPCTL_{key.upper().replace('-', '_')}": "9999.00"})
    assert (result.code, result.out) == (7, "")
    assert f"{key} of profile ci" in result.err
    assert orders_of(sandbox, wanted.name) == []


@pytest.mark.parametrize(("field", "value"), [("maxPrice", PRICE), ("budget", ORDER)])
def test_limits_of_the_manifest(cp, sandbox, wanted, field, value):
    wanted.change(limits={field: value})
    result = cp("apply", "-f", str(wanted), env={"CPCTL_MAX_PRICE": "99.0000", "CPCTL_MAX_ORDER": "9999.00"})
    assert (result.code, result.out) == (7, "")
    assert f"{wanted} ({field})" in result.err
    assert orders_of(sandbox, wanted.name) == []


def test_limits_of_the_command_line(cp, wanted):
    order = ("create", "order", wanted.name, "--gpu", "H800", "--cards", "8", "--duration", "1h", "--yes")
    assert "max-price of --max-price" in cp(*order, "--max-price", PRICE).err
    refused = cp(*order, "--budget", ORDER, "-o", "json")
    assert (refused.code, refused.out) == (7, "")
    assert "max-order of --budget" in refused.error["message"]


def test_whoever_sets_the_smallest_is_named(cp, sandbox, wanted):
    env = profile(cp, sandbox, '[profiles.ci.limits]\nmax-order = "3.00"\n')
    wanted.change(limits={"budget": "2.00"})
    assert str(wanted) in cp("apply", "-f", str(wanted), env=env | {"CPCTL_MAX_ORDER": "2.50"}).err
    assert "CPCTL_MAX_ORDER" in cp("apply", "-f", str(wanted), env=env | {"CPCTL_MAX_ORDER": "1.00"}).err
    wanted.change(limits={"budget": "4.00"})
    assert "profile ci" in cp("apply", "-f", str(wanted), env=env | {"CPCTL_MAX_ORDER": "3.50"}).err


def test_orders_go_nowhere_but_where_residency_allows(cp, sandbox, wanted):
    env = profile(cp, sandbox, '[profiles.ci.residency]\nprovinces = ["ningxia"]\n')
    wanted.change(placement={"provinces": ["shanxi"]})
    refused = cp("apply", "-f", str(wanted), env=env)
    assert (refused.code, refused.out) == (7, "")
    assert "shanxi" in refused.err and "ningxia" in refused.err
    (offer,) = [sandbox.offer(province="shanxi")]
    flags = ("--offer", f"{offer['metadata']['name']}={offer['spec']['minCards']}", "--duration", "1h", "--yes")
    assert cp("create", "order", wanted.name, *flags, env=env).code == 7
    assert orders_of(sandbox, wanted.name) == []
    wanted.change(placement={})
    result = cp("apply", "-f", str(wanted), "-o", "json", env=env)
    assert {line["province"] for line in result.json["status"]["allocations"]} == {"ningxia"}


def test_sixteen_spenders_never_pass_the_limit_of_a_day(fresh_cp, fresh_sandbox, tmp_path):
    price = Decimal(fresh_cp("apply", "-f", str(manifest(tmp_path)), "-o", "json").json["status"]["total"])
    limit = price * 4 + Decimal("0.01")  # one is there already; room for some of the dearer ones as well
    command = [sys.executable, "-c", "from cpctl.main import main; main()", "apply", "-f"]
    env = fresh_cp.env | {"PYTHONPATH": str(ROOT), "CPCTL_MAX_DAY": str(limit)}
    running = [
        subprocess.Popen([*command, str(manifest(tmp_path))], env=env, stdout=-3, stderr=subprocess.PIPE)
        for _ in range(16)
    ]
    words = [process.communicate(timeout=120)[1].decode() for process in running]
    codes = [process.returncode for process in running]
    assert set(codes) == {0, 7}, words
    assert all("max-day of CPCTL_MAX_DAY" in word for word, code in zip(words, codes, strict=True) if code)
    spent, most = Decimal(0), Decimal(0)
    for line in fresh_sandbox.ledger():  # at no moment was more set aside or charged than the limit
        spent += Decimal(line["reserved"]) if line["kind"] in ("reserve", "unreserve") else Decimal(0)
        most = max(most, spent)
    assert price < most == spent <= limit
    assert Decimal(fresh_sandbox.balance_sheet()["reserved"]) == spent
    assert len(fresh_sandbox.orders()) == codes.count(0) + 1
