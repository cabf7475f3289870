"""The gateway's own rules: which source, what is refused and how, paid once, cut as asked."""

from __future__ import annotations

import json
from decimal import Decimal

import httpx
import pytest

from cpctl.sandbox.answering import rows_of
from cpctl.sandbox.gateway import speech
from cpctl.sandbox.gateway.pace import Pace, pace_of
from cpctl.sandbox.gateway.pieces import count, pieces
from gateway_live import gateway

MODEL = "deepseek-v3.2"
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "你好，算力平台"}]}
KEY = "key-of-a-test-1"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with gateway(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture(autouse=True)
def fair_weather(live):
    yield
    live.platform.faults.clear()


def storm(live, **rule):
    live.platform.faults.add(rule, lambda province: rows_of(live.platform, province), live.platform.clock.now())


def text(answer: httpx.Response) -> str:
    return answer.json()["choices"][0]["message"]["content"]


# ---- which source


def test_a_bare_model_goes_to_the_cheapest_source(live):
    answer = live.post("/chat/completions", CHAT)
    sources = [one for one in live.platform.objects("sources") if one["spec"]["model"] == MODEL]
    cost = {
        one["spec"]["upstreamId"]: Decimal(one["spec"]["priceIn"]) + Decimal(one["spec"]["priceOut"]) for one in sources
    }
    assert answer.headers["x-ccpp-source"] in [name for name in cost if cost[name] == min(cost.values())]


def test_a_source_that_is_down_is_passed_over_or_refused_by_name(live):
    first = live.post("/chat/completions", CHAT).headers
    storm(live, province=first["x-ccpp-province"], down=True)
    second = live.post("/chat/completions", CHAT)
    assert second.status_code == 200 and second.headers["x-ccpp-province"] != first["x-ccpp-province"]
    before = live.spent()
    pinned = live.post("/chat/completions", CHAT | {"model": first["x-ccpp-source"]})
    assert pinned.status_code == 503 and pinned.json()["error"]["type"] == "server_error"
    assert live.spent() == before and "retry-after" in pinned.headers


def test_only_where_no_source_answers_a_bare_model_is_refused(live):
    for province in live.platform.provinces:
        storm(live, province=province, down=True)
    assert live.post("/chat/completions", CHAT).status_code == 503


@pytest.mark.parametrize(
    "model", ["nothing", f"{MODEL}@sbx-none-01", f"{MODEL}@", "@sbx-sx-11", "../../admin", "deepseek-v3.2.sbx-sx-11"]
)
def test_a_model_nobody_serves_does_not_exist(live, model):
    error = live.post("/chat/completions", CHAT | {"model": model})
    assert (error.status_code, error.json()["error"]["code"], error.json()["error"]["param"]) == (
        404,
        "model_not_found",
        "model",
    )


def test_every_model_of_every_scenario_answers(live):
    for scenario in live.platform.objects("scenarios"):
        for model in scenario["spec"]["models"]:
            chat = live.post("/chat/completions", CHAT | {"model": model})
            embedded = live.post("/embeddings", {"model": model, "input": "算力"})
            assert 200 in (chat.status_code, embedded.status_code), model


# ---- what is refused


BAD_CHATS = {
    "messages": [
        None,
        [],
        "hello",
        [{"role": "narrator", "content": "x"}],
        [{"role": "user", "content": 5}],
        [{"content": "x"}],
    ],
    "temperature": [3, "hot", True],
    "max_tokens": [0, -1, 1.5, "many"],
    "n": [2],
    "stream": ["yes", 1],
    "stop": [5, ["x"] * 17],
    "response_format": [
        {"type": "xml"},
        {"type": "json_schema"},
        "json",
        {"type": "json_schema", "json_schema": {"name": "x"}},
    ],
    "tools": [{}, [{"type": "function"}], [{"type": "function", "function": {"name": ""}}]],
    "tool_choice": ["required", "maybe", {"type": "function", "function": {"name": "none"}}],
    "user": [5],
    "model": [None, "", 5],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD_CHATS.items() for value in values]
)
def test_a_bad_field_is_named(live, field, value):
    refused = live.post("/chat/completions", CHAT | {field: value})
    error = refused.json()["error"]
    assert refused.status_code == 400 and error["type"] == "invalid_request_error" and error["message"]
    assert error["param"].split(".")[0].split("[")[0] == field


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"model": NaN}', b"\xff\xfe", b'{"a":' * 5_000, b'{"model":"\\ud800"}', b"9" * 5_000],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize("path", ["/chat/completions", "/completions", "/embeddings"])
def test_a_body_that_is_no_request_is_refused(live, path, body):
    refused = live.post(path, body)
    assert refused.status_code == 400 and set(refused.json()["error"]) == {"message", "type", "code", "param"}
    assert refused.headers["x-request-id"]


def test_every_refusal_has_the_openai_form(live):
    refusals = {
        "401": httpx.post(live.base + "/chat/completions", json=CHAT),
        "404": live.call("GET", "/nothing/here"),
        "405": live.call("GET", "/chat/completions"),
        "413": live.post("/chat/completions", b" " * (17 << 20)),
        "415": live.post("/chat/completions", CHAT, Content_Type="text/plain"),
        "403": live.post("/chat/completions", CHAT, OpenAI_Project="other"),
    }
    for status, answer in refusals.items():
        assert answer.status_code == int(status) and set(answer.json()["error"]) == {"message", "type", "code", "param"}
    assert refusals["405"].headers["allow"] == "POST"


def test_more_than_the_context_is_refused(live):
    long = [{"role": "user", "content": "很长的文本" * 1_000}]
    refused = live.post("/chat/completions", {"model": "mathglm", "messages": long})
    assert refused.json()["error"]["code"] == "context_length_exceeded"


def test_pictures_go_only_to_models_that_see(live):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    message = [{"role": "user", "content": [{"type": "text", "text": "what is this?"}, picture]}]
    assert live.post("/chat/completions", {"model": "qwen3-32b", "messages": message}).status_code == 400
    seen = live.post("/chat/completions", {"model": "qwen3-vl-235b-a22b-instruct", "messages": message})
    assert seen.status_code == 200 and seen.json()["usage"]["prompt_tokens"] > 256


def test_a_schema_nothing_fits_is_refused(live):
    form = {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": {"type": "integer", "minimum": 2, "maximum": 1}},
    }
    refused = live.post("/chat/completions", CHAT | {"response_format": form})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported_schema")


# ---- cut as asked


@pytest.mark.parametrize("most", [1, 5, 40])
@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_an_answer_is_no_longer_than_asked(live, field, most):
    answer = live.post("/chat/completions", CHAT | {field: most}).json()
    assert answer["usage"]["completion_tokens"] == most and answer["choices"][0]["finish_reason"] == "length"


def test_an_answer_ends_before_a_stop_sequence(live):
    whole = text(live.post("/chat/completions", CHAT))
    stopped = live.post("/chat/completions", CHAT | {"stop": ["不是", "zzz"]})
    assert text(stopped) == whole[: whole.index("不是")] and stopped.json()["choices"][0]["finish_reason"] == "stop"


def test_thinking_can_be_switched_off(live):
    thoughtful = live.post("/chat/completions", CHAT).json()
    plain = live.post("/chat/completions", CHAT | {"reasoning_effort": "none"}).json()
    assert thoughtful["choices"][0]["message"]["reasoning_content"]
    assert "reasoning_content" not in plain["choices"][0]["message"]
    assert plain["usage"]["completion_tokens"] < thoughtful["usage"]["completion_tokens"]


def test_unknown_fields_and_nulls_are_ignored(live):
    extra = dict.fromkeys(("temperature", "stop", "stream", "max_tokens", "n", "seed", "top_p", "stream_options"))
    assert live.post("/chat/completions", CHAT | extra | {"frequency_penalty": 0.5, "x": {}}).status_code == 200


# ---- paid once


def test_a_repeated_key_replays_the_answer_and_costs_nothing_more(live):
    first = live.post("/chat/completions", CHAT, Idempotency_Key=KEY)
    before = live.spent()
    again = live.post("/chat/completions", CHAT, Idempotency_Key=KEY)
    assert again.content == first.content and again.headers["idempotent-replayed"] == "true" and live.spent() == before
    assert again.headers["x-ccpp-source"] == first.headers["x-ccpp-source"]
    other = live.post("/chat/completions", CHAT | {"max_tokens": 5}, Idempotency_Key=KEY)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_mismatch")


def test_a_repeated_key_replays_a_stream_even_after_a_cut_line(live):
    storm(live, path="/openai/v1/chat", truncate=True, count=1)
    streamed = CHAT | {"stream": True}
    with pytest.raises(httpx.TransportError):
        live.post("/chat/completions", streamed, Idempotency_Key=KEY + "-s")
    before = live.spent()
    again = live.post("/chat/completions", streamed, Idempotency_Key=KEY + "-s")
    assert again.content.endswith(b"data: [DONE]\n\n") and live.spent() == before
    assert again.headers["content-type"].startswith("text/event-stream")


def test_a_malformed_key_is_refused(live):
    assert live.post("/chat/completions", CHAT, Idempotency_Key="short").status_code == 400


def test_the_ledger_rounds_the_sum_not_every_call(live):
    for _ in range(5):
        live.post("/chat/completions", CHAT)
    sources = live.platform.store.db.execute("SELECT sum(micro) FROM calls GROUP BY source, day").fetchall()
    expected = sum(
        ((Decimal(micro) / 1_000_000).quantize(Decimal("0.01"), "ROUND_HALF_UP") for (micro,) in sources), Decimal(0)
    )
    assert live.posted() == expected


def test_without_money_there_is_no_answer(live):
    live.platform.store.db.execute("UPDATE projects SET reserved = balance WHERE name = 'default'")
    dear = CHAT | {"messages": [{"role": "user", "content": "很长的问题" * 4_000}]}
    refused = live.post("/chat/completions", dear)
    free = live.post("/embeddings", {"model": "bge-m3", "input": "x"})
    live.platform.store.db.execute("UPDATE projects SET reserved = 0 WHERE name = 'default'")
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "insufficient_balance")
    assert free.status_code == 200


# ---- streams


def events(body: bytes) -> list[str]:
    return [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]


def test_a_stream_is_well_formed(live):
    answer = live.post("/chat/completions", CHAT | {"stream": True, "stream_options": {"include_usage": True}})
    *chunks, done = events(answer.content)
    documents = [json.loads(chunk) for chunk in chunks]
    assert done == "[DONE]" and {one["object"] for one in documents} == {"chat.completion.chunk"}
    assert len({one["id"] for one in documents}) == 1 and documents[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [one["usage"] for one in documents[:-1]] == [None] * (len(documents) - 1) and documents[-1]["choices"] == []
    assert answer.headers["x-ccpp-source"] and answer.headers["content-type"].startswith("text/event-stream")


def test_a_short_answer_takes_a_realistic_moment_and_a_long_one_not_forever():
    slow = {"status": {"latencyMs": 800, "tokensPerSecond": 25}}
    short, long = pace_of(slow, 90), pace_of(slow, 8_000)
    assert 0.5 < short.first_s + short.rest_s < 1.5 and long.first_s + long.rest_s < 25
    assert Pace(0.3, 1.2).faster(60) == Pace(0.005, 0.02) and Pace(1, 1).faster(0.001) == Pace(1, 1)


# ---- words


def test_pieces_put_together_are_the_text():
    for sample in ("", "你好 world 12345\n\t😀 é½", " a  b ", "x" * 50):
        assert "".join(pieces(sample)) == sample and len(pieces(sample)) == count(sample)


def test_an_answer_can_be_asked_to_be_long():
    topic = speech.Topic("m", "p", "请写 500 字介绍算力")
    assert 450 <= count(speech.answer(topic)) <= 600
    assert count(speech.answer(speech.Topic("m", "p", "write 99999 words"))) < speech.LONGEST + 50


def test_braces_and_control_characters_in_a_question_do_no_harm(live):
    odd = [{"role": "user", "content": "{model} {0} \x1b[2K\r %s \u202e"}]
    assert "{model} {0}" in text(live.post("/chat/completions", CHAT | {"messages": odd}))
