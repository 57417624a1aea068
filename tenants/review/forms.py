"""What the pages of a review send."""

from __future__ import annotations

from uuid import UUID

from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from saas.fields import OfficeForm
from tenants.intake.questions import BODY_AREAS
from tenants.intake.review_words import AREA_WORDS, DONE_WORDS, NEUTRAL_WORDS, OUTCOME_WORDS
from tenants.intake.reviewing import OUTCOMES, Decision
from tenants.intake.touch import TouchLimits


class OutcomeForm(OfficeForm):
    """A practitioner's decision. `seen`: the mark of what was shown."""

    seen = HiddenField()
    outcome = RadioField(choices=[SelectChoice(code, OUTCOME_WORDS[code]) for code in OUTCOMES], validate_choice=False)
    changes = TextAreaField()
    notes = TextAreaField()
    words = RadioField(
        choices=[SelectChoice(code, words) for code, words in NEUTRAL_WORDS.items()], default="", validate_choice=False
    )

    def request(self) -> Decision:
        """The decision as typed."""
        return Decision(self.outcome.data or "", self.changes.data or "", self.notes.data or "", self.words.data or "")


class AcknowledgeForm(OfficeForm):
    """Somebody has seen these alerts. `alert`: the ids that were shown."""

    alert = SelectMultipleField(validate_choice=False)
    done = RadioField(choices=[SelectChoice(code, words) for code, words in DONE_WORDS.items()], validate_choice=False)
    note = TextAreaField()

    def alert_ids(self) -> list[UUID]:
        """What was shown."""
        return [found for found in map(uuid_of, self.alert.data or ()) if found is not None]


class TouchForm(OfficeForm):
    """Where a client would rather not be touched, as they say it now."""

    seen = HiddenField()
    areas = SelectMultipleField(choices=[SelectChoice(area, AREA_WORDS[area]) for area in BODY_AREAS])
    ask_each_time = BooleanField()
    note = TextAreaField()
    signal = StringField()

    def request(self) -> TouchLimits:
        """The limits as typed."""
        return TouchLimits(
            tuple(self.areas.data or ()), bool(self.ask_each_time.data), self.note.data or "", self.signal.data or ""
        )


def uuid_of(text: str | None) -> UUID | None:
    """The id in this text, if it is one."""
    try:
        return UUID((text or "").strip())
    except ValueError:
        return None
