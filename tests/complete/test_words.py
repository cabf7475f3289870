"""What Tab offers is what the commands take: every word is put to the real command."""

from __future__ import annotations

import pytest

from cpctl.registry import KINDS
from cpctl.verbs import VERBS
from tabs import answered, tabbed

PLURALS = [kind.plural for kind in KINDS]
KEYS_AT_ONCE = 10  # every one is checked, and a wrong one is named


# sort keys and columns


@pytest.mark.parametrize("plural", PLURALS)
def test_every_field_that_is_offered_sorts(cp, sandbox, plural):
    sandbox.buy(f"sorted-{plural}", {sandbox.offer(4)["metadata"]["name"]: 1})  # no list of one's own is empty,
    sandbox.demand(f"wanted-{plural}")  # nor does every row have everything
    words = {begun: tabbed(cp, "get", plural, "--sort-by", begun) for begun in ("", "metadata.", "s", "~", "~spec.")}
    assert "name" in words[""] and "~name" in words["~"] and not any(word.startswith("~") for word in words[""])
    offered = list(dict.fromkeys(word for found in words.values() for word in found))
    for start in range(0, len(offered), KEYS_AT_ONCE):
        keys = ",".join(offered[start : start + KEYS_AT_ONCE])
        found = cp("get", plural, "--sort-by", keys, "--limit", "1", "-o", "name")
        assert found.code == 0, found.err


@pytest.mark.parametrize("plural", PLURALS)
def test_fields_that_are_no_single_value_are_not_offered(cp, plural):
    found = set(tabbed(cp, "get", plural, "--sort-by", "")) | set(tabbed(cp, "get", plural, "--sort-by", "s"))
    assert (
        not {"metadata", "spec", "status", "metadata.labels", "status.conditions", "spec.images", "spec.models"} & found
    )
    for word in ("metadata.labels", "spec", "kind.nosuch"):
        assert cp("get", plural, "--sort-by", word).code == 2 and word not in found


def test_short_fields_the_ones_taken_and_the_largest_first(cp):
    assert tabbed(cp, "get", "offers", "--sort-by", "~fr") == ["~free"]
    assert tabbed(cp, "get", "offers", "--sort-by", "pri") == ["price"]
    assert tabbed(cp, "get", "offers", "--sort-by", "spec.pri") == ["spec.price"]
    assert tabbed(cp, "get", "offers", "--sort-by=price,~fr") == ["--sort-by=price,~free"]
    for first in ("price", "spec.price", "~price"):
        found = tabbed(cp, "get", "offers", "--sort-by", f"{first},")
        assert found and not {f"{first},price", f"{first},spec.price"} & set(found)
    assert tabbed(cp, "get", "--sort-by", "") == []  # of no kind yet
    assert tabbed(cp, "events", "-o", "custom-columns=REAS") == ["custom-columns=REASON:.spec.reason"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("-oj",), ["-ojson", "-ojsonpath="]),
        (("-o=js",), ["-o=json", "-o=jsonpath="]),
        (("--output=js",), ["--output=json", "--output=jsonpath="]),
        (("-o", "JSO"), ["json", "jsonpath="]),
        (("-ocustom-columns=PRI",), ["-ocustom-columns=PRICE:.spec.price"]),
        (("-o=custom-columns=P:.spec.pri",), ["-o=custom-columns=P:.spec.price"]),
        (("--output=custom-columns=PRI",), ["--output=custom-columns=PRICE:.spec.price"]),
        (("-o", "custom-columns=PRICE:.spec.price,PRI"), []),
        (("-Aojs",), ["-Aojson", "-Aojsonpath="]),
        (("-nre",), ["-nresearch"]),
        (("-n=re",), ["-n=research"]),
    ],
)
def test_values_behind_a_flag_without_a_space(cp, words, found):
    cp("get", "projects")
    assert tabbed(cp, "get", "offers", *words) == found


def test_what_is_attached_is_known_to_what_follows(cp):
    cp("get", "offers", "-A")
    rows = cp("get", "offers", "-A", "--province", "shanxi", "-o", "json").json["items"]
    for flags in (("-Aojson", "--province=SX"), ("-o=json", "--province=SX"), ("-A", "--province", "SX", "-ocsv")):
        assert set(tabbed(cp, "get", "offer", *flags, "")) == {row["metadata"]["name"] for row in rows}


def test_conditions_on_fields_and_their_values(cp):
    assert "spec.billing=" in tabbed(cp, "get", "offers", "--field-selector", "")
    assert answered(cp, "get", "offers", "--field-selector", "")[-1] == ":6"
    assert tabbed(cp, "get", "offers", "--field-selector", "spec.billing=s") == ["spec.billing=spot"]
    assert "status.phase=Held" in tabbed(cp, "get", "orders", "--field-selector", "status.phase=")
    both = "spec.billing=spot,status.state="
    for kind, begun in (
        ("offers", both),
        ("orders", "status.phase="),
        ("orders", "status.phase!="),
        ("events", "spec.severity=="),
    ):
        found = tabbed(cp, "get", kind, "--field-selector", begun)
        assert found and all(word.startswith(begun) for word in found)
        for word in found:
            assert cp("get", kind, "--field-selector", word).code == 0, word
    for plural in PLURALS:
        for word in tabbed(cp, "get", plural, "--field-selector", "")[:40:13]:
            assert cp("get", plural, "--field-selector", f"{word}x").code in (0, 2)


# objects


def test_names_of_events(fresh_cp, fresh_sandbox):
    fresh_sandbox.buy("one", {fresh_sandbox.offer(4)["metadata"]["name"]: 1})
    names = [row["metadata"]["name"] for row in fresh_cp("get", "events", "-o", "json").json["items"]]
    assert fresh_cp("get", "events").code == 0
    assert names and set(tabbed(fresh_cp, "get", "events", "")) == set(names)
    assert set(tabbed(fresh_cp, "get", "event/")) == {f"event/{name}" for name in names}


def test_labels_of_orders_to_put_on_and_to_take_off(fresh_cp, fresh_sandbox):
    offer = fresh_sandbox.offer(4)["metadata"]["name"]
    for name, label in (("one", "team=nlp"), ("two", "stage=dev"), ("three", "")):
        more = ("--label", label) if label else ()
        made = fresh_cp("create", "order", name, "--offer", f"{offer}=1", "--duration", "1h", "--yes", *more)
        assert made.code == 0, made.err
    assert fresh_cp("get", "orders").code == 0
    assert tabbed(fresh_cp, "label", "order/one", "") == ["stage=", "team=", "team-", "order/"]
    assert tabbed(fresh_cp, "label", "order/three", "") == ["stage=", "team=", "order/"]
    assert tabbed(fresh_cp, "label", "order/one", "order/two", "")[2:] == ["stage-", "team-", "order/"]
    assert set(tabbed(fresh_cp, "label", "order/one", "order/")) == {"order/two", "order/three"}
    assert tabbed(fresh_cp, "label", "orders", "one", "te") == ["team=", "team-"]
    assert tabbed(fresh_cp, "label", "order/two", "team=") == ["team=nlp"]
    assert answered(fresh_cp, "label", "order/two", "team=")[-1] == ":4"
    assert answered(fresh_cp, "label", "order/one", "team-")[-1] == ":4"
    assert answered(fresh_cp, "label", "order/one", "te")[-1] == ":6"
    assert "team=" not in tabbed(fresh_cp, "label", "order/one", "team-", "")
    assert fresh_cp("label", "order/one", "team-").code == 0
    assert fresh_cp("get", "orders").code == 0
    assert tabbed(fresh_cp, "label", "order/one", "") == ["stage=", "order/"]
    assert tabbed(fresh_cp, "get", "orders", "-l", "") == tabbed(fresh_cp, "release", "-l", "") == ["stage="]
    assert tabbed(fresh_cp, "get", "offers", "-l", "") == []  # nothing there has a label
    for verb in ("order", "demand"):
        assert tabbed(fresh_cp, "create", verb, "x", "--label", "") == ["stage="]
        assert tabbed(fresh_cp, "create", verb, "x", "--label", "stage=") == ["stage=dev"]


# requests and other second words


def test_paths_of_the_contract(cp):
    found = tabbed(cp, "api", "GET", "/v1/")
    assert {"/v1/offers", "/v1/orders/", "/v1/whoami"} <= set(found)
    assert tabbed(cp, "api", "get", "/v1/whoa") == tabbed(cp, "api", "/v1/whoa") == ["/v1/whoami"]
    assert tabbed(cp, "api", "")[:2] == ["GET", "POST"] and tabbed(cp, "api", "p") == ["POST", "PATCH"]
    assert set(tabbed(cp, "api", "POST", "")) >= {"/v1/quotes", "/v1/orders"}
    assert "/v1/offers" not in tabbed(cp, "api", "POST", "") and "--help" in tabbed(cp, "api", "GET", "/v1/offers", "")
    names = [row["metadata"]["name"] for row in cp("get", "offers", "-A", "-o", "json").json["items"]]
    cp("get", "offers", "-A")
    assert set(tabbed(cp, "api", "GET", "/v1/offers/")) == {f"/v1/offers/{name}" for name in names}
    assert cp("api", "GET", tabbed(cp, "api", "GET", f"/v1/offers/{names[0]}")[0]).code == 0
    for path in found:
        if not path.endswith("/") and path != "/v1/access":
            assert cp("api", "GET", path).code == 0, path
    assert tabbed(cp, "sandbox", "faults", "set", "--path", "/v1/quo") == []
    assert "/v1/orders" in tabbed(cp, "sandbox", "faults", "set", "--path", "/v1/ord")


def test_what_may_be_asked_and_set(cp):
    verbs = tabbed(cp, "auth", "can-i", "")
    assert {"create", "activate", "list"} <= set(verbs)
    assert set(tabbed(cp, "auth", "can-i", "create", "")) == set(PLURALS)
    for verb in verbs:
        assert cp("auth", "can-i", verb, "orders").code in (0, 4)
    assert tabbed(cp, "config", "set", "province", "sha") == ["shanxi", "shanghai", "shandong"]
    assert tabbed(cp, "config", "set", "residency.provinces", "shanxi,ningx") == ["shanxi,ningxia"]
    assert tabbed(cp, "config", "set", "profiles.a.province", "sx") == ["shanxi"]
    assert tabbed(cp, "config", "set", "residency.provinces", "nx,SX") == ["nx,shanxi"]
    assert tabbed(cp, "config", "set", "profiles.a.output", "js") == ["json"]
    assert tabbed(cp, "config", "set", "defaults.get.output", "js") == ["json", "jsonpath="]
    assert tabbed(cp, "config", "set", "defaults.get.province", "SX") == ["shanxi"]
    assert tabbed(cp, "config", "set", "limits.max-d") == ["limits.max-day"]
    assert "--help" in tabbed(cp, "config", "set", "server", "x", "")
    assert tabbed(cp, "completion", "install", "") == ["bash", "zsh", "fish", "powershell"]
    assert "--help" in tabbed(cp, "completion", "bash", "")
    assert tabbed(cp, "delete", "-o", "") == ["name"]
    assert tabbed(cp, "get", "offers", "-v", "") == ["6", "7", "8", "9"]


def test_whole_keys_of_settings(cp):
    assert cp("config", "set", "profiles.north-1.server", "http://127.0.0.1:9").code == 0
    words = ("config", "set")
    assert answered(cp, *words, "profiles.no")[0] == "profiles.north-1."
    assert answered(cp, *words, "profiles.no")[-1] == ":6"
    settings = [word for word in tabbed(cp, *words, "") if word[0] != "-"]
    assert tabbed(cp, *words, "profiles.north-1.") == [f"profiles.north-1.{one}" for one in settings]
    assert tabbed(cp, *words, "profiles.north-1.resid") == ["profiles.north-1.residency.provinces"]
    assert "defaults.get." in tabbed(cp, *words, "defaults.") and "defaults.config." not in tabbed(
        cp, *words, "defaults."
    )
    assert tabbed(cp, *words, "defaults.get.outp")[0] == "defaults.get.output"
    assert tabbed(cp, *words, "defaults.no-such.") == tabbed(cp, *words, "no.such") == []
    for key, value in (("defaults.get.output", "wide"), ("profiles.north-1.residency.provinces", "shanxi")):
        assert value in tabbed(cp, *words, key, "") and cp(*words, key, value).code == 0


@pytest.mark.parametrize("verb", VERBS)
def test_keys_of_defaults_are_those_that_verbs_take(cp, verb):
    """What Tab offers there, `config set` takes; what a verb would refuse ever after is refused at once."""
    prefix = f"defaults.{verb}."
    keys = tabbed(cp, "config", "set", prefix)
    assert bool(keys) == (prefix in tabbed(cp, "config", "set", "defaults."))
    for key in keys:
        values = [word for word in tabbed(cp, "config", "set", key, "") if word[:2] != "--"]
        said = cp("config", "set", key, values[0] if values else "x")
        assert said.code == 0, said.err
        assert key in tabbed(cp, "config", "unset", f"{prefix}") and cp("config", "unset", key).code == 0
    for word in ("yes", "profile", "server", "no-such-flag"):
        assert f"{prefix}{word}" not in keys
        said = cp("config", "set", f"{prefix}{word}", "true")
        assert said.code == 2, said.err
    read = cp("config", "view", "-o", "json").out
    assert prefix not in read


def test_defaults_that_nothing_reads_are_refused(cp):
    for key in (
        "defaults.create order.duration",
        "defaults.nosuch.output",
        "defaults.doctor.output",
        "defaults.create.until",
    ):
        said = cp("config", "set", key, "1h")
        assert said.code == 2 and "error: " in said.err
        assert key not in tabbed(cp, "config", "set", key)
    assert cp("config", "set", "defaults.create.duration", "1h").code == 0
    assert "defaults.create.duration" in tabbed(cp, "config", "set", "defaults.create.")


def test_values_of_defaults_are_those_of_the_flag(cp):
    assert "H800" in tabbed(cp, "config", "set", "defaults.get.accelerator", "")
    assert tabbed(cp, "config", "set", "defaults.get.accelerator", "A800,H8") == ["A800,H800"]
    assert tabbed(cp, "config", "set", "defaults.apply.output", "") == ["name", "json", "yaml"]
    assert tabbed(cp, "config", "set", "defaults.get.no-headers", "") == ["true", "false"]
    assert "toml" in tabbed(cp, "config", "set", "output", "")
