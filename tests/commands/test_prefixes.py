"""A unique beginning of a name that the platform made will do for get and describe, and for nothing else."""

from __future__ import annotations

import pytest

from client import Client
from fake_platform import holding, listed, platform, problem
from fixed_platform import objects


def test_a_unique_beginning_is_enough(cp, sandbox):
    names = [offer["metadata"]["name"] for offer in sandbox.items("/v1/offers")]
    whole = names[len(names) // 2]
    short = next(whole[:n] for n in range(4, 12) if sum(name.startswith(whole[:n]) for name in names) == 1)
    assert cp("get", "offer", short, "-o", "name").out == f"offer/{whole}\n"
    assert cp("get", f"of/{short}", "-o", "name").out == f"offer/{whole}\n"
    assert cp("describe", "offer", short).out.split()[:2] == ["Name:", whole]


def test_several_are_named(cp, sandbox):
    names = sorted(offer["metadata"]["name"] for offer in sandbox.items("/v1/offers"))
    begin = next(name[:4] for name in names if sum(one.startswith(name[:4]) for one in names) > 1)
    alike = [name for name in names if name.startswith(begin)]
    result = cp("get", "offer", begin, "-o", "json")
    assert result.code == 2 and result.error["reason"] == "AmbiguousName"
    assert all(name in result.error["message"] for name in alike[:10])
    assert (f"and {len(alike) - 10} more" in result.error["message"]) == (len(alike) > 10)


def test_names_of_yours_are_typed_whole(cp, sandbox):
    order = sandbox.buy("prefix-of-mine", {sandbox.offer(1)["metadata"]["name"]: 1})
    assert cp("get", "order", "prefix-of-min").code == 3
    assert cp("get", "model", "deepseek-v3").code in (0, 3)
    sandbox.act(order, "release")


@pytest.mark.parametrize("name", ["of", "of-", "of-*zz", "of-,b", "of-zzzzzzzzz", "山西ab", "of-)("])
def test_what_begins_nothing_is_missing(cp, name):
    result = cp("get", "offer", name)
    assert result.code == 3 and f'offers "{name}" not found' in result.err


def test_a_platform_that_sends_others_is_not_believed(tmp_path):
    def answer(method, path):
        if "?" in path:
            return listed(objects()["offers"])
        return problem(404, "NotFound")

    with platform(answer) as env:
        assert Client(tmp_path, env=env)("get", "offer", "of-qqqq").code == 3


def test_a_whole_name_asks_once(tmp_path):
    asked = []
    inner = holding(objects())

    def answer(method, path):
        asked.append(path)
        return inner(method, path)

    with platform(answer) as env:
        Client(tmp_path, env=env)("get", "offer", "of-1a7k2m")
    assert asked == ["/v1/offers/of-1a7k2m"]
