"""The forms at the door and of one's own account. Their words are in the templates."""

from __future__ import annotations

from typing import Any

from flask_security import LoginForm
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from saas.errors import DomainError
from saas.fields import OfficeForm
from saas.text import clean_line
from saas.words import later as _l

_LONG = Length(max=120, message=_l("Use at most 120 characters"))
_SECRET = Length(max=200, message=_l("Use at most 200 characters"))


LANGUAGES = [SelectChoice("", _l("As the clinic")), SelectChoice("en", "English"), SelectChoice("es", "Español")]


def _line(typed: str | None) -> str:
    return clean_line(typed or "", 120)


class EnterForm(LoginForm):
    """Log-in without "remember me": a session ends with the browser, or by itself."""

    remember = None


class DoorForm(FlaskForm):
    """The base: Flask-WTF's form token, and places for an action's refusals."""

    @property
    def stale(self) -> bool:
        """Whether the form's token is too old, or from another log-in: pressing once more is all it takes."""
        return bool(self.csrf_token.errors)

    def put(self, refused: DomainError) -> None:
        """Place a refusal's sentences beside their fields; what has no field stands above the form."""
        placed = False
        for name, sentence in refused.fields.items():
            field: Any = self._fields.get(name)
            if field is not None:
                field.errors, placed = [*field.errors, sentence], True
        if not placed:
            self.form_errors.append(refused.message)


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
    password_confirm = PasswordField()

    def validate(self, extra_validators: Any = None) -> bool:
        """The two passwords are one."""
        fine = super().validate(extra_validators=extra_validators)
        if self.password.data != self.password_confirm.data:
            self.password_confirm.errors = [_l("The two passwords differ")]
            return False
        return bool(fine)


class Press(OfficeForm):
    """A button and its token."""


class OwnForm(OfficeForm):
    """How one is called, and the language one reads; an empty one is the clinic's."""

    name = StringField(filters=[_line], validators=[InputRequired(_l("Enter your name")), _LONG])
    locale = SelectField(choices=LANGUAGES)


class PasswordForm(OfficeForm):
    """The password one has, and the new one, twice."""

    old_password = PasswordField(validators=[_SECRET])
    new_password = PasswordField()
    new_password_confirm = PasswordField()

    def validate(self, extra_validators: Any = None) -> bool:
        """The two new ones are one."""
        fine = super().validate(extra_validators=extra_validators)
        if self.new_password.data != self.new_password_confirm.data:
            self.new_password_confirm.errors = [_l("The two passwords differ")]
            return False
        return bool(fine)


class AppForm(OfficeForm):
    """The code that an authenticator app shows."""

    code = StringField(validators=[_LONG])


class KeyForm(OfficeForm):
    """What one calls a passkey, and what the browser made."""

    name = StringField(filters=[_line], validators=[_LONG])
    answer = HiddenField()
