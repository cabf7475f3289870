"""Bytes to events: lines end at CR and LF only, and every cut of the bytes gives the same events."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpctl.errors import BadAnswer
from cpctl.resources.sse import Event, Parser, events


def parsed(*chunks: bytes) -> list[Event]:
    return list(events(chunks))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [Event("a")]),
        (b"data:a\n\n", [Event("a")]),
        (b"data:  a\n\n", [Event(" a")]),
        (b"data: a\r\n\r\n", [Event("a")]),
        (b"data: a\r\r", [Event("a")]),
        (b"data: a\n\r\ndata: b\r\n\n", [Event("a"), Event("b")]),
        (b"data: a\ndata: b\n\n", [Event("a\nb")]),
        (b"data: a\ndata\ndata: b\n\n", [Event("a\n\nb")]),
        (b"data: a", [Event("a")]),
        (b"data: a\n", [Event("a")]),
        (b": ping\n\ndata: a\n\n: ping\n\n", [Event("a")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [Event("a", "error"), Event("b")]),
        (b"event:error\r\ndata:a\r\n\r\n", [Event("a", "error")]),
        (b"event: ping\n\ndata: a\n\n", [Event("a")]),
        (b"id: 1\nretry: 5\nfoo: bar\ndata: a\n\ndata: b\n\n", [Event("a", id="1"), Event("b")]),
        (b"id:7\revent: x\rdata: a\r\r", [Event("a", "x", "7")]),
        (b"id: 1\0\ndata: a\n\n", [Event("a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
        (b"\n\n\ndata: a\n\n\n\n", [Event("a")]),
        (b"data:\n\n", [Event("")]),
        ("data: 一\u2028二\u0085三\x0b四\n\n".encode(), [Event("一\u2028二\u0085三\x0b四")]),
        (b"data: \xe5\xb1\n\n", [Event("\ufffd")]),
        (b"data: \xff\xfe\n\n", [Event("\ufffd\ufffd")]),
        (b'{"error": 1}\n', [Event('{"error": 1}')]),
        (b'data: a\n{"error": 1}\n', [Event("a"), Event('{"error": 1}')]),
        (b"<html>\n<p>no stream: at all</p>\n", []),
        (b"", []),
    ],
)
def test_events(stream, expected):
    assert parsed(stream) == expected
    assert parsed(*(stream[i : i + 1] for i in range(len(stream)))) == expected


LINES = st.sampled_from(
    [
        "data: 山西",
        "data:x",
        "data",
        "data: [DONE]",
        ": c",
        "event: error",
        "id: 7",
        "",
        "",
        '{"a": 1}',
        "\ufeffdata: y",
        "data: \u2028",
    ]
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"]))).map(
    lambda some: "".join(a + b for a, b in some).encode()
)


@given(STREAMS, st.lists(st.integers(0, 200)))
@settings(max_examples=400)
def test_every_cut_of_the_bytes_gives_the_same_events(stream, cuts):
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert parsed(*(stream[a:b] for a, b in pairwise(places))) == parsed(stream)


@given(st.binary(), st.integers(0, 50))
def test_any_bytes_are_survived(stream, cut):
    assert parsed(stream[:cut], stream[cut:]) == parsed(stream)


def test_an_event_comes_with_its_last_byte_not_with_the_next_one():
    parser = Parser()
    assert parser.feed(b"data: a\r") == [] and parser.feed(b"\n\r") == [Event("a")]
    assert parser.feed(b"\ndata: b\n") == [] and parser.feed(b"\n") == [Event("b")]


def test_a_long_line_in_many_pieces_is_not_copied_for_each():
    parser = Parser()
    for _ in range(50_000):
        parser.feed(b"x" * 100)
    assert len(parser._line) >= 50_000 and parser.close() == []


@pytest.mark.parametrize("piece", [b"x" * 1000, b"data: x\n" * 100, b": ping\n" * 100])
def test_an_event_without_an_end_is_bounded(piece):
    parser = Parser(limit=1 << 20)
    with pytest.raises(BadAnswer, match="larger than 1 MiB"):
        for _ in range(3000):
            parser.feed(piece)


def test_many_events_are_not_bounded_together():
    parser = Parser(limit=1 << 20)
    assert sum(len(parser.feed(b"data: x\n\n" * 100)) for _ in range(3000)) == 300_000
