"""What settings write that no single lower room can: the clinic's clock and currency, which depend on what is booked,
and the steps of the guided set-up, each in one go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from saas import audit
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.fleet.rules import ClinicRequest, clean_clinic
from saas.languages import LANGUAGES
from saas.links import link_for
from saas.money import exponent
from saas.stale import unchanged
from saas.tenancy import Tenant, current_tenant
from saas.words import _, ngettext
from tenants.availability.actions import replace_week
from tenants.availability.hours import Week
from tenants.availability.queries import week_values
from tenants.clinic.actions import lock_clinic, note_set_up, save_brand, save_profile
from tenants.clinic.rules import Profile, clean_brand
from tenants.practitioners.actions import save_practitioner, set_practitioners
from tenants.practitioners.logins import link_account
from tenants.practitioners.queries import practitioner_by_id, practitioners
from tenants.practitioners.rules import PractitionerRequest
from tenants.services.actions import save_service
from tenants.services.queries import offered
from tenants.services.rules import ServiceRequest
from tenants.settings.queries import FEED, FEEDS, Booked, booked, feed_of, first_practitioner

BRAND_FIELDS = ("headline", "place", "phone", "email")
"""What the first step of the set-up asks beside the colour."""


class NobodyGivesSessions(Conflict):
    """There is nobody yet whose hours these could be."""

    code = "nobody-gives-sessions"


class HoursStand(Conflict):
    """Somebody has weekly hours already: the set-up puts no others in their place."""

    code = "hours-stand"


@dataclass(frozen=True)
class Place:
    """The clinic's name, IANA zone and ISO currency."""

    name: str
    zone: str
    currency: str


def place_of(row: Tenant) -> Place:
    """What is kept."""
    return Place(row.name, row.zone, row.currency)


@action
def save_place(*, place: Place, now: datetime, seen: str | None = None) -> None:
    """Keep name, zone and currency. `Invalid` with a sentence for every field that needs another look, and for a clock
    or currency that bookings were promised in; `seen`: the mark of all three.

    Past bookings keep the zone they were made in. Hours are texts on the clinic's clock and move with it.
    """
    row = lock_tenant()
    stands = place_of(row)
    unchanged(seen, stands.name, stands.zone, stands.currency)
    asked = ClinicRequest(row.slug, place.name, place.zone.strip(), place.currency, row.country, row.locale)
    cleaned = clean_clinic(asked)
    wanted = Place(cleaned.name, cleaned.zone, cleaned.currency)
    refused = refusals(stands, wanted, booked(now=now))
    if refused:
        raise Invalid(_("Some answers need another look"), fields=refused)
    values = {"name": wanted.name, "zone": wanted.zone, "currency": wanted.currency}
    db.session.execute(update(Tenant).where(Tenant.id == row.id).values(values))
    audit.record("clinic.place", target="tenant", target_id=row.id, now=now, zone=wanted.zone, currency=wanted.currency)


def lock_tenant() -> Tenant:
    """Inside an action: the clinic's line on the platform, fresh and locked."""
    lock_clinic()
    mine = select(Tenant).where(Tenant.id == current_tenant().id).with_for_update(key_share=True)
    return db.session.execute(mine.execution_options(populate_existing=True)).scalar_one()


@action
def save_languages(*, codes: Collection[str], now: datetime, seen: str | None = None) -> None:
    """Keep in which languages clients may read the clinic. `Invalid` for one we do not write, and without the clinic's
    own, in which everything is said that nobody chose a language for; `seen`: the mark of `Tenant.languages`."""
    row = lock_tenant()
    unchanged(seen, row.languages)
    if any(code not in LANGUAGES for code in codes):
        raise Invalid(fields={"languages": _("Choose from the list")})
    own = row.locale.partition("_")[0]
    if own in LANGUAGES and own not in codes:
        sentence = _("%(language)s is your clinic’s own language: it stays", language=LANGUAGES[own])
        raise Invalid(sentence, fields={"languages": sentence})
    values = {"languages": " ".join(code for code in LANGUAGES if code in codes)}
    db.session.execute(update(Tenant).where(Tenant.id == row.id).values(values))
    audit.record("clinic.languages", target="tenant", target_id=row.id, now=now, **values)


def refusals(stands: Place, wanted: Place, found: Booked) -> dict[str, str]:
    """Why zone or currency cannot change now, a sentence a field."""
    refused = {}
    if wanted.zone != stands.zone and found.ahead:
        refused["zone"] = ngettext(
            "%(num)d booking ahead was promised on the clock of %(zone)s. Cancel it first, or wait until it is over",
            "%(num)d bookings ahead were promised on the clock of %(zone)s. Cancel them first, or wait for their end",
            found.ahead,
            zone=stands.zone,
        )
    if wanted.currency != stands.currency:
        if found.any_money:
            refused["currency"] = _(
                "Bookings and receipts are in %(currency)s, and a ledger cannot mix two currencies. A clinic that is"
                " paid in another one needs a new Longtide address",
                currency=stands.currency,
            )
        elif found.priced and exponent(wanted.currency) != exponent(stands.currency):
            refused["currency"] = _(
                "Prices are kept in the small coins of %(currency)s, and %(other)s has others. Take your sessions’"
                " prices away first",
                currency=stands.currency,
                other=wanted.currency,
            )
    return refused


@action
def set_feed(*, practitioner_id: UUID, how: str, now: datetime, seen: str | None = None) -> None:
    """How a practitioner's bookings are read by their own calendar: `off` (the link dies), `busy` or `names`. The link
    that is there stays when only the words change; `seen`: the mark of `how`. `NoSuchPractitioner`, `Invalid`."""
    if how not in FEEDS:
        raise Invalid(fields={"how": _("Choose from the list")})
    row = practitioner_by_id(practitioner_id, lock=True)
    unchanged(seen, feed_of(row))
    if how == "off":
        row.feed_hash = None
        row.feed_generation += 1
    elif row.feed_hash is None:
        row.feed_hash = link_for(FEED, row.id, row.feed_generation).hash
    row.feed_names = how == "names"
    audit.record("practitioner.feed", target="practitioner", target_id=row.id, now=now, how=how)


@action
def renew_feed(*, practitioner_id: UUID, now: datetime) -> None:
    """Another link in place of the one that is there, which dies. Nothing happens where there is none."""
    row = practitioner_by_id(practitioner_id, lock=True)
    if row.feed_hash is None:
        return
    row.feed_generation += 1
    row.feed_hash = link_for(FEED, row.id, row.feed_generation).hash
    audit.record("practitioner.feed_renewed", target="practitioner", target_id=row.id, now=now)


@action
def start_brand(*, brand: str, profile: Profile, now: datetime) -> None:
    """The first look of a new clinic: its colour, and of `profile` the few lines that are asked (`BRAND_FIELDS`).
    `Invalid` collects what is wrong."""
    clean_brand(brand)
    save_profile(profile=profile, only=BRAND_FIELDS, now=now)
    save_brand(brand=brand, heading_style=lock_clinic().heading_style, now=now)
    note_set_up(step="brand", how="done", now=now)


@action
def start_service(*, request: ServiceRequest, person: str, account_id: UUID, now: datetime) -> UUID:
    """The first session of a new clinic, given by everybody who gives sessions; where nobody does yet, by `person`, who
    is who asks. Returns the service's id. `Invalid` collects what is wrong."""
    if not practitioners():
        try:
            who = save_practitioner(practitioner_id=None, request=PractitionerRequest(name=person), now=now)
        except Invalid as error:
            raise Invalid(error.message, fields={"person": " ".join(error.fields.values())}) from error
        link_account(account_id=account_id, practitioner_id=who.id, now=now)
    made = save_service(service_id=None, request=request, now=now)
    set_practitioners(service_id=made.id, practitioner_ids=[one.id for one in practitioners()], now=now)
    note_set_up(step="service", how="done", now=now)
    return made.id


@action
def start_payments(*, how: str, now: datetime) -> None:
    """Where clients pay: `at_clinic` leaves every session as it is; `online` has those that have a price paid by card
    when booking, or at the clinic instead. `Invalid` while the clinic has no account at Stripe."""
    if how not in ("at_clinic", "online"):
        raise Invalid(fields={"how": _("Choose from the list")})
    if how == "online":
        if current_tenant().stripe_account_id is None:
            raise Invalid(fields={"how": _("Online payment needs an account at Stripe first")})
        for row in offered():
            if row.payment == "at_clinic":
                stands = ServiceRequest(**{field.name: getattr(row, field.name) for field in fields(ServiceRequest)})
                save_service(service_id=row.id, request=replace(stands, payment="full", or_at_clinic=True), now=now)
    note_set_up(step="payments", how="done", now=now)


@action
def start_hours(*, week: Week, now: datetime) -> None:
    """The week of whoever was there first, from today on the clinic's clock. `Invalid` with a sentence for each day
    ("mon-0"), and for a week without hours; `NobodyGivesSessions`; `HoursStand` where they have weekly hours."""
    who = first_practitioner()
    if who is None:
        raise NobodyGivesSessions(_("Add a session first: hours are somebody’s"))
    if not any(week.values()):
        raise Invalid(_("Choose at least one day, or leave this for later"))
    practitioner_by_id(who, lock=True)
    if week_values(who):
        raise HoursStand
    today: date = now.astimezone(ZoneInfo(current_tenant().zone)).date()
    replace_week(practitioner_id=who, week=week, valid_from=today, now=now)
    note_set_up(step="hours", how="done", now=now)
