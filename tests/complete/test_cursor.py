"""Tab in the middle of a line, behind half a quote, behind = : and words that need quoting, in real shells."""

from __future__ import annotations

import re
import time

import pytest

from client import Client
from keyboard import FLAGS, environment, sitting

UNSPLIT = {"bash with whole words": ("bash", "COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:@]/}")}
SHELLS = {name: (name, "") for name in FLAGS} | UNSPLIT

# what is typed, what stands behind the cursor → a pattern of what stands before the cursor afterwards
CASES = [
    # in the middle
    ("cpctl get off", " --province shanxi", "cpctl get offers"),
    ("cpctl get offers --bil", " --cards 3", "cpctl get offers --billing"),
    ("cpctl get offers --province=shang", " --limit 3", "cpctl get offers --province=shanghai"),
    ("cpctl desc", " 'x y\" z", "cpctl describe"),
    (
        "cpctl get offers --province 山西,shanghai --bil",
        " 山 --cards 3",
        "cpctl get offers --province 山西,shanghai --billing",
    ),
    ("cpctl get offers --province 山西,shangh", " 山", "cpctl get offers --province 山西,shanghai"),
    ("cpctl get offer OFFE", " -o json", "cpctl get offer OFFER"),
    # where a verb takes two kinds
    ("cpctl delete d", "", "cpctl delete demand/"),
    ("cpctl delete o", "", "cpctl delete order/"),
    # of one command among others
    ("true && cpctl get off", "", "true && cpctl get offers"),
    ("FOO=1 cpctl get off", "", "FOO=1 cpctl get offers"),
    ("cpctl get off", " | wc -l; cpctl get orders", "cpctl get offers"),
    ("cpctl get offers | cpctl get ord", "", r"cpctl get offers \| cpctl get orders"),
    # half a quote
    ('"cpctl get off', "", '"cpctl get off'),
    ('cpctl get "off', "", 'cpctl get "offers"?'),
    ("cpctl get 'off", "", "cpctl get 'offers'?"),
    ("cpctl get offers --province 'shang", "", "cpctl get offers --province 'shanghai'?"),
    ("cpctl get offers --province 'shanxi,ning", "", "cpctl get offers --province 'shanxi,ningxia'?"),
    ('cpctl get offers --province="shang', "", 'cpctl get offers --province="?shanghai"?'),
    ('cpctl get offers --province shanxi --accelerator="H8', "", 'cpctl get .* --accelerator="?H800"?'),
    ("cpctl get offers --billing 'sp", "", "cpctl get offers --billing 'spot'"),
    ("cpctl get offer 'OFFE", "", "cpctl get offer 'OFFER'"),
    ("cpctl create demand x --until 'TIM", "", "cpctl create demand x --until 'TIME'"),
    ("cpctl get offer '$(touch pwned)", "", r"cpctl get offer '\$\(touch pwned\)"),  # and it stays quoted
    ("cpctl get offers --provider 'a b,", "", "cpctl get offers --provider 'a b,"),
    # = and :
    ("cpctl get offers --billing=sp", "", "cpctl get offers --billing=spot"),
    ("cpctl get offers --province=shanxi,ni", "", "cpctl get offers --province=shanxi,ningxia"),
    ("cpctl get offers --province=shanxi --accelerator=H8", "", "cpctl get .* --accelerator=H800"),
    ("cpctl create order x --offer=OFFE", "", "cpctl create order x --offer=OFFER="),
    ("cpctl create demand x --until TIM", "", "cpctl create demand x --until TIME"),
    ("cpctl create demand x --until=TIM", "", "cpctl create demand x --until=TIME"),
    ("cpctl get offers -o custom-columns=P:.spec.pric", "", "cpctl get offers -o custom-columns=P:.spec.price"),
    ("cpctl get offers -o 'custom-columns=P:.spec.pric", "", "cpctl get offers -o 'custom-columns=P:.spec.price'?"),
    ("cpctl -s http://127.0.0.1:8790 get off", "", "cpctl -s http://127.0.0.1:8790 get offers"),
    ("cpctl get offers --province= --bil", "", "cpctl get offers --province= --billing"),
    # words before it that are quoted, or hold a space
    ("cpctl --profile my\\ profile get off", "", r"cpctl --profile my\\ profile get offers"),
    ('cpctl --profile "my profile" get off', "", 'cpctl --profile "my profile" get offers'),
    ("cpctl --profile '' get off", "", "cpctl --profile '' get offers"),
    ("cpctl 'get' off", "", "cpctl 'get' offers"),
    ("cpctl get offers --province 'shanxi' --accelerator H8", "", "cpctl get .* --accelerator H800"),
    ('cpctl call a\\ b\\"c --outp', "", r"cpctl call a\\ b\\\"c --output"),
]


WHOLE = {"OFFER": r"of-[a-z0-9]+", "TIME": r"\d{4}-\d\d-\d\dT\d\d:00:00Z"}


@pytest.fixture(scope="module", params=SHELLS)
def desk(request, shared_sandbox, tmp_path_factory):
    """A shell whose cpctl knows the offers, and what stands for OFFE and TIM in what is typed."""
    folder = tmp_path_factory.mktemp("desk")
    client = Client(folder / "home", env=shared_sandbox.env)
    client("get", "offers", "-A")
    offer = shared_sandbox.offer(province="shanxi")["metadata"]["name"]
    day = time.strftime("%Y-%m-%dT", time.gmtime(time.time() + 30 * 86_400))
    name, before = SHELLS[request.param]
    with sitting(name, environment(client.env, folder), folder, folder / "notes", before) as keyboard:
        yield keyboard, {"OFFE": offer[:-1], "TIM": day}


@pytest.mark.parametrize(("typed", "after", "line"), CASES, ids=[f"{typed}|{after}" for typed, after, _ in CASES])
def test_the_word_before_the_cursor_is_completed_and_the_rest_stays(desk, typed, after, line):
    keyboard, begun = desk
    for word, meant in begun.items():
        typed = typed.replace(word, meant)
    for word, pattern in WHOLE.items():
        line = line.replace(word, pattern)
    before, behind = keyboard.completed(typed, after)
    assert re.fullmatch(line, before.rstrip(" "))
    assert behind.lstrip(" ") == after.lstrip(" ")
