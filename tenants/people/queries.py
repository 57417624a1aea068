"""What the clinic's people ask about clients: who they are, when they came, what they owe, who may be whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from saas.db import db
from saas.money import Money
from saas.tenancy import current_tenant
from tenants.bookings.models import Booking
from tenants.bookings.queries import of_account
from tenants.bookings.rules import LIVE, STANDING, UNBOOKED
from tenants.clients.models import Client, ClientApart
from tenants.clients.queries import typed_apart
from tenants.payments.models import Payment
from tenants.people.rules import Time
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service

_BATCH = 500
_HISTORY = 200


@dataclass(frozen=True)
class Visits:
    """When somebody came and comes (UTC), how often they came, and what they still owe for it."""

    count: int
    last: datetime | None
    next: datetime | None
    owes: Money


@dataclass(frozen=True)
class Past:
    """One booking of a client, in the clinic's time. `differs`: what was typed for it that is not what we know."""

    id: UUID
    starts: datetime
    service: str
    practitioner: str
    status: str
    differs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sums:
    """All of a client's bookings: how many they are, what was paid for them less what went back, and what is owed."""

    count: int
    paid: Money
    owes: Money


@dataclass(frozen=True)
class Group:
    """Clients who may be one person, two by two, the one known longest first. `why`: email, phone or name."""

    why: str
    pairs: tuple[tuple[Client, Client], ...]


def has_come(now: datetime) -> ColumnElement[bool]:
    """Whether a client has been here before."""
    before = and_(Booking.client_id == Client.id, Booking.status.in_(STANDING), Booking.starts_at < now)
    return exists(select(Booking.id).where(before)).correlate(Client)


def owes(now: datetime, *, account_id: UUID | None = None) -> ColumnElement[bool]:
    """Whether a client owes for something that has begun; `account_id`: with the practitioner who has this account."""
    debts = select(Booking.client_id).join(Payment, Payment.booking_id == Booking.id)
    if account_id is not None:
        debts = debts.where(of_account(account_id))
    return Client.id.in_(debts.where(Payment.owed_minor > 0, Booking.starts_at < now, Booking.client_id.is_not(None)))


def visits_of(client_ids: Sequence[UUID], *, now: datetime, account_id: UUID | None = None) -> dict[UUID, Visits]:
    """The visits of each of these clients; two queries for every 500 of them. `account_id`: only those with the
    practitioner who has this account."""
    currency = current_tenant().currency
    found = dict.fromkeys(client_ids, Visits(0, None, None, Money.zero(currency)))
    for part in (client_ids[at : at + _BATCH] for at in range(0, len(client_ids), _BATCH)):
        owed = _owed(part, now, account_id)
        for client_id, count, last, upcoming in db.session.execute(_seen(part, now, account_id)):
            found[client_id] = Visits(count, last, upcoming, Money.zero(currency))
        for client_id, minor in owed.items():
            known = found[client_id]
            found[client_id] = Visits(known.count, known.last, known.next, Money(minor, currency))
    return found


def _seen(client_ids: Sequence[UUID], now: datetime, account_id: UUID | None) -> Any:
    past = Booking.starts_at < now
    wanted = select(
        Booking.client_id,
        func.count(case((past, 1))),
        func.max(case((past, Booking.starts_at)), type_=Booking.starts_at.type),
        func.min(case((~past, Booking.starts_at)), type_=Booking.starts_at.type),
    ).where(Booking.client_id.in_(client_ids), Booking.status.in_(STANDING))
    if account_id is not None:
        wanted = wanted.where(of_account(account_id))
    return wanted.group_by(Booking.client_id)


def _owed(client_ids: Sequence[UUID], now: datetime, account_id: UUID | None) -> dict[UUID, int]:
    wanted = (
        select(Booking.client_id, func.sum(Payment.owed_minor))
        .join(Payment, Payment.booking_id == Booking.id)
        .where(Booking.client_id.in_(client_ids), Payment.owed_minor > 0, Booking.starts_at < now)
    )
    if account_id is not None:
        wanted = wanted.where(of_account(account_id))
    wanted = wanted.group_by(Booking.client_id)
    return {row[0]: int(row[1]) for row in db.session.execute(wanted) if row[0] is not None}


def history_of(client: Client, *, account_id: UUID | None = None) -> list[Past]:
    """A client's bookings, the latest first (at most 200); holds that came to nothing are left out."""
    wanted = (
        select(Booking, Service.name, Practitioner.name)
        .join(Service, Service.id == Booking.service_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .where(Booking.client_id == client.id, Booking.status.not_in(UNBOOKED))
        .order_by(Booking.starts_at.desc(), Booking.id)
        .limit(_HISTORY)
    )
    if account_id is not None:
        wanted = wanted.where(Practitioner.account_id == account_id)
    return [
        Past(booking.id, booking.wall_start, service, person, booking.status, typed_apart(booking.typed, client))
        for booking, service, person in db.session.execute(wanted)
    ]


def sums_of(client: Client, *, account_id: UUID | None = None) -> Sums:
    """The sums over every booking that `history_of` would show without its limit; one query."""
    paid = Payment.paid_minor + Payment.desk_minor - Payment.refunded_minor
    owed = case((Payment.owed_minor > 0, Payment.owed_minor), else_=0)
    wanted = (
        select(func.count(Booking.id), func.coalesce(func.sum(paid), 0), func.coalesce(func.sum(owed), 0))
        .outerjoin(Payment, Payment.booking_id == Booking.id)
        .where(Booking.client_id == client.id, Booking.status.not_in(UNBOOKED))
    )
    if account_id is not None:
        wanted = wanted.where(of_account(account_id))
    count, paid_minor, owed_minor = db.session.execute(wanted).one()
    currency = current_tenant().currency
    return Sums(count, Money(int(paid_minor), currency), Money(int(owed_minor), currency))


def live_times(client_id: UUID) -> list[Time]:
    """The times a client is promised, or holds."""
    wanted = select(Booking.starts_at, Booking.ends_at).where(Booking.client_id == client_id, Booking.status.in_(LIVE))
    return [Time(start, end) for start, end in db.session.execute(wanted)]


def clients_by_id(client_ids: Sequence[UUID]) -> dict[UUID, Client]:
    """These clients, as far as the clinic has them."""
    rows = db.session.execute(select(Client).where(Client.id.in_(client_ids))).scalars()
    return {row.id: row for row in rows}


def pair_of(a: UUID, b: UUID) -> tuple[UUID, UUID]:
    """Two clients as `ClientApart` keeps them, whoever is named first."""
    return (a, b) if a.hex < b.hex else (b, a)


def kept_apart(client_ids: Collection[UUID] | None = None) -> set[tuple[UUID, UUID]]:
    """The pairs (`pair_of`) of whom it was said that they are two people: all, or those with one of these."""
    wanted = select(ClientApart.one_id, ClientApart.other_id)
    if client_ids is not None:
        wanted = wanted.where(or_(ClientApart.one_id.in_(client_ids), ClientApart.other_id.in_(client_ids)))
    return {(one, other) for one, other in db.session.execute(wanted)}


def said_apart(*, limit: int = 50) -> list[tuple[Client, Client]]:
    """The pairs that were said to be two people, the newest first; two queries."""
    wanted = select(ClientApart.one_id, ClientApart.other_id).order_by(ClientApart.said_at.desc(), ClientApart.id)
    pairs = [(one, other) for one, other in db.session.execute(wanted.limit(limit))]
    known = clients_by_id([one for pair in pairs for one in pair])
    return [(known[one], known[other]) for one, other in pairs]


def may_be_the_same(client: Client) -> list[Client]:
    """Who has this client's e-mail, telephone or name too (at most 10), and was not said to be somebody else."""
    apart = {one for pair in kept_apart([client.id]) for one in pair}
    alike = [Client.name_key == client.name_key]
    alike += [Client.email_hash == client.email_hash] if client.email_hash else []
    alike += [Client.phone_hash == client.phone_hash] if client.phone_hash else []
    wanted = select(Client).where(or_(*alike), Client.id.not_in({client.id, *apart}), Client.merged_into_id.is_(None))
    return list(db.session.execute(wanted.order_by(Client.created_at, Client.id).limit(10)).scalars())


def suggestions(*, limit: int = 50) -> list[Group]:
    """Clients who may be one person: by e-mail, by telephone, by name; each pair is told once, and not who was said
    to be two people. Five queries."""
    keys: list[tuple[str, Any, list[str]]] = []
    for why, column in (("email", Client.email_hash), ("phone", Client.phone_hash), ("name", Client.name_key)):
        shared = select(column).where(Client.merged_into_id.is_(None), column.is_not(None), column != "")
        many = shared.group_by(column).having(func.count() > 1).order_by(column).limit(limit)
        keys.append((why, column, [str(value) for value in db.session.execute(many).scalars()]))
    alike = or_(*(column.in_(values) for _, column, values in keys))
    rows = db.session.execute(
        select(Client).where(alike, Client.merged_into_id.is_(None)).order_by(Client.created_at, Client.id)
    ).scalars()
    people = list(rows)
    found: list[Group] = []
    apart = kept_apart([row.id for row in people])
    told: set[frozenset[UUID]] = set()
    for why, column, values in keys:
        for value in values:
            same = tuple(row for row in people if getattr(row, column.key) == value)[:10]
            ids = frozenset(row.id for row in same)
            pairs = _pairs(same, apart)
            if pairs and not any(ids <= known for known in told):
                told.add(ids)
                found.append(Group(why, pairs))
    return found[:limit]


def _pairs(same: Sequence[Client], apart: Collection[tuple[UUID, UUID]]) -> tuple[tuple[Client, Client], ...]:
    """Each with the one known longest before them who may still be the same person."""
    found = []
    for place, other in enumerate(same):
        known = (one for one in same[:place] if pair_of(one.id, other.id) not in apart)
        first = next(known, None)
        if first is not None:
            found.append((first, other))
    return tuple(found)
