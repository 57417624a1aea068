"""The details page's form: what a client types, as one cleaned value."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError

from saas.contact import normal_email, normal_phone
from saas.errors import Invalid
from saas.tenancy import current_tenant
from saas.text import clean_block, clean_line
from saas.web import PageForm
from tenants.bookings.actions import Details

_NAME, _KNOWN_AS, _NOTE = 200, 80, 2000


class DetailsForm(PageForm):
    """Name and e-mail are needed (or a phone, for those who want to be rung); everything else is up to the client."""

    name = StringField(validators=[InputRequired(_l("Enter your name"))])
    known_as = StringField()
    email = StringField()
    phone = StringField()
    reach = RadioField(
        choices=[("email", _l("By email")), ("text", _l("By text message")), ("phone", _l("By phone call only"))],
        default="email",
    )
    note = TextAreaField()

    def validate_name(self, field: StringField) -> None:
        if not self._clean(field, _NAME):
            raise ValidationError(_l("Enter your name"))

    def validate_known_as(self, field: StringField) -> None:
        self._clean(field, _KNOWN_AS)

    def validate_email(self, field: StringField) -> None:
        try:
            email = normal_email(field.data)
        except Invalid as error:
            raise ValidationError(error.message) from None
        if not email:
            raise ValidationError(
                _l("Enter an email address like name@example.com, so that you get a link to change or cancel")
            )

    def validate_phone(self, field: StringField) -> None:
        try:
            phone = normal_phone(field.data, current_tenant().country)
        except Invalid as error:
            raise ValidationError(error.message) from None
        if not phone and self.reach.data in ("text", "phone"):
            raise ValidationError(_l("Enter a phone number, so that you can be reached that way"))

    def validate_note(self, field: TextAreaField) -> None:
        try:
            clean_block(field.data, _NOTE)
        except Invalid as error:
            raise ValidationError(error.message) from None

    def request(self) -> Details:
        """What was typed, cleaned. Only after `validate()`."""
        return Details(
            name=clean_line(self.name.data, _NAME),
            known_as=clean_line(self.known_as.data, _KNOWN_AS),
            email=normal_email(self.email.data),
            phone=normal_phone(self.phone.data, current_tenant().country),
            reach=self.reach.data,
            note=clean_block(self.note.data, _NOTE),
        )

    @staticmethod
    def _clean(field: StringField, limit: int) -> str:
        try:
            return clean_line(field.data, limit)
        except Invalid as error:
            raise ValidationError(error.message) from None
