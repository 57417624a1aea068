"""Sessions and prices: the list, one session, its form; and what all lists of the offer share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from werkzeug.wrappers import Response

from saas import formats
from saas.admin import ListFilter, RecordView
from saas.errors import DomainError, NotFound
from saas.shell import locale
from saas.stale import ChangedMeanwhile
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.clinic.queries import latest_policy
from tenants.offers.actions import keep_service
from tenants.offers.forms import PressForm, RecordForm, ServiceForm
from tenants.offers.queries import What, all_services, booked_ahead, everybody, service_mark
from tenants.practitioners.queries import offering
from tenants.services.actions import move_service, retire_service, revive_service
from tenants.services.models import Service
from tenants.services.queries import service_by_id
from tenants.services.rules import amount_text

Answer = str | Response | tuple[str, int]
PAYMENT_WORDS = {
    "free": _l("Free"),
    "at_clinic": _l("At the clinic"),
    "deposit": _l("Deposit when booking"),
    "full": _l("When booking"),
}


def late() -> str:
    """What is said of a form whose token is too old."""
    return _("This page was open for a long time. Nothing is lost: press the button again.")


def state_pill(_view: Any, _context: Any, row: Any, _name: str) -> Markup:
    """Whether it is offered."""
    kind, words = ("ok", _("Offered")) if row.active else ("off", _("Not offered"))
    return Markup('<span class="pill pill--{}">{}</span>').format(kind, words)


def state_words(_view: Any, _context: Any, row: Any, _name: str) -> str:
    """The same without markup, for exports."""
    return _("Offered") if row.active else _("Not offered")


def name_link(view: Any, _context: Any, row: Any, _name: str) -> Markup:
    """The name, leading to the row's page."""
    address = url_for(f"{view.endpoint}.details_view", id=row.id)
    return Markup('<a class="cell-name" href="{}">{}</a>').format(address, row.name)


def state_filter(column: Any) -> ListFilter:
    """Offered, or not offered any more."""
    return ListFilter(
        "state",
        _l("Shown"),
        column,
        lambda query, value: query.filter(column.is_(value == "on")),
        lambda: [("on", _l("Offered")), ("off", _l("Not offered"))],
    )


class OfferView(RecordView):
    """What the three lists share: a page that asks before something is offered no more, and one for the order.

    A subclass says what it is about (`what`) and hands over its reads and actions.
    """

    what: What
    roles = ("owner",)
    list_template = "manage/offers/list.html"
    details_template = "manage/offers/details.html"
    edit_template = ""
    column_default_sort = [("active", True), ("position", False), ("name", False)]
    column_searchable_list = ("name",)
    search_label = _l("Name")
    add_words: Any = ""
    edit_words: Any = ""

    @abstractmethod
    def find(self, key: UUID) -> Any:
        """The row; a `NotFound` of its room otherwise."""

    @abstractmethod
    def in_order(self) -> list[Any]:
        """All rows, those that are offered first."""

    @abstractmethod
    def blank(self) -> RecordForm:
        """The form for a new row."""

    @abstractmethod
    def filled(self, row: Any) -> RecordForm:
        """The form with what is kept."""

    @abstractmethod
    def typed(self) -> RecordForm:
        """The form with what was sent."""

    @abstractmethod
    def keep(self, row: Any, form: Any) -> Any:
        """Save what was typed by one action. The form carries sentences, or a refusal is raised, where it cannot be."""

    @abstractmethod
    def retire(self, key: UUID) -> None:
        """Offer it no more."""

    @abstractmethod
    def revive(self, key: UUID) -> None:
        """Offer it again."""

    @abstractmethod
    def move(self, key: UUID, step: int) -> None:
        """One place on, or back."""

    @abstractmethod
    def mark(self, row: Any) -> str:
        """The mark of what the form edits."""

    def more(self, row: Any, form: Any) -> dict[str, Any]:
        """What else the form's template needs."""
        del row, form
        return {}

    @abstractmethod
    def consequences(self, row: Any, ahead: int) -> list[str]:
        """What it means to offer it no more, sentence by sentence."""

    def count_text(self, count: int) -> str:
        return str(ngettext("%(num)d entry", "%(num)d entries", count))

    def heading(self, model: Any) -> str:
        return str(model.name)

    def _row(self) -> Any:
        try:
            return self.find(UUID(request.args.get("id", "")))
        except ValueError:
            raise NotFound from None

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Answer:
        if request.method == "POST":
            return self._sent(None)
        return self._form_page(None, self.blank())

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Answer:
        row = self._row()
        if request.method == "POST":
            return self._sent(row)
        return self._form_page(row, self.filled(row))

    def _sent(self, row: Any) -> Answer:
        form = self.typed()
        key = row.id if row is not None else None
        if not form.validate():
            return self._form_page(row, form, problem=late()), 422
        try:
            kept = self.keep(key, form)
        except ChangedMeanwhile:
            now = self.find(row.id)
            form.seen.data = self.mark(now)
            return self._form_page(now, form, stands=self.filled(now)), 409
        except DomainError as error:
            if not error.fields:
                raise
            form.put_errors(error.fields)
            kept = None
        if kept is None:
            return self._form_page(self.find(key) if key else None, form), 422
        flash(_("Saved."))
        return redirect(url_for(f"{self.endpoint}.details_view", id=kept), 303)

    def _form_page(self, row: Any, form: RecordForm, *, problem: str = "", stands: Any = None) -> str:
        return self.render(
            self.edit_template,
            row=row,
            record_form=form,
            problem=problem,
            stands=stands,
            heading_text=row.name if row is not None else str(self.add_words),
            **self.more(row, form),
        )

    @expose("/status/", methods=("GET", "POST"))
    def status(self) -> Answer:
        """Ask first; then offer it no more, or again."""
        row = self._row()
        form = PressForm(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate():
            wanted = request.form.get("do")
            if wanted == "retire":
                self.retire(row.id)
                flash(_("It is no longer offered. What was booked stays booked."))
            elif wanted == "revive":
                self.revive(row.id)
                flash(_("It is offered again."))
            return redirect(url_for(f"{self.endpoint}.details_view", id=row.id), 303)
        ahead = booked_ahead(self.what, row.id, now=page_now())
        page = self.render(
            "manage/offers/status.html",
            row=row,
            press_form=form,
            sentences=self.consequences(row, ahead) if row.active else [],
            problem=late() if request.method == "POST" else "",
        )
        return (page, 422) if request.method == "POST" else page

    @expose("/order/", methods=("GET", "POST"))
    def order(self) -> Answer:
        """Earlier and later, one press at a time."""
        form = PressForm(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate():
            verb, _colon, text = request.form.get("do", "").partition(":")
            known = {str(row.id): row.id for row in self.in_order()}
            if text not in known:
                raise NotFound
            self.move(known[text], -1 if verb == "up" else 1)
            return redirect(url_for(f"{self.endpoint}.order", moved=text), 303)
        page = self.render(
            "manage/offers/order.html",
            rows=[row for row in self.in_order() if row.active],
            press_form=form,
            moved=request.args.get("moved", ""),
            problem=late() if request.method == "POST" else "",
        )
        return (page, 422) if request.method == "POST" else page


def _length(_view: Any, _context: Any, row: Service, _name: str) -> str:
    return formats.duration(row.duration_min, locale())


def _price(_view: Any, _context: Any, row: Service, _name: str) -> str:
    return formats.money(row.price, locale()) if row.price_minor else _("Free")


def _gap(_view: Any, _context: Any, row: Service, _name: str) -> str:
    minutes = {"before": row.buffer_before_min, "after": row.buffer_after_min}
    said = {name: formats.duration(length, locale()) for name, length in minutes.items() if length}
    if len(said) == 2:
        return _("%(before)s before, %(after)s after", **said)
    if "before" in said:
        return _("%(before)s before", **said)
    return _("%(after)s after", **said) if said else _("None")


def _payment(_view: Any, _context: Any, row: Service, _name: str) -> str:
    said = str(PAYMENT_WORDS[row.payment])
    if row.payment != "deposit":
        return said
    if row.deposit_percent is not None:
        part = _("%(percent)d %%", percent=row.deposit_percent)
    else:
        part = formats.money(type(row.price)(row.deposit_minor or 0, row.price.currency), locale())
    return _("%(how)s: %(part)s", how=said, part=part)


def _people(_view: Any, _context: Any, row: Service, _name: str) -> str:
    offers = offering(row.id)
    names = [person.name for person in everybody() if person.id in offers and person.active]
    return formats.joined(names, locale()) if names else _("Nobody yet: clients cannot book it")


def _step(_view: Any, _context: Any, row: Service, _name: str) -> str:
    return _("Every %(length)s", length=formats.duration(row.step_min, locale()))


def _room(_view: Any, _context: Any, row: Service, _name: str) -> str:
    return _("Yes") if row.needs_room else _("No")


class ServiceView(OfferView):
    """Sessions and prices."""

    what: What = "service"
    edit_template = "manage/services/edit.html"
    column_list = ("name", "duration_min", "payment", "price_minor", "active")
    column_details_list = (
        "active", "people", "duration_min", "gap", "step_min", "price_minor", "payment", "needs_room", "text", "slug",
    )  # fmt: skip
    column_export_list = ("name", "duration_min", "payment", "price_minor", "active")
    column_sortable_list = ("name", "duration_min", "price_minor", "active")
    column_labels = {
        "name": _l("Session"),
        "duration_min": _l("Length"),
        "payment": _l("Paid"),
        "price_minor": _l("Price"),
        "active": _l("Status"),
        "people": _l("With"),
        "gap": _l("Gap"),
        "step_min": _l("Begins"),
        "needs_room": _l("Needs a room"),
        "text": _l("What clients read"),
        "slug": _l("Address"),
    }
    column_formatters = {
        "name": name_link,
        "duration_min": _length,
        "payment": _payment,
        "price_minor": _price,
        "active": state_pill,
    }
    column_formatters_detail = {
        **column_formatters,
        "people": _people,
        "gap": _gap,
        "step_min": _step,
        "needs_room": _room,
    }
    column_formatters_export = {
        "duration_min": _length,
        "payment": _payment,
        "price_minor": _price,
        "active": state_words,
    }
    column_filters = (state_filter(Service.active),)
    empty_text = _l("No sessions yet. Add the first one: a name, a length and a price are enough.")
    add_words = _l("Add a session")
    edit_words = _l("Change this session")

    def __init__(self) -> None:
        super().__init__(Service, name=_l("Sessions and prices"), endpoint="service", url="services")

    def find(self, key: UUID) -> Service:
        return service_by_id(key)

    def in_order(self) -> list[Service]:
        return all_services()

    def blank(self) -> ServiceForm:
        return ServiceForm(data={"people": [str(person.id) for person in everybody() if person.active]})

    def filled(self, row: Service) -> ServiceForm:
        data = {name: getattr(row, name) for name in ("name", "slug", "text", "payment", "or_at_clinic", "needs_room")}
        times = ("duration_min", "step_min", "buffer_before_min", "buffer_after_min", "deposit_percent")
        data |= {name: "" if getattr(row, name) is None else str(getattr(row, name)) for name in times}
        amount = type(row.price)
        deposit = "" if row.deposit_minor is None else amount_text(amount(row.deposit_minor, row.price.currency))
        data |= {"price": amount_text(row.price) if row.price_minor else "", "deposit": deposit}
        return ServiceForm(data={**data, "people": [str(one) for one in offering(row.id)], "seen": self.mark(row)})

    def typed(self) -> ServiceForm:
        return ServiceForm(request.form)

    def keep(self, row: UUID | None, form: ServiceForm) -> UUID | None:
        wanted = form.request(current_tenant().currency)
        if not form.is_right:
            return None
        kept = keep_service(
            service_id=row, request=wanted, people=form.ids("people"), now=page_now(), seen=form.seen.data or None
        )
        return kept.id

    def retire(self, key: UUID) -> None:
        retire_service(service_id=key, now=page_now())

    def revive(self, key: UUID) -> None:
        revive_service(service_id=key, now=page_now())

    def move(self, key: UUID, step: int) -> None:
        move_service(service_id=key, step=step, now=page_now())

    def mark(self, row: Service) -> str:
        return service_mark(row)

    def more(self, row: Any, form: ServiceForm) -> dict[str, Any]:
        del row
        chosen = set(form.people.data or ())
        policy = latest_policy()
        return {
            "people": [(str(one.id), one.name, str(one.id) in chosen) for one in everybody() if one.active],
            "currency": current_tenant().currency,
            "policy": policy,
        }

    def consequences(self, row: Service, ahead: int) -> list[str]:
        del row
        return [
            _("Clients no longer find it, and nobody can book it."),
            _("No booking ahead is touched.")
            if not ahead
            else ngettext(
                "%(num)d booking ahead keeps its time and its price.",
                "%(num)d bookings ahead keep their time and their price.",
                ahead,
            ),
            _("You can offer it again at any time."),
        ]
