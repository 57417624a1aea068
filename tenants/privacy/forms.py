"""What the owner types about a client's data."""

from __future__ import annotations

from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from saas.fields import OfficeForm
from saas.words import later as _l

BASIS_WORDS = {
    "asked": _l("The client asked for it"),
    "period": _l("The time for which it must be kept is over"),
    "mistake": _l("It was never to be kept: a mistake, or a test"),
}


class CopyForm(OfficeForm):
    """A copy for the client."""

    notes = BooleanField()


WHY_WORDS = {
    "claim": _l("A claim or a complaint is open"),
    "authority": _l("A court or an authority asks for it"),
    "insurer": _l("An insurer asks for it"),
    "own": _l("We have another reason to keep it"),
}


class HoldForm(OfficeForm):
    """Why a record has to stay for now."""

    why = RadioField(choices=[SelectChoice(value, words) for value, words in WHY_WORDS.items()], validate_choice=False)


class EraseForm(OfficeForm):
    """The last question before somebody is erased."""

    basis = RadioField(
        choices=[SelectChoice(value, words) for value, words in BASIS_WORDS.items()], validate_choice=False
    )
    typed = StringField()
