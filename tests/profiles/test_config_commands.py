"""config as people and scripts use it."""

from __future__ import annotations

import stat

import pytest

from client import Client


@pytest.fixture
def cp(tmp_path):
    return Client(tmp_path)


@pytest.fixture
def two(cp):
    """A client with two profiles, the first current."""
    cp("config", "set", "server", "https://one.example", "--profile", "one")
    cp("config", "set", "server", "https://two.example/ccpp", "--profile", "two")
    return cp


def test_a_machine_with_nothing_says_what_to_do(cp):
    assert cp("config", "view").code == 0
    assert "cpctl sandbox up" in cp("config", "get-profiles").err
    assert cp("config", "current-profile").code == 2
    done = cp("get", "offers")
    assert done.code == 2 and "cpctl sandbox up" in done.err and "cpctl config set" in done.err
    assert len(done.err.splitlines()) == 1


def test_path_names_the_file_and_cpctl_config_moves_it(cp, tmp_path):
    assert cp("config", "path").out == f"{cp.config}\n"
    assert cp("config", "path", env={"CPCTL_CONFIG": "/x/y.toml"}).out == "/x/y.toml\n"


def test_the_first_profile_is_current_and_use_changes_it(two):
    assert two("config", "current-profile").out == "one\n"
    assert two("config", "use-profile", "two").code == 0
    assert two("config", "current-profile").out == "two\n"
    assert two("config", "current-profile", env={"CPCTL_PROFILE": "one"}).out == "one\n"
    assert two("config", "use-profile", "three").code == 2
    assert stat.S_IMODE(two.config.stat().st_mode) == 0o600


def test_profiles_as_table_and_document(two):
    lines = two("config", "get-profiles").lines
    assert lines[0].split() == ["CURRENT", "NAME", "SERVER", "PROJECT", "MODELS"]
    assert lines[1].split() == ["*", "one", "https://one.example", "default", "<none>"]
    assert two("config", "get-profiles", "-o", "name").lines == ["one", "two"]
    assert [row["server"] for row in two("config", "get-profiles", "-o", "json").json][1] == "https://two.example/ccpp"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["limits.max-day", "50"], {"limits": {"max-day": "50"}}),
        (["province", "山西,NX"], {"province": ["shanxi", "ningxia"]}),
        (["residency.provinces", "shanghai"], {"residency": {"provinces": ["shanghai"]}}),
        (["output", "wide"], {"output": "wide"}),
        (["models", "http://127.0.0.1:8080/v1"], {"models": "http://127.0.0.1:8080/v1"}),
    ],
)
def test_set_view_and_unset(two, words, shown):
    assert two("config", "set", *words).code == 0
    profile = two("config", "view", "-o", "json").json["profiles"]["one"]
    assert profile == {"server": "https://one.example", **shown}
    assert two("config", "unset", words[0]).code == 0
    assert two("config", "view", "-o", "json").json["profiles"]["one"] == {"server": "https://one.example"}
    assert "was not set" in two("config", "unset", words[0]).err


@pytest.mark.parametrize(
    "words",
    [
        ["limits.max-day", "cheap"],
        ["limits.max-day", "-1"],
        ["limits.max-dy", "1"],
        ["server", "http://platform.example"],
        ["server", "ftp://x"],
        ["output", "xml"],
        ["province", "atlantis"],
        ["project", "../admin"],
        ["token", "abc"],
        ["profiles.a/b.server", "https://x.example"],
        ["", "x"],
    ],
)
def test_what_cannot_be_is_one_line_and_changes_nothing(two, words):
    before = two.config.read_bytes()
    done = two("config", "set", *words)
    assert done.code == 2 and len(done.err.splitlines()) == 1
    assert two.config.read_bytes() == before


def test_a_secret_is_sent_to_auth_login(two):
    assert "auth login" in two("config", "set", "token", "abc").err


def test_rename_and_delete(two):
    assert two("config", "rename-profile", "one", "uno").code == 0
    assert two("config", "current-profile").out == "uno\n"
    assert two("config", "rename-profile", "uno", "two").code == 5
    gone = two("config", "delete-profile", "uno")
    assert gone.code == 0 and "no profile is current" in gone.err
    assert two("config", "get-profiles", "-o", "name").lines == ["two"]
    assert two("config", "delete-profile", "uno").code == 2


def test_view_prints_the_file_with_its_comments_and_nothing_raw(two):
    text = two.config.read_text() + "# mine \u202e\x1b\n".replace("\x1b", "")
    two.config.write_text(text)
    out = two("config", "view").out
    assert "# mine" in out and "\u202e" not in out


@pytest.mark.parametrize("verb", [["config", "view"], ["get", "offers"], ["config", "set", "project", "x"]])
def test_a_damaged_file_is_one_line_with_its_place(two, verb):
    two.config.write_text(two.config.read_text() + "\n[profiles.x\n")
    done = two(*verb)
    assert done.code == 2 and str(two.config) in done.err and "line 9" in done.err
    assert len(done.err.splitlines()) == 1


def test_no_home_is_one_line(cp):
    done = Client(cp.home)("config", "path", env={"HOME": "", "XDG_CONFIG_HOME": ""})
    assert done.code == 1 and "HOME is not set" in done.err


def test_a_file_in_the_current_folder_is_never_read(cp, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("config.toml", "cpctl.toml", ".env"):
        (tmp_path / name).write_text('current-profile = "evil"\n[profiles.evil]\nserver = "https://evil.example"\n')
    assert cp("get", "offers").code == 2
