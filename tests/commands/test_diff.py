"""`diff` says what `apply` would do, and what it says is what `apply` then does; it sends nothing but reads."""

from __future__ import annotations

import json

import pytest

from client import Client
from fake_platform import good, platform, problem
from fixed_platform import objects
from money import LOST, Trouble, manifest, orders_of, record_files, reservations, rolled_back, through
from proxy import RecordingProxy


@pytest.fixture
def wanted(tmp_path, sandbox):
    made = manifest(tmp_path)
    with rolled_back(sandbox, made.name):
        yield made


def labelled(made, **labels):
    made.document["metadata"]["labels"] = labels
    made.change()


def labels(sandbox, name):
    (order,) = orders_of(sandbox, name)
    return order["metadata"]["labels"]


# what it prints and ends with


def test_an_order_that_is_not_there_is_all_lines_added(cp, sandbox, wanted):
    labelled(wanted, team="nlp")
    result = cp("diff", "-f", str(wanted))
    assert result.out == (
        f"--- live/order/{wanted.name}\n+++ wanted/order/{wanted.name}\n@@ -0,0 +1,8 @@\n"
        '+metadata:\n+  labels:\n+    team: nlp\n+spec:\n+  accelerator:\n+  - H800\n+  cards: 8\n+  duration: "1h"\n'
    )
    assert (result.code, result.err) == (1, f"order/{wanted.name} created\n")
    assert orders_of(sandbox, wanted.name) == []


def test_nothing_that_differs_is_nothing_printed_and_0(cp, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    assert cp("diff", "-f", str(wanted)) == (type(cp("version", "--client"))(0, "", f"order/{wanted.name} unchanged\n"))


def test_another_spec_is_a_conflict_as_apply_says(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    wanted.change(duration="3h")
    result = cp("diff", "-f", str(wanted))
    assert result.code == 1
    assert '-  duration: "1h"\n+  duration: "3h"\n' in result.out
    assert f"order/{wanted.name} conflict: " in result.err and "another spec" in result.err
    assert cp("apply", "-f", str(wanted)).code == 5
    assert len(reservations(sandbox, wanted.name)) == 1


def test_other_limits_are_shown_and_are_no_difference(cp, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    wanted.change(limits={"budget": "9000.00"})
    result = cp("diff", "-f", str(wanted))
    assert (result.code, result.err) == (0, f"order/{wanted.name} unchanged\n")
    assert '+  limits:\n+    budget: "9000.00"\n' in result.out
    assert cp("apply", "-f", str(wanted), "-o", "json").json["result"] == "unchanged"


def test_one_spec_in_two_spellings_differs_in_nothing(cp, wanted):
    wanted.change(placement={"provinces": ["山西", "nx"]})
    assert cp("apply", "-f", str(wanted)).code == 0
    wanted.change(placement={"provinces": ["shanxi", "宁夏"]})
    result = cp("diff", "-f", str(wanted))
    assert (result.code, result.out) == (0, "")


def test_colour_on_a_terminal_and_when_it_is_forced(cp, wanted):
    forced = cp("diff", "-f", str(wanted), "--color", "always").out
    assert "\x1b[32m+  cards: 8\x1b[0m\n" in forced and "\x1b[31m---" in forced
    assert "\x1b[32m+" in cp("diff", "-f", str(wanted), tty=True, env={"TERM": "xterm"}).out
    assert "\x1b" not in cp("diff", "-f", str(wanted)).out
    assert "\x1b" not in cp("diff", "-f", str(wanted), tty=True, env={"NO_COLOR": "1", "TERM": "xterm"}).out


def test_folders_stdin_run_ids_and_many_documents(cp, sandbox, tmp_path):
    folder = tmp_path / "orders" / "below"
    folder.mkdir(parents=True)
    first, second = manifest(folder), manifest(folder)
    with rolled_back(sandbox, first.name):
        assert cp("apply", "-f", str(first)).code == 0
        result = cp("diff", "-f", str(folder.parent), "-R")
        outcomes = dict(line.split() for line in result.err.splitlines())
        assert outcomes == {f"order/{first.name}": "unchanged", f"order/{second.name}": "created"}
        assert result.code == 1
        assert cp("diff", "-f", "-", stdin=first.path.read_text()).code == 0
        generated = {**first.document, "metadata": {"generateName": f"{first.name}-"}}
        found = cp("diff", "-f", "-", "--run-id", "7", stdin=json.dumps(generated))
        assert (found.code, found.err) == (1, f"order/{first.name}-7 created\n")


def test_it_is_what_apply_would_do_about_orders_that_ended(fresh_cp, fresh_sandbox, tmp_path):
    made = manifest(tmp_path)
    assert fresh_cp("apply", "-f", str(made)).code == 0
    fresh_sandbox.admin.advance(3600)
    lapsed = fresh_cp("diff", "-f", str(made))
    assert (lapsed.code, lapsed.err) == (1, f"order/{made.name} created\n")
    assert fresh_cp("apply", "-f", str(made), "--activate", "--wait").code == 0
    fresh_sandbox.admin.advance(600)
    assert fresh_cp("release", f"order/{made.name}").code == 0
    charged = fresh_cp("diff", "-f", str(made))
    assert (charged.code, charged.out) == (1, "")
    assert "conflict" in charged.err and "--recreate" in charged.err


def test_somebody_elses_order_is_a_conflict(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted), env={"CPCTL_TOKEN": sandbox.token_of("ci")}).code == 0
    result = cp("diff", "-f", str(wanted))
    assert (result.code, result.out) == (1, "")
    assert "made by ci" in result.err and "--adopt" in result.err


# reads alone


def test_nothing_is_sent_but_reads_and_no_record_is_touched(cp, sandbox, wanted):
    with RecordingProxy(sandbox.url) as proxy:
        proxy.instead = Trouble("/v1/orders?", LOST["lost"])
        assert cp("apply", "-f", str(wanted), env=through(cp, proxy)).code == 11
        (path,) = record_files(cp)
        before, posts = path.read_bytes(), len(proxy.sent("POST", "/v1"))
        result = cp("diff", "-f", str(wanted), env=through(cp, proxy))
        assert (result.code, result.err) == (0, f"order/{wanted.name} resumed\n")
        assert path.read_bytes() == before
        assert len(proxy.sent("POST", "/v1")) == posts and not proxy.sent("PATCH", "/v1")
        again = cp("apply", "-f", str(wanted), "-o", "json", env=through(cp, proxy))
        assert again.json["result"] == "resumed"


def test_an_order_begun_and_not_there_would_be_resumed(cp, sandbox, wanted):
    sandbox.admin.faults(path="/v1/orders", method="POST", count=1, error=500)
    assert cp("apply", "-f", str(wanted)).code == 11
    result = cp("diff", "-f", str(wanted))
    assert (result.code, result.err) == (1, f"order/{wanted.name} resumed\n")
    assert orders_of(sandbox, wanted.name) == []
    stranger = cp("diff", "-f", str(wanted), env={"CPCTL_TOKEN": sandbox.token_of("ci")})
    assert stranger.code == 1 and "conflict" in stranger.err and "was begun by dev" in stranger.err


# trouble is told by a code above 1


def test_usage_is_2_and_no_platform_is_9(cp, tmp_path, wanted):
    assert cp("diff").code == 2
    assert cp("diff", "-f", "/nowhere.yaml").code == 2
    nobody = Client(tmp_path / "home", env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "t"})
    result = nobody("diff", "-f", str(wanted))
    assert (result.code, result.out) == (9, "")


@pytest.mark.parametrize(
    "reply", [good({"no": "order"}), good([]), problem(418, "Teapot"), problem(401, "Unauthorized")]
)
def test_an_answer_that_says_nothing_is_no_difference(tmp_path, reply):
    made = manifest(tmp_path)

    def answer(_method, path):
        return good({"account": "dev"}) if "whoami" in path else reply

    with platform(answer) as env:
        result = Client(tmp_path / "home", env=env)("diff", "-f", str(made))
    assert result.code > 1 and result.out == ""


@pytest.mark.parametrize("deep", [0, 300, 900, 960])
def test_what_a_platform_wrote_is_safe_to_print(tmp_path, deep):
    order = objects()["orders"][0]
    made = manifest(tmp_path, order["metadata"]["name"])
    nested: object = "x"
    for _ in range(deep):
        nested = [nested]
    spec = {"\x1b[2K\rPAID": "\u202e0.00\x9b31m", "image": "a\nb", "deep": nested}
    hostile = {**order, "metadata": {**order["metadata"], "labels": {"a": "\x1b]52;c;x\x07"}}, "spec": spec}

    def answer(_method, path):
        return good({"account": "dev"}) if "whoami" in path else good(hostile)

    with platform(answer) as env:
        result = Client(tmp_path / "home", env=env)("diff", "-f", str(made))
    assert not set("\x1b\r\u202e\x9b\x07") & set(result.out + result.err)
    assert result.code in (1, 9)  # as many levels as this Python reads are shown
    if not deep:
        assert '-  "\\x1b[2K\\rPAID": "\\u202e0.00\\x9b31m"\n' in result.out and "conflict" in result.err


# labels may change


def test_apply_changes_labels_and_calls_it_configured(cp, sandbox, wanted):
    labelled(wanted, team="nlp", stage="dev")
    assert cp("apply", "-f", str(wanted)).lines == [f"order/{wanted.name} created"]
    assert cp("label", f"order/{wanted.name}", "by=hand").code == 0
    labelled(wanted, team="vision")
    told = cp("diff", "-f", str(wanted))
    assert (told.code, told.err) == (1, f"order/{wanted.name} configured\n")
    assert "-    team: nlp\n+    team: vision\n" in told.out and "     by: hand\n" in told.out
    with RecordingProxy(sandbox.url) as proxy:
        result = cp("apply", "-f", str(wanted), "-o", "json", env=through(cp, proxy))
        (patch,) = proxy.sent("PATCH", f"/v1/orders/{wanted.name}?")
    assert patch.header("If-Match").isdigit()
    assert (result.code, result.json["result"]) == (0, "configured")
    assert result.json["metadata"]["labels"] == labels(sandbox, wanted.name)
    assert labels(sandbox, wanted.name) == {"team": "vision", "stage": "dev", "by": "hand"}
    assert cp("diff", "-f", str(wanted)).code == 0
    assert cp("apply", "-f", str(wanted)).lines == [f"order/{wanted.name} unchanged"]
    assert len(reservations(sandbox, wanted.name)) == 1


def test_other_labels_under_another_spec_change_nothing(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    labelled(wanted, team="nlp")
    wanted.change(duration="3h")
    assert cp("apply", "-f", str(wanted)).code == 5
    assert labels(sandbox, wanted.name) == {}


def test_labels_and_switching_on_are_one_run(cp, sandbox, wanted):
    assert cp("apply", "-f", str(wanted)).code == 0
    labelled(wanted, team="nlp")
    result = cp("apply", "-f", str(wanted), "--activate", "--wait", "-o", "json")
    assert (result.json["result"], result.json["status"]["phase"]) == ("resumed", "Active")
    assert labels(sandbox, wanted.name) == {"team": "nlp"}


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 0), (9, 5)])
def test_somebody_who_changes_the_order_in_between(cp, sandbox, wanted, times, code):
    assert cp("apply", "-f", str(wanted)).code == 0
    labelled(wanted, team="nlp")
    left = [times]

    def meddle(exchange):
        if exchange.line.startswith("PATCH") and left[0]:
            left[0] -= 1
            assert cp("label", f"order/{wanted.name}", f"n={left[0]}", "--overwrite").code == 0

    with RecordingProxy(sandbox.url, before=meddle) as proxy:
        result = cp("apply", "-f", str(wanted), env=through(cp, proxy))
    assert result.code == code, result.err
    assert labels(sandbox, wanted.name).get("team") == (None if code else "nlp")
