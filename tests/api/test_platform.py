"""Lists page by page, names in paths, the platform's time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from wires import FakeClock

from cpctl.api.platform import Platform, object_path, with_query
from cpctl.errors import BadAnswer, BadValue, CpctlError, NotFound
from cpctl.resources.exchange import Answer, Request


class Lists:
    """A `Sender` that answers a list of numbers in pages."""

    origin = "https://platform.example"

    def __init__(self, count: int = 0, answers: list[object] | None = None) -> None:
        self.count, self.answers, self.asked = count, answers, list[str]()

    def send(self, request: Request) -> Answer:
        self.asked.append(request.path)
        document = self.answers.pop(0) if self.answers else self._page(request)
        return Answer(200, {"x-ccpp-time": "2026-05-06T07:08:09Z"}, json.dumps(document).encode())

    def _page(self, request: Request) -> object:
        query = parse_qs(urlsplit(request.path).query)
        start = int(query.get("continue", ["0"])[0])
        end = min(start + int(query["limit"][0]), self.count)
        more = {"continue": str(end)} if end < self.count else {}
        items = [{"metadata": {"name": str(n)}} for n in range(start, end)]
        return {"kind": "List", "items": items, "metadata": {"complete": True, **more}}


def wait_until(done: Callable[[], bool], limit_s: float = 5) -> None:
    ends = time.monotonic() + limit_s
    while not done() and time.monotonic() < ends:
        time.sleep(0.001)


def platform(lists: Lists) -> Platform:
    return Platform(lists, "default", clock=FakeClock())


def names(lists: Lists, **sizes: int) -> list[str]:
    return [item["metadata"]["name"] for page in platform(lists).pages("/v1/offers", **sizes) for item in page.items]


def test_all_pages_are_read_in_order():
    lists = Lists(2_500)
    assert names(lists, chunk=1_000) == [str(n) for n in range(2_500)]
    assert [parse_qs(urlsplit(path).query).get("continue") for path in lists.asked] == [None, ["1000"], ["2000"]]


def test_pages_grow_so_that_a_long_list_takes_few_ways():
    lists = Lists(20_000)
    assert [len(page) for page in platform(lists).pages("/v1/offers")] == [1_000, 2_000, 4_000, 5_000, 5_000, 3_000]
    limited = platform(Lists(20_000)).pages("/v1/offers", limit=3_500)
    assert [len(page) for page in limited] == [1_000, 2_000, 500]


@pytest.mark.parametrize(("limit", "chunk", "requests"), [(5, 1000, 1), (1500, 1000, 2), (0, 500, 5), (3, 2, 2)])
def test_no_more_is_asked_for_than_wanted(limit, chunk, requests):
    lists = Lists(2_500)
    assert len(names(lists, limit=limit, chunk=chunk)) == (limit or 2_500)
    assert len(lists.asked) == requests


def test_a_server_that_sends_more_than_asked_is_cut_to_size():
    lists = Lists(answers=[{"kind": "List", "items": [{}] * 50, "metadata": {"continue": "x"}}])
    assert len([i for page in platform(lists).pages("/v1/offers", limit=7) for i in page.items]) == 7


def test_one_page_is_asked_for_while_one_is_used_and_no_more():
    lists = Lists(5_000)
    pages = platform(lists).pages("/v1/offers", chunk=1_000)
    for used in (1, 2, 3):
        next(pages)
        wait_until(lambda: len(lists.asked) > used)  # noqa: B023  (asked at once)
        assert len(lists.asked) == used + 1
    assert len(list(pages)) == 2 and len(lists.asked) == 5


def test_no_page_too_many_is_asked_for():
    lists = Lists(5_000)
    assert [len(page) for page in platform(lists).pages("/v1/offers", limit=2_000)] == [1_000, 1_000]
    assert len(lists.asked) == 2


def test_a_failure_ahead_is_told_when_its_page_is_due():
    lists = Lists(answers=[{"items": [{}], "metadata": {"continue": "x"}}, {"nonsense": 1}])
    pages = platform(lists).pages("/v1/offers")
    assert len(next(pages)) == 1
    with pytest.raises(BadAnswer, match="no list"):
        next(pages)


def test_a_cursor_is_only_ever_a_parameter():
    cursor = "https://evil.example/../?x=1&y#f\r\nHost: z"
    lists = Lists(answers=[{"items": [{}], "metadata": {"continue": cursor}}, {"items": [{}], "metadata": {}}])
    list(platform(lists).pages("/v1/offers"))
    split = urlsplit(lists.asked[1])
    assert split.path == "/v1/offers" and parse_qs(split.query)["continue"] == [cursor]


def test_rows_become_partial_objects():
    rows = {"kind": "Rows", "fields": ["metadata.name", "spec.price"], "rows": [["a", "1"], ["b", "2"]], "metadata": {}}
    (page,) = platform(Lists(answers=[rows])).pages("/v1/offers")
    assert list(page.items) == [{"metadata": {"name": n}, "spec": {"price": p}} for n, p in [("a", "1"), ("b", "2")]]


def test_a_list_that_goes_round_is_given_up():
    same = {"items": [{}], "metadata": {"continue": "again"}}
    with pytest.raises(BadAnswer, match="circles"):
        list(platform(Lists(answers=[same] * 5)).pages("/v1/offers"))
    empty = [{"items": [], "metadata": {"continue": str(n)}} for n in range(1000)]
    with pytest.raises(BadAnswer, match="circles"):
        list(platform(Lists(answers=empty)).pages("/v1/offers"))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "x",
        5,
        {},
        {"items": 5},
        {"items": {}},
        {"items": [1]},
        {"items": [None]},
        {"items": [], "metadata": []},
        {"items": [], "metadata": {"continue": 5}},
        {"items": [], "metadata": {"continue": "x" * 9_999}},
        {"kind": "Rows", "fields": ["a"], "rows": [[1, 2]]},
        {"kind": "Rows", "fields": [1], "rows": [[1]]},
        {"kind": "Rows", "fields": ["a", "a.b"], "rows": [5]},
        {"kind": "Rows"},
    ],
)
def test_a_list_of_another_shape_is_a_bad_answer(document):
    with pytest.raises(BadAnswer):
        list(platform(Lists(answers=[document])).pages("/v1/offers"))


def test_rows_whose_fields_lie_across_each_other_do_no_harm():
    rows = {"kind": "Rows", "fields": ["a", "a.b"], "rows": [[1, 2]], "metadata": {}}
    (page,) = platform(Lists(answers=[rows])).pages("/v1/offers")
    assert list(page.items) == [{"a": {"b": 2}}]


@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_one_object_is_an_object(document):
    with pytest.raises(BadAnswer):
        platform(Lists(answers=[document])).one("/v1/offers/x")


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("of-1", "of-1"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("..%2f", "..%252f"),
        ("https://evil.example/", "https%3A%2F%2Fevil.example%2F"),
        ("?x", "%3Fx"),
        ("#f", "%23f"),
        ("-rf", "-rf"),
        ("a\0b", "a%00b"),
        ("a b\r\n", "a%20b%0D%0A"),
        ("山西", "%E5%B1%B1%E8%A5%BF"),
        ("model@provider", "model@provider"),
        ("...", "..."),
    ],
)
def test_a_name_is_one_step_of_a_path(name, step):
    assert object_path("/v1/orders", name, "activate") == f"/v1/orders/{step}/activate"


@pytest.mark.parametrize(
    ("name", "kind"), [("", BadValue), ("x" * 300, BadValue), ("..", NotFound), (".", NotFound), ("\ud800", BadValue)]
)
def test_a_name_that_is_none_never_reaches_a_path(name, kind):
    with pytest.raises(CpctlError) as caught:
        object_path("/v1/orders", name)
    assert type(caught.value) is kind


def test_queries_join_lists_and_leave_out_nothing():
    assert with_query("/v1/offers", {"province": ["shanxi", "宁夏"], "limit": 5, "x": None, "y": []}) == (
        "/v1/offers?province=shanxi,%E5%AE%81%E5%A4%8F&limit=5"
    )
    assert with_query("/v1/offers", {"fieldSelector": "a=b&c#d"}) == "/v1/offers?fieldSelector=a%3Db%26c%23d"


def test_time_is_the_platforms_once_it_has_told_it():
    here = platform(Lists(answers=[{"kind": "Order"}]))
    assert here.now() == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    here.one("/v1/orders/x")
    assert here.now() == datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    for odd in ("yesterday", "", "2026-05-06T07:08:09", "9" * 500):
        here.hear({"x-ccpp-time": odd})
    assert here.now() == datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
