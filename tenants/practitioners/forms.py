"""The forms of the team's page. Their words are in the templates."""

from __future__ import annotations

from uuid import UUID

from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from saas.admin import OfficeForm
from saas.text import clean_line
from saas.words import later as _l
from tenants.practitioners.rules import ROLE_WORDS


def _line(typed: str | None) -> str:
    return clean_line(typed or "", 254)


class MemberForm(OfficeForm):
    """A role, and which practitioner they are, if any. `seen`: what the form showed (`saas/stale.py`)."""

    role = SelectField(choices=[SelectChoice(value, words) for value, words in ROLE_WORDS.items()])
    practitioner = SelectField(validate_choice=False)
    seen = HiddenField()

    def offer(self, people: list[tuple[str, str]]) -> None:
        """The practitioners to choose from, by id."""
        none = SelectChoice("", _l("None: no calendar of their own"))
        self.practitioner.choices = [none, *(SelectChoice(value, name) for value, name in people)]

    @property
    def practitioner_id(self) -> UUID | None:
        """The one that was chosen; an id that is none is nobody's."""
        try:
            return UUID(self.practitioner.data or "") if self.practitioner.data else None
        except ValueError:
            return UUID(int=0)


class InviteForm(MemberForm):
    """Who is asked to join."""

    name = StringField(filters=[_line], validators=[InputRequired(_l("Enter their name")), Length(max=120)])
    email = StringField(filters=[_line], validators=[InputRequired(_l("Enter their email address"))])


class RulesForm(OfficeForm):
    """What everybody is asked at the door."""

    idle_minutes = IntegerField(validators=[InputRequired(_l("Enter a number of minutes"))])
    second_required = BooleanField()
