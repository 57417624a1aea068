"""Who may read which intake, and the list of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select

from saas.accounts.models import Account
from saas.db import db
from tenants.bookings.queries import is_own_client
from tenants.clients.models import Client
from tenants.intake.models import Intake, IntakeAlert
from tenants.intake.queries import NoSuchIntake
from tenants.intake.reviewing import State, state_of
from tenants.intake.settings import CONTACTS, intake_settings
from tenants.practitioners.models import Practitioner

Which = Literal["due", "waiting", "done", "all"]
WHICH: tuple[Which, ...] = get_args(Which)
PAGE = 50


@dataclass(frozen=True)
class Reader:
    """Who is looking. `people`: the practitioners they are; `opens_all`: an owner, where owners may read; `called`: one
    of those who are told of alerts."""

    account_id: UUID
    role: str
    people: frozenset[UUID]
    opens_all: bool
    called: bool


@dataclass(frozen=True)
class Line:
    """An intake in the list. `alert`: nobody has answered it yet; `opens`: this reader may read it. The front desk is
    told of neither, nor of `speak`."""

    id: UUID
    client: str
    practitioner: str
    session_at: datetime | None
    submitted_at: datetime | None
    state: State
    speak: bool
    alert: bool
    opens: bool


def reader_of(*, account_id: UUID, role: str) -> Reader:
    """What this account may read; two queries."""
    mine: Any = and_(Practitioner.tenant_id == Account.tenant_id, Practitioner.account_id == Account.id)
    found = select(Account.email, Practitioner.id).outerjoin(Practitioner, mine).where(Account.id == account_id)
    rows = db.session.execute(found).all()
    settings = intake_settings()
    told = {settings.contact(who).email for who in CONTACTS}
    return Reader(
        account_id, role, frozenset(filter(None, (row[1] for row in rows))),
        opens_all=role == "owner" and settings.owner_reads, called=any(row[0] in told for row in rows),
    )  # fmt: skip


def intake_for(reader: Reader, intake_id: UUID | None) -> Intake:
    """The intake, when this reader may read it, else `NoSuchIntake`: whoever gives the session, owners where the clinic
    lets them, and a contact of alerts while one is open."""
    row = db.session.get(Intake, intake_id) if intake_id else None
    if row is None or reader.role == "front_desk":
        raise NoSuchIntake
    if reader.opens_all or row.practitioner_id in reader.people or _is_called(reader, row.id):
        return row
    raise NoSuchIntake


def _is_called(reader: Reader, intake_id: UUID) -> bool:
    """Whether this reader is told of alerts, and there is one about this intake that nobody has answered."""
    waiting = select(IntakeAlert.id).where(IntakeAlert.intake_id == intake_id, IntakeAlert.acknowledged_at.is_(None))
    return reader.called and db.session.execute(waiting.limit(1)).first() is not None


def may_open_client(reader: Reader, client_id: UUID) -> bool:
    """Whether this reader may see what a client said about touch: their practitioner, and owners who read."""
    return reader.opens_all or is_own_client(client_id, account_id=reader.account_id)


def _wanted(which: Which, *, flags: bool) -> tuple[ColumnElement[bool], ...]:
    match which:
        case "due" if flags:
            return (or_(Intake.review_due.is_(True), Intake.attention.is_(True)),)
        case "due":  # what came in and nobody has read yet, whatever it says
            return (Intake.status == "submitted", Intake.review_due.is_(True))
        case "waiting":
            return (Intake.status.in_(("requested", "open")),)
        case "done":
            return (Intake.status == "submitted", Intake.review_due.is_(False))
        case "all":
            return ()


def intakes(reader: Reader, which: Which, *, page: int) -> tuple[int, list[Line]]:
    """How many there are, and one page of them: those that need somebody first, then by the session's day. Two queries,
    however many rows. A practitioner sees their own, and what they are called to. The front desk sees what waits for a
    review; neither the choice nor the order tells it whom anything was found about."""
    flags = reader.role != "front_desk"
    alert = exists().where(
        IntakeAlert.tenant_id == Intake.tenant_id, IntakeAlert.intake_id == Intake.id,
        IntakeAlert.acknowledged_at.is_(None),
    )  # fmt: skip
    where = _wanted(which, flags=flags)
    if reader.role == "practitioner":
        own = Intake.practitioner_id.in_(reader.people) if reader.people else false()
        where = (*where, or_(own, alert) if reader.called else own)
    count = db.session.execute(select(func.count()).select_from(Intake).where(*where)).scalar_one()
    later_first = which in ("done", "all")
    order = Intake.session_at.desc() if later_first else Intake.session_at.asc()
    found = (
        select(Intake, Client.name, Practitioner.name, alert.label("alert"))
        .join(Client, and_(Client.tenant_id == Intake.tenant_id, Client.id == Intake.client_id))
        .outerjoin(Practitioner, and_(Practitioner.tenant_id == Intake.tenant_id,
                                      Practitioner.id == Intake.practitioner_id))
        .where(*where)
        .order_by(*((Intake.attention.desc(),) if flags and not later_first else ()), order, Intake.id)
        .limit(PAGE).offset(page * PAGE)
    )  # fmt: skip
    return count, [_line(reader, row) for row in db.session.execute(found)]


def _line(reader: Reader, row: Any) -> Line:
    intake, client, practitioner, alert = row
    own, flags = reader.opens_all or intake.practitioner_id in reader.people, reader.role != "front_desk"
    return Line(
        id=intake.id, client=client, practitioner=practitioner or "", session_at=intake.session_at,
        submitted_at=intake.submitted_at, state=state_of(intake), speak=flags and intake.attention,
        alert=flags and alert, opens=flags and (own or (reader.called and alert)),
    )  # fmt: skip
