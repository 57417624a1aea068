"""What the calendar's forms send, as values. Every text that was typed stays in its field until it is right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from wtforms import HiddenField, StringField, TextAreaField

from saas.admin import OfficeForm
from saas.errors import Invalid
from saas.tenancy import current_tenant
from saas.words import _
from tenants.bookings.desk import local_start
from tenants.bookings.rules import Details, clean_details
from tenants.week.rules import minute_asked

_NEAREST, _FURTHEST = 2000, 2199
_NOTE_LENGTH = 2000


def uuid_of(text: str | None) -> UUID | None:
    """The id that was sent; None for anything that is none."""
    try:
        return UUID((text or "").strip())
    except ValueError:
        return None


def day_of(text: str | None) -> date | None:
    """The date that was sent; None for anything that is none."""
    try:
        day = date.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return day if _NEAREST <= day.year <= _FURTHEST else None


@dataclass(frozen=True)
class When:
    """A start and with whom; `practitioner_id` None means whoever is free."""

    practitioner_id: UUID | None
    starts_at: datetime


class DeskForm(OfficeForm):
    """The base: one press of a button names itself in `do`."""

    do = HiddenField()

    def error(self, name: str, sentence: str) -> None:
        """Say what is wrong beside its field; the first sentence counts."""
        field = self._fields[name]
        field.errors = [*field.errors, sentence]


class WhenForm(DeskForm):
    """With whom, on which day, and at which of the free times, or at a time that is typed: then that one counts."""

    practitioner = StringField()
    day = StringField()
    start = HiddenField()
    time = StringField()
    seen = HiddenField()

    def when(self, people: Collection[UUID]) -> When | None:
        """What was chosen; None, with each sentence beside its field, when something needs another look."""
        person = uuid_of(self.practitioner.data)
        if self.practitioner.data and person not in people:
            self.error("practitioner", _("Choose one of the calendars"))
        if (self.time.data or "").strip():
            return self._typed(person)
        who, _bar, start = (self.start.data or "").partition("|")
        chosen, at = uuid_of(who), _instant(start)
        if chosen not in people or at is None:
            self.error("time", _("Choose one of the free times, or type a time like 09:30"))
            return None
        return None if self.errors else When(chosen, at)

    def _typed(self, person: UUID | None) -> When | None:
        day, minute = day_of(self.day.data), minute_asked(self.time.data or "")
        if day is None:
            self.error("day", _("Choose a day"))
        if minute is None:
            self.error("time", _("Type a time like 09:30"))
        if self.errors or day is None or minute is None:
            return None
        return When(person, local_start(day, minute))


class AddForm(WhenForm):
    """A booking for somebody who rings or stands at the desk: a client we know, or what they tell us."""

    service = StringField()
    q = StringField()
    looked = HiddenField()
    client_id = HiddenField()
    name = StringField()
    email = StringField()
    phone = StringField()
    reach = StringField(default="email")
    note = TextAreaField()
    click = HiddenField()

    def details(self) -> Details | None:
        """What was typed of somebody new, cleaned; None, with sentences beside their fields."""
        typed = {name: self._fields[name].data or "" for name in ("name", "email", "phone", "note")}
        if not typed["name"].strip():
            self.error("name", _("Enter the client’s name, or find them above"))
        if (self.reach.data or "email") == "email" and not typed["email"].strip():
            self.error("email", _("Enter an email address, or choose another way to reach them"))
        try:
            cleaned = clean_details(
                Details(**typed, reach=self.reach.data or "email"), country=current_tenant().country
            )
        except Invalid as error:
            self.put_errors({name: said for name, said in error.fields.items() if not self._fields[name].errors})
            return None
        return None if self.errors else cleaned

    def looks(self) -> bool:
        """Whether somebody is looked for: by the button, or by Enter in the field of the search."""
        typed = (self.q.data or "").strip()
        new = typed and typed != (self.looked.data or "").strip()
        return self.do.data == "find" or bool(new and not self.client_id.data and not (self.name.data or "").strip())

    def short_note(self) -> str | None:
        """The note for somebody we know; None, with its sentence, when it is too long."""
        note = (self.note.data or "").strip()
        if len(note) > _NOTE_LENGTH:
            self.error("note", _("Use at most %(limit)d characters", limit=_NOTE_LENGTH))
            return None
        return note


class CancelForm(DeskForm):
    """Why, and what happens to the money where something could be kept."""

    reason = StringField()
    money = StringField(default="back")
    seen = HiddenField()


class BlockForm(DeskForm):
    """Time that nobody can book: with whom, which day, from when to when, and what for."""

    practitioner = StringField()
    day = StringField()
    begins = StringField()
    ends = StringField()
    label = StringField()

    def span(self, people: Collection[UUID]) -> tuple[UUID, datetime, datetime] | None:
        """(whose, from, until); an end at or before the beginning is on the next day. None, with sentences."""
        person, day = uuid_of(self.practitioner.data), day_of(self.day.data)
        minutes = {name: minute_asked(self._fields[name].data or "") for name in ("begins", "ends")}
        if person is None or person not in people:
            self.error("practitioner", _("Choose one of the calendars"))
        if day is None:
            self.error("day", _("Choose a day"))
        for name, minute in minutes.items():
            if minute is None:
                self.error(name, _("Type a time like 09:30"))
        begins, ends = minutes["begins"], minutes["ends"]
        if self.errors or person is None or day is None or begins is None or ends is None:
            return None
        after = day if ends > begins or ends == 0 else None
        if after is None:
            self.error("ends", _("The end must be after the beginning"))
            return None
        last = day + timedelta(days=1) if ends == 0 else day
        return person, local_start(day, begins), local_start(last, ends)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        return None
    if found.tzinfo is None or not _NEAREST <= found.year <= _FURTHEST:
        return None
    return found.astimezone(UTC).replace(second=0, microsecond=0)
