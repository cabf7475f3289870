"""What each verb loads, a row a command line: a module too many makes every start slower, and fails here."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from client import environment
from cpctl.verbs import VERBS

ROOT = Path(__file__).parent.parent
PLACES = f"{ROOT}:{sysconfig.get_path('purelib')}"

# What may be loaded, in layers: of others everything counts, of Python's own what costs (`WATCHED`).
NOTHING: frozenset[str] = frozenset()
START = frozenset({"re", "typing", "enum"})
PROFILE = START | {"tomllib"}
WIRE = PROFILE | {"json", "socket"}
EXACT = WIRE | {"decimal"}
RETRYING = WIRE | {"random"}
INSPECTING = frozenset({"inspect", "ast", "tokenize"})
GRAMMAR = PROFILE | INSPECTING | {"typer", "annotated_doc", "shellingham"}
GRAMMAR |= {*("subprocess", "threading", "platform", "shutil", "traceback", "locale", "uuid")}
HTTP = RETRYING | INSPECTING | {"httpx", "httpcore", "h11", "anyio", "sniffio", "idna", "certifi", "dataclasses", "ssl"}
HTTP |= {*("http.client", "email", "logging", "tempfile", "threading", "shutil", "traceback", "locale", "hashlib")}
HTTP |= {*("urllib.request", "importlib.resources")}
PYDANTIC = EXACT | INSPECTING | {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}
PYDANTIC |= {*("typing_inspection", "dataclasses", "importlib.metadata", "importlib.resources", "zipfile", "csv")}
PYDANTIC |= {
    *("email", "tempfile", "threading", "platform", "shutil", "locale", "hashlib", "uuid", "secrets", "random")
}
YAML = frozenset({"yaml", "cython_runtime"})
JOURNAL = frozenset({"tomli_w", "filelock"})
EDITING = (
    GRAMMAR
    | {"tomlkit", "filelock", "dataclasses", "decimal", "hashlib", "logging", "random", "secrets"}
    | {"tempfile"}
)
DAEMON = HTTP | {"subprocess", "secrets"}
LOOKING = GRAMMAR | PYDANTIC
BUYING = LOOKING | HTTP | JOURNAL
WATCHED = {
    *("re", "typing", "enum", "dataclasses", "inspect", "ast", "tokenize", "ssl", "socket", "asyncio", "tempfile"),
    *("subprocess", "email", "http.client", "logging", "threading", "random", "secrets", "json", "tomllib", "decimal"),
    *("urllib.request", "importlib.metadata", "importlib.resources", "concurrent.futures", "multiprocessing", "ctypes"),
    *("sqlite3", "argparse", "traceback", "hashlib", "platform", "shutil", "zipfile", "csv", "uuid", "locale"),
}
NEVER = frozenset({"asyncio", "sqlite3", "argparse", "multiprocessing", "ctypes", "concurrent.futures"})
"""Of no use to any command line below: no layer may name them."""


class Row(NamedTuple):
    """A command line, what it may load, and how it ends."""

    line: str
    may: frozenset[str]
    code: int = 0


HELPS = [[verb] for verb in VERBS] + [[verb, sub] for verb, row in VERBS.items() for sub in row.subverbs]
BARE = [
    Row("--version", NOTHING),
    Row("--help", NOTHING),
    *(Row(" ".join([*words, "--help"]), NOTHING) for words in HELPS),
    Row("__complete ", NOTHING),
    Row("__complete get off", NOTHING),
    Row("__complete get offers of-", NOTHING),
    Row("__complete get offers --max", NOTHING),
    Row("__complete get orders -l ", NOTHING),
    Row("__complete plan --province shanxi --gpu ", NOTHING),
    Row("__complete get offers --province 山", NOTHING),
    Row("__complete get offers -o custom-columns=P", NOTHING),
    Row("__complete explain offers.spec.pric", NOTHING),
    Row("__complete call deepseek-v3.2@", NOTHING),
]
LOCAL = [
    Row("nosuch", GRAMMAR, 2),
    Row("get", GRAMMAR, 2),
    Row("get offers --nosuch", GRAMMAR, 2),
    Row("wait order/x", GRAMMAR, 2),
    Row("config path", START),
    Row("config view", PROFILE),
    Row("config get-profiles", PROFILE),
    Row("config set profiles.x.project p", EDITING),
    Row("version --client", PROFILE),
    Row("api-resources", PROFILE),
    Row("api-resources -o json", PROFILE | {"json"}),
    Row("explain offers.spec.price", PROFILE),
    Row("explain orders --recursive -o yaml", PROFILE),
    Row("completion zsh", GRAMMAR),
    Row("completion status bash", GRAMMAR, 3),
    Row("options", GRAMMAR),
    Row("plugin list", GRAMMAR, 3),
    Row("auth token", WIRE),
    Row("sandbox status", DAEMON - {"httpx", "httpcore"}, 3),
    Row("sandbox logs", (GRAMMAR | DAEMON) - {"httpx", "httpcore"}, 3),
]
READING = [
    Row("version", WIRE),
    Row("-n research get offers --limit 2", WIRE),
    Row("get offers --limit 2", WIRE),
    Row("get offers --limit 2 -o wide", EXACT),
    *(Row(f"get offers --limit 2 -o {form}", WIRE) for form in ("name", "json", "yaml")),
    Row("get orders,cards", WIRE),
    Row("get orders -w --timeout 1s", RETRYING),
    Row("overview", EXACT),
    Row("overview -o json", WIRE),
    Row("doctor", RETRYING | {"email", "locale"}),
    Row("events", EXACT),
    Row("describe subplatform shanxi", EXACT),
    Row("api GET /v1/offers?limit=1", GRAMMAR | WIRE),
    Row("usage --since 1d --by province", EXACT),
    Row("auth status", WIRE),
    Row("auth whoami", WIRE),
    Row("auth can-i create orders", HTTP),
    Row("call deepseek-v3.2 hello", GRAMMAR | HTTP | EXACT),
]
PLAN = "plan --gpu H800 --cards 8 --duration 1h"
SPENDING = [  # in this order: what one line makes is another's
    Row("apply -f {manifest}", BUYING | YAML),
    Row("diff -f {manifest}", BUYING | YAML),
    Row("create order imports-b --offer {offer}=1 --duration 1h --yes", BUYING),
    Row(f"{PLAN} -o json", PYDANTIC),
    Row(PLAN, PYDANTIC),
    Row("label order/imports-a team=nlp", GRAMMAR | HTTP),
    Row("activate order/imports-a --yes", BUYING),
    Row("wait order/imports-a --for=condition=Active --timeout 20s", LOOKING),
    Row("extend order/imports-a --until {until} --yes", BUYING),
    Row("release order/imports-a", BUYING),
    Row("delete order/imports-b", BUYING),
    Row("audit -n research", LOOKING),  # in the project of the other tests are orders that are not of this journal
]
RUN = """
import os, sys
before = set(sys.modules)
from cpctl.main import main
def ended(code):  # cpctl does not wait for the interpreter's own end
    sys.stderr.write("\\n" + " ".join(sorted(set(sys.modules) - before)))
    sys.stderr.flush()
    leave(code)
leave, os._exit = os._exit, ended
main()
"""


class Loaded(NamedTuple):
    """Attributes:
    counted: Packages that are neither Python's nor ours, and modules of Python's that are watched.
    ours: Our modules.
    """

    code: int
    counted: set[str]
    ours: set[str]


def loaded(line: str, env: dict[str, str], code: str = RUN) -> Loaded:
    """What a run of `cpctl LINE` loads; without `site`, whose .pth files load more in some environments."""
    command = [sys.executable, "-S", "-c", code, *line.split(" ")]
    done = subprocess.run(command, capture_output=True, text=True, env={**env, "PYTHONPATH": PLACES}, timeout=60)
    names = set(done.stderr.splitlines()[-1].split())
    tops = {name.partition(".")[0] for name in names} - {"cpctl"}
    outside = {top for top in tops if top not in sys.stdlib_module_names and top[:1] != "_"}
    return Loaded(done.returncode, outside | (names & WATCHED), {name for name in names if name.startswith("cpctl.")})


def too_many(row: Row, found: Loaded) -> set[str]:
    assert found.code == row.code, row.line
    return found.counted - row.may


@pytest.fixture
def env(sandbox, tmp_path) -> dict[str, str]:
    return environment(tmp_path) | sandbox.env


def of(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.line)


@of(BARE)
def test_what_is_known_beforehand_loads_nothing(row, tmp_path):
    found = loaded(row.line, environment(tmp_path))
    assert too_many(row, found) == set()
    if row.line.endswith(("--version", "--help")):
        assert found.ours <= {"cpctl.main", "cpctl.dispatch"}
    else:
        assert all(name.startswith(("cpctl.main", "cpctl.complete", *LISTED)) for name in found.ours)


LISTED = ("cpctl.places", "cpctl.accelerators", "cpctl.spellings", "cpctl._fields")
"""Tables that a Tab reads when it is asked for what they hold."""


@of(LOCAL)
def test_what_asks_no_platform_loads_no_client(row, env):
    assert too_many(row, loaded(row.line, env)) == set()


@of(READING)
def test_reading_loads_a_client_and_no_models_of_objects(row, env):
    found = loaded(row.line, env)
    assert too_many(row, found) == set()
    assert not any(name.startswith(("cpctl.sandbox", "cpctl.broker", "cpctl.auth.oauth")) for name in found.ours)


def test_buying_loads_what_computes_and_nothing_else(sandbox, env, tmp_path):
    offer = sandbox.offer(4)["metadata"]["name"]
    manifest = tmp_path / "order.yaml"
    manifest.write_text(
        "apiVersion: ccpp/v1\nkind: Order\nmetadata: {name: imports-a}\n"
        f"spec: {{allocations: [{{offer: {offer}, cards: 1}}], duration: 1h, billing: on-demand}}\n"
    )
    until = f"{datetime.fromtimestamp(sandbox.admin.now(), UTC) + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
    for row in SPENDING:
        found = loaded(row.line.format(manifest=manifest, offer=offer, until=until), env)
        assert too_many(row, found) == set(), row.line
        assert not any(name.startswith("cpctl.sandbox") for name in found.ours), row.line


OF_OTHERS = ("rich", "pydantic", "yaml", "click", "uvicorn", "keyring")
OF_PYTHON = (
    "dataclasses",
    "inspect",
    "ssl",
    "asyncio",
    "tempfile",
    "subprocess",
    "http.client",
    "logging",
    "threading",
)


@pytest.mark.parametrize("module", OF_OTHERS + OF_PYTHON)
def test_a_module_too_many_is_seen(module, env):
    row = next(row for row in READING if row.line == "get offers --limit 2")
    assert module in too_many(row, loaded(row.line, env, RUN.replace("main()\n", f"import {module}\nmain()\n")))


@pytest.mark.parametrize("module", ["re", "typing", "json", "enum"])
@pytest.mark.parametrize("line", ["--version", "--help", "__complete get offers of-"])
def test_one_more_in_a_bare_start_is_seen(module, line, tmp_path):
    found = loaded(line, environment(tmp_path), RUN.replace("main()\n", f"import {module}\nmain()\n"))
    assert module in too_many(Row(line, NOTHING), found)


def test_no_layer_names_what_nothing_needs():
    rows = [*BARE, *LOCAL, *READING, *SPENDING]
    assert NEVER < WATCHED and NEVER.isdisjoint(frozenset().union(*(row.may for row in rows)))


def test_every_verb_has_a_row():
    said = {word for row in [*LOCAL, *READING, *SPENDING] for word in row.line.split()}
    assert set(VERBS) <= said
