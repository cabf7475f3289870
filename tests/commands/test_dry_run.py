"""`--dry-run`: what would be sent is what is sent then, and until then nothing is written anywhere."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from money import LOST, Trouble, answering, manifest, new_name, orders_of, record_files, rolled_back, through
from proxy import RecordingProxy

WAYS = ("client", "server")
FAILED, USAGE, CONFLICT, NO_CAPACITY, LIMIT, UNREACHABLE, UNKNOWN = 1, 2, 5, 6, 7, 9, 11


@pytest.fixture
def name(sandbox):
    made = new_name()
    with rolled_back(sandbox, made):
        yield made


def order(name, *more):
    return ("create", "order", name, "--gpu", "H800", "--cards", "8", "--duration", "1h", *more)


def demand(name, cards="8"):
    return (
        "create",
        "demand",
        name,
        "--gpu",
        "H800",
        "--cards",
        cards,
        "--duration",
        "1h",
        "--until",
        "2099-01-01T00:00:00Z",
    )


def writes(proxy):
    """What was sent that is no read; a quote reserves nothing."""
    lines = [exchange.line.rsplit(" ", 1)[0] for exchange in proxy.exchanges]
    return [line for line in lines if not line.startswith("GET ")]


def quotes(lines):
    return [line for line in lines if line.startswith("POST /v1/quotes?")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", ["order", "pinned", "demand", "manifest"])
def test_nothing_is_written(cp, sandbox, name, tmp_path, way, what):
    offer = sandbox.offer(cards=8)["metadata"]["name"]
    command = {
        "order": order(name),
        "pinned": ("create", "order", name, "--offer", f"{offer}=8", "--duration", "1h"),
        "demand": demand(name),
        "manifest": ("apply", "-f", str(manifest(tmp_path, name)), "--activate", "--wait"),
    }[what]
    with RecordingProxy(sandbox.url) as proxy:
        result = cp(*command, f"--dry-run={way}", env=through(cp, proxy))
        assert result.code == 0, result.err
        sent = writes(proxy)
    assert quotes(sent) == sent and bool(sent) == (way == "server")
    assert orders_of(sandbox, name) == [] and sandbox.get(f"/v1/demands/{name}").status_code == 404
    assert not [line for line in sandbox.ledger() if line["ref"] == name]
    assert not cp.state.exists() or not any(cp.state.rglob("journal/*"))
    kind = "demand" if what == "demand" else "order"
    assert result.lines[0] == f"{kind}/{name} created ({'dry run' if way == 'client' else 'server dry run'})"


def test_the_count_would_see_a_write(cp, sandbox, name):
    with RecordingProxy(sandbox.url) as proxy:
        assert cp(*order(name, "--yes", "--dry-run=none"), env=through(cp, proxy)).code == 0
        assert [line for line in writes(proxy) if line.startswith("POST /v1/orders?")]
    assert orders_of(sandbox, name) and record_files(cp)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("pinned", [False, True])
def test_the_request_shown_is_the_one_sent(cp, sandbox, name, way, pinned):
    offer = sandbox.offer(cards=8)["metadata"]["name"]
    voucher = next(
        one
        for one in sandbox.items("/v1/vouchers")
        if one["status"]["state"] == "Valid" and not one["spec"]["province"]
    )
    chosen = ("--offer", f"{offer}=8") if pinned else ("--gpu", "H800", "--cards", "8")
    command = (
        "create",
        "order",
        name,
        *chosen,
        "--duration",
        "1h",
        "--voucher",
        voucher["metadata"]["name"],
        "--label",
        "a=b",
    )
    shown = cp(*command, f"--dry-run={way}", "-o", "json").json
    with RecordingProxy(sandbox.url) as proxy:
        assert cp(*command, "--yes", env=through(cp, proxy)).code == 0
        (placed,) = [one for one in proxy.exchanges if one.line.startswith("POST /v1/orders?")]
    (request,) = shown["spec"]["requests"]
    assert f"{request['method']} {request['path']}" == placed.line.rsplit(" ", 1)[0]
    assert request["body"] == json.loads(placed.body)
    (made,) = orders_of(sandbox, name)
    assert shown["status"]["total"] == made["status"]["total"] == request["body"]["total"]


def test_what_an_earlier_run_began_is_shown_with_its_key(cp, sandbox, tmp_path):
    """Its request never came through: the same bytes would be sent again."""
    wanted = manifest(tmp_path)

    def lost(exchange):
        if exchange.line.startswith("POST /v1/orders?"):
            raise OSError

    with rolled_back(sandbox, wanted.name), RecordingProxy(sandbox.url) as proxy:
        proxy.before = lost
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == UNKNOWN
        proxy.before = lambda _: None
        (record,) = record_files(cp)
        kept = record.read_text()
        shown = cp("apply", "-f", str(wanted), "--dry-run=client", "-o", "json", env=through(cp, proxy)).json
        (request,) = shown["spec"]["requests"]
        assert shown["status"]["outcome"] == "resumed" and record.read_text() == kept
        assert orders_of(sandbox, wanted.name) == []
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).out == f"order/{wanted.name} resumed\n"
        sent = proxy.sent("POST", "/v1/orders?")[-1]
        assert sent.header("Idempotency-Key") == request["idempotencyKey"] and json.loads(sent.body) == request["body"]


def test_there_and_unchanged_configured_or_to_be_switched_on(cp, sandbox, tmp_path):
    wanted = manifest(tmp_path)
    with rolled_back(sandbox, wanted.name):
        assert cp("apply", "-f", str(wanted)).code == 0
        same = cp("apply", "-f", str(wanted), "--dry-run=client")
        assert (same.code, same.out) == (0, f"order/{wanted.name} unchanged (dry run)\n")
        on = cp("apply", "-f", str(wanted), "--activate", "--dry-run=client", "-o", "json").json
        (made,) = orders_of(sandbox, wanted.name)
        (request,) = on["spec"]["requests"]
        assert on["status"]["outcome"] == "resumed" and request["body"] == {"uid": made["metadata"]["uid"]}
        assert request["path"] == f"/v1/orders/{wanted.name}/activate?project=default"
        wanted.change(duration="2h")
        other = cp("apply", "-f", str(wanted), "--dry-run=client")
        assert (other.code, other.out) == (CONFLICT, "") and "another spec" in other.err
        assert orders_of(sandbox, wanted.name) == [made]


@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_exists_is_a_conflict_for_create(cp, name, way):
    assert cp(*order(name, "--yes")).code == 0
    result = cp(*order(name), f"--dry-run={way}")
    assert (result.code, result.out) == (CONFLICT, "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--budget", "1.00"), LIMIT),
        (("--max-price", "0.0100"), LIMIT),
        (("--province", "qinghai", "--max-pue", "1.01"), NO_CAPACITY),
        (("--voucher", "vc-nosuch"), 3),
    ],
)
def test_it_refuses_what_buying_refuses(cp, sandbox, name, way, more, code):
    dry = cp(*order(name), *more, f"--dry-run={way}")
    wet = cp(*order(name, "--yes"), *more)
    assert (dry.code, dry.out) == (wet.code, wet.out) == (code, "") and dry.err == wet.err
    assert orders_of(sandbox, name) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("pinned", "code"),
    [
        (("--offer", "of-nosuch=8"), NO_CAPACITY),
        (("--offer", "{offer}=9"), USAGE),
        (("--offer", "{offer}=100000"), NO_CAPACITY),
        (("--offer", "{offer}=8", "--billing", "monthly"), USAGE),
    ],
)
def test_pinned_cards_end_as_in_buying(cp, sandbox, name, pinned, code, way):
    machine = next(
        one for one in sandbox.items("/v1/offers", billing="on-demand", cards=8) if one["spec"]["minCards"] == 8
    )
    words = [word.format(offer=machine["metadata"]["name"]) for word in pinned]
    command = ("create", "order", name, "--duration", "1h", *words)
    dry, wet = cp(*command, f"--dry-run={way}"), cp(*command, "--yes")
    assert (dry.code, dry.out) == (wet.code, wet.out) == (code, ""), (dry.err, wet.err)
    assert orders_of(sandbox, name) == []


@pytest.mark.parametrize("trouble", sorted(LOST.keys() - {"another order"}))
def test_a_quote_that_never_comes_is_no_unknown_outcome(cp, sandbox, name, trouble):
    """Nothing spends, so nothing can have been bought: never 11, and never 0."""
    with RecordingProxy(sandbox.url) as proxy:
        proxy.instead = Trouble("/v1/quotes?", LOST[trouble], times=99)
        result = cp(*order(name, "--dry-run=server", "--request-timeout", "2s"), env=through(cp, proxy))
        sent = writes(proxy)
    assert (result.code, result.out) in ((FAILED, ""), (UNREACHABLE, "")), result.err
    assert quotes(sent) == sent and sent and not any(cp.state.rglob("journal/*"))


def test_a_plan_only_reads(cp, sandbox, name):
    with RecordingProxy(sandbox.url) as proxy:
        planned = cp("plan", *order(name)[2:], env=through(cp, proxy))
        assert planned.code == 0 and writes(proxy) == [] and proxy.exchanges
    assert not any(cp.state.rglob("journal/*"))


def test_a_demand_that_would_wait_says_why(cp, name):
    result = cp(*demand(name, "90000"), "--dry-run=server")
    assert result.code == 0 and "not matched now:" in result.out
    document = cp(*demand(name, "90000"), "--dry-run=client", "-o", "json").json
    assert (
        document["status"]["whyNotMatched"] and document["spec"]["requests"][0]["path"] == "/v1/demands?project=default"
    )
    now = cp(*demand(name), "--dry-run=server")
    assert now.code == 0 and "the most that is ever charged" in now.out


def test_many_are_one_document(cp, sandbox, tmp_path):
    first, second = manifest(tmp_path), manifest(tmp_path)
    result = cp("apply", "-f", str(first), "-f", str(second), "--dry-run=server", "-o", "json").json
    assert [item["metadata"]["object"] for item in result["items"]] == [f"order/{first.name}", f"order/{second.name}"]
    names = cp("apply", "-f", str(first), "-f", str(second), "--dry-run=client", "-o", "name")
    assert names.out == f"order/{first.name}\norder/{second.name}\n"


@pytest.mark.parametrize("word", ["", "yes", "Client", "all"])
def test_another_word_is_2(cp, sandbox, name, word):
    result = cp(*order(name, "--yes"), f"--dry-run={word}")
    assert (result.code, result.out) == (2, "") and "client" in result.err
    assert orders_of(sandbox, name) == []


@pytest.mark.parametrize("way", WAYS)
def test_the_limit_of_a_day_counts_what_the_run_would_buy_before(fresh_cp, fresh_sandbox, tmp_path, way):
    """Each manifest alone is within the limit, and so is what was spent before; all of them together are not."""
    first, second = manifest(tmp_path), manifest(tmp_path)
    dry = ("apply", "-f", str(first), f"--dry-run={way}")
    total = Decimal(fresh_cp(*dry, "-o", "json").json["status"]["total"])
    assert fresh_cp("apply", "-f", str(manifest(tmp_path))).code == 0
    most = fresh_sandbox.balance_sheet()["reserved"] + total * 3 / 2
    limit = {"CPCTL_MAX_DAY": f"{most:.2f}"}
    assert fresh_cp(*dry, env=limit).code == 0
    refused = fresh_cp(*dry, "-f", str(second), env=limit)
    assert refused.code == LIMIT and f'order "{second.name}"' in refused.err
    assert "max-day of CPCTL_MAX_DAY" in refused.err and len(fresh_sandbox.orders()) == 1


@pytest.mark.parametrize(
    ("has", "said"),
    [
        ({"available": "0.01"}, "has 0.01 CNY available"),
        ({"available": "-5.00"}, "has -5.00 CNY available"),
        ({"quota": {"cards": 7, "cardsUsed": 0}}, "may hold 7 cards at once"),
        ({"quota": {"cards": 200_000, "cardsUsed": 199_993}}, "may hold 200000 cards at once"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_what_the_project_cannot_pay_or_hold_is_refused(cp, sandbox, name, way, has, said):
    account = sandbox.get("/v1/account").json() | has
    result = rehearsed_with(cp, sandbox, order(name, f"--dry-run={way}"), account)
    assert (result.code, result.out) == (LIMIT, "") and said in result.err


@pytest.mark.parametrize("way", WAYS)
def test_a_demand_waits_for_money_too(fresh_cp, fresh_sandbox, way):
    """It is published within the limit of a day that is used up, and no order holds anything for it."""
    limit, wanted = {"CPCTL_MAX_DAY": "0.05"}, demand(new_name())
    dry = fresh_cp(*wanted, f"--dry-run={way}", "-o", "json", env=limit)
    assert dry.code == 0 and "max-day of CPCTL_MAX_DAY" in dry.json["status"]["whyNotMatched"]
    wet = fresh_cp(*wanted, "--yes", "-o", "json", env=limit)
    assert wet.code == 0 and wet.json["status"]["phase"] == "Open" and fresh_sandbox.orders() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"available": "lots"},
        {"available": "--5.00"},
        {"available": None},
        {"available": "NaN"},
        {"reservedToday": "1e9"},
        {"spentToday": True},
        {"quota": 7},
        {"quota": {"cards": -1, "cardsUsed": 0}},
        {"quota": {"cards": 7}},
    ],
)
def test_an_account_that_no_contract_allows_is_not_reckoned_with(cp, sandbox, name, wrong):
    account = sandbox.get("/v1/account").json() | wrong
    result = rehearsed_with(cp, sandbox, order(name, "--dry-run=client"), account)
    assert (result.code, result.out) == (FAILED, "") and "is not an account" in result.err


def rehearsed_with(cp, sandbox, command, account):
    """The command's result where the platform tells this of the account."""
    answer = answering("200 OK", json.dumps(account))
    with RecordingProxy(sandbox.url) as proxy:
        proxy.instead = lambda exchange: answer(b"") if exchange.line.startswith("GET /v1/account?") else None
        return cp(*command, env=through(cp, proxy))


def test_what_costs_more_than_is_allowed_by_now_is_not_switched_on(cp, sandbox, tmp_path):
    wanted = manifest(tmp_path)
    with rolled_back(sandbox, wanted.name):
        assert cp("apply", "-f", str(wanted)).code == 0
        command = ("apply", "-f", str(wanted), "--activate")
        dry, wet = (cp(*command, *more, env={"CPCTL_MAX_ORDER": "0.05"}) for more in (("--dry-run=client",), ()))
        assert (dry.code, dry.out, dry.err) == (wet.code, wet.out, wet.err) and dry.code == LIMIT


@pytest.mark.parametrize("more", [("--wait",), ("--activate", "--timeout", "soon"), ("--activate", "--timeout", "-1s")])
def test_a_wish_that_nothing_comes_of_is_refused_as_in_buying(cp, sandbox, name, more):
    dry, wet = (cp(*order(name, "--yes"), *more, *last) for last in (("--dry-run=client",), ()))
    assert (dry.code, dry.out, dry.err) == (wet.code, wet.out, wet.err) and dry.code == USAGE
    assert orders_of(sandbox, name) == []
