"""Makes what is missing of the demo, then writes `demo.json`, which tells people and tests where everything is and how
to log in."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
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
from saas.links import home_of
from saas.tenancy import TenantRef, find_by_slug, tenant_scope
from tenants.availability.actions import replace_week
from tenants.availability.models import WeeklyHours
from tenants.bookings import openings
from tenants.bookings.actions import confirm, give_details, hold
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.clinic import actions as clinic
from tenants.demo.clinics import HOLLOW_OAK, PEOPLE, STILL_WATER, Plan, imprint_text, privacy_notice
from tenants.demo.intakes import answer, ask
from tenants.intake.publishing import begin_once, publish, questionnaires
from tenants.intake.settings import Contact, IntakeSettings, save_settings
from tenants.practitioners.actions import save_practitioner, save_room, set_services
from tenants.practitioners.models import Practitioner, Room
from tenants.practitioners.rules import PractitionerRequest
from tenants.services.actions import save_service
from tenants.services.models import Service
from tenants.services.rules import slug_of

OPERATOR_EMAIL = "operator@longtide.example"


def init_app(app: Flask) -> None:
    """Give the app its command."""
    app.cli.add_command(demo)


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Make two fictional clinics and write demo.json."""
    config = settings()
    if config.env == "production" or config.payments != "sandbox":
        raise click.ClickException("fictional clinics are for a demo, or a staging with LONGTIDE_PAYMENTS=sandbox")
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
            ask(now=now)
            _book(plan, ref, now)
            answer(now=now)
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
    notice = privacy_notice(plan.clinic.name, profile.person, profile.email)
    imprint = imprint_text(plan.clinic.name, profile.person, profile.address, profile.email)
    clinic.save_texts(privacy=notice, imprint=imprint, now=now)
    clinic.save_booking_rules(min_notice_min=plan.rules[0], horizon_days=plan.rules[1], accepting=True, now=now)
    clinic.save_policy(policy=plan.policy, now=now)
    told = [Contact(plan.logins[role][1], plan.logins[role][0]) for role in ("practitioner", "owner")]
    save_settings(wanted=IntakeSettings(first=told[0], second=told[1]), now=now)
    _ask(now)
    offered = [save_service(service_id=_id(Service, s.slug), request=s, now=now).id for s in plan.services]
    for room in plan.rooms:
        save_room(room_id=_id(Room, room.slug), request=room, now=now)
    for person in plan.people:
        row = save_practitioner(practitioner_id=_id(Practitioner, person.slug), request=person, now=now)
        set_services(practitioner_id=row.id, service_ids=offered, now=now)
        replace_week(practitioner_id=row.id, week=plan.weeks[person.slug], valid_from=_today(plan, now), now=now)


def _ask(now: datetime) -> None:
    """The shipped questions, published: whoever books is asked."""
    begin_once(now=now)
    for one in questionnaires():
        if not one.versions:
            publish(questionnaire_id=one.id, now=now)


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
    for number, ((name, known_as), (ahead, slug)) in enumerate(zip(PEOPLE, plan.booked, strict=True)):
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
