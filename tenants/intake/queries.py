"""Reads of intakes: the one behind a link, what was answered in it, which are still to come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from saas.db import db, line
from saas.errors import Gone, NotFound
from saas.links import absolute, hash_of, link_for
from saas.prepared import Prepared
from saas.tenancy import current_tenant
from saas.words import _
from tenants.clients.models import Client
from tenants.intake.answer_rows import Said, said_in
from tenants.intake.asking import Paper, carried, paper_of
from tenants.intake.form_json import from_json
from tenants.intake.models import Consent, Intake, QuestionnaireVersion
from tenants.intake.models import Questionnaire as QuestionnaireRow
from tenants.intake.questions import Answer, Questionnaire
from tenants.intake.touch import as_it_stands
from tenants.practitioners.models import Practitioner

LINK = "intake"
"""What an intake's link is for."""
OPEN = ("requested", "open")
_REMEMBERED = 64
_NEW = timedelta(hours=1)
"""A client made no longer than this before was made for this very booking."""


class NoSuchIntake(NotFound):
    """No intake answers to this link or id."""

    code = "no-such-intake"


class TooLate(Gone):
    """Nothing can be answered in this intake any more, or not as it stands."""


class IntakeClosed(TooLate):
    """Its session was cancelled: nothing more is asked."""

    code = "intake-closed"

    def __init__(self) -> None:
        super().__init__(_("These questions are closed. There is nothing more to answer here"))


class IntakeExpired(TooLate):
    """It lay too long. What was never sent is deleted; a new link comes from the clinic."""

    code = "intake-expired"

    def __init__(self) -> None:
        super().__init__(_("This link has run out. Ask the clinic for a new one"))


def intake_by_token(token: str) -> Intake:
    """The intake behind a link; `NoSuchIntake` for anything else."""
    found = db.session.execute(select(Intake).where(Intake.link_hash == hash_of(token))).scalar_one_or_none()
    if found is None:
        raise NoSuchIntake
    return found


def check_standing(intake: Intake, *, now: datetime) -> None:
    """`IntakeClosed` or `IntakeExpired` for an intake in which nothing can be answered any more."""
    if intake.status == "closed":
        raise IntakeClosed
    over = intake.expires_at is not None and intake.expires_at <= now
    if intake.status == "expired" or (intake.status in OPEN and over):
        raise IntakeExpired


def is_over(intake: Intake, *, now: datetime) -> bool:
    """Whether its session has begun: what was sent stays as it is from then on."""
    return intake.session_at is not None and intake.session_at <= now


def page_at(intake: Intake) -> str:
    """The address of its pages, for mails."""
    return absolute(f"/intake/{link_for(LINK, intake.id, intake.link_generation).token}")


def office_page_at(intake_id: UUID) -> str:
    """The address of its summary, for mails to the team."""
    return absolute(f"/manage/intakes/open/?id={intake_id}")


def lock_intake(intake_id: UUID) -> Intake:
    """The intake, read anew and held until the action ends; `NoSuchIntake`."""
    found = select(Intake).where(Intake.id == intake_id).with_for_update(key_share=True)
    row = db.session.execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise NoSuchIntake
    return row


def paper_for(version_id: UUID) -> Paper:
    """The version of the questionnaire under which an intake was asked for, made ready."""
    return _paper(version_id)


@lru_cache(maxsize=_REMEMBERED)
def _paper(version_id: UUID) -> Paper:
    # A version is never changed, and its id names the tenant's row: what is remembered cannot be somebody else's.
    found = select(QuestionnaireVersion.definition, QuestionnaireVersion.hash).where(
        QuestionnaireVersion.id == version_id
    )
    definition, digest = db.session.execute(found).one()
    return paper_of(from_json(definition), digest)


def definition_of(version_id: UUID) -> Questionnaire:
    """The questionnaire of this version, from memory where it was read before."""
    return paper_for(version_id).form


@lru_cache(maxsize=1)
def _published() -> Prepared:
    version, asked = QuestionnaireVersion.__table__.c, QuestionnaireRow.__table__.c
    mine = bindparam("mine", type_=Uuid())
    return Prepared(
        select(version.id)
        .where(
            version.tenant_id == mine,
            asked.tenant_id == mine,
            asked.id == version.questionnaire_id,
            asked.kind == "intake",
            asked.archived_at.is_(None),
            version.withdrawn_at.is_(None),
        )
        .order_by(version.published_at.desc(), version.number.desc())
        .limit(1)
    )


def published() -> UUID | None:
    """The version that new intakes are asked under: the newest of the clinic's questionnaires, not withdrawn."""
    db.session.flush()  # every booking asks this: a statement made ready, past the session (docs/decisions/0027)
    found = _published().rows(line(), {"mine": current_tenant().id})
    return found[0][0] if found else None


def names_for(intake: Intake) -> dict[str, str]:
    """What stands for `{clinic}` and `{practitioner}` in the texts of a questionnaire."""
    person = db.session.get(Practitioner, intake.practitioner_id) if intake.practitioner_id else None
    clinic = current_tenant().name
    return {"clinic": clinic, "practitioner": person.first_name or person.name if person else clinic}


def previous_of(intake: Intake) -> Intake | None:
    """The intake that this one brings up to date."""
    return db.session.get(Intake, intake.previous_id) if intake.previous_id else None


def said_now(intake: Intake) -> dict[str, Said]:
    """What stands: what was answered here, and before the first save of an update, what it will take over."""
    said = said_in(intake)
    before = previous_of(intake) if intake.started_at is None else None
    if before is None:
        return said
    earlier = said_in(before)
    taken = taken_over(intake, earlier)
    return {key: Said(answer, "", earlier[key].row_id, earlier[key].at) for key, answer in taken.items()} | said


def taken_over(intake: Intake, before: Mapping[str, Said]) -> dict[str, Answer]:
    """What an update takes over of what was said `before`."""
    paper = paper_for(intake.questionnaire_version_id)
    return as_it_stands(intake.client_id, carried(paper, {key: one.answer for key, one in before.items()}))


def answers_of(intake: Intake) -> dict[str, Answer]:
    """What stands, by key (an item's id, or `item@row`)."""
    return {key: one.answer for key, one in said_now(intake).items()}


def intake_of_booking(booking_id: UUID) -> Intake | None:
    """The intake that was asked for with this booking, unless it is closed."""
    found = select(Intake).where(Intake.booking_id == booking_id, Intake.status != "closed")
    return db.session.execute(found.order_by(Intake.requested_at.desc()).limit(1)).scalar_one_or_none()


def intakes_of_client(client_id: UUID) -> list[Intake]:
    """All of a client's, the newest first."""
    found = select(Intake).where(Intake.client_id == client_id).order_by(Intake.requested_at.desc(), Intake.id.desc())
    return list(db.session.execute(found).scalars())


def last_submitted(client_id: UUID) -> Intake | None:
    """What this client sent last, be it open again by now; answers to a published form alone, which came from a file,
    are no intake."""
    found = (
        select(Intake)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Intake.questionnaire_version_id)
        .join(QuestionnaireRow, QuestionnaireRow.id == QuestionnaireVersion.questionnaire_id)
        .where(
            Intake.client_id == client_id,
            Intake.submitted_at.is_not(None),
            Intake.status != "closed",
            QuestionnaireRow.kind == "intake",
        )
    )
    return db.session.execute(found.order_by(Intake.submitted_at.desc()).limit(1)).scalar_one_or_none()


def client_of(intake: Intake) -> Client:
    """Whose it is."""
    return db.session.get_one(Client, intake.client_id)


def known_before(intake: Intake) -> bool:
    """Whether its client was known when it was asked for: whoever asked may then be somebody else who typed their
    address, until a second proof."""
    if intake.previous_id is not None or client_of(intake).created_at < intake.requested_at - _NEW:
        return True
    earlier = select(Intake.id).where(Intake.client_id == intake.client_id, Intake.requested_at < intake.requested_at)
    return db.session.execute(earlier.limit(1)).first() is not None


def consents_of(client_id: UUID, *, intake_id: UUID | None = None) -> list[Consent]:
    """Receipts of a client, oldest first; of one intake where it is named."""
    found = select(Consent).where(Consent.client_id == client_id)
    if intake_id is not None:
        found = found.where(Consent.intake_id == intake_id)
    return list(db.session.execute(found.order_by(Consent.number)).scalars())
