"""Who may open what in the back offices: role by role, view by view, deed by deed, one line for each.

A page with a new address fails until it has its line here. `row(method, endpoint, who, **things)`:
`who` names the roles that may; `practitioner*` may only with what is their own (their calendar, their clients).
`things` are the ids (in the path, the query or the form) that the address takes, by kind: see `THINGS`; a value that
begins with `=` is sent as it is. `again=True`: the page asks who is there again when the log-in is ten minutes old.
`.venv/bin/python -m tests.walls.test_roles > docs/roles.md` writes the page that people read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.cast import Clinic
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked

EVERYBODY = "owner practitioner front_desk"
OWN = "owner practitioner* front_desk"
DESK = "owner front_desk"
OWNER = "owner"
OPERATOR = "operator"
NOBODY = ""  # the library registers the address; nothing is behind it


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    endpoint: str
    who: tuple[str, ...]
    own_only: bool
    again: bool
    things: tuple[tuple[str, str], ...]


def row(method: str, endpoint: str, who: str, *, again: bool = False, **things: str) -> Row:
    """One line: see the head of this file."""
    roles = tuple(who.replace("*", "").split())
    return Row(method, endpoint, roles, "*" in who, again, tuple(things.items()))


def _booking(clinic: Clinic, person: str) -> str:
    hours = 1 + sorted(clinic.practitioners).index(person)
    return str(booked(clinic, "desk", TUESDAY_TEN + timedelta(hours=24 + hours), person=person).id)


# Kind to what makes one, inside the clinic, for the practitioner with this slug: called for Ben (own), for Iris (a
# colleague's) and for Max of the clinic next door.
THINGS: dict[str, Callable[[Clinic, str], str]] = {
    "booking": _booking,
}

ROWS = (
    row("GET", "manage.index", EVERYBODY),
    row("GET", "booking.index_view", EVERYBODY),
    row("GET", "booking.details_view", OWN, id="booking"),
    row("GET", "booking.export", EVERYBODY, export_type="=csv"),
    row("GET", "booking.create_view", NOBODY),
    row("POST", "booking.create_view", NOBODY),
    row("GET", "booking.edit_view", NOBODY, id="booking"),
    row("POST", "booking.edit_view", NOBODY, id="booking"),
    row("POST", "booking.delete_view", NOBODY, id="booking"),
    row("POST", "booking.action_view", NOBODY, action="=delete", rowid="booking"),
    row("GET", "booking.ajax_lookup", NOBODY, name="=client", query="=quill"),
    row("POST", "booking.ajax_update", NOBODY, list_form_pk="booking"),
    row("GET", "operator.index", OPERATOR),
)
