"""cpctl call: against the live sandbox, and against servers that misbehave."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.client import Client
from tests.inference.inference_fakes import chunk, sse
from tests.model_server import serving
from tests.output.output_samples import HOSTILE, raw

MODEL = "deepseek-v3.2"


@pytest.fixture
def cp(tmp_path, sandbox):
    return Client(tmp_path, env=sandbox.env)


@pytest.fixture
def alone(tmp_path):
    """A client that knows no platform."""
    return Client(tmp_path)


@pytest.fixture
def sources(sandbox):
    return {one["spec"]["provider"]: one for one in sandbox.items("/v1/sources", model=MODEL)}


def profile(client: Client, text: str) -> None:
    client.config.parent.mkdir(parents=True, exist_ok=True)
    client.config.write_text(text, encoding="utf-8")
    client.config.chmod(0o600)


def calls(sandbox) -> list:
    return [line for line in sandbox.ledger() if line["kind"] == "call"]


def test_an_answer_streams_to_stdout_and_nothing_else_does(cp):
    result = cp("call", MODEL, "山西有多少张卡？")
    assert result.code == 0 and result.err == ""
    assert result.out.endswith("\n") and not result.out.endswith("\n\n") and "沙箱" in result.out


def test_whole_and_streamed_answers_are_the_same(cp):
    streamed, whole = cp("call", MODEL, "你好"), cp("call", MODEL, "你好", "--no-stream")
    assert streamed.out == whole.out and whole.code == 0


def test_on_a_terminal_the_source_and_the_cost_are_told(cp):
    result = cp("call", MODEL, "你好", tty=True)
    assert result.code == 0 and f"{MODEL}@" in result.err and "CNY" in result.err and "tokens" in result.err


def test_json_is_the_answer_with_its_source_and_exact_cost(cp, sources):
    result = cp("call", MODEL, "你好", "-o", "json")
    told, usage = result.json["ccpp"], result.json["usage"]
    spec = sources[told["source"].split("@")[1]]["spec"]
    cost = usage["prompt_tokens"] * Decimal(spec["priceIn"]) + usage["completion_tokens"] * Decimal(spec["priceOut"])
    assert result.code == 0 and result.json["object"] == "chat.completion"
    assert told["province"] == spec["province"] and abs(Decimal(told["cost"]) - cost / 10**6) < Decimal("0.000001")


def test_yaml_is_a_document_too(cp):
    import yaml

    read = yaml.safe_load(cp("call", MODEL, "你好", "-o", "yaml").out)
    assert read["choices"][0]["message"]["role"] == "assistant"


def test_the_cheapest_source_that_serves_is_named(cp, sources):
    cheapest = min(
        (one for one in sources.values() if one["status"]["state"] == "ok"),
        key=lambda one: (Decimal(one["spec"]["priceOut"]), Decimal(one["spec"]["priceIn"]), one["metadata"]["name"]),
    )
    said = cp("call", MODEL, "你好", "-o", "json").json["ccpp"]["source"]
    chosen = sources[said.split("@")[1]]
    assert Decimal(chosen["spec"]["priceOut"]) <= Decimal(cheapest["spec"]["priceOut"])


@pytest.mark.parametrize(
    "form", ["{model}@{provider}", "{model} --source {provider}", "{model} --source {model}.{provider}"]
)
def test_a_source_may_be_named(cp, sources, form):
    for provider in sources:
        words = form.format(model=MODEL, provider=provider).split()
        result = cp("call", *words, "-o", "json", "--max-tokens", "4", "你好")
        assert result.code == 0 and result.json["ccpp"]["source"] == f"{MODEL}@{provider}"


def test_a_province_may_be_asked_for_in_any_spelling(cp, sources):
    wanted = next(iter(sources.values()))["spec"]["province"]
    from cpctl.units import province

    for spelling in (wanted, province(wanted).short_zh, province(wanted).gbt2260):
        assert cp("call", MODEL, "你好", "--province", spelling, "-o", "json").json["ccpp"]["province"] == wanted


def test_the_prompt_may_come_from_stdin(cp):
    said = cp("call", MODEL, "你好")
    assert cp("call", MODEL, stdin="你好").out == said.out == cp("call", MODEL, "-", stdin="你好").out


def test_system_and_temperature_reach_the_model(alone):
    with serving(body=sse(chunk("好", finish="stop"))) as server:
        models = {"CPCTL_MODELS_URL": server.url}
        assert (
            alone("call", "m", "你好", "--system", "s", "--temperature", "0.5", "--max-tokens", "7", env=models).code
            == 0
        )
        body = server.seen[0][2]
    assert body["messages"] == [{"role": "system", "content": "s"}, {"role": "user", "content": "你好"}]
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0.5, 7, "m")


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        ((MODEL,), "", 2, "prompt is empty"),
        ((MODEL, "  \n"), "", 2, "prompt is empty"),
        ((MODEL,), "x" * (8 * 1024 * 1024 + 1), 2, "longer than"),
        ((MODEL, "\udcff"), "", 2, "not UTF-8"),
        ((MODEL, "hi", "--max-tokens", "0"), "", 2, "max-tokens"),
        ((MODEL, "hi", "--max-tokens", "9999999"), "", 2, "max-tokens"),
        ((MODEL, "hi", "--temperature", "hot"), "", 2, "temperature"),
        ((MODEL, "hi", "--temperature", "2.1"), "", 2, "temperature"),
        ((MODEL, "hi", "--temperature", "nan"), "", 2, "temperature"),
        ((MODEL, "hi", "--timeout", "10"), "", 2, "duration"),
        ((MODEL, "hi", "--province", "atlantis"), "", 2, "province"),
        ((MODEL, "hi", "-o", "table"), "", 2, "output format"),
        ((f"{MODEL}@a", "hi", "--source", "b"), "", 2, "two sources"),
        (("no-such-model", "hi"), "", 3, 'models "no-such-model" not found'),
        (("deepseek-v32", "hi"), "", 3, "cpctl call deepseek-v3.2"),
        (("{0.__class__}", "hi"), "", 3, "not found"),
        ((f"{MODEL}@nobody", "hi"), "", 3, "no source"),
        (("../../admin", "hi"), "", 3, "not found"),
    ],
)  # fmt: skip
def test_a_wrong_call_costs_nothing_and_says_why(cp, sandbox, words, stdin, code, said):
    before = len(calls(sandbox))
    result = cp("call", *words, stdin=stdin)
    assert result.code == code and said in result.err and result.out == "" and result.err.count("\n") == 1
    assert len(calls(sandbox)) == before


def test_without_a_prompt_a_terminal_is_told_how(cp):
    result = cp("call", MODEL, tty=True)
    assert result.code == 2 and "no prompt given" in result.err


def test_a_platform_source_without_its_province_is_not_found(cp, sources):
    from cpctl.places import PROVINCES

    elsewhere = next(p.id for p in PROVINCES if p.id not in {one["spec"]["province"] for one in sources.values()})
    assert cp("call", MODEL, "hi", "--province", elsewhere).code in (2, 3)


def test_residency_is_never_relaxed(cp, sandbox, sources):
    inside = sorted(sources.values(), key=lambda one: one["metadata"]["name"])[-1]["spec"]
    residency = f'[profiles.p.residency]\nprovinces = ["{inside["province"]}"]\n'
    profile(cp, f'current-profile = "p"\n[profiles.p]\nserver = "{sandbox.url}"\n{residency}')
    assert cp("call", MODEL, "hi", "-o", "json").json["ccpp"]["province"] == inside["province"]
    for one in sources.values():
        if one["spec"]["province"] != inside["province"]:
            refused = cp("call", f"{MODEL}@{one['spec']['provider']}", "hi", "-v", "6")
            assert refused.code == 7 and "[Residency]" in refused.err and "POST" not in refused.err


def test_max_call_refuses_before_anything_is_sent(cp):
    limit = {"CPCTL_MAX_CALL": "0.01"}
    refused = cp("call", MODEL, "hi", "--max-tokens", "1000000", "-v", "6", env=limit)
    assert refused.code == 7 and "[MaxCall]" in refused.err and "CPCTL_MAX_CALL" in refused.err
    assert "POST" not in refused.err and refused.out == ""
    assert cp("call", MODEL, "hi", env={"CPCTL_MAX_CALL": "0"}).code == 7


def test_max_call_bounds_the_answer_where_nobody_did(cp):
    result = cp("call", MODEL, "hi", "-o", "json", env={"CPCTL_MAX_CALL": "0.01"})
    assert result.code == 0 and Decimal(result.json["ccpp"]["cost"]) <= Decimal("0.01")


def test_an_answer_that_is_cut_is_not_a_success(cp, sandbox):
    sandbox.admin.faults(path="/openai/", truncate=True)
    result = cp("call", MODEL, "你好")
    assert result.code == 11 and "[AnswerIncomplete]" in result.err and result.out[-1:] in ("", "\n")


def test_a_platform_that_takes_nothing_on_is_exit_9(cp, sandbox):
    sandbox.admin.faults(path="/openai/", down=True)
    assert cp("call", MODEL, "你好", "--timeout", "1s").code == 9


@pytest.mark.parametrize("fault", [{"dropAfterCommit": True}, {"error": 500}])
def test_a_lost_answer_is_asked_for_again_and_then_exit_11(cp, sandbox, fault):
    sandbox.admin.faults(path="/openai/", count=1, **fault)
    assert cp("call", MODEL, "你好").code == 0
    sandbox.admin.faults(path="/openai/", **fault)
    result = cp("call", MODEL, "你好", "-v", "6")
    assert result.code == 11 and result.out == "" and result.err.count("POST http") == 3
    assert "may be charged again" in result.err


# endpoints that serve models and are no platform


def test_any_openai_endpoint_will_do(sandbox, alone):
    env = {"CPCTL_MODELS_URL": f"{sandbox.url}/openai/v1", "CPCTL_MODELS_TOKEN": sandbox.token}
    result = alone("call", MODEL, "你好", env=env)
    assert result.code == 0 and "沙箱" in result.out


def test_a_profile_of_models_alone(alone):
    with serving(body=sse(chunk("好", finish="stop"))) as server:
        profile(alone, f'current-profile = "llm"\n[profiles.llm]\nmodels = "{server.url}"\n')
        result = alone("call", "m", "hi", "-v", "1")
        assert result.code == 0 and result.out == "好\n" and "tokens not told" in result.err
        assert server.seen[0][0] == "/v1/chat/completions" and "authorization" not in server.seen[0][1]
        assert alone("call", "m", "hi", "--province", "shanxi").code == 2


def test_the_models_token_goes_to_nobody_who_was_not_named_beside_it(alone):
    with serving(body=sse(chunk("好", finish="stop"))) as server:
        profile(alone, f'current-profile = "llm"\n[profiles.llm]\nmodels = "{server.url}"\n')
        refused = alone("call", "m", "hi", env={"CPCTL_MODELS_TOKEN": "canary"})
        assert refused.code == 4 and server.seen == [] and "canary" not in refused.err
        named = {"CPCTL_MODELS_TOKEN": "canary", "CPCTL_PROFILE": "llm"}
        told = alone("call", "m", "hi", "-v", "9", env=named)
        assert told.code == 0 and server.seen[0][1]["authorization"] == "Bearer canary" and "canary" not in told.err


def test_limits_hold_where_nobody_tells_prices_or_provinces(alone):
    far = {"CPCTL_MODELS_URL": "https://models.example/v1"}
    assert alone("call", "m", "hi", env=far | {"CPCTL_MAX_CALL": "1"}).code == 7
    residency = '[profiles.p.residency]\nprovinces = ["shanghai"]\n'
    profile(alone, f'current-profile = "p"\n[profiles.p]\nmodels = "https://models.example/v1"\n{residency}')
    assert alone("call", "m", "hi").code == 7


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("tty", [True, False])
def test_hostile_answers_do_nothing_to_the_terminal(alone, text, tty):
    chunks = [chunk(reasoning=text), *map(chunk, text), chunk(finish="stop")]
    with serving(body=sse(*map(json.dumps, chunks)), headers={"x-ccpp-source": "x"}) as server:
        result = alone("call", "m", "hi", "-v", "1", tty=tty, env={"CPCTL_MODELS_URL": server.url})
        whole = alone("call", "m", "hi", "-o", "json", env={"CPCTL_MODELS_URL": server.url})
    assert result.code == 0 and [c for c in raw(result.out + result.err) if c != "\t"] == []
    assert whole.code == 0
    assert raw(whole.out) == [] and whole.json["choices"][0]["message"]["content"] == text


TEXT = sse(chunk("一\n\n"), chunk("二\n"), chunk("\n"))


@pytest.mark.parametrize(
    ("told", "code", "out", "said"),
    [
        ({"body": TEXT + sse("[DONE]")}, 0, "一\n\n二\n", ""),
        ({"body": sse(chunk(finish="stop"))}, 0, "", "answered nothing"),
        ({"body": sse(chunk("一", finish="length"))}, 0, "一\n", "--max-tokens"),
        ({"body": sse(chunk("一", finish="content_filter"))}, 0, "一\n", "content filter"),
        ({"body": TEXT}, 11, "一\n\n二\n", "[AnswerIncomplete]"),
        ({"body": TEXT, "cut": True}, 11, "一\n\n二\n", "[AnswerIncomplete]"),
        ({"body": sse({"error": {"message": "boom\x1b[31m", "type": "server_error"}})}, 1, "", "boom\\x1b[31m"),
        ({"body": sse(chunk("一"), {"error": {"message": "boom"}})}, 11, "一\n", "boom"),
        ({"body": b"<html>", "content_type": "text/html"}, 11, "", "page"),
        ({"body": b'{"id": "x", "choi', "content_type": "application/json"}, 11, "", "not JSON"),
        ({"body": b'{"error":{"message":"m","code":"model_not_found"}}', "status": 404}, 3, "", "m"),
        ({"body": b'{"error":{"message":"m","code":"insufficient_quota"}}', "status": 429}, 7, "", "m"),
        ({"body": b'{"code":"InvalidParameter","message":"m"}', "status": 400}, 2, "", "m"),
        ({"body": b"oops", "status": 500, "content_type": "text/plain"}, 11, "", ""),
        ({"body": b'{"error":{"message":"m","code":"invalid_api_key"}}', "status": 401}, 4, "", "CPCTL_MODELS_TOKEN"),
    ],
)  # fmt: skip
def test_servers_of_every_mood(alone, told, code, out, said):
    with serving(**told) as server:
        result = alone("call", "m", "hi", env={"CPCTL_MODELS_URL": server.url})
    assert (result.code, result.out) == (code, out) and said in result.err


def test_a_model_that_is_being_loaded_is_waited_for_and_then_unreachable(alone):
    body = b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'
    with serving(status=503, body=body, content_type="application/json") as server:
        result = alone("call", "m", "hi", "--timeout", "1s", env={"CPCTL_MODELS_URL": server.url})
    assert result.code == 9 and len(server.seen) > 1


def test_a_failure_with_json_is_told_as_json(alone):
    with serving(
        body=json.dumps({"error": {"message": "m", "type": "x"}}).encode(), content_type="application/json"
    ) as server:
        result = alone("call", "m", "hi", "-o", "json", env={"CPCTL_MODELS_URL": server.url})
    assert result.code == 1 and result.out == "" and result.error["reason"] == "X"
