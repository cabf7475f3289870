"""What kubectl printed for each JSONPath template (templates.json): cpctl's engine prints it; so does kubectl still.

`python tests/kubectl/test_templates.py [TEMPLATE...]` asks the installed kubectl for what is recorded, and for more.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.extend(str(folder) for folder in Path(__file__).parents[1:3])

import pytest

from cpctl.errors import UsageError
from cpctl.output.go_text import go_text
from cpctl.registry import find
from cpctl.selectors.jsonpath import parse
from fixed_platform import NOW, objects
from kube_api import kubernetes
from kube_objects import resource

FILE = Path(__file__).parent / "templates.json"
SEEN = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
PRINTED = {template: text for template, text, error in SEEN if error is None}
REFUSED = {template: error for template, _, error in SEEN if error is not None}
ASKED_AGAIN = 6  # refusals, which cost a process each
LEAST_TEMPLATES = 150
BETWEEN = "\n----\n"
NO_LIST = "is not array or slice and cannot be filtered"
REASON = re.compile(
    r"Error executing template: (.+?)\. Printing more|error parsing jsonpath (?:.*?), (.+)\n", re.DOTALL
)


def offers():
    """What kubectl puts its templates to."""
    items = [resource(item, find("offers")) for item in objects()["offers"]]
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def printed(template):
    return "".join(" ".join(map(go_text, results)) for results in parse(template).results(offers()))


def reason(said):
    """Why kubectl refuses; it writes out the whole value that is no list, cpctl its type."""
    found = REASON.search(said)
    why = (found[1] or found[2]) if found else said.strip()
    return NO_LIST if why.endswith(NO_LIST) else why


def installed():
    return kubernetes(objects(), now=datetime.fromisoformat(NOW))


@pytest.mark.parametrize("template", PRINTED)
def test_cpctl_prints_what_kubectl_printed(template):
    assert printed(template) == PRINTED[template]


@pytest.mark.parametrize("template", REFUSED)
def test_cpctl_refuses_what_kubectl_refused(template):
    with pytest.raises(UsageError) as caught:
        printed(template)
    assert REFUSED[template] in str(caught.value)


def test_there_are_enough():
    assert len(SEEN) >= LEAST_TEMPLATES and len(REFUSED) > ASKED_AGAIN


def test_kubectl_still_prints_it():
    with installed() as kubectl:
        result = kubectl("get", "offers", "-o", f"jsonpath={BETWEEN.join(PRINTED)}")
        assert result.out == BETWEEN.join(PRINTED.values()), result.err
        for template in list(REFUSED)[:: len(REFUSED) // ASKED_AGAIN]:
            assert reason(kubectl("get", "offers", "-o", f"jsonpath={template}").err) == REFUSED[template]


def record(more):
    with installed() as kubectl:
        for template in more:
            result = kubectl("get", "offers", "-o", f"jsonpath={template}")
            error = reason(result.err) if result.code else None
            SEEN[:] = [*(row for row in SEEN if row[0] != template), [template, result.out, error]]
    FILE.write_text(json.dumps(SEEN, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(sys.argv[1:] or [row[0] for row in SEEN])
