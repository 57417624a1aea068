"""A clinic's questionnaires: begun from the shipped one, written as a draft, published as versions that never change.

New intakes are asked under the newest published version (`queries.published`); who has begun under another finishes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from saas import audit
from saas.db import action, db, flush_or
from saas.errors import Conflict, Invalid, NotFound
from saas.stale import mark_of, unchanged
from saas.words import _
from tenants.intake.form_json import NotAQuestionnaire, as_json, from_json, hash_of, hash_of_json
from tenants.intake.json_reading import Fault
from tenants.intake.lint import faults_in
from tenants.intake.models import Questionnaire as QuestionnaireRow
from tenants.intake.models import QuestionnaireVersion
from tenants.intake.queries import definition_of, published
from tenants.intake.questions import Questionnaire
from tenants.intake.rule_sets import rules_in_force
from tenants.intake.settings import has_alert_contacts
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.structure import all_items
from tenants.intake.verbatim import is_as_brought

Change = Callable[[Questionnaire], Questionnaire]
Part = Callable[[Questionnaire], object]


class NoSuchQuestionnaire(NotFound):
    """The clinic has no questionnaire, or no version of one, with this id."""

    code = "no-such-questionnaire"


class BegunJustNow(Conflict):
    """Another one with this name was begun in the same moment."""

    code = "questionnaire-begun-just-now"


class NotPublishable(Conflict):
    """Something stands in the way; `faults` says what, and nothing was published."""

    code = "questionnaire-has-faults"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(_("Some questions need another look before this can be published"))
        self.faults = faults


@dataclass(frozen=True)
class Draft:
    """A questionnaire as it is being written. `mark`: of the whole, for who publishes it."""

    id: UUID
    key: str
    form: Questionnaire
    changed_at: datetime
    mark: str


@dataclass(frozen=True)
class Version:
    """A published version; `queries.definition_of` gives its questionnaire."""

    id: UUID
    questionnaire_id: UUID
    number: int
    hash: str
    published_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Listed:
    """A questionnaire of the clinic, its versions newest first. `asked`: new intakes are asked under it."""

    id: UUID
    title: str
    draft_at: datetime
    draft_hash: str
    versions: tuple[Version, ...]
    asked: bool


def questionnaires() -> list[Listed]:
    """The clinic's own, the oldest first; three queries however many."""
    found = select(QuestionnaireRow).where(QuestionnaireRow.kind == "intake", QuestionnaireRow.archived_at.is_(None))
    wanted = found.order_by(QuestionnaireRow.created_at, QuestionnaireRow.id).options(undefer(QuestionnaireRow.draft))
    versions: dict[UUID, list[Version]] = {}
    newest_first = select(QuestionnaireVersion).order_by(QuestionnaireVersion.number.desc())
    for version in db.session.execute(newest_first).scalars():
        versions.setdefault(version.questionnaire_id, []).append(_version(version))
    asked = published()
    listed = []
    for row in db.session.execute(wanted).scalars():
        own = tuple(versions.get(row.id, ()))
        in_use = any(one.id == asked for one in own)
        listed.append(Listed(row.id, row.title, row.draft_at, hash_of_json(row.draft), own, in_use))
    return listed


def draft_of(questionnaire_id: UUID) -> Draft:
    """The draft of a questionnaire; `NoSuchQuestionnaire` for any other id and for what is archived."""
    return _draft(_row(questionnaire_id))


def versions_of(questionnaire_id: UUID) -> list[Version]:
    """What was published of it, the newest first."""
    found = select(QuestionnaireVersion).where(QuestionnaireVersion.questionnaire_id == questionnaire_id)
    return [_version(row) for row in db.session.execute(found.order_by(QuestionnaireVersion.number.desc())).scalars()]


def discarded_at(questionnaire_id: UUID) -> datetime | None:
    """When the draft was discarded that lies aside; None where none does, or it says what the draft of now does."""
    row = _row(questionnaire_id)
    aside = _aside(row)
    return None if aside is None or aside.draft == row.draft else aside.draft_at


def faults_of_draft(form: Questionnaire) -> tuple[Fault, ...]:
    """Why this cannot be published in this clinic now."""
    return faults_in(form, rules=rules_in_force().rules, contacts=has_alert_contacts())


@action
def begin_from_shipped(*, now: datetime) -> UUID:
    """A new draft that is the shipped questionnaire; the id of its row."""
    return _add(shipped_questionnaire(), now=now)


@action
def begin_from(form: Questionnaire, *, now: datetime) -> UUID:
    """A new draft that is this questionnaire, which came from a file; the id of its row."""
    return _add(form, now=now)


@action
def begin_once(*, now: datetime) -> None:
    """The shipped questionnaire as a draft for a clinic that has none and never had. A second call changes nothing."""
    if db.session.execute(select(QuestionnaireRow.id).limit(1)).first() is None:
        _add(shipped_questionnaire(), now=now)


@action
def change_draft(
    *, questionnaire_id: UUID, change: Change, now: datetime, about: Part | None = None, seen: str | None = None
) -> None:
    """Keep the draft as `change` makes it. `seen`: the mark of what `about` says of the draft the page had shown, so
    that two people may work on different questions. `Invalid` when the result would be no questionnaire."""
    row = _row(questionnaire_id, lock=True)
    stands = from_json(row.draft)
    if about is not None:
        unchanged(seen, about(stands))
    wanted = change(stands)
    if wanted == stands:
        return
    _put(row, wanted, now=now)
    audit.record("questionnaire.changed", target="questionnaire", target_id=row.id, now=now)


@action
def discard_draft(*, questionnaire_id: UUID, now: datetime, seen: str | None = None) -> None:
    """Put the draft back to what was published last. What it said is laid aside, in place of what lay there before, so
    that `swap_draft` brings it back. `Invalid` when nothing is published, or nothing differs from it."""
    row = _row(questionnaire_id, lock=True)
    unchanged(seen, hash_of(from_json(row.draft)))
    newest = next((one for one in versions_of(row.id) if one.withdrawn_at is None), None)
    if newest is None:
        raise Invalid(_("Nothing is published, so there is nothing to go back to"))
    if newest.hash == hash_of_json(row.draft):
        raise Invalid(_("The draft has no changes to discard"))
    aside = _aside(row) or QuestionnaireRow(key=_aside_key(row.key), kind="intake", created_at=now, archived_at=now)
    aside.title, aside.draft, aside.draft_at = row.title, row.draft, now
    db.session.add(aside)
    _put(row, definition_of(newest.id), now=now)
    audit.record("questionnaire.discarded", target="questionnaire", target_id=row.id, now=now)


@action
def swap_draft(*, questionnaire_id: UUID, now: datetime, seen: str | None = None) -> None:
    """Bring back the draft that was discarded last; the one of now is laid aside in its place."""
    row = _row(questionnaire_id, lock=True)
    unchanged(seen, hash_of(from_json(row.draft)))
    aside = _aside(row)
    if aside is None:
        raise NoSuchQuestionnaire
    stood, wanted = row.draft, from_json(aside.draft)
    _put(row, wanted, now=now)
    aside.draft, aside.draft_at = stood, now
    audit.record("questionnaire.brought_back", target="questionnaire", target_id=row.id, now=now)


@action
def publish(*, questionnaire_id: UUID, now: datetime, seen: str | None = None) -> UUID:
    """Ask new intakes under the draft from now on, as a version that is never changed; its id.

    `NotPublishable` names everything that stands in the way; `ChangedMeanwhile` for a draft that is not the one seen.
    """
    row = _row(questionnaire_id, lock=True)
    draft = _draft(row)
    unchanged(seen, hash_of(draft.form))
    newest = next(iter(versions_of(row.id)), None)
    if newest is not None and newest.withdrawn_at is None and newest.hash == hash_of(draft.form):
        raise Invalid(_("Nothing has changed since this was published"))
    faults = faults_of_draft(draft.form)
    if faults:
        raise NotPublishable(faults)
    version = QuestionnaireVersion(
        questionnaire_id=row.id, number=newest.number + 1 if newest else 1, hash=hash_of(draft.form),
        definition=as_json(draft.form), account_id=audit.current_actor().account_id, published_at=now,
    )  # fmt: skip
    db.session.add(version)
    db.session.flush()
    audit.record("questionnaire.published", target="questionnaire", target_id=row.id, now=now, version=version.number)
    return version.id


@action
def withdraw(*, version_id: UUID, now: datetime) -> None:
    """Send this version out no more. Who has begun it may finish. A second call changes nothing."""
    version = db.session.get(QuestionnaireVersion, version_id, with_for_update=True)
    if version is None:
        raise NoSuchQuestionnaire
    if version.withdrawn_at is None:
        version.withdrawn_at = now
        audit.record(
            "questionnaire.withdrawn", target="questionnaire", target_id=version.questionnaire_id, now=now,
            version=version.number,
        )  # fmt: skip


@action
def archive(*, questionnaire_id: UUID, now: datetime) -> None:
    """Put a questionnaire away: it is offered and sent out no more. What was published and answered stays readable."""
    row = _row(questionnaire_id, lock=True)
    row.archived_at = now
    audit.record("questionnaire.archived", target="questionnaire", target_id=row.id, now=now)


def _row(questionnaire_id: UUID, *, lock: bool = False) -> QuestionnaireRow:
    row = db.session.get(QuestionnaireRow, questionnaire_id, with_for_update=lock or None, populate_existing=lock)
    if row is None or row.archived_at is not None or row.kind != "intake":
        raise NoSuchQuestionnaire
    return row


def _draft(row: QuestionnaireRow) -> Draft:
    form = from_json(row.draft)
    return Draft(row.id, row.key, form, row.draft_at, mark_of(hash_of(form)))


def _aside_key(key: str) -> str:
    return f"{key[:50]}.aside"


def _aside(row: QuestionnaireRow) -> QuestionnaireRow | None:
    """What lies aside of this questionnaire: an archived row of its own, which no list shows."""
    found = select(QuestionnaireRow).where(QuestionnaireRow.key == _aside_key(row.key))
    return db.session.execute(found.options(undefer(QuestionnaireRow.draft))).scalar_one_or_none()


def _version(row: QuestionnaireVersion) -> Version:
    return Version(row.id, row.questionnaire_id, row.number, row.hash, row.published_at, row.withdrawn_at)


def _add(form: Questionnaire, *, now: datetime) -> UUID:
    taken = set(db.session.execute(select(QuestionnaireRow.key)).scalars())
    keys = (form.key if number == 1 else f"{form.key}-{number}" for number in range(1, len(taken) + 2))
    key = next(key for key in keys if key not in taken)
    row = QuestionnaireRow(key=key, kind="intake", title="", draft={}, draft_at=now, created_at=now)
    _put(row, replace(form, key=key), now=now)
    db.session.add(row)
    flush_or({"questionnaire_tenant_id_key": BegunJustNow, "questionnaire.key": BegunJustNow})
    audit.record("questionnaire.begun", target="questionnaire", target_id=row.id, now=now)
    return row.id


def _put(row: QuestionnaireRow, form: Questionnaire, *, now: datetime) -> None:
    try:
        written = as_json(from_json(as_json(form)))
    except NotAQuestionnaire as refused:
        raise Invalid(refused.faults[0].sentence) from refused
    if not all(is_as_brought(item) for item in all_items(form)):
        raise Invalid(_("A published form is shown whole and unchanged: bring it in again"))
    title = next(iter(form.title.values()), form.key)
    row.draft, row.title, row.draft_at = written, title[:160], now
