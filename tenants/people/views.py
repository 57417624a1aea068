"""A client's page as one value: their record in words, notes, bookings with their money, and who they may also be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from saas import formats
from saas.money import Money
from saas.shell import locale, region
from saas.tenancy import current_tenant
from saas.words import _
from saas.words import later as _l
from tenants.bookings.queries import account_names
from tenants.bookings.words import PILLS, STATUS_WORDS
from tenants.clients.models import Client
from tenants.clients.queries import notes_of
from tenants.payments.queries import money_of_many
from tenants.people import queries
from tenants.people.forms import REACH_WORDS, language_name

FIELD_WORDS = {
    "name": _l("Name"),
    "known_as": _l("Known as"),
    "email": _l("Email"),
    "phone": _l("Telephone"),
    "reach": _l("How to reach them"),
    "discreet_name": _l("Discreet name"),
    "no_calls": _l("Do not ring"),
    "locale": _l("Language"),
}


@dataclass(frozen=True)
class Note:
    """A note with who wrote it, in the clinic's time."""

    id: UUID
    text: str
    at: datetime
    author: str
    clinical: bool
    account_id: UUID


@dataclass(frozen=True)
class Difference:
    """One thing that was typed at a booking, beside what we know."""

    field: str
    label: str
    known: str
    typed: str


@dataclass(frozen=True)
class Booked:
    """A booking in the client's history."""

    id: UUID
    starts: datetime
    service: str
    practitioner: str
    status: str
    pill: str
    paid: Money
    owes: Money
    differs: tuple[Difference, ...]


@dataclass(frozen=True)
class ClientPage:
    """All that the page shows. `bookings` are the latest, `older`: whether there are more; `paid` and `owes` are of all
    of them. `alike`: who they may also be."""

    client: Client
    record: tuple[tuple[str, str], ...]
    since: datetime
    notes: tuple[Note, ...]
    clinical: bool
    bookings: tuple[Booked, ...]
    older: bool
    paid: Money
    owes: Money
    alike: tuple[Client, ...]


def client_page(client: Client, *, account_id: UUID | None, clinical: bool) -> ClientPage:
    """The page; `account_id`: with the bookings of that practitioner only; `clinical`: with clinical notes too."""
    zone = ZoneInfo(current_tenant().zone)
    history = queries.history_of(client, account_id=account_id)
    money = money_of_many([past.id for past in history])
    booked = tuple(
        Booked(
            id=past.id,
            starts=past.starts,
            service=past.service,
            practitioner=past.practitioner,
            status=str(STATUS_WORDS[past.status]),
            pill=PILLS.get(past.status, "off"),
            paid=money[past.id].paid - money[past.id].refunded,
            owes=money[past.id].owed,
            differs=differences_in_words(client, past.differs),
        )
        for past in history
    )
    sums = queries.sums_of(client, account_id=account_id)
    rows = notes_of(client.id, clinical=clinical)
    names = account_names([row.account_id for row in rows])
    return ClientPage(
        client=client,
        record=record_rows(client),
        since=client.created_at.astimezone(zone),
        notes=tuple(
            Note(row.id, row.text, row.at.astimezone(zone), names.get(row.account_id, ""), row.clinical, row.account_id)
            for row in rows
        ),
        clinical=clinical,
        bookings=booked,
        older=sums.count > len(booked),
        paid=sums.paid,
        owes=sums.owes,
        alike=tuple(queries.may_be_the_same(client)) if account_id is None else (),
    )


def record_rows(client: Client) -> tuple[tuple[str, str], ...]:
    """(label, words) of everything the clinic keeps of how to reach somebody."""
    return tuple((str(label), in_words(name, getattr(client, name))) for name, label in FIELD_WORDS.items())


def in_words(field: str, value: Any) -> str:
    """A value of the record as people read it; "" where there is none."""
    if field == "reach":
        return str(REACH_WORDS.get(value, value))
    if field == "phone":
        return formats.phone(value, region()) if value else ""
    if field == "no_calls":
        return _("Yes") if value else ""
    if field == "locale":
        return language_name(value, locale()) if value else ""
    return str(value)


def differences_in_words(client: Client, typed: dict[str, str]) -> tuple[Difference, ...]:
    """What was typed beside what we know."""
    return tuple(
        Difference(name, str(FIELD_WORDS[name]), in_words(name, getattr(client, name)), in_words(name, value))
        for name, value in typed.items()
    )
