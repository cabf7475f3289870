"""version, --version and api-resources: what is installed, and what answers."""

from __future__ import annotations

import pytest

from cpctl import __version__
from cpctl.registry import KINDS
from tests.client import Client


def test_both_versions(cp):
    result = cp("version")
    assert result.code == 0 and result.err == ""
    assert result.lines[0] == f"cpctl {__version__} (contract v1)"
    assert "contract v1, a sandbox" in result.lines[1]
    document = cp("version", "-o", "json").json
    assert document["client"]["version"] == __version__ and document["server"]["sandbox"] is True


def test_without_a_platform_it_still_tells_its_own(tmp_path):
    alone = Client(tmp_path)
    nobody, away = alone("version"), alone("version", env={"CPCTL_SERVER": "http://127.0.0.1:9", "CPCTL_TOKEN": "x"})
    assert nobody.code == away.code == 0 and nobody.out == away.out == f"cpctl {__version__} (contract v1)\n"
    assert "no profile" in nobody.err and "127.0.0.1:9" in away.err
    assert alone("version", "--client").err == ""
    assert alone("version", "--client", "-o", "json").json == {"client": {"version": __version__, "contract": "v1"}}
    assert alone("version", "-o", "json").json["server"] is None


def test_version_as_a_flag(tmp_path):
    assert Client(tmp_path)("--version").out == f"cpctl {__version__}\n"


@pytest.mark.parametrize(
    "words", [["get", "sp"], ["overview"], ["describe", "sp/henan"], ["auth", "whoami"]], ids=" ".join
)
def test_without_a_profile_every_verb_says_how_to_get_one(tmp_path, words):
    result = Client(tmp_path)(*words)
    assert result.code in (2, 4) and "cpctl sandbox up" in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize("words", [["get", "sp"], ["overview"], ["describe", "sp/henan"]], ids=" ".join)
def test_without_a_good_token_every_verb_says_so(cp, words):
    refused = cp(*words, env={"CPCTL_TOKEN": "not-a-token"})
    assert refused.code == 4 and "CPCTL_TOKEN" in refused.err and refused.err.count("\n") == 1
    none = cp(*words, env={"CPCTL_TOKEN": ""})
    assert none.code == 4 and "cpctl auth login" in none.err and none.err.count("\n") == 1


@pytest.mark.parametrize("words", [["get", "sp"], ["overview"], ["describe", "sp/henan"]], ids=" ".join)
def test_a_server_that_is_down(cp, words):
    result = cp(*words, env={"CPCTL_SERVER": "http://127.0.0.1:9"})
    assert result.code == 9 and "http://127.0.0.1:9 is not answering" in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize("url", ["ftp://x", "http://10.1.2.3", "x", "http://a@b", "https://", "http://127.0.0.1:99999"])
def test_a_server_that_is_no_address(cp, url):
    result = cp("get", "sp", env={"CPCTL_SERVER": url})
    assert result.code == 2 and "CPCTL_SERVER" in result.err and result.err.count("\n") == 1


def test_api_resources_lists_every_kind(tmp_path):
    alone = Client(tmp_path)
    lines = alone("api-resources").lines
    assert [line.split()[0] for line in lines[1:]] == [kind.plural for kind in KINDS]
    assert alone("api-resources", "-o", "name").lines == [kind.plural for kind in KINDS]
    assert [row["kind"] for row in alone("api-resources", "-o", "json").json] == [kind.kind for kind in KINDS]
    assert len(alone("api-resources", "--no-headers").lines) == len(KINDS)
