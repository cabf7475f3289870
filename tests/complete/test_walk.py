"""From the first Tab to an order that the platform holds, in real shells, with no word typed: Tab, space and Enter."""

from __future__ import annotations

import pytest

from keyboard import ENTER, FLAGS, TAB, environment, sitting

CYCLES = {"bash": "bind 'TAB: menu-complete'"}  # Tab goes through what there is, as in the others
# what a person looks for among the words that Tab shows, as patterns
BEGIN = ("create", "order", r"order-\d{4}-[0-9a-f]{4}")
PLACE = ("--province", "shanxi", "--accelerator", r"[A-Z][\w-]+", "--cards", "2", "--duration", "8h")
SCENARIO = ("--scenario", "[a-z]+-[a-z-]+", "--cards", "1", "--duration", "1h")


def walked(name, cp, folder, words) -> list[str]:
    """The words that were picked; the question of the line that they make was answered with yes."""
    with sitting(name, environment(cp.env, folder), folder, folder / "notes", CYCLES.get(name, "")) as keyboard:
        keyboard.put("cpctl ")
        picked = [keyboard.pick(word) for word in (*BEGIN, *words)]
        keyboard.press(f" {ENTER}")  # in a menu, Enter alone would only take what is chosen
        assert keyboard.shell.expect_exact(["[y/N]", "error:"]) == 0
        keyboard.press(f"y{ENTER}")
        keyboard.shell.expect_exact(f"order/{picked[2]}")
    return picked[2:]


@pytest.fixture
def held(cp, sandbox, tmp_path):
    """The words that Tab found in a shell, and the spec and the chosen offers of the order that is there then."""

    def walk(name, words):
        for kind in ("offers", "scenarios"):
            assert cp("get", kind, "-A").code == 0
        order, *picked = walked(name, cp, tmp_path, words)
        found = sandbox.get(f"/v1/orders/{order}").json()
        assert found["status"]["phase"] == "Held"
        return picked, found["spec"], [sandbox.get(f"/v1/offers/{a['offer']}").json() for a in allocations(found)]

    return walk


def allocations(order):
    return order["status"].get("allocations") or order["spec"]["allocations"]


@pytest.mark.parametrize("name", FLAGS)
def test_an_order_of_an_offer_by_tab_alone(name, held, sandbox):
    fitting = "|".join(offer["metadata"]["name"] for offer in sandbox.each("/v1/offers", cards=2, billing="on-demand"))
    picked, spec, _ = held(name, ("--offer", f"({fitting})=", "2", "--duration", "4h"))
    assert spec["allocations"] == [{"offer": picked[1].rstrip("="), "cards": 2}]
    assert spec["duration"] == "4h"


@pytest.mark.parametrize("name", FLAGS)
def test_an_order_of_an_accelerator_in_a_province_by_tab_alone(name, held):
    picked, spec, offers = held(name, PLACE)
    assert (spec["accelerator"], spec["placement"]["provinces"]) == ([picked[3]], ["shanxi"])
    assert (spec["cards"], spec["duration"]) == (2, "8h")
    assert {(o["spec"]["province"], o["spec"]["accelerator"]) for o in offers} == {("shanxi", picked[3])}


@pytest.mark.parametrize("name", FLAGS)
def test_an_order_of_a_scenario_by_tab_alone(name, held, sandbox):
    picked, spec, offers = held(name, SCENARIO)
    template = sandbox.get(f"/v1/scenarios/{picked[1]}").json()["spec"]["order"]
    assert (spec["accelerator"], spec["cards"], spec["duration"]) == (template["accelerator"], 1, "1h")
    assert {offer["spec"]["accelerator"] for offer in offers} <= set(template["accelerator"])


@pytest.mark.parametrize("name", FLAGS)
def test_numbers_of_cards_come_in_their_order(name, cp, tmp_path):
    cp("get", "offers", "-A")
    start, came = "cpctl plan --cards ", []
    with sitting(name, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes", CYCLES.get(name, "")) as keyboard:
        for tabs in range(1, 8):
            keyboard.put(start[:-1])
            keyboard.press(start[-1] + TAB * tabs)
            came.append(keyboard.line()[0].removeprefix(start).strip())
    assert [number for number in came if number][:5] == ["1", "2", "4", "8", "16"]
