"""What the clinic's people type about a client, as one value."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from saas.fields import OfficeForm
from saas.languages import LANGUAGES
from saas.stale import FIELD
from saas.words import _
from saas.words import later as _l
from tenants.clients.rules import Record

REACH_WORDS = {"email": _l("By email"), "text": _l("By text message"), "phone": _l("By telephone only")}


class ClientForm(OfficeForm):
    """A client's record."""

    name = StringField()
    known_as = StringField()
    email = StringField()
    phone = StringField()
    reach = RadioField(
        choices=[SelectChoice(value, words) for value, words in REACH_WORDS.items()],
        default="email",
        validate_choice=False,
    )
    discreet_name = StringField()
    no_calls = BooleanField()
    locale = SelectField(validate_choice=False)
    seen = HiddenField()

    def request(self) -> Record:
        """The record as typed."""
        return Record(
            name=self.name.data or "",
            known_as=self.known_as.data or "",
            email=self.email.data or "",
            phone=self.phone.data or "",
            reach=self.reach.data or "",
            discreet_name=self.discreet_name.data or "",
            no_calls=bool(self.no_calls.data),
            locale=self.locale.data or "",
        )

    def offer(self, locales: tuple[str, ...], locale: str) -> None:
        """The languages to choose from, in the words of a reader of `locale`."""
        named = [(code, language_name(code, locale)) for code in locales]
        self.locale.choices = [("", _("The clinic’s own language")), *named]


class NoteForm(OfficeForm):
    """Something to write down about a client."""

    text = TextAreaField()
    clinical = BooleanField()


class PressForm(OfficeForm):
    """A button: the form's token and nothing else that is checked."""

    seen = HiddenField(FIELD)


def languages(*known: str) -> tuple[str, ...]:
    """The languages a client can have: those we write in, and what is known already ("en_GB")."""
    return tuple(dict.fromkeys((*LANGUAGES, *(one for one in known if one))))


def language_name(code: str, locale: str) -> str:
    """'Spanish' for "es"; a code that the CLDR does not know stays as it is."""
    try:
        return str(Locale.parse(code.replace("-", "_")).get_display_name(Locale.parse(locale.replace("-", "_"))))
    except (UnknownLocaleError, ValueError):
        return code
