"""Two records made one, and what was typed at a booking kept or dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, astuple, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, or_, update
from sqlalchemy.exc import IntegrityError

from saas import audit, formats
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.sealing import adopt_keys
from saas.stale import unchanged
from saas.tenancy import current_tenant, tenant_tables
from saas.words import _
from tenants.bookings.places import lock_booking
from tenants.clients.actions import WasMerged, put_record, record_of
from tenants.clients.models import Client, ClientApart
from tenants.clients.queries import NoSuchClient, lock_clients, typed_apart
from tenants.clients.rules import Record, clean_record, reach_for
from tenants.people.queries import kept_apart, live_times, pair_of
from tenants.people.rules import clash, merged_record
from tenants.practitioners.queries import practitioner_by_id

# The ledger is never changed: it says who it was then. What somebody owes is read from their bookings.
LEFT = frozenset(("ledger_entry",))


class TimesOverlap(Conflict):
    """Both have a booking at the same time, so they are two people, or one of the bookings has to move first."""

    code = "times-overlap"


def pointers() -> list[tuple[Table, str]]:
    """(table, column) of everything that points at a client and goes along when two are made one."""
    return [
        (table, element.parent.name)
        for table in tenant_tables()
        if table.name not in LEFT
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
        if key.referred_table.name == Client.__tablename__
        for element in key.elements
        if element.parent.name != "tenant_id"
    ]


@action
def merge_clients(
    *,
    stays_id: UUID,
    goes_id: UUID,
    choices: Mapping[str, str],
    seen: str | None,
    now: datetime,
) -> int:
    """Make the two one: the survivor keeps what `choices` (field: "stays" or "goes") say, and everything that points at
    the other points at them. How many bookings moved. Merging them again changes nothing.

    Raises `TimesOverlap`, `ChangedMeanwhile` (`seen` is the mark of both records), `WasMerged` when one of them has
    become part of somebody else, `Invalid` for values that do not go together, `NoSuchClient`.
    """
    if stays_id == goes_id:
        raise NoSuchClient
    stays, goes = lock_clients(stays_id, goes_id)
    if goes.merged_into_id == stays.id:
        return 0
    if stays.merged_into_id is not None or goes.merged_into_id is not None:
        raise WasMerged(_("One of the two has been merged with somebody else meanwhile"))
    ours, theirs = record_of(stays), record_of(goes)
    unchanged(seen, *astuple(ours), *astuple(theirs))
    _refuse_overlap(stays, goes)
    wanted = merged_record(ours, theirs, choices)
    kept = clean_record(wanted, country=current_tenant().country, locales={ours.locale, theirs.locale})
    adopt_keys(subject=stays.id, of=goes.id)
    _hand_over_apart(stays.id, goes.id, now)
    moved = _move_everything(stays.id, goes.id)
    put_record(stays, kept)
    # An address or number that the survivor gives up stays with the record that goes, which leads to the survivor.
    email, phone = _other(ours.email, theirs.email, kept.email), _other(ours.phone, theirs.phone, kept.phone)
    put_record(goes, replace(theirs, email=email, phone=phone))
    stays.zone = stays.zone or goes.zone
    stays.created_at = min(stays.created_at, goes.created_at)
    goes.merged_into_id = stays.id
    audit.record(
        "client.merged", target="client", target_id=stays.id, now=now, absorbed=str(goes.id), bookings=moved["booking"]
    )
    return moved["booking"]


@action
def say_apart(*, one_id: UUID, other_id: UUID, now: datetime) -> None:
    """Remember that these two are two people. Said twice is once. Raises `NoSuchClient`, `WasMerged`."""
    if one_id == other_id:
        raise NoSuchClient
    if any(row.merged_into_id is not None for row in lock_clients(one_id, other_id)):
        raise WasMerged(_("One of the two has been merged with somebody else meanwhile"))
    if _note_apart(one_id, other_id, now):
        audit.record("client.kept_apart", target="client", target_id=one_id, now=now, other=str(other_id))


def _note_apart(one_id: UUID, other_id: UUID, now: datetime) -> bool:
    one, other = pair_of(one_id, other_id)
    if (one, other) in kept_apart([one]):
        return False
    db.session.add(ClientApart(one_id=one, other_id=other, said_at=now))
    return True


def _hand_over_apart(stays_id: UUID, goes_id: UUID, now: datetime) -> None:
    """Whoever was somebody else than the one who goes is somebody else than the one who stays."""
    strangers = {one for pair in kept_apart([goes_id]) for one in pair} - {goes_id, stays_id}
    db.session.execute(
        delete(ClientApart).where(or_(ClientApart.one_id == goes_id, ClientApart.other_id == goes_id)),
        execution_options={"synchronize_session": False},
    )
    for stranger in strangers:
        _note_apart(stays_id, stranger, now)


def _other(ours: str, theirs: str, kept: str) -> str:
    """Of two values the one that was not kept; the other's own where there is nothing to give up."""
    return ours if kept == theirs and ours else theirs


def _refuse_overlap(stays: Client, goes: Client) -> None:
    found = clash(live_times(stays.id), live_times(goes.id))
    if found is None:
        return
    zone, tag = ZoneInfo(current_tenant().zone), current_tenant().locale
    when = found.starts_at.astimezone(zone)
    raise TimesOverlap(
        _(
            "Both have a booking on %(day)s at %(time)s. Move or cancel one of them first, if they are one person",
            day=formats.long_date(when, tag),
            time=formats.clock(when, tag),
        )
    )


def _move_everything(stays_id: UUID, goes_id: UUID) -> dict[str, int]:
    """Every row that points at one points at the other; table → how many."""
    moved: dict[str, int] = {}
    db.session.flush()
    for table, column in pointers():
        mine = table.c.tenant_id == current_tenant().id
        change = update(table).where(mine, table.c[column] == goes_id).values({column: stays_id})
        try:
            done: Any = db.session.execute(change.execution_options(tenant_checked=True))
        except IntegrityError as error:
            if "booking_client_overlap" in str(error.orig):  # somebody booked between the look and this
                raise TimesOverlap(_("Both have a booking at the same time. Look at their bookings again")) from error
            raise
        moved[table.name] = moved.get(table.name, 0) + int(done.rowcount)
    db.session.expire_all()
    return moved


@action
def settle_typed(
    *, client_id: UUID, booking_id: UUID, take: Collection[str], now: datetime, account_id: UUID | None = None
) -> None:
    """Put `take` (names of fields) of what was typed at a booking into the client's record, and forget the rest of it
    but for a more careful way to be reached.

    Settling it twice changes nothing. `Invalid` when the record would not hold together, `NoSuchClient` for a booking
    that is not this client's, or not with the practitioner who has this account, where one is given.
    """
    booking = lock_booking(booking_id)
    (row,) = lock_clients(client_id)
    if booking.client_id != row.id:
        raise NoSuchClient
    if account_id is not None and practitioner_by_id(booking.practitioner_id).account_id != account_id:
        raise NoSuchClient
    differs = typed_apart(booking.typed, row)
    unknown = set(take) - set(asdict(record_of(row)))
    if unknown:
        raise Invalid(_("Choose from the list"))
    was = record_of(row)
    chosen: dict[str, Any] = {name: value for name, value in differs.items() if name in take}
    wanted = replace(was, **chosen)
    kept: Record = clean_record(wanted, country=current_tenant().country, locales={was.locale})
    if not differs and not booking.typed:
        return
    put_record(row, kept)
    # Whoever asked for more care about this booking keeps it, whatever the record says (`letters.mail_address`).
    careful = reach_for(kept.reach, booking.typed.get("reach"))
    booking.typed = {} if careful == kept.reach else {"reach": careful}
    taken = ",".join(sorted(set(take) & set(differs)))
    audit.record("client.settled", target="client", target_id=row.id, now=now, booking=str(booking.id), fields=taken)
