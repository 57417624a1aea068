"""Published forms coming in, taking their place in a questionnaire, and answers that came from elsewhere.

An instrument that was brought in is never edited: the next file makes the next version, one in another language beside
the words that are there. Its place in a questionnaire is a copy of it, sealed by a hash (`verbatim.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select

from saas import audit
from saas.crypto import keyed_hash
from saas.db import action, db, new_id
from saas.errors import Invalid, NotFound
from saas.links import home_of
from saas.tenancy import current_tenant
from saas.words import _
from tenants.clients.models import Client
from tenants.intake.answer_rows import put_answers
from tenants.intake.fhir_compare import bring
from tenants.intake.fhir_join import joined
from tenants.intake.fhir_read import read_form
from tenants.intake.fhir_response import read_response
from tenants.intake.file_rows import keep_brought
from tenants.intake.form_json import as_json, from_json, hash_of
from tenants.intake.heeding import look_and_tell
from tenants.intake.models import Intake, QuestionnaireVersion
from tenants.intake.models import Questionnaire as QuestionnaireRow
from tenants.intake.publishing import begin_from, change_draft
from tenants.intake.queries import definition_of
from tenants.intake.questions import Coding, Item, Part, Questionnaire, item_index
from tenants.intake.registry import INSTRUMENT
from tenants.intake.scores import ASKS_OF_HARM
from tenants.intake.verbatim import sealed
from tenants.practitioners.models import Practitioner

CALM = "no"  # what means no where a question has no choices
SECTION = "k"  # where extra questionnaires stand


class NoSuchForm(NotFound):
    """No form, or no version of one, has this id."""

    code = "no-such-form"


class CannotComeIn(Invalid):
    """Something in the file keeps the form out, or a question about it is still open."""

    code = "form-stopped"


@dataclass(frozen=True)
class Came:
    """What a file became: an instrument with a version, or (version None) a questionnaire to be finished."""

    questionnaire_id: UUID
    version_id: UUID | None


@action
def bring_in(*, data: bytes, positions: bool, harm: Mapping[str, str], now: datetime) -> Came:
    """Take a checked file in. `harm`: for each question that reads as if it asked about harming oneself, the code of
    the answer that means no (`CALM` where it has no choices), or "" when it does not ask that. An instrument is ready
    at once; any other form becomes a draft in the editor. `NotReadable`, `CannotComeIn`.
    """
    brought = bring(read_form(data), positions=positions)
    items = item_index(brought.form)
    open_ = [id_ for id_ in brought.needs_mapping if harm.get(id_) not in ("", *calm_codes(items[id_]))]
    if brought.stops:
        raise CannotComeIn(_("This form cannot be brought in as it is. The report says why"))
    if open_:
        raise CannotComeIn(
            _("Some questions need your answer first"),
            fields={id_: _("Say whether it asks about harming oneself") for id_ in open_},
        )
    form = mapped_by(brought.form, harm)
    came = (
        _keep_instrument(form, now=now) if brought.sheet and not brought.own else Came(begin_from(form, now=now), None)
    )
    audit.record(
        "form.brought_in", target="questionnaire", target_id=came.questionnaire_id, now=now, form=form.key,
        remarks=len(brought.remarks), by_position=int(positions), mapped=sum(map(bool, harm.values())),
    )  # fmt: skip
    return came


def calm_codes(item: Item) -> tuple[str, ...]:
    """The codes of the answers that could mean no."""
    return tuple(option.code for option in item.options) or (CALM,)


def mapped_by(form: Questionnaire, harm: Mapping[str, str]) -> Questionnaire:
    """`form` with these questions marked as ones that ask about harming oneself: help beside them, and the team told.

    The answer that means no counts 0, every other one 1 or what it counts already.
    """

    def change(item: Item) -> Item:
        item = replace(item, items=tuple(change(one) for one in item.items))
        calm = harm.get(item.id)
        if not calm:
            return item
        counted = tuple(
            replace(option, score=0 if option.code == calm else max(1, option.score or 0)) for option in item.options
        )
        return replace(item, acute=True, options=counted, codes=(*item.codes, Coding(INSTRUMENT, ASKS_OF_HARM)))

    return _each_item(form, change)


def _each_item(form: Questionnaire, change: Callable[[Item], Item]) -> Questionnaire:
    parts = [
        replace(
            part,
            sections=tuple(
                replace(section, items=tuple(change(item) for item in section.items)) for section in part.sections
            ),
        )
        for part in form.parts
    ]
    return replace(form, parts=tuple(parts))


def _keep_instrument(form: Questionnaire, *, now: datetime) -> Came:
    found = select(QuestionnaireRow).where(QuestionnaireRow.key == form.key)
    row = db.session.execute(found.with_for_update()).scalar_one_or_none()
    if row is not None and row.kind != "instrument":
        raise CannotComeIn(_("A questionnaire of yours has this form’s key, %(key)s", key=form.key))
    newest = newest_version(row.id) if row is not None else None
    if row is not None and row.archived_at is None and newest is not None and newest.withdrawn_at is None:
        form = joined(from_json(newest.definition), form)
    form = _each_item(form, lambda item: sealed(item) if item.kind == "group" else item)
    if row is None:
        row = QuestionnaireRow(key=form.key, kind="instrument", created_at=now)
        db.session.add(row)
    row.title = next(iter(form.title.values()))[:160]
    row.draft, row.draft_at, row.archived_at = as_json(form), now, None
    db.session.flush()
    digest = hash_of(form)
    if newest is None or newest.hash != digest or newest.withdrawn_at is not None:
        newest = QuestionnaireVersion(
            questionnaire_id=row.id, number=newest.number + 1 if newest else 1, hash=digest, definition=as_json(form),
            account_id=audit.current_actor().account_id, published_at=now,
        )  # fmt: skip
        db.session.add(newest)
        db.session.flush()
    return Came(row.id, newest.id)


def newest_version(questionnaire_id: UUID) -> QuestionnaireVersion | None:
    """The version of this form that was made last."""
    found = select(QuestionnaireVersion).where(QuestionnaireVersion.questionnaire_id == questionnaire_id)
    return db.session.execute(found.order_by(QuestionnaireVersion.number.desc()).limit(1)).scalar_one_or_none()


@dataclass(frozen=True)
class Standing:
    """A published form the clinic has: its newest version, the ids of the questionnaires it stands in, and of those
    that hold an older one."""

    id: UUID
    key: str
    title: str
    number: int
    since: datetime
    languages: tuple[str, ...]
    placed_in: tuple[UUID, ...]
    outdated_in: tuple[UUID, ...] = ()


def _newest_numbers() -> Any:
    version = QuestionnaireVersion
    newest = select(version.questionnaire_id, func.max(version.number).label("number"))
    return newest.group_by(version.questionnaire_id).subquery()


def standing() -> list[Standing]:
    """The instruments that were brought in, by name; two queries however many."""
    version, row, last = QuestionnaireVersion, QuestionnaireRow, _newest_numbers()
    found = (
        select(row.id, row.key, row.title, version.number, version.published_at, version.definition)
        .join(last, last.c.questionnaire_id == row.id)
        .join(version, and_(version.questionnaire_id == row.id, version.number == last.c.number))
        .where(row.kind == "instrument", row.archived_at.is_(None))
        .order_by(row.title)
    )
    places = own_forms()
    return [
        Standing(
            id_, key, title, number, at, tuple(definition["languages"]),
            tuple(one.id for one in places if key in one.holds),
            tuple(one.id for one in places if one.holds.get(key) not in (None, dict(_held_by(definition)).get(key))),
        )
        for id_, key, title, number, at, definition in db.session.execute(found)
    ]  # fmt: skip


@dataclass(frozen=True)
class Own:
    """A questionnaire of the clinic, and the published forms its draft holds: by key the hash they came in with."""

    id: UUID
    title: str
    holds: Mapping[str, str]


def own_forms() -> list[Own]:
    """The clinic's own questionnaires, the oldest first; one query."""
    row = QuestionnaireRow
    found = select(row.id, row.title, row.draft).where(row.kind == "intake", row.archived_at.is_(None))
    rows = db.session.execute(found.order_by(row.created_at, row.id))
    return [Own(id_, title, dict(_held_by(draft))) for id_, title, draft in rows]


def _held_by(draft: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The ids and hashes of groups that came in as instruments, read off the JSON: a draft may be any stage of
    unfinished."""
    for code in draft.get("codes", ()):
        if code.get("system") == INSTRUMENT and draft.get("kind") == "group":
            yield str(draft.get("id", "")), str(code.get("display", ""))
    for name in ("parts", "sections", "items"):
        for one in draft.get(name, ()):
            yield from _held_by(one)


@action
def put_away(*, instrument_id: UUID, now: datetime) -> None:
    """Put an instrument away: it is offered no more. Its versions stay, for the answers that were given to them."""
    row = one_form(instrument_id, kind="instrument", lock=True)
    row.archived_at = now
    audit.record("form.put_away", target="questionnaire", target_id=row.id, now=now, form=row.key)


@action
def place(*, instrument_id: UUID, questionnaire_id: UUID, now: datetime) -> None:
    """Put an instrument into section K of a questionnaire's draft, whole and in its order; in place of an older one.

    What is sent out stays as it is until the draft is published. `CannotComeIn` for a draft without such a section.
    """
    instrument = one_form(instrument_id, kind="instrument")
    newest = newest_version(instrument.id)
    if newest is None:
        raise NoSuchForm
    group = next(
        item for part in from_json(newest.definition).parts for section in part.sections for item in section.items
    )
    change_draft(questionnaire_id=questionnaire_id, change=lambda form: _with_group(form, group), now=now)


@action
def take_out(*, instrument_id: UUID, questionnaire_id: UUID, now: datetime) -> None:
    """Take an instrument out of a questionnaire's draft again."""
    key = one_form(instrument_id, kind="instrument").key
    change_draft(questionnaire_id=questionnaire_id, change=lambda form: _without(form, key), now=now)


def _with_group(form: Questionnaire, group: Item) -> Questionnaire:
    bare = _without(form, group.id)
    if not any(section.id == SECTION for part in bare.parts for section in part.sections):
        raise CannotComeIn(_("This questionnaire has no section K for extra questions. Add one with the id k first"))

    def put(part: Part) -> Part:
        sections = tuple(
            replace(section, items=(*section.items, group), enabled=True) if section.id == SECTION else section
            for section in part.sections
        )
        return replace(part, sections=sections)

    return replace(bare, parts=tuple(put(part) for part in bare.parts))


def _without(form: Questionnaire, key: str) -> Questionnaire:
    def rest(part: Part) -> Part:
        sections = tuple(
            replace(section, items=tuple(item for item in section.items if item.id != key)) for section in part.sections
        )
        return replace(part, sections=sections)

    return replace(form, parts=tuple(rest(part) for part in form.parts))


def one_form(id_: UUID, *, kind: str = "", lock: bool = False) -> QuestionnaireRow:
    """The form with this id, of this kind; `NoSuchForm` for any other id and for what was put away."""
    row = db.session.get(QuestionnaireRow, id_, with_for_update=lock or None, populate_existing=lock)
    if row is None or row.archived_at is not None or (kind and row.kind != kind):
        raise NoSuchForm
    return row


@dataclass(frozen=True)
class Answerable:
    """A version of a form that answers can be to. `sources`: the addresses that the published form has, with the
    version it has there ("url|1"); else ours."""

    version_id: UUID
    title: str
    number: int
    sources: tuple[str, ...]

    def known_as(self, url: str) -> str:
        """The source with this address, else the first."""
        return next((said for said in self.sources if said.partition("|")[0] == url), self.sources[0])


def answerable() -> list[Answerable]:
    """The newest version of every form, by title; one query."""
    version, row, last = QuestionnaireVersion, QuestionnaireRow, _newest_numbers()
    found = (
        select(version.id, row.title, row.key, version.number, version.definition)
        .join(row, row.id == version.questionnaire_id)
        .join(last, and_(last.c.questionnaire_id == row.id, last.c.number == version.number))
        .where(row.archived_at.is_(None))
        .order_by(row.title)
    )
    return [
        Answerable(id_, title, number, _sources(definition) or (f"{home_of(current_tenant())}/forms/{key}|{number}",))
        for id_, title, key, number, definition in db.session.execute(found)
    ]


def _sources(definition: Mapping[str, Any]) -> tuple[str, ...]:
    said = definition.get("texts", {}).get("source", {})
    return tuple(dict.fromkeys(said[code] for code in definition["languages"] if said.get(code)))


@action
def bring_answers(*, version_id: UUID, client_id: UUID, data: bytes, now: datetime) -> UUID:
    """Keep a file's answers to a form as an intake of this client that is in; its id. What may be urgent in them is
    looked at as if the client had just saved it. `NotReadable`, `CannotComeIn` when nothing in the file fits."""
    version = db.session.get(QuestionnaireVersion, version_id)
    if version is None or db.session.get(Client, client_id) is None:
        raise NoSuchForm
    read = read_response(data, definition_of(version.id))
    if not read.answers:
        raise CannotComeIn(_("None of the answers in this file belongs to this form"))
    # Nobody gets a link to it: in the link's place stands what it came from, so that a second press finds the first.
    came_from = keyed_hash("intake-file", current_tenant().id, f"{version.id}|{client_id}|{_digest(data)}")
    known = db.session.execute(select(Intake.id).where(Intake.link_hash == came_from)).scalar_one_or_none()
    if known is not None:
        return known
    id_ = new_id()
    at = min(_noon(read.authored), now) if read.authored else now
    intake = Intake(  # nobody else knows its id yet: no lock
        id=id_, client_id=client_id, questionnaire_version_id=version.id, status="submitted", requested_at=now,
        started_at=at, saved_at=now, submitted_at=at, link_hash=came_from,
        practitioner_id=_practitioner_here(),
    )  # fmt: skip
    db.session.add(intake)
    db.session.flush()
    put_answers(intake, keep_brought(intake, read.answers, read.files, now=now), known={}, sitting="", now=now)
    db.session.flush()
    audit.record(
        "intake.brought_in", target="intake", target_id=id_, now=now, answers=len(read.answers),
        remarks=len(read.remarks),
    )  # fmt: skip
    look_and_tell(intake_id=id_, why="submitted", now=now)
    return id_


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo(current_tenant().zone))


def _practitioner_here() -> UUID | None:
    account_id = audit.current_actor().account_id
    found = select(Practitioner.id).where(Practitioner.account_id == account_id).limit(1)
    return db.session.execute(found).scalar_one_or_none() if account_id else None
