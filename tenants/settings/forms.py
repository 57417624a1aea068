"""What the pages of settings send, each as one value. Texts as typed; numbers with their sentence beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, FileField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from saas.errors import DomainError
from saas.fields import OfficeForm
from saas.words import _
from saas.words import later as _l
from tenants.clinic.notices import Envelope, Notices
from tenants.clinic.rules import Note, PolicyRequest, Profile

NOTES = 8
"""How many promises or facts a clinic may show; the page has a row for each, empty ones count for nothing."""
WORDS = ("headline", "lead", "person", "first_name", "promises", "facts")
CONTACT = ("place", "address", "map_url", "phone", "email")
UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}


class SettingsForm(OfficeForm):
    """A form of this room. `seen`: the mark of what it showed."""

    seen = HiddenField()

    @property
    def refused(self) -> dict[str, str]:
        """Sentences of rows that are no fields of the form, by name."""
        return self._refused

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._refused: dict[str, str] = {}
        super().__init__(*args, **kwargs)

    def put(self, refused: DomainError) -> None:
        """Place a refusal; what belongs to a row is kept for it (`refused`), and said above the form too."""
        super().put(refused)
        self._refused = {name: said for name, said in refused.fields.items() if name not in self._fields}

    def refuse(self, name: str, sentence: str) -> None:
        """Put a sentence beside a field."""
        self.put_errors({name: sentence})

    def whole(self, name: str) -> int:
        """A whole number as typed; -1, with a sentence beside the field, for what is none."""
        text = (self._fields[name].data or "").strip()
        if text.isascii() and text.isdecimal() and len(text) < 7:
            return int(text)
        self.refuse(name, _("Enter a whole number, such as 24"))
        return -1

    def whole_or_none(self, name: str) -> int | None:
        """The same, None for an empty field."""
        return self.whole(name) if (self._fields[name].data or "").strip() else None


class BrandForm(SettingsForm):
    """The one colour and the headings' face."""

    brand = StringField()
    heading_style = RadioField(
        choices=[
            SelectChoice("serif", _l("With serifs: warmer, like a book")),
            SelectChoice("sans", _l("Without serifs: plainer, like a sign")),
        ],
        validate_choice=False,
    )


class LogoForm(SettingsForm):
    """A picture to upload."""

    logo = FileField()


class WordsForm(SettingsForm):
    """What clients read on the clinic's page. Promises and facts come as numbered rows beside the fields here."""

    headline = StringField()
    lead = TextAreaField()
    person = StringField()
    first_name = StringField()

    def request(self, rows: Mapping[str, str]) -> Profile:
        """The texts as typed; `rows` is the whole form."""
        return Profile(
            headline=self.headline.data or "",
            lead=" ".join((self.lead.data or "").split()),
            person=self.person.data or "",
            first_name=self.first_name.data or "",
            promises=kept_notes(rows, "promises"),
            facts=kept_notes(rows, "facts"),
        )


def kept_notes(rows: Mapping[str, str], field: str) -> tuple[Note, ...]:
    """The rows in which something is typed, in order. Their numbers close up, as on the page that comes back."""
    typed = (
        Note(rows.get(f"{field}-{number}-title", ""), rows.get(f"{field}-{number}-text", "")) for number in range(NOTES)
    )
    return tuple(note for note in typed if note.title.strip() or note.text.strip())


class DocumentsForm(SettingsForm):
    """Privacy notice and imprint, as simple HTML."""

    privacy = TextAreaField()
    imprint = TextAreaField()


class ContactForm(SettingsForm):
    """Where the clinic is, and how it is reached."""

    place = StringField()
    address = TextAreaField()
    map_url = StringField()
    phone = StringField()
    email = StringField()

    def request(self) -> Profile:
        """The contact as typed."""
        typed = {name: str(self._fields[name].data or "") for name in CONTACT}
        return Profile(**typed)  # type: ignore[arg-type]


class BookingForm(SettingsForm):
    """How late and how far ahead clients may book. An empty horizon has no end."""

    notice = StringField()
    unit = SelectField(
        choices=[
            SelectChoice("minutes", _l("minutes")),
            SelectChoice("hours", _l("hours")),
            SelectChoice("days", _l("days")),
        ],
        validate_choice=False,
    )
    horizon_days = StringField()
    accepting = BooleanField()

    def notice_min(self) -> int:
        """The notice in minutes, with a sentence beside it for what is none."""
        unit = UNITS.get(self.unit.data or "")
        if unit is None:
            self.refuse("unit", _("Choose from the list"))
            return 0
        number = self.whole("notice")
        return number * unit if number > 0 else 0

    def horizon(self) -> int | None:
        """The horizon in days; None for an empty field."""
        return self.whole_or_none("horizon_days")


class PlaceForm(SettingsForm):
    """The clinic's name, clock and currency."""

    name = StringField()
    zone = StringField()
    currency = StringField()


class PolicyForm(SettingsForm):
    """A version of the cancellation policy."""

    free_hours = StringField()
    late_fee_percent = StringField()
    no_show_percent = StringField()
    terms = TextAreaField()

    def request(self) -> PolicyRequest:
        """The policy as typed; where a number cannot be read, its sentence is beside it."""
        return PolicyRequest(
            free_hours=self.whole("free_hours"),
            late_fee_percent=self.whole("late_fee_percent"),
            no_show_percent=self.whole("no_show_percent"),
            terms=self.terms.data or "",
        )


class NoticesForm(SettingsForm):
    """When reminders go out, and when mails wait. Empty: not."""

    remind_hours = StringField()
    remind_again_hours = StringField()
    quiet_from = StringField()
    quiet_to = StringField()

    def request(self) -> Notices:
        """The times as typed; where a number cannot be read, its sentence is beside it."""
        return Notices(
            remind_hours=self.whole_or_none("remind_hours"),
            remind_again_hours=self.whole_or_none("remind_again_hours"),
            quiet_from=self.quiet_from.data or "",
            quiet_to=self.quiet_to.data or "",
        )


class EnvelopeForm(SettingsForm):
    """What is read on the outside of mails to clients."""

    sender_name = StringField()
    subject_words = StringField()

    def request(self) -> Envelope:
        """The words as typed."""
        return Envelope(self.sender_name.data or "", self.subject_words.data or "")


class PressForm(SettingsForm):
    """A button: the form's token and nothing else that is checked."""
