"""Who may import whom, what is pure, who speaks: rules held over every module, and each seen to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from layer_rules import ARROWS, FURTHER, OUTSIDE, load, violations

ROOT = Path(__file__).parent.parent
SOURCES = load(ROOT)


def test_every_module_keeps_every_rule():
    assert violations(SOURCES) == []


BREACHES = {
    "an arrow": ("cpctl.broker.planner", "from cpctl.api.transport import Transport", "may not know of api"),
    "an arrow, lazily": ("cpctl.output.safe", "def f():\n    import cpctl.runtime", "may not know of runtime"),
    "the client knows the sandbox": ("cpctl.commands.get", "from cpctl.sandbox import daemon", "know of sandbox"),
    "the sandbox knows the client": ("cpctl.sandbox.times", "from cpctl.units import age", "may not know of units"),
    "a layer without a row": ("cpctl.extras", "", "no row in ARROWS"),
    "relative": ("cpctl.output.safe", "from . import width", "relatively"),
    "click": ("cpctl.cli", "import click", "which is for nobody"),
    "typer": ("cpctl.commands.get", "import typer", "which is for cpctl.cli"),
    "httpx": ("cpctl.auth.device", "import httpx", "which is for cpctl.api"),
    "an unknown package": ("cpctl.api.line", "import requests", "which is for nobody"),
    "files in a pure module": ("cpctl.units", "from pathlib import Path", "is to be pure"),
    "network in a pure module": ("cpctl.resources.sse", "import http.client", "is to be pure"),
    "the clock in a pure module": ("cpctl.output.tables", "def f(datetime):\n    return datetime.now()", "to be pure"),
    "a file opened in a pure module": ("cpctl.resources.page", "def f():\n    return open('x')", "is to be pure"),
    "environment read": ("cpctl.profiles.folders", "import os\nHOME = os.environ['HOME']", "through Runtime"),
    "environment set": ("cpctl.main", "import os\nos.environ['A'] = 'b'", "sets os.environ"),
    "a second writer": ("cpctl.commands.get", "import sys\nsys.stdout.write('x')", "only main"),
    "print": ("cpctl.broker.journal", "print('x')", "only main"),
    "a second exit": ("cpctl.commands.get", "raise SystemExit(1)", "only main"),
    "state": ("cpctl.api.policy", "cache = {}", "state at module level"),
    "a constant that changes": ("cpctl.api.policy", "SEEN = []\ndef f():\n    SEEN.append(1)", "f changes SEEN"),
    "global": ("cpctl.api.policy", "def f():\n    global x\n    x = 1", "global x"),
    "a long file": ("cpctl.api.policy", "\n" * 351, "350 is the bound"),
    "a long function": ("cpctl.api.policy", "def f():\n" + "    1\n" * 61, "60 is the bound"),
    "a name without a subject": ("cpctl.api.utils", "", "names no subject"),
    "annotations at start-up": ("cpctl.api.fresh", "def f() -> int:\n    return 1", "lacks from __future__"),
}


@pytest.mark.parametrize(("module", "line", "said"), BREACHES.values(), ids=BREACHES.keys())
def test_a_broken_rule_is_seen(module, line, said):
    broken = {**SOURCES, module: SOURCES.get(module, "") + "\n" + line + "\n"}
    fresh = set(violations(broken, module)) - set(violations(SOURCES, module))
    assert any(said in sentence for sentence in fresh), fresh


def test_the_tables_name_only_what_there_is():
    layers = {name.split(".")[1] if "." in name else name for name in SOURCES}
    assert set(ARROWS) - layers <= set(), "rows of ARROWS for layers that are no more"
    assert {name for row in ARROWS.values() for name in row} <= set(ARROWS)
    assert set(FURTHER) <= set(SOURCES)


def test_every_dependency_has_its_place():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    packages = {line.split(">")[0].lower().replace("-", "_") for line in listed}
    assert {{"pyyaml": "yaml"}.get(name, name) for name in packages} == set(OUTSIDE) - {"click"}
