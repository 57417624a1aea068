"""The payments: one line a booking, found by the client's name; and one payment whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_admin import expose
from flask_admin.helpers import get_redirect_target
from markupsafe import Markup
from sqlalchemy import and_, or_

from saas import audit, formats
from saas.admin import ListFilter, current_account
from saas.errors import NotFound
from saas.money import Money
from saas.owner_lists import OwnerExports
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import later as _l
from saas.words import ngettext
from tenants.availability.walltime import edge, to_datetime
from tenants.bookings.models import Booking
from tenants.bookings.rules import UNBOOKED
from tenants.bookings.words import PAYMENT_WORDS
from tenants.clients.models import Client
from tenants.clients.queries import matching
from tenants.money import views
from tenants.money.queries import story_of
from tenants.money.rules import ENDED, Standing, state_of
from tenants.payments.models import Payment
from tenants.payments.queries import is_open
from tenants.practitioners.models import Practitioner
from tenants.practitioners.queries import practitioners

WITHIN = timedelta(days=30)
"""Sessions of this time back are listed until another day is chosen."""


@dataclass(frozen=True)
class Line:
    """A payment as the list shows it; `id` is its booking's."""

    id: UUID
    starts: datetime
    client: str
    practitioner: str
    mode: str
    state: str
    price: Money
    card: Money
    desk: Money
    refunded: Money
    owed: Money


def line_of(row: Any, now: datetime) -> Line:
    """A row of the list as a value."""
    payment, booking, client, practitioner = row
    standing = Standing(
        got=payment.paid_minor + payment.desk_minor, refunded=payment.refunded_minor, held=payment.held_minor,
        lost=payment.lost_minor, owed=payment.owed_minor,
    )  # fmt: skip

    def money(minor: int) -> Money:
        return Money(minor, payment.currency)

    return Line(
        id=booking.id,
        starts=booking.starts_at.astimezone(ZoneInfo(booking.zone)),
        client=client or "",
        practitioner=practitioner,
        mode=payment.mode,
        state=state_of(standing, status=booking.status, starts_at=booking.starts_at, now=now),
        price=money(payment.price_minor),
        card=money(payment.paid_minor),
        desk=money(payment.desk_minor),
        refunded=money(payment.refunded_minor),
        owed=money(payment.owed_minor),
    )


def _midnight(ordinal: int) -> datetime:
    return to_datetime(edge(current_tenant().zone, ordinal, 0))


def _from_day(query: Any, day: date) -> Any:
    return query.filter(Booking.starts_at >= _midnight(day.toordinal()))


def _to_day(query: Any, day: date) -> Any:
    return query.filter(Booking.starts_at < _midnight(day.toordinal() + 1))


def _in_state(query: Any, state: str) -> Any:
    over = or_(Booking.starts_at <= page_now(), Booking.status.in_(ENDED))
    meant = {
        "disputed": Payment.held_minor > 0,
        "lost": Payment.lost_minor > 0,
        "owed": and_(is_open(), Payment.owed_minor > 0, over),
        "later": and_(is_open(), Payment.owed_minor > 0, ~over),
        "give_back": and_(is_open(), Payment.owed_minor < 0),
        "refunded": Payment.refunded_minor > 0,
        "paid": and_(Payment.paid_minor + Payment.desk_minor > Payment.refunded_minor, Payment.owed_minor == 0),
    }
    return query.filter(meant[state])


def _people() -> list[tuple[str, Any]]:
    return [(str(person.id), person.name) for person in practitioners()]


def _when(_view: Any, _context: Any, line: Line, _name: str) -> Markup:
    tag = locale()
    year = "" if line.starts.year == page_now().year else f" {line.starts.year}"
    here = request.script_root + request.full_path.rstrip("?")
    address = url_for("money.details_view", id=line.id, url=here)
    words = f"{formats.short_date(line.starts, tag)}{year}, {formats.clock(line.starts, tag)}"
    return Markup('<a class="cell-name" href="{}">{}</a>').format(address, words)


def _state(_view: Any, _context: Any, line: Line, _name: str) -> Markup:
    return Markup('<span class="pill pill--{}">{}</span>').format(
        views.STATE_PILLS.get(line.state, "off"), views.STATE_WORDS[line.state]
    )


def _price(_view: Any, _context: Any, line: Line, _name: str) -> str:
    return formats.money(line.price, locale())


def _owed(_view: Any, _context: Any, line: Line, _name: str) -> Markup:
    """On a phone, where no heading stands above it, the sum says what it is."""
    if not line.owed:
        return Markup("")
    return Markup('<span class="money-word">{} </span>{}').format(_l("Owed"), formats.money(line.owed, locale()))


def _plain_money(_view: Any, _context: Any, line: Line, name: str) -> float:
    return float(getattr(line, name).major)


class MoneyView(OwnerExports):
    """The list, and one payment with all that happened to it."""

    roles = ("owner", "front_desk")
    list_template = "manage/money/list.html"
    column_list = ("when", "client", "practitioner", "state", "price", "owed")
    column_export_list = ("day", "client", "practitioner", "mode", "state", "price", "card", "desk", "refunded", "owed")
    column_labels = {
        "when": _l("Session"),
        "day": _l("Session"),
        "client": _l("Client"),
        "practitioner": _l("With"),
        "mode": _l("To be paid"),
        "state": _l("How it stands"),
        "price": _l("Price"),
        "card": _l("Paid by card when booking"),
        "desk": _l("Paid at the clinic"),
        "refunded": _l("Sent back"),
        "owed": _l("Owed"),
    }
    column_formatters = {"when": _when, "state": _state, "price": _price, "owed": _owed}
    column_formatters_export = {
        "day": lambda _v, _c, line, _n: line.starts.isoformat(sep=" ", timespec="minutes")[:16],
        "mode": lambda _v, _c, line, _n: str(PAYMENT_WORDS.get(line.mode, "")),
        "state": lambda _v, _c, line, _n: str(views.STATE_WORDS[line.state]),
        **dict.fromkeys(("price", "card", "desk", "refunded", "owed"), _plain_money),
    }
    # Columns of the payment, whatever is narrowed: for another table's Flask-Admin would join that table once more.
    column_filters = (
        ListFilter("from", _l("From"), Payment.booking_id, _from_day),
        ListFilter("to", _l("Until"), Payment.booking_id, _to_day),
        ListFilter(
            "practitioner", _l("With"), Payment.booking_id,
            lambda query, value: query.filter(Booking.practitioner_id == UUID(value)), _people,
        ),
        ListFilter(
            "mode", _l("To be paid"), Payment.mode, lambda query, value: query.filter(Payment.mode == value),
            lambda: [(mode, words) for mode, words in PAYMENT_WORDS.items() if mode != "free"],
        ),
        ListFilter(
            "state", _l("How it stands"), Payment.owed_minor, _in_state,
            lambda: [(state, views.STATE_WORDS[state]) for state in views.FILTERED],
        ),
    )  # fmt: skip
    search_label = _l("Client’s name")
    empty_text = _l("No payments here. Choose an earlier date, or clear the search.")

    def __init__(self) -> None:
        super().__init__(Payment, name=_l("Money"), endpoint="money", url="money")

    def get_sortable_columns(self) -> dict[str, Any]:
        return {
            "when": Booking.starts_at,
            "client": Client.name_key,
            "practitioner": Practitioner.name,
            "price": Payment.price_minor,
            "owed": Payment.owed_minor,
        }

    def init_search(self) -> bool:
        return True

    def default_filters(self) -> dict[str, str]:
        """The last weeks and all that is to come; without a date while somebody is looked for by name."""
        if (request.args.get("search") or "").strip():
            return {}
        return {"from": (page_now() - WITHIN).astimezone(ZoneInfo(current_tenant().zone)).date().isoformat()}

    def count_text(self, count: int) -> str:
        return str(ngettext("%(num)d payment", "%(num)d payments", count))

    def tabs(self) -> list[tuple[str, str, bool]]:
        """The money pages of this reader."""
        return views.tabs("money")

    def _meant(self, query: Any) -> Any:
        joined = query.join(Booking, Booking.id == Payment.booking_id)
        # Holds that came to nothing, and sessions that are free, are no payments to anybody.
        stood = or_(Booking.status.not_in(UNBOOKED), Payment.paid_minor > 0)
        return joined.filter(stood, Payment.price_minor > 0)

    def get_query(self) -> Any:
        named = self._meant(super().get_query()).outerjoin(Client, Client.id == Booking.client_id)
        named = named.join(Practitioner, Practitioner.id == Booking.practitioner_id)
        return named.add_columns(Booking, Client.name, Practitioner.name)

    def get_count_query(self) -> Any:
        return self._meant(super().get_count_query())

    def _apply_search(self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str) -> Any:
        meant = matching(search)
        counted = count_query.join(Client, Client.id == Booking.client_id)  # nobody else counts by who it is
        return query.filter(meant), counted.filter(meant), joins, count_joins

    def _apply_sorting(self, query: Any, *args: Any) -> Any:
        query, joins = super()._apply_sorting(query, *args)
        return query.order_by(Booking.starts_at.desc(), Booking.id.desc()), joins  # the same order on every page

    def get_list(self, *args: Any, **kwargs: Any) -> tuple[int, list[Line]]:
        count, rows = super().get_list(*args, **kwargs)
        now = page_now()
        return count, [line_of(row, now) for row in rows]

    @expose("/details/")
    def details_view(self) -> Any:
        story = story_of(booking_asked())
        if story is None:
            raise NotFound
        audit.note_read("payment", target_id=story.booking.id, now=page_now())
        account = current_account()
        return self.render(
            "manage/money/payment.html",
            story=story,
            page=views.payment_page(story, now=page_now()),
            owner=account is not None and account.role == "owner",
            back=get_redirect_target() or url_for("money.index_view"),
        )


def booking_asked() -> UUID:
    """The booking that the address names; 404 for what is no id."""
    try:
        return UUID(request.values.get("id", ""))
    except ValueError:
        raise NotFound from None
