"""A single value as a document, for verbs that print something else than objects of the platform."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _json(value: Any) -> str:
    from cpctl.output.json_document import json_text

    return json_text(value) + "\n"


def _yaml(value: Any) -> str:
    from cpctl.output.yaml_document import yaml_text

    return yaml_text(value)


VALUE_PRINTERS: dict[str, Callable[[Any], str]] = {"json": _json, "yaml": _yaml}
