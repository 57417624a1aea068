"""An intake as a file: on paper for the clinic’s record, or as FHIR for another program. Each one is noted.

What a client may get has no flag and no score in it. A practitioner who asks for them gets the paper with flags.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from saas import audit, formats
from saas.db import action, db
from saas.links import home_of
from saas.sealing import unseal_value
from saas.tenancy import current_tenant
from saas.words import _
from tenants.clients.models import Client
from tenants.intake.assessing import kept_look
from tenants.intake.fhir_write import Named, Receipt, bundle, consent, questionnaire, response
from tenants.intake.file_rows import files_in
from tenants.intake.form_json import as_json
from tenants.intake.json_reading import canonical
from tenants.intake.models import Consent, ConsentText, Intake, QuestionnaireVersion
from tenants.intake.models import Questionnaire as QuestionnaireRow
from tenants.intake.queries import NoSuchIntake, answers_of, consents_of, definition_of, names_for
from tenants.intake.questions import in_language
from tenants.intake.record import Chapter, Line, Record, chapters_of, record_pdf
from tenants.intake.showing import sections_shown


def intake_by_id(intake_id: UUID) -> Intake:
    """The intake with this id; `NoSuchIntake` for any other."""
    found = db.session.get(Intake, intake_id)
    if found is None:
        raise NoSuchIntake
    return found


@action
def note_taken_out(
    *, intake_id: UUID, kind: str, flags: bool, now: datetime, sections: Iterable[str] | None = None
) -> None:
    """Note that an intake was taken out as a file, with the sections it held: all that it asks, or those named."""
    intake = intake_by_id(intake_id)
    if sections is None:
        sections = sections_shown(definition_of(intake.questionnaire_version_id), answers_of(intake))
    audit.record(
        "intake.exported", target="intake", target_id=intake.id, now=now, kind=kind, flags=int(flags),
        client=str(intake.client_id), sections=",".join(sections),
    )  # fmt: skip


def receipts_of(intake: Intake) -> list[Receipt]:
    """What was agreed to in this intake, with the words that were shown."""
    rows = consents_of(intake.client_id, intake_id=intake.id)
    wanted = select(ConsentText.hash, ConsentText.words).where(ConsentText.hash.in_({row.text_hash for row in rows}))
    texts: dict[str, str] = {row[0]: row[1] for row in db.session.execute(wanted)} if rows else {}
    return [_receipt(row, texts.get(row.text_hash, "")) for row in rows]


def _receipt(row: Consent, words: str) -> Receipt:
    told: Any = unseal_value(subject=row.client_id, about=f"consent|sealed|{row.id}", sealed=row.sealed)
    return Receipt(
        id=str(row.id), client_id=str(row.client_id), purpose=row.purpose, choice=row.choice, at=row.at,
        name=told["name"], words=words, words_hash=row.text_hash, locale=row.locale, hash=row.hash,
    )  # fmt: skip


def paper_of_intake(intake: Intake, *, language: str, flags: bool) -> bytes:
    """The PDF: answers by section, what was agreed to, which version of the questions; `flags` adds what the rules
    found. The caller notes it (`note_taken_out`)."""
    version = db.session.get_one(QuestionnaireVersion, intake.questionnaire_version_id)
    client = db.session.get_one(Client, intake.client_id)
    form, answers, names = definition_of(version.id), answers_of(intake), names_for(intake)
    sent = intake.submitted_at or intake.saved_at or intake.requested_at
    facts = [
        (_("Questions"), in_language(form.title, language)),
        (_("Sent") if intake.submitted_at else _("Not sent yet, as of"), _when(sent, language)),
        (_("Version"), f"{version.number} · {version.hash}"),
    ]
    if intake.session_date is not None:
        facts.insert(2, (_("Session"), formats.full_date(intake.session_date, language)))
    chapters = [
        *chapters_of(form, answers, language, skipped=_("This section was skipped."), names=names),
        *_consents(intake, language),
        *(_flags(intake, language) if flags else ()),
    ]
    return record_pdf(
        Record(
            title=f"{client.name} {version.number}",
            clinic=current_tenant().name,
            name=client.name,
            facts=tuple(facts),
            chapters=tuple(chapters),
            unwritten=_(
                "Some letters cannot be written on this paper: they stand as ¿ or without their accents. The answers "
                "are whole in Longtide."
            ),
            foot=f"{current_tenant().name} · {version.hash[:12]}",
            language=language,
            made=sent,
        )
    )


def _when(at: datetime, language: str) -> str:
    local = at.astimezone(ZoneInfo(current_tenant().zone))
    return f"{formats.full_date(local.date(), language)}, {formats.clock(local, language)}"


def _consents(intake: Intake, language: str) -> Iterable[Chapter]:
    said = {"given": _("Agreed"), "refused": _("Did not agree"), "withdrawn": _("Took it back")}
    lines = tuple(
        Line(
            f"{receipt.purpose} · {_when(receipt.at, language)} · {receipt.words_hash[:12]}",
            said[receipt.choice],
            receipt.words,
        )
        for receipt in receipts_of(intake)
    )
    return [Chapter(_("Agreements"), lines)] if lines else []


def _flags(intake: Intake, language: str) -> Iterable[Chapter]:
    kept = kept_look(intake)
    found = kept.look.flags if kept else ()
    lines = tuple(
        Line(
            in_language(flag.title, language),
            in_language(flag.explanation, language),
            in_language(flag.next_step, language),
        )
        for flag in found
    )
    return [Chapter(_("What the clinic’s rules found. Not a diagnosis."), lines)] if lines else []


def bundle_of_intake(intake: Intake, *, now: datetime) -> dict[str, Any]:
    """The form, the answers and the consents as one FHIR bundle. It is the client's to have: no flag, no score."""
    version = db.session.get_one(QuestionnaireVersion, intake.questionnaire_version_id)
    key = db.session.get_one(QuestionnaireRow, version.questionnaire_id).key
    form = definition_of(version.id)
    named = Named(f"{home_of(current_tenant())}/forms/{key}", str(version.number), version.hash)
    status = "completed" if intake.status == "submitted" else "in-progress"
    answers = answers_of(intake)
    answered = response(
        form, answers, named, files=files_in(intake, answers), client_id=str(intake.client_id), id_=str(intake.id),
        at=intake.submitted_at or intake.saved_at or intake.requested_at, status=status,
    )  # fmt: skip
    whole = questionnaire(form, named, whole=canonical(as_json(form)))
    return bundle([whole, answered, *map(consent, receipts_of(intake))], at=now)
