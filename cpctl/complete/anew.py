"""The generated tables of completion where they are gone: made for one Tab, which then takes longer."""

from __future__ import annotations

import sys
from types import ModuleType

from cpctl.complete.contract import contract_module
from cpctl.complete.slots import words_module
from cpctl.grammar import commands, global_flags


def tables() -> None:
    """Has them be there for whoever imports them next."""
    for name, text in (("_words", words_module(commands(), global_flags())), ("_contract", contract_module())):
        module = ModuleType(f"cpctl.complete.{name}")
        exec(text, module.__dict__)  # noqa: S102  (what `make generate` would write)
        sys.modules[module.__name__] = module
