"""The reports' page: four charts with the table beside them, by week, session and practitioner; and its CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_admin import expose

from saas import audit, formats
from saas.admin import OfficeView, fresh
from saas.chart import Chart, Series, bars
from saas.exports import safe_cell
from saas.money import Money
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.availability.walltime import edge, to_datetime
from tenants.reports.queries import Found, read_report
from tenants.reports.rules import WEEKS, Count, NoSpan, Span, last_weeks, span_asked

_COLUMNS = {
    "sessions": _l("Sessions"),
    "no_shows": _l("Did not come"),
    "late": _l("Cancelled late"),
    "new": _l("New clients"),
    "returning": _l("Clients who came again"),
    "booked": _l("Booked hours"),
    "opened": _l("Open hours"),
    "fill": _l("Filled"),
    "income": _l("Income"),
}
_WITHOUT_HOURS = tuple(name for name in _COLUMNS if name not in ("opened", "fill"))
_ALL_NAMED = 13  # more columns have names too narrow to stand side by side
_WRONG = {
    "day": _l("Choose a day"),
    "order": _l("The last day comes after the first"),
    "long": _l("Choose two years at most"),
}


@dataclass(frozen=True)
class Line:
    """A row of a table: its name, and a cell for each column."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table as it is shown. `part` names it in the export's address; `total` stands beneath."""

    part: str
    title: str
    first: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    total: Line


@dataclass(frozen=True)
class Drawn:
    """A chart with what is said of it."""

    name: str
    title: str
    summary: str
    chart: Chart


class ReportsView(OfficeView):
    """What the weeks add up to: the owner's."""

    roles = ("owner",)

    def __init__(self) -> None:
        super().__init__(name=_l("Reports"), endpoint="reports", url="reports")

    @expose("/")
    def index(self) -> Any:
        try:
            span, wrong = _asked(), None
        except NoSpan as error:
            span, wrong = last_weeks(12, _today()), error
        found = read_report(_edges(span))
        page = self.render(
            "manage/reports/index.html",
            span=span,
            choices=[(count, url_for(".index", weeks=count), count == span.weeks and not wrong) for count in WEEKS],
            typed={"from": request.args.get("from", ""), "to": request.args.get("to", "")},
            wrong={wrong.field: str(_WRONG[wrong.code])} if wrong else {},
            title=_title(span),
            whole=found.report.whole,
            income=_money(found.report.whole.income),
            charts=_charts(span, found),
            tables=_tables(span, found),
            link=lambda part: url_for(".export", part=part, **_query(span)),
        )
        return (page, 422) if wrong else page

    @expose("/export/")
    @fresh
    def export(self) -> Any:
        try:
            span = _asked()
        except NoSpan:
            return self.index()
        found = read_report(_edges(span))
        audit.note_read("report", target_id=None, now=page_now())
        part = request.args.get("part", "")
        part = part if part in ("services", "people") else "weeks"
        names = _WITHOUT_HOURS if part == "services" else tuple(_COLUMNS)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([safe_cell(words) for words in (_firsts()[part], *(str(_COLUMNS[name]) for name in names))])
        for name, count in _parts(span, found)[part]:
            label = name.isoformat() if isinstance(name, date) else name
            writer.writerow([safe_cell(label), *(_plain(count, column) for column in names)])
        file = f"{part}_{span.first.isoformat()}_{span.last.isoformat()}.csv"
        headers = {"Content-Disposition": f"attachment; filename={file}"}
        return Response(out.getvalue(), headers=headers, mimetype="text/csv")


def _today() -> date:
    return page_now().astimezone(ZoneInfo(current_tenant().zone)).date()


def _asked() -> Span:
    asked = request.args
    return span_asked(weeks=asked.get("weeks", ""), since=asked.get("from", ""), to=asked.get("to", ""), today=_today())


def _edges(span: Span) -> list[datetime]:
    """The instants between which the columns lie: the clinic's midnights, also where its clock changes."""
    zone = current_tenant().zone
    return [to_datetime(edge(zone, day.toordinal(), 0)) for day in (*span.days(), span.until)]


def _query(span: Span) -> dict[str, Any]:
    if span.weeks is not None:
        return {"weeks": str(span.weeks)}
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


def _title(span: Span) -> str:
    tag = locale()
    return _("%(first)s to %(last)s", first=formats.full_date(span.first, tag), last=formats.full_date(span.last, tag))


def _firsts() -> dict[str, str]:
    return {"weeks": _("Week from"), "services": _("Session"), "people": _("Practitioner")}


def _parts(span: Span, found: Found) -> dict[str, list[tuple[date | str, Count]]]:
    report = found.report
    return {
        "weeks": list(zip(span.days(), report.weeks, strict=True)),
        "services": [(name, report.services[key]) for key, name in found.services],
        "people": [(name, report.people[key]) for key, name in found.people],
    }


def _money(minor: int) -> Money:
    return Money(minor, current_tenant().currency)


def _plain(count: Count, column: str) -> str | int | float:
    """The cell of a file: numbers as a machine reads them, times in hours, the filled part as a number up to 1."""
    if column == "income":
        return str(_money(count.income).major)
    if column == "fill":
        return "" if count.fill is None else round(count.fill, 4)
    value: int = getattr(count, column)
    return round(value / 60, 2) if column in ("booked", "opened") else value


def _shown(count: Count, column: str) -> str:
    tag = locale()
    if column == "income":
        return formats.money(_money(count.income), tag)
    if column == "fill":
        return "–" if count.fill is None else formats.percent(count.fill, tag)
    value: int = getattr(count, column)
    return formats.hours(value, tag) if column in ("booked", "opened") else str(value)


def _tables(span: Span, found: Found) -> list[Table]:
    titles = {"weeks": _("Week by week"), "services": _("By session"), "people": _("By practitioner")}
    firsts, made = _firsts(), []
    for part, counts in _parts(span, found).items():
        names = _WITHOUT_HOURS if part == "services" else tuple(_COLUMNS)
        lines = tuple(Line(_named(name), tuple(_shown(count, one) for one in names)) for name, count in counts)
        whole = Line(_("In all"), tuple(_shown(found.report.whole, one) for one in names))
        made.append(Table(part, titles[part], firsts[part], tuple(str(_COLUMNS[one]) for one in names), lines, whole))
    return made


def _named(name: date | str) -> str:
    return formats.short_date(name, locale()) if isinstance(name, date) else name


def _charts(span: Span, found: Found) -> list[Drawn]:
    tag, weeks, whole = locale(), found.report.weeks, found.report.whole
    labels = [formats.day_short(day, tag) for day in span.days()]

    def draw(say: Callable[[int], str], **series: list[int]) -> Chart:
        names = {"came": _("Sessions that stand"), **{key: str(words) for key, words in _COLUMNS.items()}}
        drawn = bars(labels, [Series(names[key], values) for key, values in series.items()], say)
        if len(labels) <= _ALL_NAMED:
            return drawn
        return replace(drawn, labels=tuple(label for label in drawn.labels if not label.minor))

    fill = "–" if whole.fill is None else formats.percent(whole.fill, tag)
    return [
        Drawn("sessions", _("Sessions by week"), _("%(count)s in all.", count=whole.sessions), draw(
            str, came=[one.sessions - one.no_shows for one in weeks], no_shows=[one.no_shows for one in weeks],
            late=[one.late for one in weeks],
        )),
        Drawn("fill", _("How full the open hours were"), _("%(share)s in all.", share=fill), draw(
            lambda share: formats.percent(share / 100, tag), fill=[round((one.fill or 0) * 100) for one in weeks],
        )),
        Drawn("clients", _("Clients who came"), _(
            "%(new)s new and %(again)s who came again.", new=whole.new, again=whole.returning,
        ), draw(str, new=[one.new for one in weeks], returning=[one.returning for one in weeks])),
        Drawn("income", _("Income by week"), _(
            "%(amount)s in all.", amount=formats.money(_money(whole.income), tag),
        ), draw(
            lambda minor: formats.money(_money(minor), tag), income=[one.income for one in weeks],
        )),
    ]  # fmt: skip
