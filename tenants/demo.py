"""`flask demo`: two fictional clinics, built only through actions.

Running it again completes what is missing and changes nothing else; then it writes `demo.json`, which tells people and
tests where everything is and how to log in.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from saas import clock
from saas.accounts.actions import create_account, set_password
from saas.accounts.models import Account
from saas.cli import require_database
from saas.config import settings
from saas.db import db
from saas.errors import Conflict
from saas.fleet.actions import connect_stripe, create_clinic, ensure_platform
from saas.fleet.rules import ClinicRequest
from saas.links import home_of
from saas.tenancy import TenantRef, find_by_slug, tenant_scope
from tenants.availability.actions import replace_week
from tenants.availability.hours import Week
from tenants.availability.models import WeeklyHours
from tenants.bookings import openings
from tenants.bookings.actions import confirm, give_details, hold
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.clinic import actions as clinic
from tenants.clinic.rules import Note, PolicyTerms, Profile
from tenants.practitioners.actions import save_practitioner, save_room, set_services
from tenants.practitioners.models import Practitioner, Room
from tenants.practitioners.rules import PractitionerRequest, RoomRequest
from tenants.services.actions import save_service
from tenants.services.models import Service
from tenants.services.rules import ServiceRequest, slug_of

OPERATOR_EMAIL = "operator@longtide.example"
_PEOPLE = (
    ("Maya Lindqvist", "Maya"), ("Ruairí Keane", ""), ("Grace Okafor", ""), ("Tomás Duarte", "Tom"),
    ("Hana Vesely", ""),
)  # fmt: skip
_RELEASE = "The same gentle contact, with room to follow what comes up. You choose how far it goes."
_STILL = "Light, still contact at the head, back or feet while you lie or sit clothed on the table."


@dataclass(frozen=True)
class Plan:
    """One fictional clinic. `weeks` and `people` by the practitioner's slug; `booked`: (days ahead, service, hour)."""

    clinic: ClinicRequest
    account: str
    brand: str
    heading: str
    profile: Profile
    rules: tuple[int, int]
    policy: PolicyTerms
    services: tuple[ServiceRequest, ...]
    people: tuple[PractitionerRequest, ...]
    weeks: Mapping[str, Week]
    rooms: tuple[RoomRequest, ...]
    logins: Mapping[str, tuple[str, str]]
    booked: tuple[tuple[int, str], ...]


def _privacy(name: str, person: str, email: str) -> str:
    return f"""
<p>{name} is a fictional clinic made to show Longtide. Nobody is treated here and no money moves. A real clinic
writes its own notice in this place; these are the questions it answers.</p>
<h2>Who is responsible</h2><p>{person}, {name}. Write to <a href="mailto:{email}">{email}</a>.</p>
<h2>What we keep, and why</h2><p>Your name, how we may reach you, and your bookings, so that we can keep our side
of them. What was paid, because the law asks us to. None of it is used for advertising.</p>
<h2>Who works for us</h2><p>Longtide runs this booking page. Card payments go through Stripe, which sees the amount and
your card; we never see your card number.</p>
<h2>How long</h2><p>Bookings and receipts for as long as the law asks. A time that you chose and did not book is
forgotten after thirty days.</p>
<h2>Your rights</h2><p>You can ask what we know of you, have it corrected or erased, and take it with you. You can also
complain to the data protection authority of your country.</p>
<h2>Cookies</h2><p>The booking pages set none.</p>"""


def _imprint(name: str, person: str, address: str, email: str) -> str:
    lines = "<br>".join(address.splitlines())
    return f"""
<p>{name} is a fictional clinic made to show Longtide. A real clinic says here who it is.</p>
<address>{person}<br>{name}<br>{lines}</address>
<p>Email: <a href="mailto:{email}">{email}</a></p>
<p>Registration and insurance: a real clinic names its professional body and its insurer here.</p>"""


def _promises(name: str, her: str) -> tuple[Note, ...]:
    where = f"The contact is light and still. {name} says where {her} hands will be, and asks first."
    said = (
        ("You keep your clothes on", where),
        (
            "You can stop at any moment",
            "Say it, raise a hand, or agree a signal beforehand. You never have to explain.",
        ),
        ("You needn’t tell your story", "The work does not depend on it. Questions about your history are optional."),
        (
            "You can bring someone",
            "A friend can sit in the room or wait next door. There is a comfortable chair for them.",
        ),
    )
    return tuple(Note(title, text) for title, text in said)


STILL_WATER = Plan(
    clinic=ClinicRequest("still-water", "Still Water", "Europe/Dublin", "EUR", "IE", "en_IE"),
    account="acct_demo_still_water",
    brand="#2f6f6b",
    heading="serif",
    profile=Profile(
        headline="Unhurried craniosacral therapy in Galway",
        lead="One-to-one sessions with Aoife Brennan, for pain, tension and the long after-effects of stress. Gentle "
        "contact, fully clothed, at your pace.",
        person="Aoife Brennan",
        first_name="Aoife",
        place="Galway",
        address="2 Nun’s Island\nGalway H91 W2K7",
        phone="091 555 014",
        email="hello@stillwater.example",
        promises=_promises("Aoife", "her"),
        facts=(
            Note("Getting in", "Ground floor, no steps. Doorway 82 cm wide."),
            Note("The room", "Quiet, low light, no scents. The table can be raised, or you can stay seated."),
        ),
    ),
    rules=(720, 42),
    policy=PolicyTerms(free_hours=24, late_fee_percent=50, no_show_percent=100),
    services=(
        ServiceRequest(
            "First visit", 90, "first", "Time to talk, ask questions and feel out what suits you, then a full session. "
            "Nothing is expected of you.", buffer_after_min=15, price_minor=95_00, position=1,
        ),
        ServiceRequest(
            "CranioSacral Therapy", 60, "cst", _STILL, buffer_after_min=15, price_minor=75_00, position=2,
        ),
        ServiceRequest(
            "SomatoEmotional Release", 75, "ser", _RELEASE, buffer_after_min=15, price_minor=90_00,
            payment="deposit", deposit_percent=30, position=3,
        ),
        ServiceRequest(
            "Short follow-up", 40, "short", "For people already seeing Aoife who want to stay with one area.",
            buffer_after_min=15, price_minor=55_00, payment="at_clinic", position=4,
        ),
        ServiceRequest(
            "Phone call", 20, "call", "Twenty minutes on the telephone to ask whatever you like before you decide.",
            step_min=20, payment="free", position=5,
        ),
    ),
    people=(PractitionerRequest("Aoife Brennan", "Aoife", "aoife", email="aoife@stillwater.example"),),
    weeks={
        "aoife": {
            "mon": [("14:00", "17:30")], "tue": [("09:00", "13:00"), ("14:00", "18:30")], "wed": [("10:30", "13:00")],
            "thu": [("09:00", "12:00"), ("14:00", "19:30")], "fri": [("09:00", "13:30")],
        },
    },
    rooms=(),
    logins={
        "owner": ("owner@stillwater.example", "Aoife Brennan"),
        "practitioner": ("aoife@stillwater.example", "Aoife Brennan"),
        "front_desk": ("desk@stillwater.example", "Nora Walsh"),
    },
    booked=((2, "short"), (4, "call"), (6, "short"), (9, "short"), (11, "call")),
)  # fmt: skip

HOLLOW_OAK = Plan(
    clinic=ClinicRequest("hollow-oak", "Hollow Oak Bodywork", "America/Los_Angeles", "USD", "US", "en_US"),
    account="acct_demo_hollow_oak",
    brand="#7d4a78",
    heading="sans",
    profile=Profile(
        headline="Quiet bodywork for busy nervous systems",
        lead="CranioSacral Therapy and SomatoEmotional Release in the south-east of Portland. You set the "
        "pace, and you can stop at any moment.",
        person="Dana Whitfield",
        first_name="Dana",
        place="Portland",
        address="1418 SE Alder Street\nPortland, OR 97214",
        phone="(503) 555-0142",
        email="hello@hollowoak.example",
        promises=_promises("Your practitioner", "their"),
        facts=(
            Note("Getting in", "One step at the front, a ramp at the side door. Ring and we come down."),
            Note("The rooms", "Two quiet rooms with low light and no scents. The tables can be raised."),
        ),
    ),
    rules=(240, 60),
    policy=PolicyTerms(free_hours=24, late_fee_percent=50, no_show_percent=100),
    services=(
        ServiceRequest(
            "First session", 90, "first", "Time to arrive and to ask, then a full session. Nothing is expected of you.",
            buffer_after_min=15, price_minor=140_00, needs_room=True, position=1,
        ),
        ServiceRequest(
            "CranioSacral Therapy", 60, "cst", _STILL, buffer_after_min=15, price_minor=110_00, or_at_clinic=True,
            needs_room=True, position=2,
        ),
        ServiceRequest(
            "SomatoEmotional Release", 75, "ser", _RELEASE, buffer_after_min=15, price_minor=130_00,
            payment="deposit", deposit_minor=40_00,
            needs_room=True, position=3,
        ),
        ServiceRequest(
            "Short session", 45, "short", "For people we know, to stay with one area.", step_min=15,
            buffer_after_min=15, price_minor=80_00, payment="at_clinic", needs_room=True, position=4,
        ),
        ServiceRequest(
            "Phone call", 15, "call", "A quarter of an hour on the telephone before you decide.", step_min=15,
            payment="free", position=5,
        ),
    ),
    people=(
        PractitionerRequest("Dana Whitfield", "Dana", "dana", email="dana@hollowoak.example", position=1),
        PractitionerRequest("Luis Ortega", "Luis", "luis", email="luis@hollowoak.example", position=2),
        PractitionerRequest("Mei Tanaka", "Mei", "mei", email="mei@hollowoak.example", position=3),
    ),
    weeks={
        "dana": {day: [("09:00", "12:30"), ("13:30", "17:00")] for day in ("mon", "tue", "wed", "thu")},
        "luis": {"tue": [("11:00", "19:00")], "wed": [("11:00", "19:00")], "fri": [("10:00", "16:00")],
                 "sat": [("09:00", "13:00")]},
        # Friday evenings run past midnight: people who work at night come afterwards.
        "mei": {"mon": [("08:00", "12:00")], "thu": [("14:00", "20:00")], "fri": [("18:00", "00:30")]},
    },
    rooms=(RoomRequest("Alder room", "alder", 1), RoomRequest("Birch room", "birch", 2)),
    logins={
        "owner": ("owner@hollowoak.example", "Dana Whitfield"),
        "practitioner": ("luis@hollowoak.example", "Luis Ortega"),
        "front_desk": ("desk@hollowoak.example", "Robin Hale"),
    },
    booked=((1, "short"), (3, "cst"), (5, "call"), (8, "cst"), (12, "short")),
)  # fmt: skip


def init_app(app: Flask) -> None:
    """Give the app its command."""
    app.cli.add_command(demo)


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Make two fictional clinics and write demo.json."""
    config = settings()
    if config.env != "demo":
        raise click.ClickException("LONGTIDE_ENV is not demo: fictional clinics are for demos only")
    require_database()
    path = build(config.data, now=clock.now())
    click.echo(f"the demo is described in {path}")


def build(data: Path, *, now: datetime) -> Path:
    """Make whatever is missing of the demo, and write `demo.json` into the data folder for its owner's eyes only."""
    config = current_app.config["LONGTIDE"]
    path = data / "demo.json"
    kept = _kept_passwords(path)
    platform = ensure_platform(now=now)
    described: dict[str, Any] = {"base_url": config.base_url.rstrip("/"), "clinics": {}}
    for plan in (STILL_WATER, HOLLOW_OAK):
        ref = _make(plan, platform, now)
        with tenant_scope(ref):
            if not _is_furnished(plan):
                _furnish(plan, now)
            logins = {role: _login(role, *who, kept, now) for role, who in plan.logins.items()}
            _link_practitioner(plan, now)
            _book(plan, ref, now)
            described["clinics"][ref.slug] = {"url": home_of(ref) + "/", "logins": logins}
    with tenant_scope(platform):
        login = _login("operator", OPERATOR_EMAIL, "Odo Farrell", kept, now)
        described["operator"] = {"url": home_of(platform) + "/operator/", **login}
    described["mailbox_url"] = f"{described['base_url']}/mailbox"
    described["sandbox_url"] = config.sandbox_url
    described["webhook_secret"] = config.stripe_connect_webhook_secret
    _write(path, described)
    return path


def _make(plan: Plan, platform: TenantRef, now: datetime) -> TenantRef:
    ref = find_by_slug(plan.clinic.slug)
    with tenant_scope(platform):
        if ref is None:
            ref = create_clinic(request=plan.clinic, now=now, on_created=clinic.on_clinic_created)
        if ref.stripe_account_id is None:
            connect_stripe(tenant_id=ref.id, account=plan.account, now=now)
    return find_by_slug(plan.clinic.slug) or ref


def _is_furnished(plan: Plan) -> bool:
    # The hours of the last practitioner are the last thing that `_furnish` writes.
    last = select(Practitioner.id).where(Practitioner.slug == plan.people[-1].slug).scalar_subquery()
    hours = select(WeeklyHours.id).where(WeeklyHours.practitioner_id == last).limit(1)
    return db.session.execute(hours).first() is not None


def _furnish(plan: Plan, now: datetime) -> None:
    profile = plan.profile
    clinic.on_clinic_created(now=now)
    clinic.save_profile(profile=profile, now=now)
    clinic.save_brand(brand=plan.brand, heading_style=plan.heading, now=now)
    notice = _privacy(plan.clinic.name, profile.person, profile.email)
    imprint = _imprint(plan.clinic.name, profile.person, profile.address, profile.email)
    clinic.save_texts(privacy=notice, imprint=imprint, now=now)
    clinic.save_booking_rules(min_notice_min=plan.rules[0], horizon_days=plan.rules[1], accepting=True, now=now)
    clinic.save_policy(policy=plan.policy, now=now)
    offered = [save_service(service_id=_id(Service, s.slug), request=s, now=now).id for s in plan.services]
    for room in plan.rooms:
        save_room(room_id=_id(Room, room.slug), request=room, now=now)
    for person in plan.people:
        row = save_practitioner(practitioner_id=_id(Practitioner, person.slug), request=person, now=now)
        set_services(practitioner_id=row.id, service_ids=offered, now=now)
        replace_week(practitioner_id=row.id, week=plan.weeks[person.slug], valid_from=_today(plan, now), now=now)


def _id(model: type[Service | Practitioner | Room], slug: str) -> UUID | None:
    return db.session.execute(select(model.id).where(model.slug == slug)).scalar_one_or_none()


def _today(plan: Plan, now: datetime) -> date:
    return now.astimezone(ZoneInfo(plan.clinic.zone)).date()


def _login(role: str, email: str, name: str, kept: Mapping[str, str], now: datetime) -> dict[str, str]:
    known = db.session.execute(select(Account.id).where(Account.email == email)).scalar_one_or_none()
    password = kept.get(email) or secrets.token_urlsafe(12)
    if known is None:
        create_account(email=email, name=name, role=role, password=password, now=now)
    elif email not in kept:
        set_password(account_id=known, password=password, now=now)
    return {"email": email, "password": password}


def _link_practitioner(plan: Plan, now: datetime) -> None:
    email = plan.logins["practitioner"][0]
    account = db.session.execute(select(Account.id).where(Account.email == email)).scalar_one()
    for person in plan.people:
        row = db.session.execute(select(Practitioner).where(Practitioner.slug == person.slug)).scalar_one()
        if person.email == email and row.account_id is None:
            linked = PractitionerRequest(
                row.name, row.first_name, row.slug, row.text, row.email, account_id=account, position=row.position
            )
            save_practitioner(practitioner_id=row.id, request=linked, now=now)


def _book(plan: Plan, ref: TenantRef, now: datetime) -> None:
    """A few bookings in the coming two weeks, so that no list is empty. Nothing is paid by card: no money was taken."""
    free = {service.slug: service.payment == "free" for service in plan.services}
    for number, ((name, known_as), (ahead, slug)) in enumerate(zip(_PEOPLE, plan.booked, strict=True)):
        key = f"demo-{number}"
        known = db.session.execute(select(Booking.status).where(Booking.idempotency_key == key)).scalar_one_or_none()
        if known not in (None, "held"):
            continue
        service = openings.find_service(slug=slug)
        first = _today(plan, now) + timedelta(days=ahead)
        last = first + timedelta(days=14)
        offer = openings.load(service, date_from=first, date_to=last, now=now)
        found = openings.list_openings(offer, date_from=first, date_to=last, now=now)
        if not found:
            continue
        opening = found[min(ahead, len(found) - 1)]
        details = Details(name=name, email=f"{slug_of(name.partition(' ')[0])}@example.com", known_as=known_as)
        # A hold that an earlier, interrupted run left may have lapsed and lost its time: one booking fewer, then.
        with contextlib.suppress(Conflict):
            booking = hold(
                service_id=service.id, practitioner_id=opening.practitioner_id, starts_at=opening.starts_at,
                source="demo", client_zone=ref.zone, locale=ref.locale, now=now, idempotency_key=key,
            )  # fmt: skip
            give_details(booking_id=booking.id, details=details, now=now)
            confirm(booking_id=booking.id, how="free" if free[slug] else "at_clinic", now=now)


def _kept_passwords(path: Path) -> dict[str, str]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        people = [login for one in told["clinics"].values() for login in one["logins"].values()]
        return {str(login["email"]): str(login["password"]) for login in (*people, told["operator"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(path: Path, described: Mapping[str, Any]) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(described, file, indent=2, ensure_ascii=False)
    new.replace(path)
