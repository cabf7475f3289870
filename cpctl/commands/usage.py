"""usage: what a time cost, summed by what one chooses."""

from __future__ import annotations

from cpctl.errors import ExitCode, UsageError
from cpctl.lazy import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from cpctl.resources.usage import Row, Usage
    from cpctl.runtime import Runtime, Verb

FORMS = ("table", "json", "yaml", "csv")
FIGURES = ("ORDERS", "CARD-HOURS", "DISCOUNT", "CNY")
KEYS_LIMIT = 8
LABEL = "label:"


def usage(
    rt: Runtime,
    *,
    since: flags.UsageSince = None,
    until: flags.UsageUntil = None,
    by: flags.UsageBy = None,
    all_projects: flags.AllProjects = False,
    output: flags.UsageOutput = None,
    no_headers: flags.NoHeaders = False,
) -> Verb:
    """Sum up what a time cost: bills, final ones and those still growing, cut to it; by default the last seven days.

    --by sums by project, order, account, billing, voucher, offer, product, accelerator, province, provider, label:KEY,
    and several of them: --by province,label:team. Amounts are what is to be paid, what vouchers took off taken off.
    Of prepaid time the part within is counted. Calls of models are not in bills.
    """
    from cpctl.resources.usage import usage_of

    form = rt.output(output, FORMS) or "table"
    keys = _keys(by or ())
    rt.is_reading = True
    query = _times(rt, since, until) | {"project": "*" if all_projects else rt.platform.project}
    if keys:
        query["by"] = ",".join(keys)
    answer = rt.platform.one("/v1/usage", query)
    report = usage_of(answer, keys)
    yield _printed(report, keys, answer, form, headers=not no_headers)
    if form == "table":
        rt.say(_sentence(report, query["project"]))
    return ExitCode.DONE


def _keys(texts: Sequence[str]) -> list[str]:
    """What to sum by; whether the platform knows it, it says itself."""
    keys = [word.strip() for text in texts for word in text.split(",") if word.strip()]
    if len(keys) > KEYS_LIMIT or len(set(keys)) < len(keys):
        raise UsageError(detail=f"--by takes up to {KEYS_LIMIT} words, each once")
    return keys


def _times(rt: Runtime, since: str | None, until: str | None) -> dict[str, str]:
    """The time asked about: what is left out, the platform fills in. A span reaches back from its end, or from now."""
    end = _instant(until) if until else None
    if since is None:
        return {"to": end} if end else {}
    if "T" in since.upper():
        return {"from": _instant(since)} | ({"to": end} if end else {})
    from datetime import timedelta

    from cpctl.units import duration_s, instant

    span = timedelta(seconds=duration_s(since))
    last = instant(end) if end else _now(rt)
    try:
        first = last - span
    except OverflowError as error:
        raise UsageError(detail=f'--since "{since[:40]}" reaches back before the year 1') from error
    return {"from": _written(first), "to": end or _written(last)}


def _now(rt: Runtime) -> datetime:
    """The platform's time, which bills go by; this machine's clock may be wrong."""
    rt.platform.one("/v1")
    return rt.platform.now()


def _instant(text: str) -> str:
    from cpctl.units import instant

    return _written(instant(text))


def _written(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _printed(report: Usage, keys: Sequence[str], answer: Any, form: str, *, headers: bool) -> str:
    if form in ("json", "yaml"):
        from cpctl.output.values import VALUE_PRINTERS

        return VALUE_PRINTERS[form](answer)
    titles = [*(key.removeprefix(LABEL).upper() for key in keys), *FIGURES]
    if form == "csv":
        from cpctl.output.csv_table import csv_rows

        return csv_rows(titles, [_cells(row, "") for row in report.rows], headers=headers)
    from cpctl.output.cells import NONE
    from cpctl.output.tables import table

    aligns = ["left"] * len(keys) + ["right"] * len(FIGURES)
    return table(titles, [_cells(row, NONE) for row in report.rows], aligns=aligns, headers=headers)


def _cells(row: Row, nothing: str) -> list[str]:
    words = [nothing if word is None else word for word in row.key]
    return [*words, str(row.orders), f"{row.card_seconds / 3600:.2f}", str(row.discount), str(row.amount)]


def _sentence(report: Usage, project: str) -> str:
    where = "all projects" if project == "*" else f"project {project}"
    total = report.total
    off = f", {total.discount} more were taken off by vouchers" if total.discount else ""
    return f"{report.since} to {report.until}, {where}: {total.amount} CNY{off}"
