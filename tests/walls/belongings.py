"""What each of two clinics has that the other must never see: made through actions, recognisable by its words."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from saas.accounts.effects import reset_link
from saas.accounts.invitations import invite, link_token
from saas.accounts.models import Account, Passkey
from saas.accounts.seconds import new_codes
from saas.db import action, db
from saas.links import link_for
from saas.tenancy import current_tenant, tenant_tables
from saas.trail.actions import chain
from saas.web import _token
from tenants.availability.actions import add_break, add_time_off, set_override
from tenants.bookings.changes import cancel_by_staff, undo
from tenants.bookings.models import Booking
from tenants.bookings.places import LINK
from tenants.bookings.rules import Details
from tenants.clients.actions import add_note, keep_file
from tenants.clients.models import Client, ClientApart
from tenants.clinic.actions import save_logo, save_mail_text, save_policy, save_texts
from tenants.clinic.rules import PolicyRequest
from tenants.intake.queries import LINK as INTAKE_LINK
from tenants.intake.read_reviews import mark_reviewed
from tenants.practitioners.actions import set_services
from tenants.practitioners.models import Practitioner
from tenants.services.actions import save_service
from tenants.services.rules import ServiceRequest
from tenants.settings.actions import set_feed
from tenants.settings.queries import FEED
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked, held
from tests.walls.clinical import furnish_intake


@dataclass(frozen=True)
class Belongings:
    """`words`: none of them may be read at the clinic next door."""

    clinic: Clinic
    held: str
    booked: str
    booked_id: UUID
    client_id: UUID
    file_id: UUID
    policy_id: UUID
    service: str
    person: str
    person_id: UUID
    logo: str
    reset: str
    invite: str
    invited_id: UUID
    passkey_id: UUID
    away_id: UUID
    pause_id: UUID
    intake_id: UUID
    intake: str
    intake_token: str
    feed: str
    hold_token: str
    booking_token: str
    words: tuple[str, ...]

    @property
    def home(self) -> str:
        return self.clinic.home


def furnish(clinic: Clinic, *, person: str, owner: str, now: datetime = NOW) -> Belongings:
    """Inside the clinic: a service nobody else has, a booking and a hold, texts, absences, a logo, a way to reset."""
    slug = current_tenant().slug
    own = ServiceRequest(
        name=f"Only at {slug} quiet hour", slug=f"{slug}-only", duration_min=60, price_minor=4100, payment="at_clinic"
    )
    clinic.services[own.slug] = save_service(service_id=None, request=own, now=now).id
    who = clinic.practitioners[person]
    set_services(practitioner_id=who, service_ids=list(clinic.services.values()), now=now)
    save_texts(privacy=f"<p>{slug} keeps paper</p>", imprint=f"<p>{slug} imprint</p>", now=now)
    save_mail_text(kind="confirmed", text=f"{slug} bring socks", now=now)
    version = save_logo(content=_picture(slug), now=now)
    tuesday = date(2026, 3, 31)
    set_override(practitioner_id=who, day=tuesday, windows=[("10:00", "12:00")], now=now)
    pause_id = add_break(practitioner_id=who, weekday=2, day=None, start="12:00", end="13:00", now=now)
    away = datetime(2026, 4, 1, 9, 0, tzinfo=now.tzinfo)
    away_id = add_time_off(practitioner_id=who, starts_at=away, ends_at=away + timedelta(hours=2), now=now)
    details = Details(
        name=f"Quillfeather of {slug}",
        known_as=f"Quill{slug}",
        email=f"quill@{slug}-private.example",
        phone="+441132000007",
        note=f"{slug} gate code 4711",
    )
    firm = booked(clinic, own.slug, TUESDAY_TEN, who=details, person=person)
    # What staff may take back, and have: it leaves its row and nothing else.
    undo(change_id=cancel_by_staff(booking_id=firm.id, reason="mistake", keep_fee=False, seen=None, now=now), now=now)
    set_feed(practitioner_id=who, how="names", now=now)
    loose = held(clinic, "desk", TUESDAY_TEN + timedelta(hours=3), person=person)
    account = db.session.get_one(Account, clinic.accounts[owner])
    assert firm.client_id is not None
    note: dict[str, Any] = {"client_id": firm.client_id, "account_id": account.id, "now": now}
    add_note(text=f"{slug} rings twice", clinical=False, **note)
    add_note(text=f"{slug} left shoulder", clinical=True, **note)
    _apart(firm.client_id, slug, now)
    file = keep_file(content=f"Name,Email\nFiled at {slug},filed@{slug}.example\n".encode(), skip_known=False, now=now)
    guest = invite(email=f"gwen@{slug}-private.example", name=f"Gwendolen{slug}", role="front_desk", now=now)
    new_codes(account_id=guest.id, now=now)
    intake_id = furnish_intake(client_id=firm.client_id, booking_id=firm.id, account_id=account.id, slug=slug, now=now)
    mark_reviewed(month=date(2026, 2, 1), account_id=account.id, now=now)
    chain(now=now)
    day = int(now.timestamp()) // 86_400
    token = link_for(LINK, firm.id, firm.link_generation).token
    return Belongings(
        clinic=clinic,
        held=link_for(LINK, loose.id, loose.link_generation).token,
        booked=token,
        booked_id=firm.id,
        client_id=firm.client_id,
        file_id=file,
        policy_id=save_policy(policy=PolicyRequest(48, 40, 90, f"<p>{slug} terms</p>"), now=now).id,
        service=own.slug,
        person=db.session.get_one(Practitioner, who).slug,
        person_id=who,
        logo=version,
        reset=reset_link(account).rpartition("/")[2],
        invite=link_token(guest),
        invited_id=guest.id,
        passkey_id=_passkey(guest.id, slug, now),
        away_id=away_id,
        pause_id=pause_id,
        intake_id=intake_id,
        intake=(intake := link_for(INTAKE_LINK, intake_id).token),
        intake_token=_token("intake", intake, day),
        feed=link_for(FEED, who).token,
        hold_token=_token("hold", "desk", day),
        booking_token=_token("booking", token, day),
        words=(
            f"Quillfeather of {slug}",
            f"Quill{slug}",
            f"quill@{slug}-private",
            f"{slug} gate code",
            f"{slug} keeps paper",
            f"{slug} imprint",
            f"Only at {slug}",
            f"{slug} bring socks",
            f"Gwendolen{slug}",
            f"{slug} rings twice",
            f"{slug} left shoulder",
            f"{slug} evening drops",
            f"Filed at {slug}",
            f"{slug} terms",
        ),
    )


@action
def _apart(client_id: UUID, slug: str, now: datetime) -> None:
    """Rows as they are between two presses: somebody who was merged, and was said to be somebody else."""
    gone = Client(name=f"Merged{slug}", created_at=now, merged_into_id=client_id)
    db.session.add(gone)
    db.session.flush()
    db.session.add(ClientApart(one_id=client_id, other_id=gone.id, said_at=now))


@action
def _passkey(account_id: UUID, slug: str, now: datetime) -> UUID:
    """A row as a browser's answer would make it; the key itself is of no use to anybody."""
    row = Passkey(
        account_id=account_id, name=f"Telephone of {slug}", credential=slug.encode(), credential_hash=slug,
        public_key=b"-", sign_count=0, created_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row.id


def _picture(slug: str) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    dot = bytes([sum(slug.encode()) % 256, 80, 120])
    rows = b"".join(b"\0" + dot * 4 for _ in range(4))
    head = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def everything(*, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row the entered clinic has, by table: to see whether somebody changed anything."""
    db.session.rollback()
    found = {}
    for table in tenant_tables():
        if table.name in but:
            continue
        mine = sa.select(table).where(table.c.tenant_id == current_tenant().id).order_by(table.c.id)
        rows = db.session.execute(mine.execution_options(tenant_checked=True)).all()
        found[table.name] = [tuple(str(value) for value in row) for row in rows]
    db.session.rollback()
    return found


def booking_of(booking_id: UUID) -> Booking:
    return db.session.get_one(Booking, booking_id, populate_existing=True)
