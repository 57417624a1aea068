"""What the pages about intakes send: each the whole of the settings, with its own part as typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

from wtforms import BooleanField, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice

from saas.words import later as _l
from tenants.intake.help_numbers import OwnNumber
from tenants.intake.settings import CONTACTS, JURISDICTIONS, OWN_NUMBERS, Contact, IntakeSettings, OpenHours, Who
from tenants.settings.forms import SettingsForm


class ContactsForm(SettingsForm):
    """Who is told of an alert, and when. The hours come as numbered rows (`start-0` is Monday's)."""

    first_name = StringField()
    first_email = StringField()
    second_name = StringField()
    second_email = StringField()
    on_call_name = StringField()
    on_call_email = StringField()
    escalate_minutes = StringField()

    def request(self, rows: Mapping[str, str], stands: IntakeSettings) -> IntakeSettings:
        """The settings with what was typed; `rows` is the whole form."""
        hours = tuple(OpenHours(rows.get(f"start-{day}", ""), rows.get(f"end-{day}", "")) for day in range(7))
        return replace(
            stands, first=self._contact("first"), second=self._contact("second"), on_call=self._contact("on_call"),
            escalate_minutes=self.whole("escalate_minutes"), hours=hours,
        )  # fmt: skip

    def _contact(self, who: Who) -> Contact:
        name, email = (str(self._fields[f"{who}_{part}"].data or "") for part in ("name", "email"))
        return Contact(name, email)


def contacts_data(stands: IntakeSettings) -> dict[str, str]:
    """What the fields show."""
    shown = {"escalate_minutes": str(stands.escalate_minutes)}
    for who in CONTACTS:
        contact = stands.contact(who)
        shown |= {f"{who}_name": contact.name, f"{who}_email": contact.email}
    return shown


class AskingForm(SettingsForm):
    """Whose bookings ask, who reads, and how long things wait. `services`: the boxes that are ticked."""

    which = RadioField(
        choices=[
            SelectChoice("all", _l("Every booking")),
            SelectChoice("some", _l("Only bookings of the sessions ticked here")),
        ],
        validate_choice=False,
    )
    services = SelectMultipleField(validate_choice=False)
    owner_reads = BooleanField()
    calls_back = BooleanField()
    review_hours = StringField()
    draft_days = StringField()
    jurisdiction = RadioField(
        choices=[SelectChoice(code, words) for code, words in JURISDICTIONS.items()], validate_choice=False
    )

    def request(self, stands: IntakeSettings) -> IntakeSettings:
        """The settings with what was typed; boxes for services that are none of ours count for nothing."""
        ticked = tuple(found for found in map(_uuid, self.services.data or ()) if found is not None)
        return replace(
            stands, services=ticked if self.which.data == "some" else None, owner_reads=bool(self.owner_reads.data),
            calls_back=bool(self.calls_back.data), review_hours=self.whole("review_hours"),
            draft_days=self.whole("draft_days"), jurisdiction=self.jurisdiction.data or "",
        )  # fmt: skip


def asking_data(stands: IntakeSettings) -> dict[str, object]:
    """What the fields show."""
    return {
        "which": "all" if stands.services is None else "some",
        "services": [str(one) for one in stands.services or ()],
        "owner_reads": stands.owner_reads,
        "calls_back": stands.calls_back,
        "review_hours": str(stands.review_hours),
        "draft_days": str(stands.draft_days),
        "jurisdiction": stands.jurisdiction,
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class NumbersForm(SettingsForm):
    """The help numbers. The clinic's own come as numbered rows (`own-0-name`), what is left out as `hide`."""

    checked = BooleanField()

    def request(
        self, rows: Mapping[str, str], hidden: tuple[str, ...], stands: IntakeSettings, *, today: date
    ) -> IntakeSettings:
        """The settings with what was typed; a number that is new or changed counts as checked today."""
        known = {(one.name, one.number, one.way): one.checked for one in stands.own_numbers}
        typed = [_own(rows, number) for number in range(OWN_NUMBERS)]
        own = tuple(
            replace(one, checked=known.get((one.name, one.number, one.way), today))
            for one in typed
            if one.name.strip() or one.number.strip()
        )
        checked = today if self.checked.data else stands.numbers_checked
        return replace(stands, own_numbers=own, hidden_numbers=hidden, numbers_checked=checked)


def _own(rows: Mapping[str, str], number: int) -> OwnNumber:
    said = {part: rows.get(f"own-{number}-{part}", "") for part in ("name", "number", "way")}
    return OwnNumber(said["name"], said["number"], "text" if said["way"] == "text" else "call")
