"""What lies in the working folder, or in relative entries of PATH, has no effect on Tab, nor on what it starts."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cpctl.complete import store
from keyboard import FLAGS, SECONDS, environment, sitting

OLD_S = 3_700
MODULES = ("cpctl", "rich", "json", "re", "time", "posixpath", "sitecustomize", "usercustomize", "tomllib", "bisect")
PROGRAMS = ("cpctl", "cpctl-get", "cpctl-__complete", "python", "python3", "env")
HOSTILE = {
    "cpctl.toml": 'current-profile = "evil"\n[profiles.evil]\nserver = "http://127.0.0.1:1"\n',
    ".env": "CPCTL_SERVER=http://127.0.0.1:1\nCPCTL_PROFILE=evil\n",
    ".netrc": "machine 127.0.0.1 login evil password evil\n",
    "pyvenv.cfg": "home = .\n",
}


@pytest.fixture
def trap(tmp_path) -> Path:
    """A folder in which everything that is run or imported leaves a file."""
    folder = tmp_path / "trap"
    (folder / "bin").mkdir(parents=True)
    (folder / "cpctl").mkdir()
    touched = str(tmp_path / "pwned")
    for module in (*(f"{name}.py" for name in MODULES), "cpctl/__init__.py", "cpctl/__main__.py"):
        (folder / module).write_text(f"open({touched!r}, 'a').write({module!r})\n")
    for name in ("bin/" + program for program in PROGRAMS):
        (folder / name).write_text(f"#!/bin/sh\necho {name} >>'{touched}'\nprintf 'of-pwned\\n:4\\n'\n")
        (folder / name).chmod(0o755)
    for name, text in HOSTILE.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", FLAGS)
def test_tab_in_a_hostile_folder(name, cp, trap, tmp_path):
    assert cp("get", "offers", "-A").code == 0
    kept = Path(store.place(cp.env).folder) / "offers"
    old = time.time() - OLD_S
    os.utime(kept, (old, old))
    offer = cp("get", "offers", "--limit", "1", "-o", "name").lines[0].partition("/")[2]
    env = environment(cp.env, tmp_path)
    before = set(trap.rglob("*"))
    with sitting(name, env | {"PATH": f".:bin::{env['PATH']}"}, trap, tmp_path / "notes") as keyboard:
        assert keyboard.completed("cpctl get off")[0].rstrip() == "cpctl get offers"
        assert keyboard.completed(f"cpctl get offer {offer[:-1]}")[0].rstrip() == f"cpctl get offer {offer}"
        assert keyboard.completed("cpctl get offer of-pw")[0] == "cpctl get offer of-pw"
        deadline = time.monotonic() + SECONDS
        while kept.stat().st_mtime < old + 1:  # what it started behind the Tab is done as well
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert not (tmp_path / "pwned").exists(), (tmp_path / "pwned").read_text()
    assert set(trap.rglob("*")) == before
