"""The folder of the cache cannot be written, is gone, or is something else: Tab goes on, and says what it can."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cpctl.complete import store
from cpctl.complete.upkeep import MOST_FOLDERS
from keyboard import FLAGS, TAB, environment, sitting
from tools import need

OLD_S = 3_700
NO_LIST = "no offers known yet"


def unprivileged() -> tuple[str, ...]:
    """What keeps root from writing where the owner may not."""
    return (need("setpriv"), "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def tab(cp, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """The lines of a Tab in a process of its own."""
    command = [*unprivileged(), str(Path(sys.executable).with_name("cpctl")), "__complete", *words]
    done = subprocess.run(command, env={**cp.env, **(env or {})}, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.fixture
def read_only(cp):
    """The folder of a list that is an hour old, which nobody may write."""
    assert cp("get", "offers", "-A").code == 0
    folder = Path(store.place(cp.env).folder)
    os.utime(folder / "offers", (time.time() - OLD_S,) * 2)
    folder.chmod(0o500)
    yield folder
    folder.chmod(0o700)


def test_what_is_old_is_still_offered_from_a_folder_that_cannot_be_written(cp, read_only):
    before = [(file.name, file.stat().st_mtime) for file in read_only.iterdir()]
    *values, told, directive = tab(cp, "get", "offer", "of-")
    assert len(values) > 1 and told.startswith("_activeHelp_ offers as of 61 min ago") and directive == ":4"
    assert [(file.name, file.stat().st_mtime) for file in read_only.iterdir()] == before


def test_a_folder_that_cannot_be_written_is_said_not_to_be(cp, read_only):
    read_only.chmod(0o700)
    (read_only / "offers").unlink()
    read_only.chmod(0o500)
    told, directive = tab(cp, "get", "offer", "")
    assert NO_LIST in told and "cannot be written" in told and directive == ":4"
    assert list(read_only.iterdir()) == []
    assert tab(cp, "get", "offers", "--billing", "sp") == ["spot", ":4"]


@pytest.mark.parametrize("name", FLAGS)
def test_a_shell_shows_no_error_of_it(name, cp, read_only, tmp_path):
    env = environment(cp.env, tmp_path)
    offer = tab(cp, "get", "offer", "of-")[0].partition("\t")[0]
    with sitting(name, env, tmp_path, tmp_path / "notes", follow=unprivileged()) as keyboard:
        assert keyboard.completed(f"cpctl get offer {offer[:-1]}")[0].rstrip() == f"cpctl get offer {offer}"
        assert keyboard.completed("cpctl get order ")[0] == "cpctl get order "
        assert keyboard.completed("cpctl get off")[0].rstrip() == "cpctl get offers"
        for word in ("Traceback", "rror:", "denied", "annot open"):
            assert word not in keyboard.seen()


PLACES = {
    "gone": lambda file: file.unlink(),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "a pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "a link to what is endless": lambda file: (file.unlink(), file.symlink_to("/dev/zero")),
    "a link to a list": lambda file: file.symlink_to(file.rename(file.with_name("other"))),
    "zeros": lambda file: file.write_bytes(b"\0" * 9_000_000),
}


@pytest.mark.parametrize("place", PLACES)
def test_something_else_in_the_place_of_a_list(cp, place):
    assert cp("get", "offers", "-A").code == 0
    file = Path(store.place(cp.env).folder) / "offers"
    PLACES[place](file)
    told, directive = tab(cp, "get", "offer", "")
    assert NO_LIST in told and directive == ":4"


def test_a_file_in_the_place_of_the_folder(cp):
    folder = Path(store.place(cp.env).folder)
    folder.parent.mkdir(parents=True)
    folder.touch()
    told, directive = tab(cp, "get", "offer", "")
    assert NO_LIST in told and "cannot be written" in told and directive == ":4"
    assert cp("get", "offers", "-A").code == 0 and folder.read_bytes() == b""


def test_folders_that_nobody_uses_any_longer_go(cp):
    """Of many accounts, as of tokens that live for minutes, those of the last days are kept."""
    base = Path(store.root(cp.env))
    mine = Path(store.place(cp.env).folder)
    for number in range(MOST_FOLDERS + 10):
        folder = base / f"old~{number}"
        folder.mkdir(parents=True)
        (folder / "orders").write_text("x")
        os.utime(folder, (number, number))
    (base / "not-ours").mkdir()
    assert cp("get", "orders").code == 0
    left = {path.name for path in base.iterdir() if "~" in path.name}
    assert mine.name in left and len(left) == MOST_FOLDERS
    assert f"old~{MOST_FOLDERS + 9}" in left and "old~0" not in left and (base / "not-ours").is_dir()


def test_a_profile_that_does_not_exist_is_told(cp):
    for words in (["get", "offer"], ["create", "order", "x", "--offer"], ["call"], ["plan", "--cards"]):
        lines = tab(cp, "--profile", "no\x1b[31mbody", *words, "")
        assert lines[-2] == "_activeHelp_ no profile no31mbody: cpctl config get-profiles", lines


@pytest.mark.parametrize("name", FLAGS)
def test_a_shell_tells_of_it_below_the_line(name, cp, tmp_path):
    line = "cpctl --profile nobody get offer "
    with sitting(name, environment(cp.env, tmp_path), tmp_path, tmp_path / "notes") as keyboard:
        keyboard.put(line[:-1])
        keyboard.press(line[-1] + TAB * 2)
        assert keyboard.line() == (line, "")
        assert "no profile nobody: cpctl config get-profiles" in keyboard.seen()
        assert "Traceback" not in keyboard.seen()


@pytest.mark.parametrize("kind", ["a device", "a pipe", "a folder", "a large file"])
def test_a_config_that_is_no_plain_file_is_not_waited_for(cp, tmp_path, kind):
    path = Path("/dev/zero") if kind == "a device" else tmp_path / "other.toml"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a large file":
        path.write_bytes(b"#" * 1_048_577)
    assert tab(cp, "config", "use-profile", "", env={"CPCTL_CONFIG": str(path)})[-1] in (":4", ":5")
    assert tab(cp, "get", "or", env={"CPCTL_CONFIG": str(path)}) == ["orders", ":4"]


def test_names_of_any_length_have_a_folder(cp):
    words = ["x", "x" * 5_000, "山" * 5_000, "山" * 4_999 + "西", "/../" * 99]
    folders = {store.place(cp.env, server=server, project=word).folder for server in words for word in words}
    assert len(folders) == len(words) ** 2
    assert all(Path(folder).parent == Path(store.root(cp.env)) and len(Path(folder).name) < 250 for folder in folders)
    assert cp("get", "offers", "-A", "--project", "p" * 63).code == 0
    assert len(tab(cp, "-n", "p" * 63, "get", "offer", "of-")) > 2
