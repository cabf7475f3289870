from __future__ import annotations

from pathlib import Path

import pytest

from cpctl.errors import LocalFailure
from cpctl.profiles import folders


def test_folders_follow_the_xdg_variables():
    env = {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/k", "XDG_DATA_HOME": "/d"}
    assert folders.config_file(env) == Path("/c/cpctl/config.toml")
    assert folders.state_folder(env) == Path("/s/cpctl")
    assert folders.cache_folder(env) == Path("/k/cpctl")
    assert folders.sandbox_folder(env) == Path("/d/cpctl/sandbox")
    assert folders.token_folder(env) == Path("/d/cpctl/tokens")


def test_without_them_folders_are_below_home_and_relative_ones_are_ignored():
    env = {"HOME": "/home/mei", "XDG_CONFIG_HOME": "relative"}
    assert folders.config_file(env) == Path("/home/mei/.config/cpctl/config.toml")
    assert folders.state_folder(env) == Path("/home/mei/.local/state/cpctl")


def test_cpctl_config_names_the_file():
    assert folders.config_file({"CPCTL_CONFIG": "/x.toml"}) == Path("/x.toml")


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_no_home_is_one_clear_line(home):
    with pytest.raises(LocalFailure, match="HOME is not set") as caught:
        folders.config_file(home)
    assert caught.value.advice == "set HOME or XDG_CONFIG_HOME"
