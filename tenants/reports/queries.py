"""What a report counts, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, literal_column, select

from saas.db import db
from saas.tenancy import current_tenant
from tenants.availability.intervals import merge, subtract
from tenants.availability.models import TimeOff
from tenants.availability.walltime import to_datetime
from tenants.bookings.calendars import read_hours, schedule_of
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.pending import KEPT
from tenants.bookings.rules import SESSIONS, STANDING, PolicyTerms
from tenants.payments.models import LedgerEntry
from tenants.practitioners.models import Practitioner
from tenants.reports.rules import Opened, Report, Row, report
from tenants.services.models import Service

_COUNTED = (*SESSIONS, "cancelled")


@dataclass(frozen=True)
class Found:
    """A report with the names of its parts, in the clinic's order."""

    report: Report
    services: tuple[tuple[UUID, str], ...]
    people: tuple[tuple[UUID, str], ...]


def read_report(edges: Sequence[datetime]) -> Found:
    """The report between these instants (UTC midnights of the clinic, rising)."""
    lo, hi = edges[0], edges[-1]
    people = db.session.execute(
        select(Practitioner.id, Practitioner.name, Practitioner.active).order_by(
            Practitioner.active.desc(), Practitioner.position, Practitioner.name
        )
    ).all()
    services = db.session.execute(select(Service.id, Service.name).order_by(Service.position, Service.name)).all()
    rows = _rows(lo, hi)
    busy = {row.practitioner_id for row in rows}
    counted = [row.id for row in people if row.active or row.id in busy]
    found = report(rows, edges, _opened(counted, lo, hi), _income(edges))
    return Found(
        found,
        tuple((row.id, row.name) for row in services if row.id in found.services),
        tuple((row.id, row.name) for row in people if row.id in found.people),
    )


def _rows(lo: datetime, hi: datetime) -> list[Row]:
    told = and_(
        BookingChange.tenant_id == Booking.tenant_id, BookingChange.booking_id == Booking.id,
        BookingChange.kind == "cancel", BookingChange.state == "done",
    )  # fmt: skip
    wanted = (
        select(
            Booking.starts_at, Booking.ends_at, Booking.status, Booking.client_id, Booking.service_id,
            Booking.practitioner_id, Booking.ended_by, Booking.ended_at, BookingChange.reason, BookingChange.made_at,
            case((Booking.status == "cancelled", Booking.policy)).label("policy"),
        )
        .outerjoin(BookingChange, told)
        .where(
            Booking.starts_at >= lo, Booking.starts_at < hi, Booking.status.in_(_COUNTED), Booking.source != KEPT,
            Booking.client_id.is_not(None),
        )
        .order_by(Booking.starts_at, Booking.id)
    )  # fmt: skip
    first = _first_times(lo, hi)
    return [
        Row(
            starts_at=row.starts_at, minutes=int((row.ends_at - row.starts_at).total_seconds()) // 60,
            status=row.status, late=row.status == "cancelled" and _is_late(row), client_id=row.client_id,
            service_id=row.service_id, practitioner_id=row.practitioner_id, first=first.get(row.client_id),
        )
        for row in db.session.execute(wanted)
    ]  # fmt: skip


def _is_late(row: Any) -> bool:
    """Whether the client let go of it, by themselves or by asking the clinic, when that was no longer free."""
    if row.ended_by != "client" and row.reason != "client":
        return False
    when = row.made_at or row.ended_at
    return not PolicyTerms.from_snapshot(row.policy).is_free(starts_at=row.starts_at, now=when)


def _first_times(lo: datetime, hi: datetime) -> dict[UUID, datetime]:
    """When everybody who came in `[lo, hi)` came for the first time ever."""
    here = (
        select(Booking.client_id)
        .where(Booking.starts_at >= lo, Booking.starts_at < hi, Booking.status.in_(STANDING))
        .distinct()
    )
    wanted = (
        select(Booking.client_id, func.min(Booking.starts_at))
        .where(Booking.client_id.in_(here), Booking.status.in_(STANDING))
        .group_by(Booking.client_id)
    )
    return {client: at for client, at in db.session.execute(wanted) if client is not None}


def _opened(people: Sequence[UUID], lo: datetime, hi: datetime) -> Opened:
    """Everybody's open time in `[lo, hi)`: the hours that held then, less breaks and time off."""
    zone = current_tenant().zone
    held = read_hours(people, lo, hi)
    first, last = lo.astimezone(ZoneInfo(zone)).toordinal() - 1, hi.astimezone(ZoneInfo(zone)).toordinal() + 1
    away = db.session.execute(
        select(TimeOff.practitioner_id, TimeOff.starts_at, TimeOff.ends_at).where(
            TimeOff.ends_at > lo, TimeOff.starts_at < hi
        )
    ).all()
    found = {}
    for who in people:
        schedule = schedule_of(zone, held.weekly[who], held.days[who], held.breaks[who])
        off = [(_minute(row.starts_at), _minute(row.ends_at)) for row in away if row[0] in (None, who)]
        shut = merge([*schedule.pauses(first, last), *off])
        spans = subtract(merge(schedule.windows(first, last)), shut)
        cut = ((max(lo, to_datetime(a)), min(hi, to_datetime(b))) for a, b in spans)
        found[who] = tuple((a, b) for a, b in cut if a < b)
    return found


def _minute(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) // 60


def _income(edges: Sequence[datetime]) -> list[tuple[int, UUID, UUID, int]]:
    """What came in, refunds and disputes taken off, by week, service and practitioner: the ledger's accounts `card` and
    `till` without the platform's fee. Of the clinic's currency of today."""
    week = case(*((LedgerEntry.at < edge, number) for number, edge in enumerate(edges[1:])), else_=-1)
    wanted = (
        select(week, Booking.service_id, Booking.practitioner_id, func.sum(LedgerEntry.amount_minor))
        .join(Booking, and_(Booking.tenant_id == LedgerEntry.tenant_id, Booking.id == LedgerEntry.booking_id))
        .where(
            LedgerEntry.at >= edges[0], LedgerEntry.at < edges[-1], LedgerEntry.account.in_(("card", "till")),
            LedgerEntry.kind.not_in(("fee", "fee-back")), LedgerEntry.currency == current_tenant().currency,
        )
        .group_by(literal_column("1"), Booking.service_id, Booking.practitioner_id)
    )  # fmt: skip
    return [(number, service, who, int(minor)) for number, service, who, minor in db.session.execute(wanted)]
