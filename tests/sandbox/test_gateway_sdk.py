"""The official SDK, unchanged, against the gateway."""

from __future__ import annotations

import json
import math
from decimal import ROUND_HALF_UP, Decimal

import openai
import pytest
from pydantic import BaseModel, Field

from gateway_live import gateway

MODEL = "deepseek-v3.2"
QUESTION = [{"role": "user", "content": "宁夏的绿电占比是多少？"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}


class Offer(BaseModel):
    province: str
    cards: int = Field(ge=1, le=64)
    tags: list[str]


class Plan(BaseModel):
    title: str
    offers: list[Offer]
    fallback: Offer | None


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with gateway(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture(scope="module")
def sdk(live):
    return openai.OpenAI(base_url=live.base, api_key=live.token, max_retries=0)


def test_models_are_listed_and_shown(sdk):
    ids = [model.id for model in sdk.models.list()]
    assert len(ids) >= 90 and MODEL in ids and ids == sorted(ids)
    assert sdk.models.retrieve(MODEL).owned_by == "DeepSeek"
    assert sdk.models.retrieve(f"{MODEL}@sbx-sx-11").id == f"{MODEL}@sbx-sx-11"


def test_a_chat_is_answered_whole_and_says_that_it_is_a_sandbox(sdk):
    answer = sdk.chat.completions.create(model=MODEL, messages=QUESTION)
    text = answer.choices[0].message.content
    assert "沙箱" in text and "宁夏的绿电占比是多少" in text and answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.reasoning_content
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens and usage.prompt_tokens > 5
    again = sdk.chat.completions.create(model=MODEL, messages=QUESTION)
    assert again.choices[0].message.content == text and again.id != answer.id


def test_an_english_question_gets_an_english_answer(sdk):
    answer = sdk.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "How green is Ningxia?"}])
    assert "sandbox" in answer.choices[0].message.content.lower()


def test_a_streamed_answer_is_the_whole_one_in_pieces(sdk):
    whole = sdk.chat.completions.create(model=MODEL, messages=QUESTION)
    chunks = list(
        sdk.chat.completions.create(model=MODEL, messages=QUESTION, stream=True, stream_options={"include_usage": True})
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content and len(chunks) > 20
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    without = list(sdk.chat.completions.create(model=MODEL, messages=QUESTION, stream=True))
    assert all(chunk.choices for chunk in without)


def test_structured_answers_parse(sdk):
    parsed = sdk.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Plan)
    assert isinstance(parsed.choices[0].message.parsed, Plan)
    with sdk.chat.completions.stream(model=MODEL, messages=QUESTION, response_format=Plan) as stream:
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Plan)
    loose = sdk.chat.completions.create(model=MODEL, messages=QUESTION, response_format={"type": "json_object"})
    assert json.loads(loose.choices[0].message.content)["sandbox"] is True


def test_tools_are_called_and_their_results_answered(sdk):
    called = sdk.chat.completions.create(model=MODEL, messages=QUESTION, tools=[WEATHER])
    call = called.choices[0].message.tool_calls[0]
    assert called.choices[0].finish_reason == "tool_calls" and called.choices[0].message.content is None
    assert call.function.name == "get_weather" and set(json.loads(call.function.arguments)) == {"city", "unit"}
    followed = [*QUESTION, called.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "晴，12 度"}]
    answer = sdk.chat.completions.create(model=MODEL, messages=followed, tools=[WEATHER])
    assert "晴，12 度" in answer.choices[0].message.content
    silent = sdk.chat.completions.create(model=MODEL, messages=QUESTION, tools=[WEATHER], tool_choice="none")
    assert silent.choices[0].message.tool_calls is None


def test_streamed_tool_calls_put_together_are_the_whole_ones(sdk):
    choice = {"type": "function", "function": {"name": "get_weather"}}
    whole = sdk.chat.completions.create(model=MODEL, messages=QUESTION, tools=[WEATHER], tool_choice=choice)
    with sdk.chat.completions.stream(model=MODEL, messages=QUESTION, tools=[WEATHER], tool_choice=choice) as stream:
        final = stream.get_final_completion().choices[0]
    assert final.message.tool_calls[0].function.arguments == whole.choices[0].message.tool_calls[0].function.arguments
    assert final.finish_reason == "tool_calls"


def test_text_completions_whole_and_streamed(sdk):
    whole = sdk.completions.create(model=MODEL, prompt="从前有一个算力平台", max_tokens=12)
    chunks = list(sdk.completions.create(model=MODEL, prompt="从前有一个算力平台", max_tokens=12, stream=True))
    assert whole.choices[0].finish_reason == "length" and whole.usage.completion_tokens == 12
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def cosine(left, right):
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_similar_texts_are_near_and_both_encodings_agree(sdk):
    lines = ["算力平台的价格", "算力平台价格", "今天晚饭吃什么"]
    near, nearer, far = (row.embedding for row in sdk.embeddings.create(model="bge-m3", input=lines).data)
    assert len(near) == 1024 and math.isclose(cosine(near, near), 1, abs_tol=1e-3)
    assert cosine(near, nearer) > 0.6 > 0.3 > cosine(near, far)
    plain = sdk.embeddings.create(model="bge-m3", input=lines[0], encoding_format="float", dimensions=256)
    assert len(plain.data[0].embedding) == 256 and plain.usage.total_tokens == plain.usage.prompt_tokens > 0
    single = sdk.embeddings.create(model="bge-m3", input=lines[0], encoding_format="float").data[0].embedding
    assert all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(single, near, strict=True))


def test_errors_are_the_sdks_own(live, sdk):
    with pytest.raises(openai.NotFoundError) as missing:
        sdk.chat.completions.create(model="gpt-none", messages=QUESTION)
    assert missing.value.code == "model_not_found" and missing.value.request_id
    with pytest.raises(openai.BadRequestError, match="does not chat"):
        sdk.chat.completions.create(model="bge-m3", messages=QUESTION)
    with pytest.raises(openai.BadRequestError, match="does not make embeddings"):
        sdk.embeddings.create(model=MODEL, input="x")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=live.base, api_key="wrong", max_retries=0).models.list()
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.chat.completions.create(model=MODEL, messages=QUESTION, temperature=3)
    assert refused.value.param == "temperature"


def test_what_is_charged_is_tokens_times_price(live, sdk):
    before = live.spent()
    raw = sdk.chat.completions.with_raw_response.create(model=f"{MODEL}@sbx-nx-11", messages=QUESTION)
    usage = raw.parse().usage
    assert raw.headers["x-ccpp-source"] == f"{MODEL}@sbx-nx-11" and raw.headers["x-ccpp-province"] == "ningxia"
    price_in, price_out = Decimal(raw.headers["x-ccpp-price-in"]), Decimal(raw.headers["x-ccpp-price-out"])
    exact = (usage.prompt_tokens * price_in + usage.completion_tokens * price_out) / 1_000_000
    assert live.spent() - before == exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP) > 0
    spec = live.source(f"{MODEL}.sbx-nx-11")["spec"]
    assert (spec["priceIn"], spec["priceOut"]) == (str(price_in), str(price_out))
