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

from saas import audit, formats
from saas.admin import RecordView, current_account, fresh
from saas.fields import ListFilter
from saas.money import Money
from saas.shell import locale, region
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import later as _l
from saas.words import ngettext
from tenants.availability.walltime import edge, to_datetime
from tenants.bookings import queries
from tenants.bookings.models import Booking
from tenants.bookings.pending import KEPT
from tenants.bookings.words import PAYMENT_WORDS, PILLS, STATUS_WORDS
from tenants.clients.models import Client
from tenants.practitioners.models import Practitioner
from tenants.practitioners.queries import practitioners
from tenants.services.models import Service
from tenants.services.queries import every_service

_REACH_WORDS = {"email": _l("By email"), "text": _l("By text message"), "phone": _l("By telephone only")}


@dataclass(frozen=True)
class Line:
    """A booking as the list and its page show it."""

    id: UUID
    starts: datetime
    ends: datetime
    client_id: UUID | None
    client: str
    known_as: str
    email: str
    phone: str
    reach: str
    service: str
    practitioner: str
    status: str
    price: Money
    owes: Money | None
    payment: str
    note: str
    made: datetime


def _line(booking: Booking, beside: queries.Beside) -> Line:
    client, service, practitioner, owes = beside
    zone = ZoneInfo(booking.zone)
    return Line(
        id=booking.id,
        starts=booking.wall_start,
        ends=booking.ends_at.astimezone(zone),
        client_id=client.id if client else None,
        client=client.name if client else "",
        known_as=client.known_as if client else "",
        email=client.email if client else "",
        phone=formats.phone(client.phone, region()) if client and client.phone else "",
        reach=client.reach if client else "",
        service=service,
        practitioner=practitioner,
        status=booking.status,
        price=booking.price,
        owes=owes,
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


def _services() -> list[tuple[str, Any]]:
    return [(str(service.id), service.name) for service in every_service()]


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


def _client_link(view: Any, context: Any, line: Line, name: str) -> str | Markup:
    if line.client_id is None:
        return _client(view, context, line, name)
    address = url_for("client.details_view", id=line.client_id)
    return Markup('<a href="{}">{}</a>').format(address, line.client)


def _owes(_view: Any, _context: Any, line: Line, _name: str) -> str:
    if line.owes is None:
        return ""
    return formats.money(line.owes, locale()) if line.owes.minor > 0 else str(_l("Nothing"))


def _words(table: dict[str, Any], field: str) -> Any:
    return lambda _view, _context, line, _name: str(table.get(getattr(line, field), ""))


def _span(_view: Any, _context: Any, line: Line, _name: str) -> str:
    tag = locale()
    day = f"{formats.long_date(line.starts, tag)} {line.starts.year}"
    return f"{day}, {formats.clock(line.starts, tag)}–{formats.clock(line.ends, tag)}"


def _made(_view: Any, _context: Any, line: Line, _name: str) -> str:
    tag = locale()
    return f"{formats.full_date(line.made, tag)}, {formats.clock(line.made, tag)}"


_SORTED_BESIDE: dict[str | None, tuple[Any, Any]] = {
    "client": (Client, Client.id == Booking.client_id),
    "service": (Service, Service.id == Booking.service_id),
    "practitioner": (Practitioner, Practitioner.id == Booking.practitioner_id),
}


class BookingView(RecordView):
    """Today's bookings and all that come after; earlier ones by choosing a date."""

    column_list = ("when", "client", "service", "practitioner", "status", "price", "owes")
    column_details_list = (
        "span", "status", "service", "practitioner", "client", "known_as", "email", "phone", "reach",
        "price", "owes", "payment", "note", "made",
    )  # fmt: skip
    column_export_list = ("span", "client", "service", "practitioner", "status", "price", "owes")
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
        "owes": _l("Still to pay"),
        "payment": _l("To be paid"),
        "note": _l("Their note"),
        "made": _l("Booked on"),
    }
    column_formatters = {"when": _when, "status": _pill, "price": _money, "owes": _owes, "client": _client}
    column_formatters_detail = {
        "span": _span,
        "made": _made,
        "status": _pill,
        "price": _money,
        "owes": _owes,
        "client": _client_link,
        "reach": _words(_REACH_WORDS, "reach"),
        "payment": _words(PAYMENT_WORDS, "payment"),
    }
    column_formatters_export = {"span": _span, "price": _money, "owes": _owes, "status": _words(STATUS_WORDS, "status")}
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
        ListFilter(
            "service",
            _l("Session"),
            Booking.service_id,
            lambda query, value: query.filter(Booking.service_id == UUID(value)),
            _services,
        ),
        ListFilter(
            "money",
            _l("Money"),
            Booking.id,
            lambda query, value: query.filter(queries.with_debt(value)),
            lambda: [("owed", _l("Still to pay")), ("paid", _l("Nothing to pay"))],
        ),
    )
    details_template = "manage/bookings/record.html"
    search_label = _l("Client’s name, email or telephone")
    empty_text = _l("No bookings here. Choose an earlier date to see what has been.")

    def __init__(self) -> None:
        super().__init__(Booking, name=_l("Bookings"), endpoint="booking", url="bookings")

    def get_sortable_columns(self) -> dict[str, Any]:
        return {
            "when": Booking.starts_at,
            "client": Client.name_key,
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

    def get_query(self) -> Any:
        return self._listed(super().get_query())

    def get_count_query(self) -> Any:
        return self._listed(super().get_count_query())

    def _listed(self, query: Any) -> Any:
        # Holds that came to nothing are kept, but they are not what somebody looks for.
        chosen = {flt.key for flt, value in self.filter_fields() if value}
        mine = self._own(query)
        return mine if "status" in chosen else mine.filter(Booking.status != "expired")

    def _own(self, query: Any) -> Any:
        query = query.filter(Booking.source != KEPT)  # an old place that is kept for a moment is nobody's booking
        reader = current_account()
        if reader is not None and reader.role == "practitioner":  # whose calendar this is, and nobody else's
            return query.filter(queries.of_account(reader.id))
        return query

    def _apply_search(self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str) -> Any:
        meant = queries.of_clients_called(search)
        return query.filter(meant), count_query.filter(meant), joins, count_joins

    def _apply_sorting(self, query: Any, joins: Any, sort_column: str | None, sort_desc: bool) -> Any:  # noqa: FBT001 (Flask-Admin's signature)
        query, joins = super()._apply_sorting(query, joins, sort_column, sort_desc)
        # Other tables are joined only for an order by what stands in them: else a page is read by an index alone.
        if sort_column in _SORTED_BESIDE:
            query = query.outerjoin(*_SORTED_BESIDE[sort_column])
        return query.order_by(Booking.starts_at, Booking.id), joins  # the same order on every page

    def get_list(self, *args: Any, **kwargs: Any) -> tuple[int, list[Line]]:
        count, rows = super().get_list(*args, **kwargs)
        beside = queries.beside(rows)
        return count, [_line(row, beside[row.id]) for row in rows]

    def fetch(self, key: UUID) -> Line | None:
        found = self._own(super().get_query()).filter(Booking.id == key).one_or_none()
        return _line(found, queries.beside([found])[found.id]) if found else None

    @expose("/export/<export_type>/")
    @fresh
    def export(self, export_type: str) -> Any:
        return super().export(export_type)

    @expose("/details/")
    def details_view(self) -> Any:
        line = self.get_one(request.args.get("id", ""))
        if line is not None:
            audit.note_read("booking", target_id=line.id, now=page_now())
        return super().details_view()
