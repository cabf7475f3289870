"""Runs schemathesis over openapi.yaml against a live server, with names of objects that are really there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from contract import PATH
from sandbox_server import Sandbox

# statuses that a request may end with though its schema allows it: names and words that are not there, money, stock
REFUSALS = ["2xx", 304, 400, 401, 402, 403, 404, 409, 410, 422, 429]
CATALOGUE = ("subplatforms", "providers", "products", "offers", "models", "sources", "scenarios")
YOURS = ("orders", "demands", "cards", "bills", "vouchers", "events", "projects")


class Run(NamedTuple):
    """Attributes:
    operations: How many were tested, of how many.
    failures: The codes of what was found, `ST201` …
    """

    code: int
    output: str
    operations: tuple[int, int]
    cases: int
    failures: list[str]


def names(sandbox: Sandbox) -> dict[str, list[str]]:
    """Some names of each kind, and what further parameters may well be."""
    found = {
        kind: [o["metadata"]["name"] for o in islice(sandbox.each(f"/v1/{kind}", limit=3), 3)]
        for kind in CATALOGUE + YOURS
    }
    found["uids"] = [order["metadata"]["uid"] for order in sandbox.orders()]
    found["callable"] = ["deepseek-v3.2", "bge-m3"]
    found["projects"] = ["default"]
    return {name: values for name, values in found.items() if values}


def configuration(words: dict[str, list[str]]) -> str:
    """schemathesis.toml: real names most of the time, and which refusals are no violation."""
    lines = ['parameters = {"query.timeoutSeconds" = 0}']  # a watch without it has no end
    lines += [f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in words.items()]
    lines += ["[checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(REFUSALS)}"]
    for kind in words:
        if kind in CATALOGUE + YOURS:
            lines += _bound(f"/v1/{kind}/{{name}}", "path.name", kind)
    for act in ("activate", "release"):
        lines += _bound(f"/v1/orders/{{name}}/{act}", "path.name", "orders", "body.uid", "uids")
    lines += _bound("/v1/orders/{name}/extend", "path.name", "orders", "body.uid", "uids")
    lines += _bound("/v1/access/{order}", "path.order", "orders")
    lines += _bound("/v1/quotes", "body.allocations[*].offer", "offers", "query.project", "projects")
    lines += _bound("/openai/v1/models/{model}", "path.model", "callable")
    for path in ("chat/completions", "completions", "embeddings"):
        lines += _bound(f"/openai/v1/{path}", "body.model", "callable")
    return "\n".join(lines) + "\n"


def _bound(path: str, *pairs: str) -> list[str]:
    table = ", ".join(
        f'"{key}" = {{dictionary = "{name}", probability = 0.7}}'
        for key, name in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return ["[[operations]]", f'include-path = "{path}"', f"parameters = {{{table}}}"]


def run(url: str, token: str, folder: Path, config: str, *flags: str, examples: int = 8, seed: int = 1) -> Run:
    """One run; `flags` narrow it."""
    file = folder / "schemathesis.toml"
    file.write_text(config, encoding="utf-8")
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command += ["--config-file", str(file), "run", str(PATH), "--url", url, "-H", f"Authorization: Bearer {token}"]
    command += ["--checks", "all", "--continue-on-failure", "-n", str(examples), "--seed", str(seed), *flags]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=1800)
    output = done.stdout + done.stderr
    selected = re.search(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)", output)
    generated = re.search(r"(\d+) generated", output)
    return Run(
        done.returncode,
        output,
        (int(selected[3]), int(selected[2])) if selected else (0, 0),
        int(generated[1]) if generated else 0,
        re.findall(r"^- (ST\d+)", output, flags=re.MULTILINE),
    )
