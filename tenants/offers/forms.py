"""What the pages about the offer send, as the requests that the actions take."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from saas.admin import OfficeForm
from saas.languages import locale
from saas.words import _
from saas.words import later as _l
from tenants.practitioners.rules import PractitionerRequest, RoomRequest
from tenants.services.rules import NotAnAmount, ServiceRequest, amount_of

_TIMES = ("duration_min", "step_min", "buffer_before_min", "buffer_after_min")
# Where a sentence of the rules belongs on the page.
_PLACES = {"price_minor": "price", "position": "name"}


class RecordForm(OfficeForm):
    """A form about one row. `seen`: the mark of what was shown."""

    seen = HiddenField()

    def refuse(self, name: str, sentence: str) -> None:
        """Put a sentence beside a field."""
        field = self._fields[name]
        field.errors = [*field.errors, sentence]

    def put_errors(self, fields: Mapping[str, str]) -> None:
        """Place an action's refusals beside their fields."""
        for name, sentence in fields.items():
            place = _PLACES.get(name, name)
            self.refuse(place if place in self._fields else "name", sentence)

    def ids(self, name: str) -> list[UUID]:
        """The ids ticked in a list; what is no id is left out."""
        found = []
        for text in self._fields[name].data or ():
            try:
                found.append(UUID(text))
            except ValueError:
                continue
        return found

    def whole(self, name: str) -> int:
        """A whole number as typed; 0, with a sentence beside the field, for what is none."""
        text = (self._fields[name].data or "").strip()
        if text.isascii() and text.isdecimal() and len(text) < 7:
            return int(text)
        self.refuse(name, _("Enter a whole number, such as 30"))
        return 0

    def amount(self, name: str, currency: str) -> int | None:
        """An amount as typed, in minor units; None for an empty field, and with a sentence beside it for what is
        none."""
        text = (self._fields[name].data or "").strip()
        if not text:
            return None
        try:
            return amount_of(text, currency, locale())
        except NotAnAmount as error:
            self.refuse(name, error.sentence)
            return None

    @property
    def is_right(self) -> bool:
        """Whether no field carries a sentence."""
        return not self.errors


class ServiceForm(RecordForm):
    """A session and its price. Amounts in the clinic's currency, times in minutes."""

    name = StringField()
    slug = StringField()
    text = TextAreaField()
    duration_min = StringField(default="60")
    step_min = StringField(default="30")
    buffer_before_min = StringField(default="0")
    buffer_after_min = StringField(default="15")
    price = StringField()
    payment = RadioField(
        choices=[
            SelectChoice("full", _l("The whole price when booking")),
            SelectChoice("deposit", _l("A deposit when booking, the rest at the clinic")),
            SelectChoice("at_clinic", _l("Everything at the clinic")),
            SelectChoice("free", _l("Free of charge")),
        ],
        default="at_clinic",
        validate_choice=False,
    )
    deposit = StringField()
    deposit_percent = StringField()
    or_at_clinic = BooleanField()
    needs_room = BooleanField()
    people = SelectMultipleField(validate_choice=False)

    def request(self, currency: str) -> ServiceRequest:
        """The service as typed; where a field cannot be read, its sentence is beside it."""
        times = {name: self.whole(name) for name in _TIMES}
        percent = self.whole("deposit_percent") if (self.deposit_percent.data or "").strip() else None
        deposit = self.amount("deposit", currency)
        paid = self.payment.data == "deposit"
        return ServiceRequest(
            name=self.name.data or "",
            slug=self.slug.data or "",
            text=self.text.data or "",
            **times,
            price_minor=self.amount("price", currency) or 0,
            payment=self.payment.data or "",
            deposit_minor=deposit if paid else None,
            deposit_percent=percent if paid else None,
            or_at_clinic=bool(self.or_at_clinic.data),
            needs_room=bool(self.needs_room.data),
        )


class PractitionerForm(RecordForm):
    """Somebody who gives sessions."""

    name = StringField()
    first_name = StringField()
    slug = StringField()
    text = TextAreaField()
    email = StringField()
    mental_health_licence = BooleanField()
    services = SelectMultipleField(validate_choice=False)

    def request(self) -> PractitionerRequest:
        """The practitioner as typed."""
        return PractitionerRequest(
            name=self.name.data or "",
            first_name=self.first_name.data or "",
            slug=self.slug.data or "",
            text=self.text.data or "",
            email=self.email.data or "",
            mental_health_licence=bool(self.mental_health_licence.data),
        )


class RoomForm(RecordForm):
    """A room."""

    name = StringField()
    slug = StringField()

    def request(self) -> RoomRequest:
        """The room as typed."""
        return RoomRequest(self.name.data or "", self.slug.data or "")


class PressForm(OfficeForm):
    """A button on a page that asks: nothing but its token."""
