"""Who did what: one page for both consoles. A clinic's own words and addresses are handed in by a subclass."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request
from flask_admin import expose

from saas import audit
from saas.admin import XLSX, OfficeView, fresh
from saas.errors import NotFound
from saas.exports import safe_cell, workbook
from saas.tenancy import current_tenant
from saas.trail.queries import Wanted, people, trail
from saas.trail.rules import Entry
from saas.trail.words import ACTORS, LISTS, PLATFORM_DEEDS, TARGETS, Words
from saas.web import page_now
from saas.words import _
from saas.words import later as _l

PAGE = 50
MOST = 10_000
_YEARS = range(2000, 2200)


@dataclass(frozen=True)
class Line:
    """A row as it is read."""

    entry: Entry
    at: datetime
    who: str
    deed: str
    target: str
    address: str | None


def _id(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=days), time(), ZoneInfo(current_tenant().zone)).astimezone(UTC)


class TrailView(OfficeView):
    """The trail, newest first, and what was asked for of it as a file. `deeds`, `targets`: code to words."""

    deeds: Words = {**PLATFORM_DEEDS, **LISTS}
    targets: Words = TARGETS
    actors: tuple[str, ...] = ("system",)
    beside: tuple[tuple[str, Any], ...] = ()  # (endpoint, words) of what else is made of the trail

    def address_of(self, entry: Entry) -> str | None:
        """Where what the row is about can be seen, if it can."""
        del entry
        return None

    def kept_back(self) -> frozenset[str]:
        """The names of facts that a file leaves out for this reader."""
        return frozenset()

    def asked(self) -> Wanted:
        """What the address asks for; what makes no sense narrows nothing."""
        who, target_id = request.args.get("who", ""), _id("target_id")
        return Wanted(
            account_id=_id("who"),
            actor=who if who in self.actors else "",
            deed=request.args.get("deed", "") if self._is_offered(request.args.get("deed", "")) else "",
            target=request.args.get("target", "")[:40] if target_id else "",
            target_id=target_id,
            since=_midnight(_day("from")),
            until=_midnight(_day("to"), days=1),
            older_than=_id("older"),
        )

    def _is_offered(self, deed: str) -> bool:
        return deed == "read" or (deed in self.deeds and not deed.startswith(("read.", "list.")))

    def deed_of(self, entry: Entry) -> str:
        """The row in words; the code itself where nobody has found words for it."""
        key = entry.deed
        if key == "read":
            key = f"{'read' if entry.target_id else 'list'}.{entry.target}"
        return str(self.deeds.get(key, key))

    def lines(self, entries: list[Entry], names: dict[UUID, str]) -> Iterator[Line]:
        """Rows as they are read, in the clinic's time."""
        zone = ZoneInfo(current_tenant().zone)
        for entry in entries:
            known = names.get(entry.account_id) if entry.account_id else None
            yield Line(
                entry=entry,
                at=entry.at.astimezone(zone),
                who=known or str(ACTORS.get(entry.actor, entry.actor)),
                deed=self.deed_of(entry),
                target=str(self.targets.get(entry.target, entry.target)),
                address=self.address_of(entry),
            )

    def offered(self) -> list[tuple[str, str]]:
        """The deeds that can be asked for."""
        named = [(code, str(words)) for code, words in self.deeds.items() if self._is_offered(code)]
        return [*sorted(named, key=lambda one: one[1].casefold()), ("read", _("Opened or took out something"))]

    @expose("/")
    def index(self) -> Any:
        wanted, names = self.asked(), people()
        found = trail(wanted, limit=PAGE + 1)
        kept = {name: value for name, value in request.args.items() if name in self._KEPT and value}
        older = {**kept, "older": str(found[PAGE - 1].id)} if len(found) > PAGE else None
        return self.render(
            "manage/trail.html",
            lines=list(self.lines(found[:PAGE], names)),
            chosen=kept,
            narrowed=wanted != Wanted(),
            first=wanted.older_than is None,
            people=sorted(((str(key), name) for key, name in names.items()), key=lambda one: one[1].casefold()),
            actors=[(kind, str(ACTORS[kind])) for kind in self.actors],
            deeds=self.offered(),
            older=older,
            beside=self.beside,
            about=next((str(self.targets.get(one.target, one.target)) for one in found if wanted.target_id), ""),
        )

    _KEPT = ("who", "deed", "from", "to", "target", "target_id")

    @expose("/export/<export_type>/")
    @fresh
    def export(self, export_type: str) -> Any:
        if export_type not in ("csv", "xlsx"):
            raise NotFound
        audit.note_read("audit", target_id=None, now=page_now())
        entries = trail(replace(self.asked(), older_than=None), limit=MOST)
        heads = [_("When"), _("Who"), _("What"), _("Code"), _("About"), _("Number"), _("Details")]
        left_out = self.kept_back()
        cells = [self._cells(line, left_out) for line in self.lines(entries, people())]
        name = f"audit_{page_now().date().isoformat()}.{export_type}"
        headers = {"Content-Disposition": f"attachment; filename={name}"}
        if export_type == "xlsx":
            return Response(workbook(str(self.name), heads, cells), headers=headers, mimetype=XLSX)
        out = io.StringIO()
        csv.writer(out).writerows([heads, *([safe_cell(cell) for cell in row] for row in cells)])
        return Response(out.getvalue(), headers=headers, mimetype="text/csv")

    @staticmethod
    def _cells(line: Line, left_out: frozenset[str]) -> list[object]:
        told = {name: value for name, value in line.entry.facts.items() if name not in left_out}
        facts = json.dumps(told, sort_keys=True) if told else ""
        when = line.at.isoformat(sep=" ", timespec="seconds")
        number = str(line.entry.target_id or "")
        return [when, line.who, line.deed, line.entry.deed, line.target, number, facts]


class PlatformTrail(TrailView):
    """The platform's own audit, for operators."""

    roles = ("operator",)
    actors = ("operator", "system")

    def __init__(self) -> None:
        super().__init__(name=_l("Audit"), endpoint="operator_audit", url="audit")
