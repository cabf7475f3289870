"""Why nothing came behind a Tab: a word that the refresh leaves beside the cache, and what the next Tab says of it.

Only words of `SENTENCES` are ever written or read, so nothing that a platform said comes this far.
"""

from __future__ import annotations

from cpctl.complete.kept import shown
from cpctl.complete.store import LOOPBACK, YOURS, contents, written_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpctl.complete.store import Place

FIRST_S, LONGEST_S = 5, 60
"""How long nobody asks again: after the first failure, doubled by each, and at most."""
AT_HAND = ("config", "no-address", "nobody", "ended")  # what is mended on this machine is asked for again soon
MOST_DOUBLINGS = 4
MOST_DIGITS = 9
LONGEST_WORD = 60

SENTENCES = {
    "unreachable": ("the platform at {host} does not answer", "{up}"),
    "busy": ("the platform at {host} has too much to do", "press Tab again in a minute"),
    "trouble": ("the platform at {host} answers with an error", "press Tab again in a minute"),
    "untrusted": ("{host} cannot prove who it is", "cpctl doctor"),
    "refused": ("{token} is refused", "{login}"),
    "ended": ("the login has ended", "{login}"),
    "nobody": ("nobody is logged in", "{login}"),
    "no-keyring": ("no keyring answers", "cpctl doctor"),
    "not-sent": ("CPCTL_TOKEN is not sent to {host}", "cpctl doctor"),
    "forbidden": ("this login may not list {what}", "cpctl auth status"),
    "no-project": ("no project {project} here", "cpctl get projects"),
    "no-address": ("{server} is no address", "one looks like https://platform.example"),
    "config": ("config.toml is not understood", "cpctl doctor"),
    "no-list": ("what {host} answers is no list", "cpctl doctor"),
    "other": ("the list of {kind} failed", "cpctl get {kind} says why"),
}
"""By word: what is so, and what to do. Without quotes and brackets, which the shells' scripts leave out."""


class Failure:
    """The last refresh of a kind, which failed.

    Attributes:
        word: One of `SENTENCES`.
        times: How many failed one after the other.
        at: When.
        is_at_hand: Whether it costs nobody much to ask again.
    """

    def __init__(self, word: str, times: int, at: float, *, is_at_hand: bool = False) -> None:
        self.word, self.times, self.at, self.is_at_hand = word, times, at, is_at_hand

    def is_over(self, now: float) -> bool:
        """Whether it is time to ask again; a clock may have been set back."""
        doublings = 0 if self.is_at_hand else min(self.times - 1, MOST_DOUBLINGS)
        return abs(now - self.at) >= min(FIRST_S << doublings, LONGEST_S)

    def told(self, kind: str, where: Place, env: Mapping[str, str], asked: str) -> str:
        """What a Tab says of it: what is so, how long ago it was asked, what to do."""
        host = where.server.partition("//")[2].partition("/")[0].rpartition("@")[2]
        has_token = bool(env.get("CPCTL_TOKEN"))
        values = {
            "kind": kind,
            "what": f"{kind} of project {_plain(where.project)}" if kind in YOURS else kind,
            "project": _plain(where.project),
            "host": _plain(host),
            "server": where.said_by or f"the server of profile {_plain(where.profile)}",
            "up": "cpctl sandbox up" if where.server.startswith(LOOPBACK) else "cpctl doctor",
            "token": "CPCTL_TOKEN" if has_token else "the token",
            "login": "set another CPCTL_TOKEN" if has_token else "cpctl auth login",
        }
        sentence, advice = SENTENCES[self.word]
        return f"{sentence.format_map(values)}, asked {asked} ago: {advice.format_map(values)}"


def _plain(text: str) -> str:
    return shown(text).replace("(", "").replace(")", "")[:LONGEST_WORD]


def failure_of(where: Place, kind: str) -> Failure | None:
    """How the last refresh failed; None when it did not, or nothing that can be read says so."""
    path = f"{where.folder}/{kind}.failed"
    word, _, times = (contents(path) or "").partition(" ")
    at = written_at(path)
    is_whole = word in SENTENCES and times.isascii() and times.isdecimal() and len(times) <= MOST_DIGITS
    if not is_whole or at is None:
        return None
    is_at_hand = word in AT_HAND or (word == "unreachable" and where.server.startswith(LOOPBACK))
    return Failure(word, max(int(times), 1), at, is_at_hand=is_at_hand)


def keep_failure(where: Place, kind: str, word: str, now: float) -> None:
    """Leaves a word for the next Tab; one failure after a long rest is the first again."""
    from cpctl.complete.upkeep import keep

    last = failure_of(where, kind)
    times = last.times + 1 if last and abs(now - last.at) <= 2 * LONGEST_S else 1
    keep(f"{where.folder}/{kind}.failed", f"{word} {times}".encode())
