"""Practitioners and rooms: their lists and forms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from saas import formats
from saas.shell import locale
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.offers.actions import keep_practitioner, keep_room
from tenants.offers.forms import PractitionerForm, RoomForm
from tenants.offers.queries import What, all_rooms, all_services, everybody, practitioner_mark, room_mark
from tenants.offers.staff_lists import OfferView, name_link, state_filter, state_pill, state_words
from tenants.practitioners.actions import (
    move_practitioner,
    move_room,
    retire_practitioner,
    retire_room,
    revive_practitioner,
    revive_room,
)
from tenants.practitioners.models import Practitioner, Room
from tenants.practitioners.queries import practitioner_by_id, room_by_id, rooms, services_of
from tenants.services.queries import offered


def _sessions(_view: Any, _context: Any, row: Practitioner, _name: str) -> str:
    mine = services_of(row.id)
    names = [service.name for service in offered() if service.id in mine]
    return formats.joined(names, locale()) if names else _("None yet: clients cannot book with them")


def _login(_view: Any, _context: Any, row: Practitioner, _name: str) -> str:
    return _("Yes") if row.account_id else _("No")


class PractitionerView(OfferView):
    """Who gives sessions."""

    what: What = "practitioner"
    edit_template = "manage/practitioners/edit.html"
    column_list = ("name", "email", "active")
    column_details_list = ("active", "sessions", "first_name", "email", "login", "text", "slug")
    column_export_list = ("name", "email", "active")
    column_sortable_list = ("name", "email", "active")
    column_labels = {
        "name": _l("Name"),
        "first_name": _l("Known as"),
        "email": _l("Notices go to"),
        "active": _l("Status"),
        "sessions": _l("Sessions"),
        "login": _l("Logs in"),
        "text": _l("What clients read"),
        "slug": _l("Address"),
    }
    column_formatters = {"name": name_link, "active": state_pill}
    column_formatters_detail = {"active": state_pill, "sessions": _sessions, "login": _login}
    column_formatters_export = {"active": state_words}
    column_filters = (state_filter(Practitioner.active),)
    empty_text = _l("Nobody gives sessions yet. Add the first practitioner: a name is enough.")
    add_words = _l("Add a practitioner")
    edit_words = _l("Change this practitioner")

    def __init__(self) -> None:
        name = _l("Practitioners and rooms")
        super().__init__(Practitioner, name=name, endpoint="practitioner", url="practitioners")

    def find(self, key: UUID) -> Practitioner:
        return practitioner_by_id(key)

    def in_order(self) -> list[Practitioner]:
        return everybody()

    def blank(self) -> PractitionerForm:
        return PractitionerForm(data={"services": [str(service.id) for service in offered()]})

    def filled(self, row: Practitioner) -> PractitionerForm:
        names = ("name", "first_name", "slug", "text", "email", "mental_health_licence")
        data = {name: getattr(row, name) for name in names}
        services = [str(one) for one in services_of(row.id)]
        return PractitionerForm(data={**data, "services": services, "seen": self.mark(row)})

    def typed(self) -> PractitionerForm:
        return PractitionerForm(request.form)

    def keep(self, row: UUID | None, form: PractitionerForm) -> UUID:
        kept = keep_practitioner(
            practitioner_id=row,
            request=form.request(),
            services=form.ids("services"),
            now=page_now(),
            seen=form.seen.data or None,
        )
        return kept.id

    def retire(self, key: UUID) -> None:
        retire_practitioner(practitioner_id=key, now=page_now())

    def revive(self, key: UUID) -> None:
        revive_practitioner(practitioner_id=key, now=page_now())

    def move(self, key: UUID, step: int) -> None:
        move_practitioner(practitioner_id=key, step=step, now=page_now())

    def mark(self, row: Practitioner) -> str:
        return practitioner_mark(row)

    def more(self, row: Any, form: PractitionerForm) -> dict[str, Any]:
        del row
        chosen = set(form.services.data or ())
        shown = [one for one in all_services() if one.active or str(one.id) in chosen]
        return {"services": [(str(one.id), one.name, str(one.id) in chosen) for one in shown]}

    def consequences(self, row: Practitioner, ahead: int) -> list[str]:
        booked = _("No booking ahead is touched.")
        if ahead:
            booked = ngettext(
                "%(num)d booking ahead stays with %(name)s. Move or cancel it if it cannot take place.",
                "%(num)d bookings ahead stay with %(name)s. Move or cancel them if they cannot take place.",
                ahead,
                name=row.name,
            )
        return [
            _("Clients can no longer book with %(name)s.", name=row.name),
            booked,
            _("Hours and sessions are kept, for when you offer them again."),
        ]


class RoomView(OfferView):
    """The rooms sessions can be in."""

    what: What = "room"
    edit_template = "manage/rooms/edit.html"
    column_list = ("name", "active")
    column_details_list = ("active", "slug")
    column_export_list = ("name", "active")
    column_sortable_list = ("name", "active")
    column_labels = {"name": _l("Room"), "active": _l("Status"), "slug": _l("Address")}
    column_formatters = {"name": name_link, "active": state_pill}
    column_formatters_detail = {"active": state_pill}
    column_formatters_export = {"active": state_words}
    column_filters = (state_filter(Room.active),)
    empty_text = _l("No rooms yet. You need them only for sessions that must have a room to themselves.")
    add_words = _l("Add a room")
    edit_words = _l("Change this room")

    def __init__(self) -> None:
        super().__init__(Room, name=_l("Rooms"), endpoint="room", url="rooms")

    def is_visible(self) -> bool:
        """Reached from the practitioners' page."""
        return False

    def find(self, key: UUID) -> Room:
        return room_by_id(key)

    def in_order(self) -> list[Room]:
        return all_rooms()

    def blank(self) -> RoomForm:
        return RoomForm()

    def filled(self, row: Room) -> RoomForm:
        return RoomForm(data={"name": row.name, "slug": row.slug, "seen": self.mark(row)})

    def typed(self) -> RoomForm:
        return RoomForm(request.form)

    def keep(self, row: UUID | None, form: RoomForm) -> UUID:
        return keep_room(room_id=row, request=form.request(), now=page_now(), seen=form.seen.data or None).id

    def retire(self, key: UUID) -> None:
        retire_room(room_id=key, now=page_now())

    def revive(self, key: UUID) -> None:
        revive_room(room_id=key, now=page_now())

    def move(self, key: UUID, step: int) -> None:
        move_room(room_id=key, step=step, now=page_now())

    def mark(self, row: Room) -> str:
        return room_mark(row)

    def consequences(self, row: Room, ahead: int) -> list[str]:
        found = [_("No new booking is given this room.")]
        if [room.id for room in rooms()] == [row.id] and any(service.needs_room for service in offered()):
            found.append(_("It is the last room in use: sessions that need a room cannot be booked then."))
        if ahead:
            found.append(ngettext("%(num)d booking ahead stays in it.", "%(num)d bookings ahead stay in it.", ahead))
        return found
