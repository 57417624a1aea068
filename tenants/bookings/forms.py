"""The details page's form: what a client types, as one cleaned value. The rules are the clients room's."""

from __future__ import annotations

from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from saas.errors import Invalid
from saas.tenancy import current_tenant
from saas.web import PageForm
from saas.words import later as _l
from tenants.bookings.rules import Details, clean_details


class DetailsForm(PageForm):
    """Name and e-mail are needed (or a number, for those who want a text or a call); the rest is up to the client."""

    name = StringField()
    known_as = StringField()
    email = StringField()
    phone = StringField()
    reach = RadioField(
        choices=[
            SelectChoice("email", _l("By email")),
            SelectChoice("text", _l("By text message")),
            SelectChoice("phone", _l("By phone call only")),
        ],
        default="email",
        validate_choice=False,
    )
    note = TextAreaField()

    def read(self) -> Details | None:
        """What was typed, cleaned; None, with each sentence beside its field, when something needs another look."""
        typed = {name: field.data or "" for name, field in self._fields.items()}
        try:
            return clean_details(Details(**typed), country=current_tenant().country)
        except Invalid as error:
            self.put_errors(error.fields)
            return None
