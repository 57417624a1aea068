"""What the hours pages send, as values. Fields that come in any number (a day's ranges) are read here by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from saas.admin import OfficeForm
from saas.words import _
from saas.words import later as _l
from tenants.availability.hours import DAYS
from tenants.availability.walltime import parse_time
from tenants.hours.drafts import Day, Draft, Ranges, kept, normal_time
from tenants.hours.rules import instant_at

_MOST_TYPED = 24
_TEXT = 20
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


@dataclass(frozen=True)
class Press:
    """The button that was pressed: what to do, to which day and range."""

    verb: str
    day: str = ""
    index: int = 0


def press_of(text: str) -> Press:
    """`remove:tue:1` as a value; what no button of ours says only looks."""
    verb, _colon, rest = text.partition(":")
    day, _colon, index = rest.partition(":")
    if day and day not in (*DAYS, "at"):
        return Press("look")
    return Press(verb, day, int(index) if index.isdecimal() and len(index) < 3 else 0)


class WeekForm(OfficeForm):
    """The editor of a week. `since`: the first date on which it holds; `seen`: the mark of what was shown."""

    since = StringField()
    seen = HiddenField()

    def draft(self, form: Any) -> Draft:
        """The days as typed."""
        return tuple(Day(key, f"{key}-on" in form, ranges_in(form, key)) for key in DAYS)


def ranges_in(form: Any, key: str) -> Ranges:
    """The ranges typed under this key, empty ones left out; texts are cut, not judged."""
    pairs = zip(form.getlist(f"{key}-from")[:_MOST_TYPED], form.getlist(f"{key}-to")[:_MOST_TYPED], strict=False)
    tidy = ((normal_time(start[:_TEXT]), normal_time(end[:_TEXT])) for start, end in pairs)
    return tuple((start, end) for start, end in tidy if start or end)


def day_in(text: str | None) -> date | None:
    """The date a date field sends; None for anything else."""
    try:
        found = date.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def minute_in(text: str | None) -> int | None:
    """Minutes after midnight; None for what is no time."""
    try:
        return parse_time(normal_time(text or ""))
    except ValueError:
        return None


@dataclass(frozen=True)
class Closed:
    """Closed from one instant to another, UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class OtherHours:
    """Other hours on one date."""

    day: date
    windows: tuple[tuple[str, str], ...]


class DayForm(OfficeForm):
    """A date, or dates, that differ from the week. `who`: a practitioner's address, "" for the whole clinic."""

    who = SelectField(validate_choice=False)
    kind = RadioField(
        choices=[SelectChoice("closed", _l("Closed")), SelectChoice("other", _l("Other hours"))], default="closed"
    )
    day = StringField()
    last = StringField()
    begins = StringField()
    ends = StringField()
    seen = HiddenField()

    def request(self, zone: str, ranges: Ranges) -> Closed | OtherHours | None:
        """What is meant; None when something needs another look (the sentences are beside the fields)."""
        first = day_in(self.day.data)
        if first is None:
            self.refuse("day", _("Choose a date"))
            return None
        if self.kind.data == "other":
            if not ranges:
                self.refuse("kind", _("Enter the hours of that date, or choose Closed"))
                return None
            return OtherHours(first, tuple(kept(ranges)))
        return self._closed(zone, first)

    def _closed(self, zone: str, first: date) -> Closed | None:
        last = day_in(self.last.data) if self.last.data else first
        begins = minute_in(self.begins.data) if self.begins.data else 0
        ends = minute_in(self.ends.data) if self.ends.data else 24 * 60
        if last is None or last < first:
            self.refuse("last", _("Choose the same date or a later one"))
        for name, minute in (("begins", begins), ("ends", ends)):
            if minute is None:
                self.refuse(name, _("Enter times like 09:00 and 17:30"))
        if last is None or begins is None or ends is None or self.errors_by_name():
            return None
        starts_at = instant_at(zone, first, begins)
        ends_at = instant_at(zone, last, ends) if ends else instant_at(zone, last + timedelta(days=1), 0)
        if ends_at <= starts_at:
            self.refuse("ends", _("The end must be after the beginning"))
            return None
        return Closed(starts_at, ends_at)

    def refuse(self, name: str, sentence: str) -> None:
        """Put a sentence beside a field."""
        field = self._fields[name]
        field.errors = [*field.errors, sentence]

    def errors_by_name(self) -> dict[str, str]:
        """The first sentence for each field."""
        return {name: str(field.errors[0]) for name, field in self._fields.items() if field.errors}


class WhyForm(OfficeForm):
    """Which session, with whom, when. Asked by GET: nothing is changed by it."""

    class Meta(OfficeForm.Meta):
        csrf = False

    service = SelectField(validate_choice=False)
    who = SelectField(validate_choice=False)
    day = StringField()
    time = StringField()


def kept_fields(form: Any, drop: Sequence[str]) -> list[tuple[str, str]]:
    """What a page hands on to the next as hidden fields: all that was sent but `drop`."""
    return [(name, value) for name, value in form.items(multi=True) if name not in drop]
