"""apply: make what manifests say come true; safe to run again."""

from __future__ import annotations

from cpctl.errors import ExitCode
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cpctl.runtime import Runtime, Verb

FORMS = ("name", "json", "yaml")


def apply(
    rt: Runtime,
    *,
    filename: flags.Filename = None,
    recursive: flags.Recursive = False,
    activate: flags.Activate = False,
    wait: flags.Wait = False,
    timeout: flags.Timeout = None,
    run_id: flags.RunId = None,
    adopt: flags.Adopt = False,
    recreate: flags.Recreate = False,
    yes: flags.Yes = False,
    dry_run: flags.DryRun = "none",
    output: flags.ResultOutput = None,
) -> Verb:
    """Place the orders and publish the demands that manifests describe, or go on where an earlier run stopped.

    An order's name is its identity: the same manifest again is `unchanged` or `resumed`, and never buys twice; with
    other labels it is `configured` (labels it does not name stay), with another spec it is a conflict. The cheapest
    cards that fit are held at the price shown; --activate switches them on, --wait waits until they are. A demand is
    published once in the same way; the order that matches it is switched on by `activate` alone.

    --dry-run=client reads, and shows each request that would write; --dry-run=server asks for a quote as well. Neither
    writes anything; limits, balance and quota are those of now, and only placing finds out whether others were quicker.
    """
    from cpctl.commands.dry_run import is_dry, rehearsed
    from cpctl.commands.manifests import wanted_of
    from cpctl.commands.ordering import Wish, ordered, printed

    form = rt.output(output, FORMS)
    wish = Wish(
        activate=activate,
        wait=wait,
        timeout=timeout,
        yes=yes,
        adopt=adopt,
        recreate=recreate,
        needs_yes=recreate,
        again="the same command again",
    )
    wanted = wanted_of(rt, filename, recursive=recursive, run_id=run_id)
    if is_dry(dry_run):
        yield from rehearsed(rt, wanted, wish, dry_run, form)
    else:
        yield from printed(ordered(rt, wanted, wish), form, single=len(wanted) == 1)
    return ExitCode.DONE
