"""Edits keep comments and everything else, however the file is written."""

from __future__ import annotations

import pytest

from cpctl.errors import Conflict, UnknownName, UsageError
from cpctl.profiles import changes, config

STYLES = {
    "tables": """# mine
current-profile = "sandbox"  # for now

[profiles.sandbox]  # here
server = "http://127.0.0.1:8790"
[profiles.sandbox.limits]
max-day = "9"  # enough
""",
    "scattered": """# mine
[profiles.sandbox]  # here
server = "http://127.0.0.1:8790"
[defaults.get]
output = "wide"
[profiles.llm]
models = "http://127.0.0.1:8080/v1"
""",
}
RARE_STYLES = {
    "inline": """# mine
profiles.sandbox = {server = "http://127.0.0.1:8790", limits = {max-day = "9"}}
""",
    "dotted": """# mine
profiles.sandbox.server = "http://127.0.0.1:8790"
profiles.sandbox.limits.max-day = "9"
""",
    "one table": """# mine
[profiles]
sandbox.server = "http://127.0.0.1:8790"
""",
}


@pytest.fixture(params=STYLES.values(), ids=STYLES.keys())
def path(request, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(request.param)
    return file


def done(path, change) -> dict:
    """What the file says afterwards."""
    config.edit(path, change)
    assert "# mine" in path.read_text()
    return config.read(path)


EDITS = {
    "old": lambda d: changes.put(d, ["profiles", "sandbox", "limits", "max-price"], "20"),
    "new": lambda d: changes.put(d, ["profiles", "ci", "limits", "max-day"], "1"),
    "use": lambda d: changes.use(d, "sandbox"),
    "rename": lambda d: changes.rename(d, "sandbox", "here"),
    "remove": lambda d: changes.remove(d, "sandbox"),
    "take": lambda d: changes.take(d, ["profiles", "sandbox", "server"]),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("style", RARE_STYLES.values(), ids=RARE_STYLES.keys())
def test_a_file_written_oddly_is_edited_rightly_or_left_alone(tmp_path, style, edit):
    path = tmp_path / "config.toml"
    path.write_text(style)
    meant = config.read(path)
    edit(meant)
    try:
        config.edit(path, edit)
    except UsageError as error:
        assert "edit it by hand" in (error.advice or "") and path.read_text() == style
    else:
        found = config.read(path)
        assert found.get("current-profile") == meant.get("current-profile")
        assert found.get("profiles", {}) == {name: table for name, table in meant["profiles"].items() if table}


def test_set_a_value_of_an_old_and_a_new_profile(path):
    read = done(path, lambda d: changes.put(d, ["profiles", "sandbox", "limits", "max-price"], "20"))
    assert read["profiles"]["sandbox"]["limits"]["max-price"] == "20"
    assert read["profiles"]["sandbox"]["server"] == "http://127.0.0.1:8790"
    read = done(path, lambda d: changes.put(d, ["profiles", "ci", "limits", "max-day"], "1"))
    read = done(path, lambda d: changes.put(d, ["profiles", "ci", "server"], "https://platform.example"))
    assert read["profiles"]["ci"] == {"limits": {"max-day": "1"}, "server": "https://platform.example"}


def test_use_rename_and_remove(path):
    assert done(path, lambda d: changes.use(d, "sandbox"))["current-profile"] == "sandbox"
    was = config.read(path)["profiles"]["sandbox"]
    read = done(path, lambda d: changes.rename(d, "sandbox", "here"))
    assert (read["current-profile"], read["profiles"]["here"]) == ("here", was)
    read = done(path, lambda d: changes.remove(d, "here"))
    assert "current-profile" not in read and "here" not in read.get("profiles", {})


def test_take_removes_tables_that_hold_nothing_more(path):
    done(path, lambda d: changes.put(d, ["profiles", "sandbox", "limits", "max-day"], "9"))
    read = done(path, lambda d: changes.take(d, ["profiles", "sandbox", "limits", "max-day"]))
    assert read["profiles"]["sandbox"] == {"server": "http://127.0.0.1:8790"}
    read = done(path, lambda d: changes.take(d, ["profiles", "sandbox", "server"]))
    assert not read.get("profiles", {}).get("sandbox")


def test_names_that_are_none_and_names_that_are_taken(path):
    for change in (changes.use, changes.remove):
        with pytest.raises(UnknownName):
            config.edit(path, lambda d, change=change: change(d, "nobody"))
    with pytest.raises(Conflict):
        config.edit(path, lambda d: changes.rename(d, "sandbox", "sandbox"))
    with pytest.raises(UsageError):
        config.edit(path, lambda d: changes.rename(d, "sandbox", "a.b"))


def test_the_first_profile_becomes_the_current_one(tmp_path):
    path = tmp_path / "config.toml"
    config.edit(path, lambda d: changes.put(d, ["profiles", "ci", "server"], "https://platform.example"))
    config.edit(path, lambda d: changes.put(d, ["profiles", "other", "server"], "https://other.example"))
    assert config.read(path)["current-profile"] == "ci"
    assert path.read_text().startswith("current-profile")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("server", "HTTPS://Platform.Example:443/", "https://platform.example"),
        ("province", "山西, NX", ["shanxi", "ningxia"]),
        ("residency.provinces", "shanghai", ["shanghai"]),
        ("limits.max-price", "12.5", "12.5"),
        ("profiles.other.project", "nlp", "nlp"),
        ("aliases.h800", "get offers --accelerator H800", "get offers --accelerator H800"),
    ],
)
def test_what_is_typed_is_checked_and_put_in_one_form(key, text, value):
    assert changes.typed(changes.full_path(key, "sandbox"), text) == value


@pytest.mark.parametrize(
    "key", ["serv", "limits.max-prize", "profiles", "profiles.x", "profiles.x.y.z.w", "", ".", "token"]
)
def test_a_setting_that_is_none_is_refused(key):
    with pytest.raises(UnknownName):
        changes.full_path(key, "sandbox")
