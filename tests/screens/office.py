"""The back office for the eye: the application itself over the demo's Still Water, on one Monday in November.

`PAGES` names each picture and its address; a room adds its own pages there, and what they need to `_live`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import time_machine
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from saas.accounts.models import Account
from saas.audit import Actor, acting_as, note_read
from saas.db import action, db
from saas.fleet.actions import add_domain
from saas.outbox import Outbox
from saas.tenancy import TenantRef, find_by_slug, find_platform, tenant_scope
from saas.webhooks import InboundEvent
from tenants.availability.actions import add_time_off
from tenants.bookings.actions import hold
from tenants.bookings.at_desk import DeskWish, book_at_desk
from tenants.bookings.changes import cancel_by_staff
from tenants.bookings.desk import Asked, openings_on
from tenants.bookings.queries import client_of, fresh_booking
from tenants.bookings.rules import Details
from tenants.clients.actions import add_note, keep_file, save_client
from tenants.clients.queries import notes_of
from tenants.clients.rules import Record
from tenants.demo.command import build
from tenants.practitioners.queries import practitioners
from tenants.services.queries import offered
from tests.databases import SqliteFile
from tests.windows import serving
from wsgi import create_app

BUILT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)
HOME = "/c/still-water"

PAGES = {
    "office-today": "/manage/",
    "office-today-next": "/manage/?d=2026-11-26",
    "office-today-empty": "/manage/?d=2027-03-01",
    "office-reports": "/manage/reports/",
    "office-reports-wrong": "/manage/reports/?from=2026-11-02&to=2026-10-01",
    "office-reports-empty": "/manage/reports/?from=2025-01-01&to=2025-01-31",
    "office-week": "/manage/week/",
    "office-week-day": "/manage/week/?p=all",
    "office-week-empty": "/manage/week/?d=2027-03-01",
    "office-week-add": "/manage/week/add/",
    "office-week-booking": "/manage/week/booking/?id={booking}",
    "office-week-move": "/manage/week/booking/move/?id={booking}",
    "office-week-cancel": "/manage/week/booking/cancel/?id={booking}",
    "office-week-block": "/manage/week/block/",
    "office-week-unblock": "/manage/week/block/remove/?id={away}",
    "office-hours": "/manage/hours/",
    "office-hours-outside": "/manage/hours/outside/",
    "office-hours-day": "/manage/hours/days/",
    "office-hours-day-edit": "/manage/hours/days/?off={away}",
    "office-hours-day-remove": "/manage/hours/days/remove/?off={away}",
    "office-hours-why": "/manage/hours/why/?service={service}&who=&day=2026-11-29&time=09:10",
    "office-services": "/manage/services/",
    "office-service": "/manage/services/details/?id={service}",
    "office-service-edit": "/manage/services/edit/?id={service}",
    "office-service-status": "/manage/services/status/?id={service}",
    "office-service-order": "/manage/services/order/",
    "office-practitioners": "/manage/practitioners/",
    "office-practitioner-edit": "/manage/practitioners/edit/?id={person}",
    "office-rooms": "/manage/rooms/",
    "office-bookings": "/manage/bookings/",
    "office-bookings-none": "/manage/bookings/?search=nobody",
    "office-clients": "/manage/clients/",
    "office-clients-none": "/manage/clients/?search=nobody",
    "office-client": "/manage/clients/details/?id={client}",
    "office-client-edit": "/manage/clients/edit/?id={client}",
    "office-client-new": "/manage/clients/new/",
    "office-note-remove": "/manage/clients/note/remove/?id={client}&note={note}",
    "office-privacy": "/manage/privacy/?id={client}",
    "office-records-due": "/manage/records/",
    "office-looks": "/manage/looks/",
    "office-older-texts": "/manage/agreements/",
    "office-looks-of": "/manage/looks/of/?who={owner}",
    "office-duplicates": "/manage/duplicates/",
    "office-merge": "/manage/duplicates/merge/?a={client}&b={twin}",
    "office-import": "/manage/clients/import/",
    "office-import-check": "/manage/clients/import/check/?id={file}",
    "office-settings": "/manage/settings/",
    "office-settings-look": "/manage/settings/look/",
    "office-settings-texts": "/manage/settings/texts/",
    "office-settings-contact": "/manage/settings/contact/",
    "office-settings-documents": "/manage/settings/documents/",
    "office-settings-booking": "/manage/settings/booking/",
    "office-settings-place": "/manage/settings/place/",
    "office-settings-policy": "/manage/settings/policy/",
    "office-settings-cards": "/manage/settings/cards/",
    "office-settings-languages": "/manage/settings/languages/",
    "office-intakes": "/manage/intakes/",
    "office-settings-intakes": "/manage/settings/intakes/",
    "office-settings-intakes-asking": "/manage/settings/intakes/asking/",
    "office-settings-intakes-numbers": "/manage/settings/intakes/numbers/",
    "office-settings-notices": "/manage/settings/notices/",
    "office-settings-wording": "/manage/settings/notices/wording/",
    "office-start": "/manage/start/",
    "office-start-brand": "/manage/start/brand/",
    "office-start-service": "/manage/start/service/",
    "office-start-hours": "/manage/start/hours/",
    "office-start-payments": "/manage/start/payments/",
    "office-mail-texts": "/manage/mail-texts/",
    "office-mail-text": "/manage/mail-texts/edit/?kind=confirmed",
    "office-policies": "/manage/policies/",
    "office-website": "/manage/embed/",
    "office-audit": "/manage/audit/",
    "office-audit-none": "/manage/audit/?from=2199-01-01",
    "operator-home": "/operator/",
    "operator-clinics": "/operator/clinics/",
    "operator-clinics-none": "/operator/clinics/?search=nobody",
    "operator-clinic-new": "/operator/clinics/new/",
    "operator-clinic": "/operator/clinics/clinic/?id={tenant}",
    "operator-suspend": "/operator/clinics/ask/suspend/?id={tenant}",
    "operator-domain": "/operator/clinics/domain/remove/?id={tenant}&host=book.still-water.example",
    "operator-jobs": "/operator/jobs/",
    "operator-notices": "/operator/notices/",
    "operator-audit": "/operator/audit/",
}
# Days from Monday, which of that day's openings, and whose session it is.
SESSIONS = (
    (1, 0, "Tom Daly"), (1, 3, "Hana Vrba"), (2, 1, "Priya Shah"), (3, 0, "Sam Wells"), (3, 4, "Maya Lind"),
    (3, 9, "Lena Bauer"), (4, 0, "Ciara Nee"),
)  # fmt: skip


@dataclass(frozen=True)
class Office:
    """A running office: its address, who logs in, and the ids that addresses name."""

    base: str
    email: str
    password: str
    operator: tuple[str, str]
    ids: dict[str, str]

    def enter(self, page: Page) -> None:
        """Log in, at the clinic and at the platform."""
        self._enter(page, HOME, self.email, self.password)
        self._enter(page, "", *self.operator)

    def _enter(self, page: Page, home: str, email: str, password: str) -> None:
        page.goto(f"{self.base}{home}/login")
        page.locator("#email").fill(email)
        page.locator("#password").fill(password)
        page.locator("main form button").first.click()
        page.wait_for_url(lambda url: "/login" not in url)

    def address(self, name: str) -> str:
        """The whole address of a picture."""
        home = "" if name.startswith("operator") else HOME
        return self.base + home + PAGES[name].format(**self.ids)


@contextmanager
def running() -> Iterator[Office]:
    """The office, for as long as the block lasts; its clock stands on the Monday."""
    with tempfile.TemporaryDirectory() as folder, time_machine.travel(NOW, tick=True):
        app = create_app(SqliteFile(Path(folder), create_app).settings)
        facts, odo, ids = _furnish(app, Path(folder))
        with serving(app) as base:
            yield Office(base, facts["email"], facts["password"], (odo["email"], odo["password"]), ids)


def _furnish(app: Flask, folder: Path) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    with app.app_context():
        described = json.loads(build(folder, now=BUILT).read_text(encoding="utf-8"))
        ref = find_by_slug("still-water")
        assert ref is not None
        with tenant_scope(ref):
            ids = _live(ref)
        with tenant_scope(find_platform()):
            add_domain(tenant_id=ref.id, host="book.still-water.example", ours=frozenset(), now=NOW)
            _trouble(ref)
    owner: dict[str, str] = described["clinics"]["still-water"]["logins"]["owner"]
    return owner, described["operator"], {**ids, "tenant": str(ref.id)}


@action
def _trouble(ref: TenantRef) -> None:
    """Two mails that were given up, and two notices of Stripe's."""
    dead = {"tenant_id": ref.id, "run_at": BUILT, "attempts": 12, "dead_at": NOW, "last_error": "SMTPDataError"}
    told = {"account": ref.stripe_account_id, "tenant_id": ref.id, "received_at": NOW}
    for number in range(2):
        db.session.add(Outbox(kind="booking.confirmed", payload={"booking_id": str(ref.id)}, **dead))
        handled = ("confirmed", "ignored")[number]
        db.session.add(InboundEvent(id=f"evt_{number}", type="checkout.session.completed", handled=handled, **told))


def _live(ref: TenantRef) -> dict[str, str]:
    """A week's life at the clinic; the ids that `PAGES` names."""
    who, service = practitioners()[0].id, offered()[1].id
    monday = NOW.replace(hour=0, minute=0)

    def opening(day: int, number: int) -> datetime:
        date = (monday + timedelta(days=day)).date()
        found = openings_on(service, date, practitioners=[who], moving=None, now=NOW)
        return found[min(number, len(found) - 1)].starts_at

    made: list[UUID] = []
    for number, (day, which, name) in enumerate(SESSIONS):
        details = Details(name=name, email=f"{name.partition(' ')[0].lower()}@example.com", phone="091 555 020")
        asked = Asked(service, who, opening(day, which))
        made.append(book_at_desk(wish=DeskWish(asked, None, details, "", f"screens-{number}"), now=NOW))
    hold(
        service_id=service, practitioner_id=who, starts_at=opening(3, 99), source="web", client_zone="",
        locale=ref.locale, now=NOW,
    )  # fmt: skip
    begins = monday + timedelta(days=4, hours=12)
    away = add_time_off(practitioner_id=who, starts_at=begins, ends_at=begins + timedelta(hours=1), now=NOW)
    cancel_by_staff(booking_id=made[1], reason="client", keep_fee=False, seen=None, now=NOW)
    offer = {"service": str(service), "person": str(who)}
    return {"booking": str(made[0]), "away": str(away), **offer, **_people(made[0])}


def _people(booking_id: UUID) -> dict[str, str]:
    """Somebody who wants care, who they may also be, a note, and a list of clients that waits for a yes."""
    client = client_of(fresh_booking(booking_id))
    assert client is not None
    record = Record(client.name, "Tommy", client.email, client.phone, "text", "T.", no_calls=True)
    save_client(client_id=client.id, record=record, locales=(), seen=None, now=NOW)
    twin = save_client(
        client_id=None, record=Record(client.name, email="tdaly@example.com"), locales=(), seen=None, now=NOW
    )
    author = _owner()
    for text, clinical in (("Takes the bus: a little late at times.", False), ("Left side first.", True)):
        add_note(client_id=client.id, account_id=author, text=text, clinical=clinical, now=NOW)
    rows = "".join(f"Person {number},person.{number}@example.com,Tuesdays\n" for number in range(12))
    file = keep_file(content=f"Name,Email,Day\n{rows}".encode(), skip_known=False, now=NOW)
    note = notes_of(client.id, clinical=True)[0].id
    _looked_at(client.id, author)
    return {"client": str(client.id), "twin": str(twin), "note": str(note), "file": str(file), "owner": str(author)}


def _looked_at(client_id: UUID, account_id: UUID) -> None:
    """A month ago: in the morning, and at night."""
    with acting_as(Actor("staff", account_id)):
        for hours in (0, 1, 14):
            note_read("client", target_id=client_id, now=NOW - timedelta(days=31, hours=hours))


def _owner() -> UUID:
    """The owner's account."""
    return db.session.execute(select(Account.id).where(Account.role == "owner")).scalars().one()
