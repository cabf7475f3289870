"""Which flags of a verb may have a default in config.toml. Read by Tab and by `config set`."""

from __future__ import annotations

from cpctl.aliases import DECISIONS, ELSEWHERE, NO_DEFAULTS
from cpctl.complete._words import COMMANDS, VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VERBS_WITH = tuple(verb for verb in VERBS if verb not in NO_DEFAULTS)


def flags_of(verb: str) -> Mapping[str, tuple[str, str]]:
    """`[defaults.VERB]`: its keys, each with its slot and what it is for; of a group, what all its verbs take."""
    tables = [row[2] for key, row in COMMANDS.items() if key.partition(" ")[0] == verb and verb in VERBS_WITH]
    elsewhere = {word for word, place in ELSEWHERE.items() if place}
    return {
        word[2:]: row
        for word, row in (tables[0] if tables else {}).items()
        if word[:2] == "--" and all(word in table for table in tables) and word[2:] not in DECISIONS | elsewhere
    }
