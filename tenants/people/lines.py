"""A client as the list and its export show them, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for
from markupsafe import Markup

from saas import formats
from saas.money import Money
from saas.shell import locale, region
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from tenants.clients.models import Client
from tenants.people import queries
from tenants.people.forms import REACH_WORDS


@dataclass(frozen=True)
class Line:
    """A client as the list shows them, and as an export carries them. Dates are the clinic's own."""

    id: UUID
    name: str
    known_as: str
    discreet_name: str
    email: str
    phone: str
    reach: str
    no_calls: bool
    locale: str
    since: datetime
    visits: int
    last: datetime | None
    next: datetime | None
    owes: Money


def lines_of(rows: list[Client], *, account_id: UUID | None) -> list[Line]:
    """The rows with their visits and debts; those of one practitioner's account, if one is given."""
    zone = ZoneInfo(current_tenant().zone)
    visits = queries.visits_of([row.id for row in rows], now=page_now(), account_id=account_id)

    def here(moment: datetime | None) -> datetime | None:
        return moment.astimezone(zone) if moment else None

    return [
        Line(
            id=row.id,
            name=row.name,
            known_as=row.known_as,
            discreet_name=row.discreet_name,
            email=row.email,
            phone=formats.phone(row.phone, region()) if row.phone else "",
            reach=row.reach,
            no_calls=row.no_calls,
            locale=row.locale,
            since=row.created_at.astimezone(zone),
            visits=visits[row.id].count,
            last=here(visits[row.id].last),
            next=here(visits[row.id].next),
            owes=visits[row.id].owes,
        )
        for row in rows
    ]


def name(_view: Any, _context: Any, line: Line, _column: str) -> Markup:
    address = url_for("client.details_view", id=line.id, url=request.script_root + request.full_path.rstrip("?"))
    also = Markup('<span class="cell-sub">{}</span>').format(line.known_as) if line.known_as else ""
    return Markup('<a class="cell-name" href="{}">{}{}</a>').format(address, line.name, also)


def contact(_view: Any, _context: Any, line: Line, _column: str) -> Markup:
    first = line.email if line.reach == "email" else line.phone
    return Markup('{}<span class="cell-sub">{}</span>').format(first, REACH_WORDS[line.reach])


def day(field: str) -> Any:
    def shown(_view: Any, _context: Any, line: Line, _column: str) -> str:
        moment: datetime | None = getattr(line, field)
        if moment is None:
            return ""
        year = "" if moment.year == page_now().year else f" {moment.year}"
        return f"{formats.short_date(moment, locale())}{year}"

    return shown


def iso(field: str) -> Any:
    def shown(_view: Any, _context: Any, line: Line, _column: str) -> str:
        moment: datetime | None = getattr(line, field)
        return moment.date().isoformat() if moment else ""

    return shown


def owes(_view: Any, _context: Any, line: Line, _column: str) -> str:
    return formats.money(line.owes, locale()) if line.owes else ""


def no_calls(_view: Any, _context: Any, line: Line, _column: str) -> str:
    return _("Yes") if line.no_calls else ""
