"""Clinics for tests, made through the same actions as real ones."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from saas.accounts.actions import create_account
from saas.fleet.actions import connect_stripe, create_clinic, ensure_platform
from saas.fleet.rules import ClinicRequest
from saas.tenancy import TenantRef, find_by_slug, tenant_scope
from tenants.availability.actions import replace_week
from tenants.clinic import actions as clinic
from tenants.clinic.rules import Profile
from tenants.practitioners.actions import save_practitioner, save_room, set_services
from tenants.practitioners.logins import link_account
from tenants.practitioners.rules import PractitionerRequest, RoomRequest
from tenants.services.actions import save_service
from tenants.services.rules import ServiceRequest
from tests.cast import PASSWORD, Clinic

WEEK = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
SERVICES = (
    ServiceRequest(
        name="Full session", slug="full", duration_min=60, price_minor=8000, payment="full", buffer_after_min=15,
    ),
    ServiceRequest(
        name="Deposit session", slug="deposit", duration_min=90,
        price_minor=9000, payment="deposit", deposit_percent=30,
    ),
    ServiceRequest(name="Desk session", slug="desk", duration_min=60, price_minor=6000, payment="at_clinic"),
    ServiceRequest(name="Talk", slug="talk", duration_min=20, step_min=20, payment="free"),
    ServiceRequest(
        name="Room session", slug="room", duration_min=60, price_minor=7000, payment="at_clinic", needs_room=True,
    ),
)  # fmt: skip


def make_clinic(
    slug: str,
    *,
    now: datetime,
    people: tuple[str, ...],
    zone: str = "Europe/London",
    services: tuple[ServiceRequest, ...] = SERVICES,
    roles: dict[str, str] | None = None,
) -> Clinic:
    """A clinic open on weekdays from 9 to 17, no notice, 60 days ahead. `roles`: account name to role."""
    platform = ensure_platform(now=now)
    request = ClinicRequest(
        slug=slug, name=slug.replace("-", " ").title(), zone=zone, currency="GBP", country="GB", locale="en_GB"
    )
    with tenant_scope(platform):
        ref = create_clinic(request=request, now=now, on_created=clinic.on_clinic_created)
        connect_stripe(tenant_id=ref.id, account=f"acct_{slug.replace('-', '_')}", now=now)
    known = find_by_slug(slug)
    assert known is not None
    with tenant_scope(known):
        return _furnish(known, people, services, roles or {}, now)


def _furnish(
    ref: TenantRef, people: tuple[str, ...], services: tuple[ServiceRequest, ...], roles: dict[str, str], now: datetime
) -> Clinic:
    clinic.save_profile(
        profile=Profile(
            headline="Quiet work", lead="One to one.", person="Ben Ashby", first_name="Ben", place="Leeds",
            address="1 Rowan Lane\nLeeds LS1 1AA", phone="+441132000000", email=f"hello@{ref.slug}.example",
        ),
        now=now,
    )  # fmt: skip
    clinic.save_booking_rules(min_notice_min=0, horizon_days=60, accepting=True, now=now)
    made = Clinic(ref, f"/c/{ref.slug}")
    for request in services:
        made.services[request.slug] = save_service(service_id=None, request=request, now=now).id
    for number, name in enumerate(people):
        add_practitioner(made, name, position=number, now=now)
    made.rooms["quiet"] = save_room(room_id=None, request=RoomRequest(name="Quiet room", slug="quiet"), now=now).id
    for name, role in roles.items():
        account = create_account(
            email=f"{name}@{ref.slug}.example", password=PASSWORD, role=role, name=name.title(), now=now
        )
        made.accounts[name] = account.id
        if role == "practitioner" and name in made.practitioners:
            link_account(account_id=account.id, practitioner_id=made.practitioners[name], now=now)
    return made


def add_practitioner(made: Clinic, name: str, *, position: int, now: datetime) -> UUID:
    """Another practitioner with the usual week, offering everything."""
    request = PractitionerRequest(
        name=f"{name.title()} Ashby", first_name=name.title(), slug=name, position=position,
        email=f"{name}@{made.ref.slug}.example",
    )  # fmt: skip
    person = save_practitioner(practitioner_id=None, request=request, now=now)
    made.practitioners[name] = person.id
    set_services(practitioner_id=person.id, service_ids=list(made.services.values()), now=now)
    today = now.astimezone(ZoneInfo(made.ref.zone)).date()  # where it is tomorrow while UTC still has its last hour
    replace_week(practitioner_id=person.id, week=WEEK, valid_from=today, now=now)
    return person.id
