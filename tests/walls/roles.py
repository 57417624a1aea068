"""Who may open what in the back offices: role by role, view by view, deed by deed, one line for each.

A page with a new address fails until it has its line here. `row(method, endpoint, who, **things)`:
`who` names the roles that may; `practitioner*` may only with what is their own (their calendar, their clients).
`things` are the ids (in the path, the query or the form) that the address takes, by kind: see `THINGS`; a value that
begins with `=` is sent as it is. `nothing=True`: who may is told that there is no such thing (404); tests of the page
itself ask for what is there. `again=True`: the page asks who is there again when the log-in is ten minutes old.
`.venv/bin/python -m tests.walls.test_roles > docs/roles.md` writes the page that people read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from saas.accounts.invitations import invite
from tenants.bookings.rules import Details
from tenants.clients.actions import keep_file
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked

EVERYBODY = "owner practitioner front_desk"
OWN = "owner practitioner* front_desk"
DESK = "owner front_desk"
OWNER = "owner"
OPERATOR = "operator"
NO_ID = "=00000000-0000-7000-8000-000000000000"
NOBODY = ""  # the library registers the address; nothing is behind it


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    endpoint: str
    who: tuple[str, ...]
    own_only: bool
    again: bool
    nothing: bool
    things: tuple[tuple[str, str], ...]


def row(method: str, endpoint: str, who: str, *, again: bool = False, nothing: bool = False, **things: str) -> Row:
    """One line: see the head of this file."""
    roles = tuple(who.replace("*", "").split())
    return Row(method, endpoint, roles, "*" in who, again, nothing, tuple(things.items()))


def _own_account(endpoint: str, who: str) -> tuple[Row, ...]:
    """One's own account is the same in both consoles; whose it is, is never asked of the request."""
    odd = {"nothing": True, "id": "=00000000-0000-7000-8000-000000000000"}
    return (
        row("GET", f"{endpoint}.index", who),
        row("POST", f"{endpoint}.save", who),
        row("GET", f"{endpoint}.password", who),
        row("POST", f"{endpoint}.set_password", who),
        row("GET", f"{endpoint}.second", who),
        row("GET", f"{endpoint}.app", who, again=True),
        row("POST", f"{endpoint}.add_app", who, again=True),
        row("GET", f"{endpoint}.ask_remove_app", who),
        row("POST", f"{endpoint}.remove_app", who, again=True),
        row("GET", f"{endpoint}.key", who, again=True),
        row("POST", f"{endpoint}.add_key", who, again=True),
        row("GET", f"{endpoint}.ask_remove_key", who, **odd),  # type: ignore[arg-type]
        row("POST", f"{endpoint}.remove_key", who, again=True, **odd),  # type: ignore[arg-type]
        row("GET", f"{endpoint}.ask_codes", who),
        row("POST", f"{endpoint}.codes", who, again=True),
        row("POST", f"{endpoint}.end_login", who, ref="=none"),
        row("POST", f"{endpoint}.end_others", who),
    )


def _booking(clinic: Clinic, person: str) -> str:
    hours = 1 + sorted(clinic.practitioners).index(person)
    return str(booked(clinic, "desk", TUESDAY_TEN + timedelta(hours=24 + hours), person=person).id)


def _account(clinic: Clinic, person: str) -> str:
    new = f"new.{person}@{clinic.ref.slug}.example"
    return str(invite(email=new, name="New", role="front_desk", now=NOW).id)


def _client(clinic: Clinic, person: str, *, hours: int = 48) -> str:
    hours += 1 + sorted(clinic.practitioners).index(person)
    who = Details(name=f"Client of {person} {hours}", email=f"of-{person}-{hours}@example.com")
    return str(booked(clinic, "desk", TUESDAY_TEN + timedelta(hours=hours), who=who, person=person).client_id)


def _twin(clinic: Clinic, person: str) -> str:
    return _client(clinic, person, hours=72)


def _file(_clinic: Clinic, person: str) -> str:
    content = f"Name,Email\nNew {person},new-{person}@example.com\n".encode()
    return str(keep_file(content=content, skip_known=False, now=NOW))


# Kind to what makes one, inside the clinic, for the practitioner with this slug: called for Ben (own), for Iris (a
# colleague's) and for Max of the clinic next door.
THINGS: dict[str, Callable[[Clinic, str], str]] = {
    "booking": _booking,
    "client": _client,
    "twin": _twin,
    "file": _file,
    "account": _account,
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
    row("GET", "client.index_view", EVERYBODY),
    row("GET", "client.details_view", OWN, id="client"),
    row("GET", "client.create_view", DESK),
    row("POST", "client.create_view", DESK),
    row("GET", "client.edit_view", OWN, id="client"),
    row("POST", "client.edit_view", OWN, id="client"),
    row("POST", "client.note", OWN, id="client"),
    row("GET", "client.remove", OWN, nothing=True, id="client", note=NO_ID),
    row("POST", "client.remove", OWN, nothing=True, id="client", note=NO_ID),
    row("POST", "client.settle", OWN, nothing=True, id="client", booking=NO_ID),
    row("GET", "client.export", OWNER, again=True, export_type="=csv"),
    row("POST", "client.delete_view", NOBODY, id="client"),
    row("POST", "client.action_view", NOBODY, action="=delete", rowid="client"),
    row("GET", "client.ajax_lookup", NOBODY, name="=client", query="=quill"),
    row("POST", "client.ajax_update", NOBODY, list_form_pk="client"),
    row("GET", "duplicates.index", DESK),
    row("GET", "duplicates.merge", DESK, a="client", b="twin"),
    row("POST", "duplicates.merge", DESK, a="client", b="twin"),
    row("GET", "client_import.index", OWNER),
    row("POST", "client_import.index", OWNER),
    row("GET", "client_import.check", OWNER, id="file"),
    row("POST", "client_import.check", OWNER, id="file"),
    row("GET", "client_import.sample", OWNER),
    row("GET", "team.index", OWNER),
    row("GET", "team.ask_invite", OWNER),
    row("POST", "team.invite", OWNER, again=True),
    row("GET", "team.edit", OWNER, id="account"),
    row("POST", "team.change", OWNER, again=True, id="account"),
    row("GET", "team.ask", OWNER, deed="=withdraw", id="account"),
    row("POST", "team.do", OWNER, again=True, deed="=withdraw", id="account"),
    row("GET", "team.rules", OWNER),
    row("POST", "team.set_rules", OWNER, again=True),
    *_own_account("my", EVERYBODY),
    row("GET", "operator.index", OPERATOR),
    *_own_account("operator_my", OPERATOR),
)
