"""Just enough of what runs CI jobs to run examples/ci: a checkout, and steps as GitHub and GitLab run them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox_server import ROOT

EXAMPLES = ROOT / "examples" / "ci"
EXPRESSION = re.compile(r"\$\{\{ *([a-zA-Z_.]+) *\}\}")
TRAIN = """#!/bin/sh
# what the example's cards are for: notes what it got, and does what the test wants
cpctl get order "$ORDER" -o jsonpath='{.metadata.name} {.status.phase}{"\\n"}' >>trained
. ./then
"""


class Checkout:
    """A folder with the repository's examples and a `train.sh`; cpctl and pip on PATH.

    Args:
        env: What points cpctl at a platform.
    """

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder / "work"
        shutil.copytree(EXAMPLES, self.folder / "examples" / "ci")
        self.bin = folder / "bin"
        self.bin.mkdir()
        self._program(self.bin / "cpctl", f'PYTHONPATH={ROOT} exec {shlex.quote(sys.executable)} -m cpctl "$@"')
        self._program(self.bin / "pip", f'echo "$@" >>{folder}/installed')
        self._program(self.folder / "train.sh", TRAIN)
        self.then("true")
        self.secrets = dict(env)
        self.env = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(folder), "CI": "true", "PAUSE": "0.2"}

    @staticmethod
    def _program(path: Path, text: str) -> None:
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def then(self, line: str) -> None:
        """What the training does."""
        (self.folder / "then").write_text(line + "\n")

    def change(self, old: str, new: str) -> None:
        """Change the manifest."""
        path = self.folder / "examples" / "ci" / "order.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    @property
    def trained(self) -> list[str]:
        noted = self.folder / "trained"
        return noted.read_text().splitlines() if noted.exists() else []

    def start(self, argv: list[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv, cwd=self.folder, env=self.env | dict(env), stdin=-3, stdout=-1, stderr=-2, text=True,
            start_new_session=True,
        )  # fmt: skip

    def run(self, argv: list[str], env: Mapping[str, str]) -> tuple[int, str]:
        process = self.start(argv, env)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said


def shell(checkout: Checkout, run_id: str) -> tuple[int, str]:
    """pipeline.sh, with everything in it."""
    env = checkout.secrets | {"RUN_ID": run_id}
    return checkout.run(["examples/ci/pipeline.sh", "./train.sh"], env)


def github(checkout: Checkout, run_id: str) -> tuple[int, str]:
    """The workflow's steps, each `bash -e` on a file; after a failure only those with `if: always()`."""
    job = yaml.safe_load((EXAMPLES / "github-actions.yaml").read_text())["jobs"]["train"]
    secrets = checkout.secrets
    known = {"github.run_id": run_id} | {f"{kind}.{k}": v for kind in ("vars", "secrets") for k, v in secrets.items()}
    outcome, told = 0, ""
    for number, step in enumerate(job["steps"]):
        if "run" not in step or (outcome and step.get("if") != "always()"):
            continue
        script, output = checkout.folder / f"step-{number}.sh", checkout.folder / f"output-{number}"
        script.write_text(_filled(step["run"], known))
        output.touch()
        env = {name: _filled(str(value), known) for name, value in (job["env"] | step.get("env", {})).items()}
        env = {name: value for name, value in env.items() if value} | {"GITHUB_OUTPUT": str(output)}
        code, said = checkout.run(["bash", "-e", str(script)], env)
        outcome, told = outcome or code, told + said
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
    return outcome, told


def gitlab(checkout: Checkout, run_id: str) -> tuple[int, str]:
    """before_script and script in one shell that ends at the first failure; after_script in another, whatever came."""
    job: dict[str, Any] = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["train"]
    variables = {name: value.replace("$CI_PIPELINE_ID", run_id) for name, value in job["variables"].items()}
    env = checkout.secrets | variables
    lines = ["set -eo pipefail", *job["before_script"], *job["script"]]
    code, said = checkout.run(["bash", "-c", "\n".join(lines)], env)
    _, after = checkout.run(["bash", "-c", "\n".join(["set -eo pipefail", *job["after_script"]])], env)
    return code, said + after


def _filled(text: str, known: Mapping[str, str]) -> str:
    return EXPRESSION.sub(lambda found: known.get(found[1], ""), text)


RUNNERS = {"shell": shell, "github": github, "gitlab": gitlab}
