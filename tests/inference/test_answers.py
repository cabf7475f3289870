"""Streams of model answers, in every way servers write them."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.errors import (
    AnswerIncomplete,
    BadAnswer,
    CpctlError,
    LimitExceeded,
    NotFound,
    OutcomeUnknown,
    TokenRefused,
    Unreachable,
    UsageError,
)
from cpctl.inference.answer import Answer, Piece
from cpctl.inference.call import Asked, call, request_of
from tests.inference.inference_fakes import JSON, FakeSender, chunk, sse

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
ASKED = Asked("m", [{"role": "user", "content": "你好"}])
WHOLE = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "一二"}, "finish_reason": "stop"}],
    "usage": USAGE,
}


def answered(*body, headers=None, asked=ASKED):
    """(pieces, answer) of a call."""
    sender, answer = FakeSender(list(body), **({"headers": headers} if headers else {})), Answer()
    try:
        pieces = list(call(sender, asked, sender.clock, answer))
    except CpctlError as error:
        error.values["answer"] = answer
        raise
    assert sender.closed or not asked.stream
    return pieces, answer


GOOD = {
    "plain": sse(chunk("一"), chunk("二"), chunk(finish="stop"), "[DONE]"),
    "no done": sse(chunk("一"), chunk("二"), chunk(finish="stop")),
    "no finish reason": sse(chunk("一"), chunk("二"), "[DONE]"),
    "no last blank line": sse(chunk("一"), chunk("二", finish="stop"), "[DONE]")[:-2],
    "finish with text": sse(chunk("一"), chunk("二", finish="stop")),
    "no space": sse(chunk("一"), chunk("二", finish="stop")).replace(b"data: ", b"data:"),
    "crlf": sse(chunk("一"), chunk("二", finish="stop"), "[DONE]").replace(b"\n", b"\r\n"),
    "cr": sse(chunk("一"), chunk("二", finish="stop"), "[DONE]").replace(b"\n", b"\r"),
    "bom": b"\xef\xbb\xbf" + sse(chunk("一"), chunk("二", finish="stop")),
    "comments": b": hi\n\n" + sse(chunk("一")) + b": keep-alive\n\n" + sse(chunk("二", finish="stop")),
    "blank lines first": b"\n\n\n" + sse(chunk("一"), chunk("二", finish="stop")),
    "role first": sse(chunk("", role="assistant"), chunk("一"), chunk("二"), chunk("", finish="stop")),
    "null content": sse(chunk(role="assistant") | {"x": 1}, chunk("一"), chunk("二"), chunk(finish="stop")),
    "explicit null": sse({"choices": [{"delta": {"content": None}}]}, chunk("一"), chunk("二", finish="stop")),
    "null delta": sse({"choices": [{"delta": None}]}, chunk("一"), chunk("二", finish="stop")),
    "empty finish reason": sse(chunk("一", finish=""), chunk("二", finish=""), chunk(finish="stop")),
    "unknown finish reason": sse(chunk("一"), chunk("二"), chunk(finish="eos_token_reached")),
    "usage in empty choices": sse(chunk("一"), chunk("二", finish="stop"), {"choices": [], "usage": USAGE}),
    "usage in the last": sse(chunk("一"), chunk("二"), chunk(finish="stop", usage=USAGE)),
    "usage in every": sse(chunk("一", usage={"total_tokens": 1}), chunk("二", usage=USAGE), chunk(finish="stop")),
    "usage null": sse(chunk("一") | {"usage": None}, chunk("二", finish="stop"), chunk() | {"usage": None}),
    "error null": sse(chunk("一") | {"error": None}, chunk("二", finish="stop")),
    "multi-line data": sse(json.dumps(chunk("一二", finish="stop"), indent=1).replace("\n", "\ndata: ")),
    "content parts": sse(chunk([{"text": "一"}, {"text": "二"}, {"type": "image"}], finish="stop")),
    "legacy text": sse({"choices": [{"text": "一"}]}, {"choices": [{"text": "二", "finish_reason": "stop"}]}),
    "other choices": sse(chunk("一"), {"choices": [{"index": 1, "delta": {"content": "x"}}]}, chunk("二"), "[DONE]"),
    "message at the end": sse(chunk("一"), chunk("二"), {"choices": WHOLE["choices"]}),
    "one message": sse({"choices": WHOLE["choices"]}),
    "odd events": sse("", "null", "[]", "7", {"type": "ping"}, chunk("一"), chunk("二", finish="stop")),
    "bare json lines": b"".join(json.dumps(one).encode() + b"\n" for one in (chunk("一"), chunk("二", finish="stop"))),
    "whole body": json.dumps(WHOLE).encode(),
    "whole body, indented, blank lines": b"\n\n\n" + json.dumps(WHOLE, indent=2).encode(),
}  # fmt: skip


@pytest.mark.parametrize("stream", GOOD.values(), ids=GOOD)
def test_good_answers(stream):
    pieces, answer = answered(stream)
    assert "".join(piece.text for piece in pieces) == answer.text == "一二" and answer.complete


@pytest.mark.parametrize("name", [name for name in GOOD if "usage" in name and name != "usage null"])
def test_usage_is_found_wherever_it_stands(name):
    assert answered(GOOD[name])[1].usage == USAGE


@given(st.sampled_from(sorted(GOOD)), st.integers(1, 40))
@settings(max_examples=150)
def test_any_cut_gives_the_same_answer(name, size):
    stream = GOOD[name]
    pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert answered(*pieces)[1].document() == answered(stream)[1].document()


BAD = {
    "nothing": b"",
    "comments only": b": a\n\n: b\n\n",
    "no end": sse(chunk("一")),
    "cut json": sse(chunk("一")) + b'data: {"choices": [{"delta"',
    "no json": sse(chunk("一")) + b"data: <html>\n\n",
    "error later": sse(chunk("一"), {"error": {"message": "boom", "type": "server_error"}}),
    "error event later": sse(chunk("一")) + b"event: error\n" + sse({"message": "boom"}),
    "server gave up": sse(chunk("一"), chunk(finish="insufficient_system_resource"), "[DONE]"),
    "finish reason error": sse(chunk("一"), chunk(finish="error")),
    "bare error line later": sse(chunk("一")) + b'{"error": {"message": "boom"}}\n',
}


@pytest.mark.parametrize("stream", BAD.values(), ids=BAD)
def test_what_came_before_a_bad_end_is_incomplete(stream):
    with pytest.raises(AnswerIncomplete) as caught:
        answered(stream)
    assert caught.value.exit_code == 11
    assert caught.value.values["answer"].text == ("一" if stream.startswith(b"data") else "")
    assert caught.value.values["answer"].complete is False


@pytest.mark.parametrize(
    "error", [Unreachable(reason="Late", detail="too late"), BadAnswer(reason="Cut", detail="cut")]
)
def test_a_line_that_is_cut_leaves_the_answer_incomplete(error):
    with pytest.raises(AnswerIncomplete) as caught:
        answered(sse(chunk("一")), error)
    assert caught.value.values["answer"].text == "一" and error.message in caught.value.message


ERRORS = [
    ({"error": {"message": "boom", "type": "server_error", "code": None}}, CpctlError, "ServerError"),
    (
        {"error": {"message": "x", "type": "insufficient_quota", "code": "insufficient_quota"}},
        LimitExceeded,
        "InsufficientQuota",
    ),
    ({"error": {"message": "x", "code": 429, "type": "too_many"}}, Unreachable, "TooMany"),
    (
        {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}},
        Unreachable,
        "UnavailableError",
    ),
    ({"error": {"message": "x", "code": "invalid_api_key"}}, TokenRefused, "InvalidApiKey"),
    ({"error": {"message": "x", "code": "model_not_found"}}, NotFound, "ModelNotFound"),
    ({"error": {"message": "x", "type": "invalid_request_error"}}, UsageError, "InvalidRequestError"),
    ({"error": "Model m is currently loading", "estimated_time": 20.0}, Unreachable, "Unreachable"),
    ({"code": "Throttling.RateQuota", "message": "x", "request_id": "r"}, Unreachable, "ThrottlingRateQuota"),
    ({"code": 1001, "message": "x"}, CpctlError, "CpctlError"),
    ({"object": "error", "message": "x", "type": "BadRequestError", "code": 400}, UsageError, "BadRequestError"),
    ({"detail": "not now"}, CpctlError, "CpctlError"),
    ({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, Unreachable, "OverloadedError"),
]


@pytest.mark.parametrize(("body", "kind", "reason"), ERRORS, ids=[json.dumps(body)[:40] for body, *_ in ERRORS])
@pytest.mark.parametrize("form", ["event", "error event", "json body", "whole"])
def test_an_error_inside_a_200(body, kind, reason, form):
    text = json.dumps(body)
    stream = {"event": sse(text), "error event": b"event: error\n" + sse(text)}.get(form, text.encode())
    asked = ASKED._replace(stream=form != "whole")
    with pytest.raises(CpctlError) as caught:
        answered(stream, headers=JSON if form in ("json body", "whole") else None, asked=asked)
    assert type(caught.value) is kind and caught.value.reason == reason


def test_an_error_event_of_any_shape_is_an_error():
    with pytest.raises(CpctlError) as caught:
        answered(b"event: error\n" + sse({"oops": 1}))
    assert "no reason given" in caught.value.message


def test_unicode_separators_inside_the_text_are_no_line_ends():
    assert answered(sse(chunk("一\u2028二\u0085\u2029三", finish="stop")))[1].text == "一\u2028二\u0085\u2029三"


def test_reasoning_is_kept_apart():
    for key in ("reasoning_content", "reasoning"):
        pieces, answer = answered(sse(chunk(**{key: "嗯"}), chunk(**{key: "…"}), chunk("好"), chunk(finish="stop")))
        assert pieces == [Piece("嗯", "reasoning"), Piece("…", "reasoning"), Piece("好")]
        assert (answer.reasoning, answer.text) == ("嗯…", "好")
        assert answer.document()["choices"][0]["message"]["reasoning_content"] == "嗯…"


def test_both_spellings_of_reasoning_are_one_thought():
    assert answered(sse(chunk(reasoning="嗯", reasoning_content="嗯"), chunk("好", finish="stop")))[1].reasoning == "嗯"


def test_tool_calls_are_put_together():
    def call_delta(index, **call):
        return chunk(tool_calls=[{"index": index, **call}])

    stream = sse(
        call_delta(0, id="a", type="function", function={"name": "f", "arguments": ""}),
        call_delta(0, function={"arguments": '{"x":'}),
        call_delta(1, id="b", function={"name": "g", "arguments": None}),
        call_delta(0, function={"name": None, "arguments": " 1}"}),
        call_delta(1, function=None),
        chunk(finish="tool_calls"),
    )
    answer = answered(stream)[1]
    assert answer.document()["choices"][0]["message"]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
    ]


def test_keep_alives_do_not_put_off_the_first_token():
    drip = [part for _ in range(100) for part in (1.0, b": keep-alive\n\n")]
    with pytest.raises(AnswerIncomplete) as caught:
        answered(*drip, asked=ASKED._replace(first_token_s=5.0))
    assert caught.value.reason == "FirstTokenLate"


def test_after_the_first_token_only_the_deadline_counts():
    slow = [part for _ in range(50) for part in (1.0, b": keep-alive\n\n")]
    stream = [sse(chunk("一")), *slow, sse(chunk("二", finish="stop"))]
    assert answered(*stream, asked=ASKED._replace(first_token_s=5.0))[1].text == "一二"


def test_a_page_in_place_of_a_stream_leaves_the_outcome_open():
    with pytest.raises(OutcomeUnknown) as caught:
        answered(b"<html>", headers={"content-type": "text/html; charset=utf-8"})
    assert "charged again" in caught.value.advice


def test_a_lost_call_says_that_it_may_be_charged_again():
    with pytest.raises(OutcomeUnknown) as caught:
        answered(OutcomeUnknown(detail="gone", hint="x"))
    assert "charged again" in caught.value.advice


def test_whole_answers():
    pieces, answer = answered(b"\n\n" + json.dumps(WHOLE).encode(), headers=JSON, asked=ASKED._replace(stream=False))
    assert pieces == [Piece("一二")] and answer.document() == WHOLE


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{}", BadAnswer), (b'{"choices": []}', BadAnswer), (b'{"choices": [7]}', BadAnswer)]
    + [(body, AnswerIncomplete) for body in (b"", b"[]", b"null", b"7", b"oops", b'{"choi', b'{"a": 1}}')],
)
def test_a_body_that_is_no_answer(body, kind):
    with pytest.raises(kind):
        answered(body, headers=JSON, asked=ASKED._replace(stream=False))


def test_the_request():
    sent = request_of(ASKED._replace(key="k-12345678", max_tokens=5, temperature=0.5))
    assert json.loads(sent.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "你好"}],
        "max_tokens": 5,
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert sent.spending and sent.headers["Idempotency-Key"] == "k-12345678" and sent.deadline_s == 600
    assert sent.most_tries == 3 and request_of(ASKED).most_tries is None
    assert "stream" not in json.loads(request_of(ASKED._replace(stream=False)).body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "choices",
                        "delta",
                        "message",
                        "content",
                        "error",
                        "usage",
                        "finish_reason",
                        "index",
                        "tool_calls",
                        "function",
                        "arguments",
                        "id",
                        "code",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
@settings(max_examples=400)
def test_no_chunk_whatever_its_shape_is_a_bug(value):
    with suppress(CpctlError):
        answered(sse(json.dumps(value)), sse(chunk("x", finish="stop")))
