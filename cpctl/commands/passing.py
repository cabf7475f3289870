"""Lists that pass by are kept for completion, when they are whole."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpctl.commands.completeness import Completeness
    from cpctl.commands.listing import Asked
    from cpctl.complete.keeping import Gathering
    from cpctl.resources.page import AnyPage
    from cpctl.runtime import Runtime


UNSEEN = frozenset({"spec.minCards", "spec.stepCards"})
"""Of offers, what a table does not show of the columns that completion wants."""


class Passing:
    """What completion wants of one list; nothing, when the list is not the whole of its kind in one project."""

    def __init__(self, rt: Runtime, asked: Asked, limit: int | None) -> None:
        from cpctl.complete.kept import COLUMNS

        whole = not asked.query and not asked.conditions and not asked.all_projects and limit is None
        self._rt, self._kind = rt, asked.kind.plural
        self._wanted = COLUMNS.get(self._kind, ()) if whole else ()
        self._gathering: Gathering | None = None
        if self._wanted:
            from cpctl.complete.store import account, place

            options = rt.options
            self._place = place(rt.env, options.profile or "", options.server or "", options.project or "")
            self._account = account(rt.env, self._place.profile)

    def asking(self, fields: Sequence[str] | None) -> Sequence[str] | None:
        """The fields to ask for: of what is yours also the few that completion wants; of a catalogue hardly any."""
        if fields is None or not self._wanted:
            return fields
        from cpctl.complete.store import YOURS

        more = [path for path in self._wanted if path not in fields]
        if self._kind in YOURS or UNSEEN.issuperset(more):
            return [*fields, *more]
        self._wanted = ()
        return fields

    def add(self, page: AnyPage) -> None:
        """Takes a page, when it has been shown: nobody waits for its rows meanwhile."""
        if not self._wanted:
            return
        if self._gathering is None:
            from cpctl.complete.keeping import Gathering

            self._gathering = Gathering(self._kind)
        self._gathering.add([page.values(path) for path in self._wanted])

    def keep(self, heard: Completeness) -> None:
        """Replaces the cache of the kind; a machine that does not let us is no fault of the list's."""
        if self._gathering is None or not self._place.folder:
            return
        from cpctl.complete.keeping import SOLD_BY, with_absent
        from cpctl.complete.store import kept_of
        from cpctl.complete.upkeep import keep_list

        text = self._gathering.file()
        if not heard.complete and self._kind in SOLD_BY:
            refusing = {one.name for one in heard.troubles.values() if one.state == "denied"}
            text = with_absent(text, kept_of(self._place, self._kind)[0], self._kind, refusing)
        keep_list(self._rt.env, self._place, self._kind, text, self._account)
