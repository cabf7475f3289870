"""The check that a toy cannot pass: the README's tour, from a wheel, through a proxy that cuts the order's answer once.

Seed, scale and the place of the cut are drawn anew each time; they are printed when the test fails.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from client import environment
from proxy import Exchange, RecordingProxy

ROOT = Path(__file__).parents[1]
CHECK = Path(__file__).parent / "independent_check.py"
TOUR = re.compile(r"<!-- tour -->\s*```console\n(.*?)```", re.DOTALL)
OUTCOME_UNKNOWN = 11


@dataclass
class Step:
    """One command of the README, and what the README shows of its output."""

    command: str
    shown: list[str] = field(default_factory=list)


def tour() -> list[Step]:
    steps: list[Step] = []
    for block in TOUR.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:]))
            elif line.strip():
                steps[-1].shown.append(line)
    return steps


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The bin folder of a clean environment outside the checkout that holds the wheel and nothing of ours."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    venv.create(place / "venv")
    (wheel,) = place.glob("*.whl")
    python = place / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]  # ours serves another environment as well
    subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", str(wheel)], check=True, capture_output=True, timeout=600
    )
    return python.parent


@dataclass
class Stranger:
    """Somebody with the wheel, an empty home and the README."""

    bin: Path
    home: Path
    env: dict[str, str]

    def run(self, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.home,
            env=self.env | more,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def check(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The second reading of the rules, in an isolated interpreter, straight at the platform."""
        data = self.home / "data" / "cpctl" / "sandbox"
        token = (data / "token").read_text().strip()
        url = re.search(r'"url":\s*"([^"]+)"', (data / "endpoint.json").read_text())[1]
        return subprocess.run(
            [sys.executable, "-I", str(CHECK), url, token, "default", *words],
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def stranger(installed, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    env = environment(tmp_path) | {"PATH": f"{installed}:{os.environ['PATH']}", "CI": "true"}
    one = Stranger(installed, tmp_path, env)
    yield one
    one.run("cpctl sandbox down")


def test_the_tour_holds_when_the_orders_answer_is_lost(stranger):
    seed, scale, part = random.randrange(10**9), random.randrange(400, 3000), random.random()
    drawn = f"seed {seed}, scale {scale}, cut at {part:.2f}"
    steps = tour()
    assert any("apply" in step.command for step in steps), "the README has no tour"

    up = stranger.run(f"cpctl sandbox up --port 0 --seed {seed} --scale {scale} --speed 60")
    assert up.returncode == 0, up.stderr + drawn
    before = stranger.home / "before.json"
    before.write_text(stranger.check("snapshot").stdout)

    data = stranger.home / "data" / "cpctl" / "sandbox"
    url = re.search(r'"url":\s*"([^"]+)"', (data / "endpoint.json").read_text())[1]
    cuts: list[Exchange] = []

    def cut(exchange: Exchange) -> int | None:
        if not exchange.line.startswith("POST /v1/orders?") or cuts:
            return None
        cuts.append(exchange)
        return int(part * 400)  # bytes: nothing, half a head, or half a body, never the whole

    names: list[str] = []
    with RecordingProxy(url, cut) as proxy:
        stranger.env |= {"CPCTL_SERVER": proxy.url, "CPCTL_TOKEN": (data / "token").read_text().strip()}
        for step in steps:
            if "sandbox down" in step.command:
                break
            done = stranger.run(step.command)
            if "apply" in step.command and len(cuts) == 1 and not names:
                assert done.returncode == OUTCOME_UNKNOWN, f"{drawn}\n{done.stdout}{done.stderr}"
                assert b" 201 " in cuts[0].answer.split(b"\r\n", 1)[0], "the platform had not acted"
                shutil.rmtree(stranger.home / "state")
                done = stranger.run(step.command)
                names.append("train-7b")
            assert done.returncode == 0, f"{drawn}\n$ {step.command}\n{done.stdout}{done.stderr}"
            assert "Traceback" not in done.stderr
            for line in step.shown[:1]:
                if line.isupper():
                    assert line.split() == done.stdout.splitlines()[0].split(), step.command
    assert len(cuts) == 1
    assert len(proxy.sent("POST", "/v1/orders?")) <= 2
    verdict = stranger.check(str(before), *names)
    assert verdict.returncode == 0, f"{drawn}\n{verdict.stdout}{verdict.stderr}"


def test_the_readme_names_what_it_needs():
    assert {"make demo", "make test"} <= set(re.findall(r"make \w+", (ROOT / "README.md").read_text(encoding="utf-8")))
