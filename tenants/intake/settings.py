"""What a clinic decided about its intakes: who is told when somebody must look now, who reads, how long things wait.

One value, kept as JSON in one row; what the row does not name has the default here, so that an older row can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from saas import audit
from saas.contact import BadEmail, BadPhone, normal_email, normal_phone
from saas.db import action, db
from saas.stale import mark_of, unchanged
from saas.tenancy import current_tenant
from saas.text import Cleaner
from saas.words import _
from saas.words import later as _l
from tenants.intake.help_numbers import FALLBACK, HelpNumber, OwnNumber, Way, help_for
from tenants.intake.lint import asks_about_now
from tenants.intake.models import IntakeSetting
from tenants.intake.queries import definition_of, published
from tenants.services.queries import every_service

OWN_NUMBERS = 4
"""How many numbers a clinic may add."""
_CLOCK = "%H:%M"
Who = Literal["first", "second", "on_call"]
CONTACTS: tuple[Who, ...] = get_args(Who)
# How long records stay, by where the clinic is: the longest period that is known to be asked for there. None of it is
# advice: the page says that the clinic verifies it with its association or insurer.
JURISDICTIONS: Mapping[str, Any] = {
    "": _l("Decide later: nothing is deleted by itself"),
    "uk": _l("United Kingdom: 8 years, a child’s until they are 25"),
    "us": _l("United States: 10 years, a child’s from when they are of age"),
    "us-ny": _l("New York: 6 years, or until the client is 22"),
    "us-tx": _l("Texas: 4 years"),
    "fr": _l("France: 10 years"),
    "eu": _l("Elsewhere in the European Union: 8 years, and your privacy notice says why"),
}


@dataclass(frozen=True)
class Contact:
    """Somebody of the team who is told by mail. An empty address: nobody."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True)
class OpenHours:
    """When somebody answers alerts on one weekday, "HH:MM" on the clinic's clock; both empty: nobody does."""

    start: str = ""
    end: str = ""


WORKDAY = OpenHours("09:00", "17:00")


@dataclass(frozen=True)
class IntakeSettings:
    """See the page of these settings for what each means to people.

    `first`, `second`, `on_call`: who is told of an alert. `escalate_minutes`: until the next one is. `hours`: seven
    days from Monday. `review_hours`: an intake should be reviewed so long before its session. `draft_days`: what was
    begun and never sent is kept so long. `owner_reads`: owners open intakes too, beside the practitioner of the
    session. `calls_back`: the clinic has confirmed that it calls who asks for it. `services`: whose bookings ask (None:
    all). `numbers_checked`: when the clinic last went through the help numbers. `jurisdiction`: how long records stay.
    """

    first: Contact = Contact()
    second: Contact = Contact()
    on_call: Contact = Contact()
    escalate_minutes: int = 15
    hours: tuple[OpenHours, ...] = (*(WORKDAY,) * 5, OpenHours(), OpenHours())
    review_hours: int = 24
    draft_days: int = 30
    owner_reads: bool = True
    calls_back: bool = False
    services: tuple[UUID, ...] | None = None
    own_numbers: tuple[OwnNumber, ...] = ()
    hidden_numbers: tuple[str, ...] = ()
    numbers_checked: date | None = None
    jurisdiction: str = ""

    @property
    def has_contacts(self) -> bool:
        """Whether an alert reaches somebody: only then may safety questions be asked. Who works alone has no second:
        then the first is told again."""
        return bool(self.first.email)

    def asks(self, service_id: UUID) -> bool:
        """Whether a booking of this service brings an intake."""
        return self.services is None or service_id in self.services

    def contact(self, who: Who) -> Contact:
        """One of the three."""
        found: Contact = getattr(self, who)
        return found

    def is_open(self, at: datetime, zone: str) -> bool:
        """Whether somebody answers alerts at this instant."""
        local = at.astimezone(ZoneInfo(zone))
        day = self.hours[local.weekday()]
        return bool(day.start) and day.start <= local.strftime(_CLOCK) < day.end

    def next_opening(self, at: datetime, zone: str) -> datetime | None:
        """When somebody answers next, in UTC: `at` itself inside the hours; None when nobody ever does."""
        if self.is_open(at, zone):
            return at
        local = at.astimezone(ZoneInfo(zone))
        for ahead in range(8):
            day = local.date() + timedelta(days=ahead)
            hours = self.hours[day.weekday()]
            if not hours.start:
                continue
            opens = datetime.combine(day, time.fromisoformat(hours.start), ZoneInfo(zone)).astimezone(UTC)
            if opens > at:
                return opens
        return None


def as_chosen(settings: IntakeSettings) -> dict[str, Any]:
    """The value as JSON can say it."""
    found = asdict(settings)
    found["services"] = None if settings.services is None else [str(one) for one in settings.services]
    found["numbers_checked"] = _iso(settings.numbers_checked)
    found["own_numbers"] = [{**asdict(one), "checked": _iso(one.checked)} for one in settings.own_numbers]
    found["hours"] = [asdict(day) for day in settings.hours]
    found["hidden_numbers"] = list(settings.hidden_numbers)
    return found


def from_chosen(chosen: Mapping[str, Any]) -> IntakeSettings:
    """The value again; what is missing has its default."""
    plain = {name: chosen[name] for name in _PLAIN if name in chosen}
    whole: dict[str, Any] = {name: Contact(**chosen[name]) for name in CONTACTS if name in chosen}
    if chosen.get("hours"):
        whole["hours"] = tuple(OpenHours(**day) for day in chosen["hours"])
    if chosen.get("services") is not None:
        whole["services"] = tuple(UUID(one) for one in chosen["services"])
    if chosen.get("numbers_checked"):
        whole["numbers_checked"] = date.fromisoformat(chosen["numbers_checked"])
    whole["own_numbers"] = tuple(_own(one) for one in chosen.get("own_numbers", ()))
    whole["hidden_numbers"] = tuple(chosen.get("hidden_numbers", ()))
    return IntakeSettings(**plain, **whole)


_PLAIN = ("escalate_minutes", "review_hours", "draft_days", "owner_reads", "calls_back", "jurisdiction")


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _own(one: Mapping[str, Any]) -> OwnNumber:
    checked = one.get("checked")
    return OwnNumber(one["name"], one["number"], one["way"], date.fromisoformat(checked) if checked else None)


def intake_settings() -> IntakeSettings:
    """What the entered clinic has decided; one query."""
    chosen = db.session.execute(select(IntakeSetting.chosen)).scalar_one_or_none()
    return from_chosen(chosen or {})


def has_alert_contacts() -> bool:
    """Whether the entered clinic may publish questions whose answers can be urgent."""
    return intake_settings().has_contacts


def clinic_help(settings: IntakeSettings | None = None) -> tuple[HelpNumber, ...]:
    """Whom a client of the entered clinic can turn to now; never empty."""
    chosen = settings or intake_settings()
    return help_for(
        current_tenant().country, own=chosen.own_numbers, hidden=chosen.hidden_numbers, checked=chosen.numbers_checked
    )


def settings_mark(settings: IntakeSettings) -> str:
    """The mark of these settings, for who saves second."""
    return mark_of(as_chosen(settings))


@action
def save_settings(*, wanted: IntakeSettings, now: datetime, seen: str | None = None) -> IntakeSettings:
    """Keep what the clinic decided. `Invalid` with a sentence for each field; `ChangedMeanwhile` unless `seen` is the
    mark of what stands."""
    row = db.session.execute(select(IntakeSetting).with_for_update()).scalar_one_or_none()
    stands = from_chosen(row.chosen if row else {})
    unchanged(seen, as_chosen(stands))
    kept = clean_settings(
        wanted,
        country=current_tenant().country,
        services={one.id for one in every_service()},
        needs_contacts=stands.has_contacts and not wanted.has_contacts and _asks_about_now(),
    )
    if row is None:
        db.session.add(IntakeSetting(chosen=as_chosen(kept), changed_at=now))
    else:
        row.chosen, row.changed_at = as_chosen(kept), now
    changed = [name for name, value in as_chosen(kept).items() if value != as_chosen(stands)[name]]
    audit.record("intake.settings", target="intake_setting", target_id=None, now=now, changed=", ".join(changed))
    return kept


def _asks_about_now() -> bool:
    """Whether the questions that are asked now have one whose answer may need somebody now."""
    version = published()
    return version is not None and asks_about_now(definition_of(version))


def clean_settings(
    wanted: IntakeSettings, *, country: str, services: Iterable[UUID], needs_contacts: bool = False
) -> IntakeSettings:
    """The settings as they are kept; `Invalid` with a sentence for every field that needs another look.
    `needs_contacts`: somebody must be told of answers."""
    cleaner = Cleaner()
    if needs_contacts:
        cleaner.refuse(
            "first_email", _("Your questions ask whether somebody is safe: somebody must be told of answers")
        )
    cleaner.whole("escalate_minutes", wanted.escalate_minutes, 5, 120)
    cleaner.whole("review_hours", wanted.review_hours, 1, 7 * 24)
    cleaner.whole("draft_days", wanted.draft_days, 1, 365)
    first, second, on_call = (_clean_contact(cleaner, who, wanted.contact(who)) for who in CONTACTS)
    if second.email and not first.email:
        cleaner.refuse("first_email", _("Name somebody here before the second contact"))
    if second.email and second.email == first.email:
        cleaner.refuse("second_email", _("Name somebody else here: this one is told first"))
    hours = tuple(_clean_hours(cleaner, number, day) for number, day in enumerate(wanted.hours))
    own = tuple(_clean_own(cleaner, number, one, country) for number, one in enumerate(wanted.own_numbers))
    known = set(services)
    asking = None if wanted.services is None else tuple(one for one in wanted.services if one in known)
    if wanted.jurisdiction not in JURISDICTIONS:
        cleaner.refuse("jurisdiction", _("Choose one of these"))
    cleaner.check()
    return replace(
        wanted,
        first=first,
        second=second,
        on_call=on_call,
        hours=hours,
        own_numbers=own,
        services=asking,
        hidden_numbers=tuple(one for one in wanted.hidden_numbers if one != FALLBACK),
    )


def _clean_contact(cleaner: Cleaner, who: Who, contact: Contact) -> Contact:
    name = cleaner.line(f"{who}_name", contact.name, 60)
    try:
        email = normal_email(contact.email)
    except BadEmail as error:
        cleaner.refuse(f"{who}_email", error.message)
        return contact
    if name and not email:
        cleaner.refuse(f"{who}_email", _("Enter the address at which %(name)s reads mail", name=name))
    return Contact(name, email)


def _clean_hours(cleaner: Cleaner, number: int, day: OpenHours) -> OpenHours:
    clocks = []
    for side, typed in (("start", day.start), ("end", day.end)):
        try:
            clocks.append(time.fromisoformat(typed.strip().zfill(5)).strftime(_CLOCK) if typed.strip() else "")
        except ValueError:
            cleaner.refuse(f"{side}-{number}", _("Enter a time such as 09:00"))
            return day
    start, end = clocks
    if bool(start) != bool(end):
        cleaner.refuse(f"{'end' if start else 'start'}-{number}", _("Enter both times, or neither"))
    elif start and end <= start:
        cleaner.refuse(f"end-{number}", _("Choose an end after the beginning"))
    return OpenHours(start, end)


def _clean_own(cleaner: Cleaner, number: int, one: OwnNumber, country: str) -> OwnNumber:
    name = cleaner.line(f"own-{number}-name", one.name, 80, missing=_("Say who answers there"))
    typed = cleaner.line(f"own-{number}-number", one.number, 40, missing=_("Enter the number"))
    way: Way = one.way if one.way in get_args(Way) else "call"
    if typed and way != "visit" and not typed.replace(" ", "").isdecimal():
        try:
            normal_phone(typed, country)
        except BadPhone as error:
            cleaner.refuse(f"own-{number}-number", error.message)
    return OwnNumber(name, typed, way, one.checked)
