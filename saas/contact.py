"""E-mail addresses and telephone numbers in the one form in which they are kept and compared. Pure."""

from __future__ import annotations

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from saas.errors import Invalid
from saas.text import TooLong, clean_line
from saas.words import _

EMAIL_LIMIT = 254
_PHONE_LIMIT = 40


class BadEmail(Invalid, ValueError):
    """Not an address that mail can be sent to."""

    code = "bad-email"

    def __init__(self) -> None:
        super().__init__(_("Enter an email address like name@example.com"))


class BadPhone(Invalid, ValueError):
    """Not a telephone number that can be rung."""

    code = "bad-phone"

    def __init__(self) -> None:
        super().__init__(_("Enter a phone number with its area code, or with + and the country code"))


def normal_email(text: str | None) -> str:
    """Lower case, the domain in ASCII (IDNA 2008), at most 254 characters; "" stays "". BadEmail for what is none.

    Only the form is checked, no name server is asked. Letters outside ASCII before the @ are refused: not every
    mail host on the way would carry them.
    """
    try:
        line = clean_line(text, EMAIL_LIMIT)
        if not line:
            return ""
        found = validate_email(line, check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, TooLong):
        raise BadEmail from None
    address = (found.ascii_email or "").lower()
    if not address or len(address) > EMAIL_LIMIT:
        raise BadEmail
    return address


def normal_phone(text: str | None, country: str) -> str:
    """E.164 ("+35391555014", an extension as ";ext=12"); numbers without + are read as ones of `country` (two letters).

    "" stays "". BadPhone for what has an impossible length; a number that is not given out yet is taken, because
    numbering plans change faster than tables.
    """
    try:
        line = clean_line(text, 2 * _PHONE_LIMIT)
        if not line:
            return ""
        parsed = phonenumbers.parse(line, country or None)
    except (phonenumbers.NumberParseException, TooLong):
        raise BadPhone from None
    if not phonenumbers.is_possible_number(parsed):
        raise BadPhone
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    full = f"{number};ext={parsed.extension}" if parsed.extension else str(number)
    if len(full) > _PHONE_LIMIT:
        raise BadPhone
    return full
