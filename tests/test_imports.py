"""What each verb loads, a row a command line: a module too many makes every start slower, and fails here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from client import environment
from cpctl.verbs import VERBS

ROOT = Path(__file__).parent.parent
GRAMMAR = {"typer", "annotated_doc", "shellingham"}
HTTP = {"httpx", "httpcore", "h11", "anyio", "sniffio", "idna", "certifi"}
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
YAML = {"yaml", "cython_runtime"}
JOURNAL = {"tomli_w", "filelock"}
SERVER_ONLY = {"uvicorn", "starlette"}
SLOW = {
    "dataclasses",
    "inspect",
    "ssl",
    "threading",
    "tempfile",
    "http.client",
    "email",
    "logging",
    "asyncio",
    "random",
}
"""Of Python's own: what a plain read over http has no use for."""
BUYING = GRAMMAR | HTTP | PYDANTIC | JOURNAL

RUN = """
import json, os, sys
from cpctl.main import main
before = set(json.loads(sys.argv.pop(1)))
def ended(code):  # cpctl does not wait for the interpreter's own end
    sys.stderr.write("\\n" + json.dumps(sorted(set(sys.modules) - before)))
    sys.stderr.flush()
    leave(code)
leave, os._exit = os._exit, ended
main()
"""


class Loaded(NamedTuple):
    """Attributes:
    outside: Packages that are neither Python's nor ours.
    ours: Our modules.
    python: Python's modules, of all depths.
    """

    code: int
    outside: set[str]
    ours: set[str]
    python: set[str]


def bare() -> list[str]:
    """What every Python has loaded before it runs a line."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def loaded(argv: list[str], env: dict[str, str], code: str = RUN) -> Loaded:
    """What a run of `cpctl ARGV` loads."""
    command = [
        sys.executable,
        "-c",
        code,
        json.dumps([*bare(), "json", "json.decoder", "json.scanner", "json.encoder"]),
        *argv,
    ]
    done = subprocess.run(command, capture_output=True, text=True, env={**env, "PYTHONPATH": str(ROOT)}, timeout=60)
    names = set(json.loads(done.stderr.splitlines()[-1]))
    tops = {name.partition(".")[0] for name in names} - {"cpctl"}
    outside = {top for top in tops if top not in sys.stdlib_module_names and top[:1] != "_"}
    ours = {name for name in names if name.startswith("cpctl.")}
    return Loaded(done.returncode, outside, ours, {n for n in names if n.partition(".")[0] in sys.stdlib_module_names})


@pytest.fixture
def env(sandbox, tmp_path) -> dict[str, str]:
    return environment(tmp_path) | sandbox.env


HELPS = [[verb] for verb in VERBS] + [[verb, sub] for verb, row in VERBS.items() for sub in row.subverbs]


def test_the_version_alone_loads_nothing(tmp_path):
    found = loaded(["--version"], environment(tmp_path))
    assert (found.code, found.outside, found.ours) == (0, set(), {"cpctl.main"})
    assert found.python <= {"__future__", "gc"}


@pytest.mark.parametrize("words", [[], *HELPS], ids=lambda words: " ".join(words) or "cpctl")
def test_help_loads_what_finds_its_text(words, tmp_path):
    found = loaded([*words, "--help"], environment(tmp_path))
    assert (found.code, found.outside, found.ours) == (0, set(), {"cpctl.main", "cpctl.dispatch"})
    assert found.python <= {"__future__", "gc"}


@pytest.mark.parametrize(
    "words", [["nosuch"], ["get"], ["get", "offers", "--nosuch"], ["wait", "order/x"]], ids=" ".join
)
def test_a_usage_error_loads_the_grammar(words, tmp_path):
    found = loaded(words, environment(tmp_path))
    assert found.code == 2 and found.outside <= GRAMMAR
    assert not found.python & {"asyncio", "ssl", "http.client", "sqlite3", "logging"}


LOCAL = {
    "config path": set(),
    "config view": set(),
    "config get-profiles": set(),
    "config set profiles.x.project p": GRAMMAR | {"tomlkit", "filelock"},
    "version --client": set(),
    "api-resources": set(),
    "completion zsh": GRAMMAR,
    "options": GRAMMAR,
    "plugin list": GRAMMAR,
    "api-resources -o json": set(),
    "explain offers.spec.price": set(),
    "explain orders --recursive -o yaml": set(),
    "auth token": set(),
    "sandbox status": set(),
    "sandbox logs": GRAMMAR,
}


@pytest.mark.parametrize("line", LOCAL)
def test_what_asks_no_platform_loads_no_http(line, env):
    assert loaded(line.split(), env).outside <= LOCAL[line]


READING = {
    "version": set(),
    "-n research get offers --limit 2": set(),
    "get offers --limit 2": set(),
    "get offers --limit 2 -o wide": set(),
    "get offers --limit 2 -o name": set(),
    "get offers --limit 2 -o json": set(),
    "get offers --limit 2 -o yaml": set(),
    "get orders,cards": set(),
    "overview": set(),
    "doctor": set(),
    "events": set(),
    "overview -o json": set(),
    "describe subplatform shanxi": set(),
    "api GET /v1/offers?limit=1": GRAMMAR | HTTP,
    "usage --since 1d --by province": set(),
    "auth status": set(),
    "auth whoami": set(),
    "auth can-i create orders": HTTP,
    "call deepseek-v3.2 hello": GRAMMAR | HTTP,
}


@pytest.mark.parametrize("line", READING)
def test_reading_loads_a_client_and_no_models_of_objects(line, env):
    found = loaded(line.split(), env)
    assert found.code == 0 and found.outside <= READING[line]
    assert not any(name.startswith(("cpctl.sandbox", "cpctl.broker")) for name in found.ours)
    if line.startswith(("get", "describe")):
        assert not found.python & SLOW and "cpctl.auth.oauth" not in found.ours


def test_buying_loads_what_computes_and_nothing_else(sandbox, env, tmp_path):
    offer = sandbox.offer(4)["metadata"]["name"]
    manifest = tmp_path / "order.yaml"
    manifest.write_text(
        "apiVersion: ccpp/v1\nkind: Order\nmetadata: {name: imports-a}\n"
        f"spec: {{allocations: [{{offer: {offer}, cards: 1}}], duration: 1h, billing: on-demand}}\n"
    )
    lines = {
        f"apply -f {manifest}": BUYING | YAML,
        f"diff -f {manifest}": BUYING | YAML,
        f"create order imports-b --offer {offer}=1 --duration 1h --yes": BUYING,
        "plan --gpu H800 --cards 8 --duration 1h -o json": HTTP | PYDANTIC,
        "label order/imports-a team=nlp": GRAMMAR | HTTP,
        "activate order/imports-a --yes": BUYING,
        "wait order/imports-a --for=condition=Active --timeout 20s": BUYING,
        "release order/imports-a": BUYING,
        "delete order/imports-b": BUYING,
        "audit -n research": BUYING,  # in the project of the other tests it finds orders that are not of this journal
    }
    for line, allowed in lines.items():
        found = loaded(line.split(), env)
        assert found.code == 0 and found.outside <= allowed, line
        assert not any(name.startswith("cpctl.sandbox") for name in found.ours), line


@pytest.mark.parametrize("module", ["rich", "pydantic", "yaml", "click", "uvicorn"])
def test_a_module_too_many_is_seen(module, env):
    found = loaded(["get", "offers", "--limit", "2"], env, f"import {module}\n" + RUN)
    assert not found.outside <= READING["get offers --limit 2"]


def test_every_verb_has_a_row():
    said = " ".join(
        [*LOCAL, *READING, "apply audit diff plan create activate extend label wait release delete"]
    ).split()
    assert set(VERBS) <= set(said)
