"""Sessions and prices: the list, one session, its form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from saas import formats
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.clinic.queries import latest_policy
from tenants.offers.actions import keep_service
from tenants.offers.forms import ServiceForm
from tenants.offers.queries import What, all_services, everybody, service_mark
from tenants.offers.staff_lists import OfferView, name_link, state_filter, state_pill, state_words
from tenants.practitioners.queries import offering
from tenants.services.actions import move_service, retire_service, revive_service
from tenants.services.models import Service
from tenants.services.queries import service_by_id
from tenants.services.rules import amount_text

PAYMENT_WORDS = {
    "free": _l("Free"),
    "at_clinic": _l("At the clinic"),
    "deposit": _l("Deposit when booking"),
    "full": _l("When booking"),
}


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
        shown = [one for one in everybody() if one.active or str(one.id) in chosen]
        policy = latest_policy()
        return {
            "people": [(str(one.id), one.name, str(one.id) in chosen) for one in shown],
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
