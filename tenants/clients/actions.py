"""Find or make the person who books. What was typed never overwrites what is known: a stranger may have typed it."""

from __future__ import annotations

from datetime import datetime

from saas import audit
from saas.db import action, db, locks_rows
from saas.tenancy import current_tenant
from tenants.clients.models import Client
from tenants.clients.queries import email_hash, find_client, phone_hash
from tenants.clients.rules import Person, clean_person, differences
from tenants.clinic.actions import lock_clinic


@action
def find_or_make(
    *,
    name: str,
    email: str,
    phone: str,
    known_as: str,
    reach: str,
    now: datetime,
    locale: str = "",
    zone: str = "",
) -> tuple[Client, dict[str, str]]:
    """The client this is, and what was typed that differs from what we know ({field: typed}; {} for somebody new).

    `Invalid` collects what is wrong. Two bookings at once by somebody new make one client, not two: whoever finds
    nobody looks again behind the clinic's lock, which only newcomers wait for. (Where one writer is let in at a time,
    this action is behind it already.)
    """
    typed = clean_person(Person(name, known_as, email, phone, reach), country=current_tenant().country)
    found = find_client(typed)
    if found is None and locks_rows():
        lock_clinic()
        found = find_client(typed)
    if found is not None:
        return found, differences(person_of(found), typed)
    row = Client(
        name=typed.name,
        known_as=typed.known_as,
        email=typed.email,
        email_hash=email_hash(typed.email),
        phone=typed.phone,
        phone_hash=phone_hash(typed.phone),
        reach=typed.reach,
        locale=locale[:16],
        zone=zone[:64],
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("client.made", target="client", target_id=row.id, now=now)
    return row, {}


def person_of(row: Client) -> Person:
    """What we know of a client, as a value."""
    return Person(row.name, row.known_as, row.email, row.phone, row.reach)
