"""The console's forms. Their words are in the templates."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, IntegerField, StringField
from wtforms.validators import InputRequired, Length

from saas.fields import OfficeForm
from saas.words import later as _l

_LONG = Length(max=300, message=_l("Use at most 300 characters"))


def _text(missing: Any = None) -> StringField:
    return StringField(validators=[*([InputRequired(missing)] if missing else []), _LONG])


class NewClinicForm(OfficeForm):
    """A clinic and who will own it."""

    name = _text(_l("Enter the clinic's name"))
    slug = _text(_l("Use 3 to 63 of a to z, 0 to 9 and single hyphens, not at the ends"))
    zone = _text(_l("Enter a time zone like Europe/Dublin"))
    currency = _text(_l("Enter a currency like EUR"))
    country = _text(_l("Enter a country like IE"))
    locale = _text(_l("Enter a language and country like en_IE"))
    owner_name = _text(_l("Enter the owner's name"))
    email = _text(_l("Enter the owner's email"))


class ClinicForm(OfficeForm):
    """What may change of a clinic later."""

    name = _text(_l("Enter the clinic's name"))
    zone = _text(_l("Enter a time zone like Europe/Dublin"))
    country = _text(_l("Enter a country like IE"))
    fee_percent = IntegerField(validators=[InputRequired(_l("Enter a whole number from 0 to 20"))])
    seen = HiddenField()


class ReasonForm(OfficeForm):
    """Why a clinic is suspended."""

    reason = _text(_l("Enter the reason: it is for operators, no client sees it"))


class StripeForm(OfficeForm):
    """Where the clinic is paid."""

    account = _text(_l("Enter an account like acct_1A2b3C4d5E"))


class DomainForm(OfficeForm):
    """A host name of the clinic's own."""

    host = _text(_l("Enter a host name like book.clinic.example"))
