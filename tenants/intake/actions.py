"""Asking and answering: an intake is requested with a booking, saved answer by answer, sent, and follows its session.

Nothing a client wrote is ever lost: a later answer to the same question replaces the earlier one, which stays; what
belongs to no question is put aside. Nothing a client answers cancels, moves or prices anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from saas import audit
from saas.db import action, db, new_id
from saas.errors import Invalid
from saas.links import link_for
from saas.outbox import Due, emit, emit_all
from saas.words import _
from tenants.clients.models import Client
from tenants.clients.rules import reach_for
from tenants.intake.answer_rows import Said, put_answers, put_aside, said_in
from tenants.intake.asking import (
    Paper,
    Typed,
    asked_now,
    decided,
    is_given,
    missing,
    signature_part,
    urgent_keys,
)
from tenants.intake.consents import Origin, Told, add_receipts
from tenants.intake.file_rows import destroy_replaced, put_file, sizes_kept
from tenants.intake.heeding import is_heeded, look_and_tell
from tenants.intake.late import tell_of
from tenants.intake.locks import Locks, locks_for
from tenants.intake.models import Intake
from tenants.intake.queries import (
    LINK,
    OPEN,
    IntakeExpired,
    TooLate,
    check_standing,
    intake_of_booking,
    is_over,
    known_before,
    last_submitted,
    lock_intake,
    names_for,
    paper_for,
    previous_of,
    published,
    taken_over,
)
from tenants.intake.questions import Answer
from tenants.intake.reviewing import plan_reminder
from tenants.intake.sent import Upload
from tenants.intake.settings import intake_settings
from tenants.intake.sorting import Room, sort
from tenants.intake.touch import remember_touch

REMINDER = "intake.reminder"
SUBMITTED = "intake.submitted"
REMIND_DAYS = {1: 3, 2: 1}
"""Days before the session at which the first and the second reminder go out."""
MOST_KEYS = 500
"""More than this at once was sent by no page of ours."""
_SAFE = "b.contactsafe"
_REACH = {"yes": "email", "email": "email", "text": "text", "phone": "phone", "no": "phone"}


class AlreadySent(TooLate):
    """The answers are in. To change one, the client opens them again first."""

    status = 409
    code = "already-sent"


class TooMuchAtOnce(Invalid):
    """More answers than any questionnaire has."""

    status = 413
    code = "too-much-at-once"


class Unfinished(Invalid):
    """Something that is needed is missing: `keys` in the order of the questions."""

    code = "unfinished"

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(_("A few answers are still needed before you can send this"))
        self.keys = keys


@dataclass(frozen=True)
class Session:
    """A booking as an intake needs to know it. `reach`: how its client typed that they may be reached."""

    booking_id: UUID
    client_id: UUID
    practitioner_id: UUID
    service_id: UUID
    starts_at: datetime
    zone: str
    locale: str = ""
    reach: str = "email"


@dataclass(frozen=True)
class Saved:
    """What became of it. `faults`: sentences by key, each also put aside; `dropped`: how many belonged to no question;
    `urgent`: keys of what was sent beside which help is shown; `locked`: keys put aside for want of a second proof."""

    kept: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    dropped: int = 0
    urgent: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()


@action
def request_intake(*, session: Session, now: datetime) -> UUID | None:
    """Ask the client of a booking to answer the clinic's questionnaire; its id, or None where none is published or the
    service asks nothing. Once a booking. Who has answered before is asked to bring that up to date."""
    version = published()
    if version is None or not intake_settings().asks(session.service_id):
        return None
    known = intake_of_booking(session.booking_id)
    if known is not None:
        return known.id
    before = last_submitted(session.client_id)
    id = new_id()
    intake = Intake(
        id=id, client_id=session.client_id, booking_id=session.booking_id, questionnaire_version_id=version,
        previous_id=before.id if before else None, status="requested", locale=session.locale, reach=session.reach,
        link_hash=link_for(LINK, id).hash, requested_at=now,
    )  # fmt: skip
    _follow(intake, session.starts_at, session.zone, session.practitioner_id)
    intake.expires_at = _until(intake, now=now)
    db.session.add(intake)
    db.session.flush()
    emit_all(
        [
            Due(REMINDER, _remind_at(intake, which, now), f"{REMINDER}:{id}:{which}", {"intake_id": id, "which": which})
            for which in REMIND_DAYS
        ]
    )
    audit.record("intake.requested", target="intake", target_id=id, now=now)
    return id


def _follow(intake: Intake, starts_at: datetime, zone: str, practitioner_id: UUID) -> None:
    intake.session_at = starts_at
    intake.session_date = starts_at.astimezone(ZoneInfo(zone)).date()
    intake.practitioner_id = practitioner_id


def _until(intake: Intake, *, now: datetime) -> datetime:
    """How long it can be answered: the clinic's days from the last save, and never before the session is over."""
    days = now + timedelta(days=intake_settings().draft_days)
    return max(days, intake.session_at + timedelta(days=1)) if intake.session_at else days


def _remind_at(intake: Intake, which: int, now: datetime) -> datetime:
    return max(now, (intake.session_at or now) - timedelta(days=REMIND_DAYS[which]))


@action
def save_answers(
    *, intake_id: UUID, typed: Mapping[str, Typed], now: datetime, sitting: str = "", opened: bool = False,
    part: str = "", decision: tuple[str, str] | None = None, origin: Origin | None = None,
) -> Saved:  # fmt: skip
    """Keep what was sent, in one transaction: every valid answer of a question that is shown, and aside whatever is
    not. What somebody did not touch (`Typed.mark`) is left as it is, so two tabs do not undo each other.

    `decision`: (section id, go | skip | in-person) of a notice. `sitting`: the browser that sends it, which changes
    nothing that is locked to it unless it is `opened`; without one it is no link that asks. An answer that may be
    urgent is looked at and the team told in this very transaction, also of one that was put aside, whatever the reason.
    Raises `AlreadySent`, `IntakeClosed`, `IntakeExpired`.
    """
    if len(typed) > MOST_KEYS:
        raise TooMuchAtOnce
    intake = _open(intake_id, now=now)
    paper = paper_for(intake.questionnaire_version_id)
    said = said_in(intake)
    sent = intake.submitted_at
    locks = locks_for(paper, said, sitting=sitting, opened=opened, sent=sent) if sitting else Locks()
    standing = {key: one.answer for key, one in said.items()}
    found = sort(paper, typed, standing, locks, _room(intake, typed))
    new, aside, locked = found.new, found.aside, found.locked
    if decision is not None and (section := paper.section(decision[0])) is not None:
        chosen = dict([one] if (one := decided(section, decision[1])) else [])
        (new if locks.may_decide(section, decision[1]) else locked).update(chosen)
    new = {key: answer for key, answer in new.items() if answer != standing.get(key, Answer())}
    shown = set(asked_now(paper, locks.seen(paper, said) | new))
    hidden = {key for key in new if paper.place(key) is not None and key not in shown}
    aside |= {key: replace(new.pop(key), file="") for key in hidden}
    dropped = len(aside) - len(found.faults)
    aside |= locked
    if new:
        put_answers(intake, new, known=said, sitting=sitting, now=now)
        _put_files(intake, new, standing, found.uploads, now=now)
    if aside:
        put_aside(intake, aside, sitting=sitting, now=now)
    intake.saved_at, intake.expires_at = now, _until(intake, now=now)
    intake.part = part or intake.part
    db.session.flush()
    if _SAFE in new:
        _reach_as_said(intake, new[_SAFE], proved=opened or not sitting, now=now)
    _heed(intake, paper, new, standing | new, origin=origin or Origin(), now=now)
    beside = urgent_keys(paper, aside)
    tell_of(intake, beside, now=now)
    return Saved(tuple(new), found.faults, dropped, (*urgent_keys(paper, new), *beside), tuple(locked))


def _open(intake_id: UUID, *, now: datetime) -> Intake:
    """The intake, locked, in which something is about to be kept; an update takes over what was said before."""
    intake = lock_intake(intake_id)
    check_standing(intake, now=now)
    if intake.status == "submitted" or (intake.submitted_at is not None and is_over(intake, now=now)):
        raise AlreadySent
    if intake.started_at is None:
        before = previous_of(intake)
        if before is not None:
            _take_over(intake, said_in(before), now=now)
        intake.status, intake.started_at = "open", now
        audit.record("intake.begun", target="intake", target_id=intake.id, now=now)
    return intake


def _take_over(intake: Intake, before: Mapping[str, Said], *, now: datetime) -> None:
    taken = taken_over(intake, before)
    if taken:
        put_answers(intake, taken, known={}, sitting="", now=now)
        db.session.flush()


def _room(intake: Intake, typed: Mapping[str, Typed]) -> Room:
    sends = any(isinstance(one.file, Upload) for one in typed.values())
    return Room(sizes_kept(intake.id), frees=intake.submitted_at is None) if sends else Room()


def _put_files(
    intake: Intake, new: Mapping[str, Answer], standing: Mapping[str, Answer], uploads: Mapping[str, Upload], *,
    now: datetime,
) -> None:  # fmt: skip
    """The files of new answers, in place of those that these replace."""
    for key, answer in new.items():
        if answer.file and key in uploads:
            put_file(intake, UUID(answer.file), uploads[key], now=now)
    destroy_replaced(
        intake, [standing[key] for key, one in new.items() if key in standing and standing[key].file != one.file]
    )


def _heed(
    intake: Intake, paper: Paper, new: Mapping[str, Answer], answers: Mapping[str, Answer], *,
    origin: Origin, now: datetime,
) -> None:  # fmt: skip
    """What a saved answer brings about at once: consent receipts, a look at what may be urgent."""
    places = {key: place for key in new if (place := paper.place(key)) is not None}
    signed = signature_part(paper).id
    agreed = [key for key, at in places.items() if at.item.kind == "consent" and at.part.id != signed]
    _receipts(intake, paper, [key for key in agreed if new[key].value is not None], answers, origin=origin, now=now)
    # What was sent once is somebody's to read: no answer changes behind a look that is shown as the last.
    if (new and intake.submitted_at is not None) or is_heeded(paper, new):
        look_and_tell(intake_id=intake.id, why="saved", now=now)


def _reach_as_said(intake: Intake, answer: Answer, *, proved: bool, now: datetime) -> None:
    """What a client says about being written to holds from now on; what was not said changes nothing. Without proof,
    whoever answers for a client known before can have less sent about this session, and changes nothing else."""
    reach = _REACH.get(str(answer.value))
    if reach is None:
        return
    if not proved and known_before(intake):
        intake.reach = intake.reach if reach == "email" else reach
        return
    client = db.session.get_one(Client, intake.client_id, with_for_update=True)
    intake.reach = reach
    if reach == "email" and not client.email:
        return
    if (client.reach, client.no_calls) != (reach, answer.value == "no"):
        client.reach, client.no_calls = reach, answer.value == "no"
        audit.record("client.changed", target="client", target_id=client.id, now=now, fields="reach,no_calls")


def _receipts(
    intake: Intake, paper: Paper, keys: list[str], answers: Mapping[str, Answer], *, origin: Origin, now: datetime
) -> None:
    def text(key: str) -> str:
        answer = answers.get(key)
        return str(answer.value) if answer is not None and answer.value is not None else ""

    signed = next((id for id, place in paper.places.items() if place.item.kind == "signature"), "")
    told = Told(text(signed) or text("b.name"), text("a.who"), text("a.rel"))
    names = names_for(intake)
    add_receipts(intake, paper, keys, answers, told=told, names=names, origin=origin, now=now)


@action
def submit(*, intake_id: UUID, origin: Origin, now: datetime) -> None:
    """Send the answers: check, look, receipts for what was agreed to, and a word to whoever gives the session. Twice is
    once. Raises `Unfinished` with what is still needed, `IntakeClosed`, `IntakeExpired`."""
    if lock_intake(intake_id).status == "submitted":
        return
    intake = _open(intake_id, now=now)
    paper = paper_for(intake.questionnaire_version_id)
    answers = {key: one.answer for key, one in said_in(intake).items()}
    lacking = missing(paper, answers)
    if lacking:
        raise Unfinished(lacking)
    intake.status, intake.submitted_at, intake.review_due, intake.expires_at = "submitted", now, True, None
    db.session.flush()
    look_and_tell(intake_id=intake.id, why="submitted", now=now)
    signed = signature_part(paper).id
    asked = [key for key in asked_now(paper, answers) if paper.places[key.partition("@")[0]].item.kind == "consent"]
    agreed = [key for key in asked if paper.places[key].part.id == signed and is_given(answers.get(key))]
    _receipts(intake, paper, agreed, answers, origin=origin, now=now)
    remember_touch(intake_id=intake.id, now=now)
    emit(SUBMITTED, run_at=now, dedupe=f"{SUBMITTED}:{intake.id}:{intake.revision}", intake_id=intake.id)
    plan_reminder(intake_id=intake.id, session_at=intake.session_at, now=now)
    audit.record("intake.submitted", target="intake", target_id=intake.id, now=now)


@action
def update_again(*, intake_id: UUID, now: datetime) -> None:
    """Open answers that were sent, to change them before the session. What was sent stays in the history, and what was
    agreed to stays agreed. Raises `IntakeExpired` once the session has begun."""
    intake = lock_intake(intake_id)
    if intake.status != "submitted":
        return
    if is_over(intake, now=now):
        raise IntakeExpired
    intake.status, intake.expires_at = "open", _until(intake, now=now)
    audit.record("intake.reopened", target="intake", target_id=intake.id, now=now)


@action
def session_moved(*, booking_id: UUID, starts_at: datetime, zone: str, practitioner_id: UUID, now: datetime) -> None:
    """The session of a booking is at another time, or with somebody else: what hangs on its date is looked at again,
    and who gives it now is told and asked for a review of their own."""
    known = intake_of_booking(booking_id)
    if known is None:
        return
    intake = lock_intake(known.id)
    to_another = intake.practitioner_id != practitioner_id
    _follow(intake, starts_at, zone, practitioner_id)
    if intake.status in OPEN and intake.expires_at is not None:
        intake.expires_at = max(intake.expires_at, starts_at + timedelta(days=1))
    db.session.flush()
    if intake.saved_at is not None:
        look_and_tell(intake_id=intake.id, why="moved", now=now)
    if intake.status == "submitted":
        if to_another:
            intake.review_due = True
            emit(SUBMITTED, run_at=now, dedupe=f"{SUBMITTED}:{intake.id}:to:{now.timestamp():.0f}", intake_id=intake.id)
        plan_reminder(intake_id=intake.id, session_at=intake.session_at, now=now)


@action
def session_gone(*, booking_id: UUID, now: datetime) -> None:
    """The session was cancelled: nothing more is asked. What was answered is kept."""
    known = intake_of_booking(booking_id)
    if known is None or known.status not in OPEN:
        return
    intake = lock_intake(known.id)
    intake.status = "closed"
    audit.record("intake.closed", target="intake", target_id=intake.id, now=now)


def reachable_by_mail(intake: Intake, client: Client) -> bool:
    """Whether something about these questions may be sent to the client's address."""
    return bool(client.email) and reach_for(client.reach, intake.reach) == "email"
