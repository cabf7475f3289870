"""What kubectl printed over the same objects (seen/*.txt): cpctl prints it, but for named differences; so does kubectl.

A line to add is written as `$ kubectl …` and `[exit ?]`; `python tests/kubectl/test_seen.py` writes what the installed
kubectl prints, for somebody to read before it is committed.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path

if __name__ == "__main__":
    sys.path.extend(str(folder) for folder in Path(__file__).parents[1:3])

import pytest
import yaml
from differences import DIFFERENCES, as_cpctl, named, values

from fixed_platform import NOW, objects
from kube_api import kubernetes
from line_runs import choice, machine_of
from transcripts import read, written

FILES = sorted((Path(__file__).parent / "seen").glob("*.txt"))
SEEN = [(file, case) for file in FILES for case in read(file.read_text(encoding="utf-8"))[0]]
EACH = pytest.mark.parametrize(("file", "case"), SEEN, ids=[case.line for _, case in SEEN])


@pytest.fixture(scope="module")
def machines():
    """cpctl's machine for each file."""
    with ExitStack() as stack:
        yield cache(lambda file: stack.enter_context(machine_of(file)))


@pytest.fixture(scope="module")
def kubectls():
    """kubectl and its server for each file."""
    with ExitStack() as stack:
        yield cache(lambda file: stack.enter_context(installed(file)))


def installed(file):
    """The installed kubectl over the fixed objects, or over nothing, at their moment."""
    held = {} if choice(file) == "empty" else objects()
    return kubernetes(held, changes=changes(), now=datetime.fromisoformat(NOW))


def changes():
    """What a watch is sent."""
    found = deepcopy(objects())
    sold, gone, order = found["offers"][0], found["offers"][2], found["orders"][1]
    sold["status"]["free"] = 40
    order["status"]["phase"] = "Activating"
    return [("MODIFIED", sold), ("DELETED", gone), ("MODIFIED", order)]


@EACH
def test_cpctl_prints_what_kubectl_printed(machines, file, case):
    ours = machines(file).ran(case._replace(line=case.line.replace("kubectl", "cpctl", 1)))
    if "documents" in named(case):
        ours = ours._replace(out=values(yaml.safe_load(ours.out)))
    expected = as_cpctl(case)
    if "told further" in named(case):
        assert ours.err.count("\n") == 1
        ours = ours._replace(err=ours.err[: len(expected.err)])
    assert (ours.out, ours.err, ours.code) == (expected.out, expected.err, expected.code)


@EACH
def test_a_difference_that_is_named_is_one(file, case):
    for name in named(case):
        changed = DIFFERENCES[name].change(case)
        assert (changed.out, changed.err, changed.code) != (case.out, case.err, case.code), name


@EACH
def test_kubectl_prints_it_still(kubectls, file, case):
    result = kubectls(file)(*case.words[1:])
    assert (result.out, result.err, result.code) == (case.out, case.err, case.code)


def test_every_difference_is_seen():
    assert {name for _, case in SEEN for name in named(case)} == set(DIFFERENCES)


def main() -> None:
    for file in FILES:
        with installed(file) as kubectl:
            cases, rest = read(file.read_text(encoding="utf-8"))
            runs = [(case, kubectl(*case.words[1:])) for case in cases]
        today = [case._replace(out=run.out, err=run.err, code=run.code) for case, run in runs]
        file.write_text(written(today, rest), encoding="utf-8")


if __name__ == "__main__":
    main()
