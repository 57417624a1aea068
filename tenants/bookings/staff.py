"""The clinic's list of bookings: today and later, found by name; and one booking read whole. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import or_

from saas import audit, formats
from saas.admin import ListFilter, RecordView, current_account
from saas.money import Money
from saas.shell import locale, region
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import later as _l
from saas.words import ngettext
from tenants.availability.walltime import edge, to_datetime
from tenants.bookings.models import Booking
from tenants.bookings.words import PAYMENT_WORDS, PILLS, STATUS_WORDS
from tenants.clients.models import Client
from tenants.practitioners.models import Practitioner
from tenants.practitioners.queries import practitioners
from tenants.services.models import Service

_REACH_WORDS = {"email": _l("By email"), "text": _l("By text message"), "phone": _l("By telephone only")}


@dataclass(frozen=True)
class Line:
    """A booking as the list and its page show it."""

    id: UUID
    starts: datetime
    ends: datetime
    client: str
    known_as: str
    email: str
    phone: str
    reach: str
    service: str
    practitioner: str
    status: str
    price: Money
    payment: str
    note: str
    made: datetime


def _line(row: Any) -> Line:
    booking, client, service, practitioner = row
    zone = ZoneInfo(booking.zone)
    return Line(
        id=booking.id,
        starts=booking.wall_start,
        ends=booking.ends_at.astimezone(zone),
        client=client.name if client else "",
        known_as=client.known_as if client else "",
        email=client.email if client else "",
        phone=formats.phone(client.phone, region()) if client and client.phone else "",
        reach=client.reach if client else "",
        service=service,
        practitioner=practitioner,
        status=booking.status,
        price=booking.price,
        payment=booking.payment_mode,
        note=booking.note,
        made=booking.created_at.astimezone(zone),
    )


def _from_day(query: Any, day: date) -> Any:
    return query.filter(Booking.starts_at >= _midnight(day.toordinal()))


def _to_day(query: Any, day: date) -> Any:
    return query.filter(Booking.starts_at < _midnight(day.toordinal() + 1))


def _midnight(ordinal: int) -> datetime:
    return to_datetime(edge(current_tenant().zone, ordinal, 0))


def _people() -> list[tuple[str, Any]]:
    return [(str(person.id), person.name) for person in practitioners()]


def _when(_view: Any, _context: Any, line: Line, _name: str) -> Markup:
    tag = locale()
    day, hour = formats.short_date(line.starts, tag), formats.clock(line.starts, tag)
    year = "" if line.starts.year == page_now().year else f" {line.starts.year}"
    address = url_for("booking.details_view", id=line.id, url=request.script_root + request.full_path.rstrip("?"))
    return Markup('<a class="cell-name" href="{}">{}{}, {}</a>').format(address, day, year, hour)


def _pill(_view: Any, _context: Any, line: Line, _name: str) -> Markup:
    return Markup('<span class="pill pill--{}">{}</span>').format(
        PILLS.get(line.status, "off"), STATUS_WORDS[line.status]
    )


def _money(_view: Any, _context: Any, line: Line, _name: str) -> str:
    return formats.money(line.price, locale())


def _client(_view: Any, _context: Any, line: Line, _name: str) -> str:
    return line.client or str(_l("Not named yet"))


def _words(table: dict[str, Any], field: str) -> Any:
    return lambda _view, _context, line, _name: str(table.get(getattr(line, field), ""))


def _span(_view: Any, _context: Any, line: Line, _name: str) -> str:
    tag = locale()
    day = f"{formats.long_date(line.starts, tag)} {line.starts.year}"
    return f"{day}, {formats.clock(line.starts, tag)}–{formats.clock(line.ends, tag)}"


def _made(_view: Any, _context: Any, line: Line, _name: str) -> str:
    tag = locale()
    return f"{formats.full_date(line.made, tag)}, {formats.clock(line.made, tag)}"


class BookingView(RecordView):
    """Today's bookings and all that come after; earlier ones by choosing a date."""

    column_list = ("when", "client", "service", "practitioner", "status", "price")
    column_details_list = (
        "span", "status", "service", "practitioner", "client", "known_as", "email", "phone", "reach",
        "price", "payment", "note", "made",
    )  # fmt: skip
    column_export_list = ("span", "client", "service", "practitioner", "status", "price")
    column_default_sort = ("starts_at", False)
    column_labels = {
        "when": _l("When"),
        "span": _l("When"),
        "client": _l("Client"),
        "known_as": _l("Known as"),
        "email": _l("Email"),
        "phone": _l("Telephone"),
        "reach": _l("How to reach them"),
        "service": _l("Session"),
        "practitioner": _l("With"),
        "status": _l("Status"),
        "price": _l("Price"),
        "payment": _l("To be paid"),
        "note": _l("Their note"),
        "made": _l("Booked on"),
    }
    column_formatters = {"when": _when, "status": _pill, "price": _money, "client": _client}
    column_formatters_detail = {
        "span": _span,
        "made": _made,
        "status": _pill,
        "price": _money,
        "client": _client,
        "reach": _words(_REACH_WORDS, "reach"),
        "payment": _words(PAYMENT_WORDS, "payment"),
    }
    column_formatters_export = {"span": _span, "price": _money, "status": _words(STATUS_WORDS, "status")}
    column_filters = (
        ListFilter("from", _l("From"), Booking.starts_at, _from_day),
        ListFilter("to", _l("Until"), Booking.starts_at, _to_day),
        ListFilter(
            "practitioner",
            _l("With"),
            Booking.practitioner_id,
            lambda query, value: query.filter(Booking.practitioner_id == UUID(value)),
            _people,
        ),
        ListFilter(
            "status",
            _l("Status"),
            Booking.status,
            lambda query, value: query.filter(Booking.status == value),
            lambda: list(STATUS_WORDS.items()),
        ),
    )
    search_label = _l("Client’s name")
    empty_text = _l("No bookings here. Choose an earlier date to see what has been.")

    def __init__(self) -> None:
        super().__init__(Booking, name=_l("Bookings"), endpoint="booking", url="bookings")

    def get_sortable_columns(self) -> dict[str, Any]:
        return {
            "when": Booking.starts_at,
            "client": Client.name,
            "service": Service.name,
            "practitioner": Practitioner.name,
            "status": Booking.status,
            "price": Booking.price_minor,
        }

    def init_search(self) -> bool:
        return True

    def default_filters(self) -> dict[str, str]:
        """Today and later, by the clinic's own calendar."""
        return {"from": page_now().astimezone(ZoneInfo(current_tenant().zone)).date().isoformat()}

    def count_text(self, count: int) -> str:
        return str(ngettext("%(num)d booking", "%(num)d bookings", count))

    def heading(self, line: Line) -> str:
        return line.client or line.service

    def _joined(self, query: Any) -> Any:
        named = query.outerjoin(Client, Client.id == Booking.client_id)
        whole = named.join(Service, Service.id == Booking.service_id).join(
            Practitioner, Practitioner.id == Booking.practitioner_id
        )
        reader = current_account()
        if reader is not None and reader.role == "practitioner":  # whose calendar this is, and nobody else's
            return whole.filter(Practitioner.account_id == reader.id)
        return whole

    def _listed(self, query: Any) -> Any:
        # Holds that came to nothing are kept, but they are not what somebody looks for.
        chosen = {flt.key for flt, value in self.filter_fields() if value}
        return query if "status" in chosen else query.filter(Booking.status != "expired")

    def get_query(self) -> Any:
        return self._listed(self._rows())

    def _rows(self) -> Any:
        return self._joined(super().get_query()).add_columns(Client, Service.name, Practitioner.name)

    def get_count_query(self) -> Any:
        return self._listed(self._joined(super().get_count_query()))

    def _apply_search(self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str) -> Any:
        for word in search.split():
            inside = "%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
            named = or_(Client.name.ilike(inside, escape="\\"), Client.known_as.ilike(inside, escape="\\"))
            query, count_query = query.filter(named), count_query.filter(named)
        return query, count_query, joins, count_joins

    def _apply_sorting(self, query: Any, *args: Any) -> Any:
        query, joins = super()._apply_sorting(query, *args)
        return query.order_by(Booking.starts_at, Booking.id), joins  # the same order on every page

    def get_list(self, *args: Any, **kwargs: Any) -> tuple[int, list[Line]]:
        count, rows = super().get_list(*args, **kwargs)
        return count, [_line(row) for row in rows]

    def fetch(self, key: UUID) -> Line | None:
        found = self._rows().filter(Booking.id == key).one_or_none()
        return _line(found) if found else None

    @expose("/details/")
    def details_view(self) -> Any:
        line = self.get_one(request.args.get("id", ""))
        if line is not None:
            audit.note_read("booking", target_id=line.id, now=page_now())
        return super().details_view()
