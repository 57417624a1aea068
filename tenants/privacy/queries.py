"""Records whose period is over: listed for the owner, erased by nobody but them. And which are on hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, or_, select

from saas.accounts.models import Account
from saas.audit import Audit
from saas.db import db
from saas.languages import in_each
from saas.sealing import fetch_keys
from saas.tenancy import current_tenant
from tenants.bookings.models import Booking
from tenants.clients.actions import ERASED
from tenants.clients.models import Client
from tenants.intake.answer_rows import answers_to
from tenants.intake.locks import BIRTH
from tenants.intake.models import Intake
from tenants.privacy.rules import Period, is_child, kept_until, seen_before

PAGE = 50
HELD = "client.held"


@dataclass(frozen=True)
class Hold:
    """Why a record may not be erased: since when, who said so ("" for nobody of the clinic) and for which of `WHYS`
    ("" where nobody was asked)."""

    since: datetime
    who: str
    why: str


@dataclass(frozen=True)
class Due:
    """A record whose period would be over for an adult. `last`: the day of the last session, or of the record; `until`:
    the first day on which it may go, later than today for a `child` of then."""

    client_id: UUID
    name: str
    last: date
    until: date
    child: bool
    hold: Hold | None


def records_of(client_id: UUID) -> list[UUID]:
    """The record and all that were merged into it."""
    found = select(Client.id).where((Client.id == client_id) | (Client.merged_into_id == client_id))
    return list(db.session.execute(found).scalars())


def hold_of(ids: Collection[UUID]) -> Hold | None:
    """The hold on one client, whose records these are; one query."""
    return next(iter(_holds(ids).values()), None)


def _holds(ids: Collection[UUID]) -> Mapping[UUID, Hold]:
    """The holds on these records, or on what was merged into them; who and why come from the audit."""
    found = (
        select(Client.id, Client.merged_into_id, Client.held_at, Account.name, Audit.facts)
        .outerjoin(
            Audit,
            (Audit.tenant_id == Client.tenant_id) & (Audit.target == "client") & (Audit.target_id == Client.id)
            & (Audit.deed == HELD) & (Audit.at == Client.held_at),
        )
        .outerjoin(Account, (Account.tenant_id == Audit.tenant_id) & (Account.id == Audit.account_id))
        .where(or_(Client.id.in_(ids), Client.merged_into_id.in_(ids)), Client.held_at.is_not(None))
        .order_by(Client.held_at.desc())
    )  # fmt: skip
    return {
        row.merged_into_id or row.id: Hold(row.held_at, row.name or "", (row.facts or {}).get("why", ""))
        for row in db.session.execute(found)
    }


def due(period: Period, *, page: int = 0, now: datetime) -> tuple[list[Due], bool]:
    """The oldest such records, a page at a time, and whether there are more; erased ones and merged ones are left out.
    Five queries however many there are. Unseals birthdays: the caller notes the look."""
    zone = ZoneInfo(current_tenant().zone)
    before = datetime.combine(seen_before(period, now.astimezone(zone).date()), time(), zone)
    found = (
        select(Client.id, Client.name, Client.created_at)
        .where(Client.merged_into_id.is_(None), Client.created_at < before, ~is_erased(), *_not_seen_since(before))
        .order_by(Client.created_at, Client.id)
        .limit(PAGE + 1)
        .offset(page * PAGE)
    )
    rows = db.session.execute(found).all()
    ids = [row.id for row in rows[:PAGE]]
    last, born, held = _last_seen(ids), births_of(ids), _holds(ids)

    def line(id: UUID, name: str, created_at: datetime) -> Due:
        day = (last.get(id) or created_at).astimezone(zone).date()
        birthday = born.get(id)
        until = kept_until(period, last=day, born=birthday)
        return Due(id, name, day, until, bool(birthday and is_child(birthday, day)), held.get(id))

    return [line(*row) for row in rows[:PAGE]], len(rows) > PAGE


def is_erased(client: type[Client] = Client) -> ColumnElement[bool]:
    """Whoever was erased has no name and cannot be reached (`erase_client_fields`)."""
    unreachable = client.email_hash.is_(None) & client.phone_hash.is_(None)
    return client.name.in_(in_each(ERASED)) & unreachable


def _not_seen_since(before: datetime) -> tuple[ColumnElement[bool], ...]:
    came = exists().where(
        Booking.tenant_id == Client.tenant_id, Booking.client_id == Client.id, Booking.starts_at >= before
    )
    said = exists().where(
        Intake.tenant_id == Client.tenant_id, Intake.client_id == Client.id, Intake.requested_at >= before
    )
    return ~came, ~said


def _last_seen(ids: Sequence[UUID]) -> dict[UUID, datetime]:
    ended = select(Booking.client_id, func.max(Booking.ends_at)).where(Booking.client_id.in_(ids))
    return {id: at for id, at in db.session.execute(ended.group_by(Booking.client_id)) if id is not None}


def births_of(ids: Sequence[UUID]) -> dict[UUID, date]:
    """Client → the birthday they gave last with answers that they sent. Two queries and one for their keys."""
    sent = select(Intake.client_id, Intake.id).where(Intake.client_id.in_(ids), Intake.submitted_at.is_not(None))
    whose = {row.id: row.client_id for row in db.session.execute(sent.order_by(Intake.submitted_at))}
    fetch_keys(ids)
    found = answers_to(BIRTH, whose)
    days = {whose[id]: _day(found[id].value) for id in whose if id in found}
    return {client: day for client, day in days.items() if day is not None}


def _day(value: object) -> date | None:
    """A whole day; None for a year or a month, and for what was not said."""
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2000-01-01") else None


def kept_for(ids: list[UUID], period: Period) -> date:
    """The first day on which the record of one client may go, by the birthday they gave with their answers. Unseals:
    the caller notes the look."""
    zone = ZoneInfo(current_tenant().zone)
    made = select(func.min(Client.created_at)).where(Client.id.in_(ids))
    at = max(_last_seen(ids).values(), default=None) or db.session.execute(made).scalar_one()
    return kept_until(period, last=at.astimezone(zone).date(), born=next(iter(births_of(ids).values()), None))
