"""Outside tools that tests want: a path, or a skip; with CPCTL_REQUIRE_TOOLS=1 (CI) a missing one is a failure."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from types import ModuleType

import pytest


def need(tool: str) -> str:
    """The tool's path; ends the test when it is not installed."""
    path = shutil.which(tool)
    if path is not None:
        return path
    if os.environ.get("CPCTL_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{tool} is not installed, and CPCTL_REQUIRE_TOOLS=1")
    pytest.skip(f"{tool} is not installed")


def need_module(name: str) -> ModuleType:
    """A package of the dev extra; skips the test's file where the environment was set up before it was asked for."""
    try:
        return import_module(name)
    except ImportError:
        if os.environ.get("CPCTL_REQUIRE_TOOLS") == "1":
            raise
        pytest.skip(f"{name} is not installed: sh .ci/setup dev", allow_module_level=True)
