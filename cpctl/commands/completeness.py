"""What a run says of sub-platforms that did not answer in full, once, and the code it then ends with."""

from __future__ import annotations

from cpctl.errors import ExitCode, Incomplete
from cpctl.output.cells import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cpctl.registry import Kind
    from cpctl.resources.partial import Trouble
    from cpctl.runtime import Runtime


FEDERATED = ("providers", "products", "offers", "sources")
"""Kinds whose rows come from the sub-platforms."""
DATED = (*FEDERATED, "subplatforms")
REQUIRED = "a sub-platform did not answer in full and --require-complete was given"


class Completeness:
    """How complete what is read is; told page by page.

    Attributes:
        complete: Whether everything that was heard so far is there, and of now.
        troubles: The sub-platforms of which something is missing or old.
    """

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self.complete = True
        self.troubles: dict[str, Trouble] = {}

    def hear(self, metadata: Mapping[str, Any], *, first: bool = True) -> dict[str, Any]:
        """The metadata of a list's page or of the overview, with `complete` as it is by now."""
        from cpctl.resources.partial import is_complete, troubles

        found = troubles(metadata, self._rt.platform.now(), first=first)
        self.complete = self.complete and is_complete(metadata, found)
        self.troubles = found | self.troubles
        return {**metadata, "complete": self.complete}

    def hear_one(self, kind: Kind, item: Mapping[str, Any]) -> bool:
        """Whether one object is old, by its own word."""
        from cpctl.resources.partial import Trouble, age_of, is_old

        age_s = age_of(mapping(item.get("status")).get("asOf"), self._rt.platform.now())
        if kind.plural not in DATED or not is_old(age_s):
            return False
        name = f"{kind.name}/{mapping(item.get('metadata')).get('name')}"
        self.complete = False
        self.troubles[name] = Trouble(name, "ok", age_s)
        return True

    def shows_old(self, plural: str) -> bool:
        """Whether rows of another time may be among those of a kind; sub-platforms are listed whatever their state."""
        found = self.troubles.values()
        return any(one.has_rows for one in found) if plural in FEDERATED else bool(found) and plural == "subplatforms"

    def verdict(self, *, required: bool) -> ExitCode:
        """One warning line for all of them.

        Raises:
            Incomplete: `--require-complete` was given.
        """
        if self.complete:
            return ExitCode.DONE
        from cpctl.output.safe import safe
        from cpctl.resources.partial import sentence

        self._rt.say(f"warning: {safe(sentence(self.troubles.values()))}")
        if required:
            raise Incomplete(detail=REQUIRED, hint="cpctl get sp")
        return ExitCode.DONE
