"""The forms at the door and of one's own account. Their words are in the templates."""

from __future__ import annotations

from flask_security import LoginForm
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from saas.fields import OfficeForm, Refusing
from saas.languages import LANGUAGES
from saas.text import clean_line
from saas.words import later as _l

_LONG = Length(max=120, message=_l("Use at most 120 characters"))
_SECRET = Length(max=200, message=_l("Use at most 200 characters"))
_DIFFER = _l("The two passwords differ")


def _line(typed: str | None) -> str:
    return clean_line(typed or "", 120)


class EnterForm(LoginForm):
    """Log-in without "remember me": a session ends with the browser, or by itself."""

    remember = None


class DoorForm(Refusing, FlaskForm):
    """The base: Flask-WTF's form token, and places for an action's refusals."""


class SecondForm(DoorForm):
    """A code, or what a passkey signed."""

    code = StringField(validators=[_LONG])
    answer = HiddenField()


class AgainForm(SecondForm):
    """A password, a code or a passkey, and the fields of the form that came too late."""

    password = PasswordField(validators=[_SECRET])
    kept = HiddenField()


class JoinForm(DoorForm):
    """How somebody who was invited is called, and their password, twice."""

    name = StringField(validators=[_LONG])
    password = PasswordField()
    password_confirm = PasswordField(validators=[EqualTo("password", _DIFFER)])


class Press(OfficeForm):
    """A button and its token."""


class OwnForm(OfficeForm):
    """How one is called, and the language one reads; an empty one is the clinic's."""

    name = StringField(filters=[_line], validators=[InputRequired(_l("Enter your name")), _LONG])
    locale = SelectField(
        choices=[SelectChoice("", _l("As the clinic")), *(SelectChoice(code, name) for code, name in LANGUAGES.items())]
    )


class PasswordForm(OfficeForm):
    """The password one has, and the new one, twice."""

    old_password = PasswordField(validators=[_SECRET])
    new_password = PasswordField()
    new_password_confirm = PasswordField(validators=[EqualTo("new_password", _DIFFER)])


class AppForm(OfficeForm):
    """The code that an authenticator app shows."""

    code = StringField(validators=[_LONG])


class KeyForm(OfficeForm):
    """What one calls a passkey, and what the browser made."""

    name = StringField(filters=[_line], validators=[_LONG])
    answer = HiddenField()
