"""Where a client would rather not be touched: taken from the intake, changed or taken back at any time, history kept.

Each saying is a row of its own, sealed; the newest holds, also against answers that are older and sent in later. What
somebody would not say in writing is not "anywhere is fine": it asks, each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import func, select

from saas import audit
from saas.audit import current_actor
from saas.db import action, db, new_id
from saas.sealing import seal_value, unseal_value
from saas.stale import mark_of, unchanged
from saas.text import Cleaner
from saas.words import _
from tenants.clients.models import Client
from tenants.intake.answer_rows import said_in
from tenants.intake.models import Intake, TouchMap
from tenants.intake.questions import BODY_AREAS, NOT_SURE, Answer, Answers

ITEM, SIGNAL = "h.touch", "h.signal"
"""The questions that it is taken from."""
ASK_EACH_TIME = "ask-each-time"
"""The choice beside the areas that means it."""
Source = Literal["intake", "check-in", "link"]
_NOTE, _SIGNAL = 500, 120


@dataclass(frozen=True)
class TouchLimits:
    """Areas (codes of `BODY_AREAS`) that are not to be touched; whether to ask each time; a note in the client's or the
    practitioner's words; a word or sign for "stop"."""

    areas: tuple[str, ...] = ()
    ask_each_time: bool = False
    note: str = ""
    signal: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be minded."""
        return self == TouchLimits()


@dataclass(frozen=True)
class Saying:
    """What was said when, by whom (None: the client), and what that changed: areas that came and went."""

    at: datetime
    source: Source
    by: UUID | None
    limits: TouchLimits
    added: tuple[str, ...]
    removed: tuple[str, ...]


def limits_in(answers: Mapping[str, Answer]) -> TouchLimits:
    """What an intake's answers say. Declined, "in person" and "not sure" ask each time; so does no answer at all."""
    said, sign = answers.get(ITEM, Answer(absent="not-asked")), answers.get(SIGNAL, Answer())
    codes = said.value if isinstance(said.value, tuple) else ()
    areas = tuple(area for area in BODY_AREAS if area in codes)
    asks = bool(said.absent) or ASK_EACH_TIME in codes or NOT_SURE in codes
    signal = sign.value if isinstance(sign.value, str) and not sign.absent else ""
    return TouchLimits(areas, asks, said.note[:_NOTE], signal[:_SIGNAL])


@action
def remember_touch(*, intake_id: UUID, now: datetime) -> None:
    """Keep what a submitted intake says, unless it is what stands. Nothing is kept when it was not asked, or when they
    have said something else at check-in since they answered."""
    intake = db.session.get_one(Intake, intake_id)
    said = said_in(intake)
    if ITEM not in said:
        return
    _one_at_a_time(intake.client_id)
    last, stands = _last_said(intake.client_id), touch_of(intake.client_id)
    limits = limits_in({key: one.answer for key, one in said.items()})
    limits = limits if SIGNAL in said else replace(limits, signal=stands.signal)
    if limits != stands and (last is None or last <= said[ITEM].at):
        _keep(intake.client_id, limits, source="intake", intake_id=intake_id, now=now)


def as_it_stands(client_id: UUID, taken: Answers) -> dict[str, Answer]:
    """Answers that an update takes over, with what holds about touch now in place of what was answered then."""
    stands = touch_of(client_id)
    if ITEM not in taken or _last_said(client_id) is None or limits_in(taken) == stands:
        return dict(taken)
    areas = (*stands.areas, *((ASK_EACH_TIME,) if stands.ask_each_time else ()))
    now = {ITEM: Answer(areas, note=stands.note), SIGNAL: Answer(stands.signal)}
    found = {key: now.get(key, one) for key, one in taken.items()}
    return {key: one for key, one in found.items() if key not in now or one.value or one.note}


@action
def change_touch(*, client_id: UUID, wanted: TouchLimits, seen: str | None, now: datetime) -> None:
    """Keep what the client says at check-in; an empty value takes everything back. `ChangedMeanwhile` unless `seen` is
    the mark of what stands, `Invalid` for what needs another look."""
    _one_at_a_time(client_id)
    stands = touch_of(client_id)
    unchanged(seen, asdict(stands))
    cleaner = Cleaner()
    if any(area not in BODY_AREAS for area in wanted.areas):
        cleaner.refuse("areas", _("Choose areas of the list"))
    areas = tuple(area for area in BODY_AREAS if area in wanted.areas)
    note, signal = cleaner.block("note", wanted.note, _NOTE), cleaner.line("signal", wanted.signal, _SIGNAL)
    cleaner.check()
    cleaned = TouchLimits(areas, wanted.ask_each_time, note, signal)
    if cleaned != stands:
        _keep(client_id, cleaned, source="check-in", intake_id=None, now=now)


def _one_at_a_time(client_id: UUID) -> None:
    """Two sayings at once: the second waits until it can see the first."""
    held = select(Client.id).where(Client.id == client_id).with_for_update(key_share=True)
    db.session.execute(held).all()


def _last_said(client_id: UUID) -> datetime | None:
    found: datetime | None = db.session.execute(
        select(func.max(TouchMap.at)).where(TouchMap.client_id == client_id)
    ).scalar()
    return found


def _keep(client_id: UUID, limits: TouchLimits, *, source: Source, intake_id: UUID | None, now: datetime) -> None:
    last = _last_said(client_id)
    # The newest holds, so no two are of one instant.
    at = now if last is None or last < now else last + timedelta(microseconds=1)
    row = TouchMap(
        id=new_id(), client_id=client_id, intake_id=intake_id, account_id=current_actor().account_id, source=source,
        at=at,
    )  # fmt: skip
    row.sealed = seal_value(subject=client_id, about=_about(row.id), value=asdict(limits))
    db.session.add(row)
    audit.record("touch.noted", target="client", target_id=client_id, now=now, source=source)


def _about(row_id: UUID) -> str:
    return f"touch_map|sealed|{row_id}"


def _opened(row: TouchMap) -> TouchLimits:
    said: dict[str, Any] = unseal_value(subject=row.client_id, about=_about(row.id), sealed=row.sealed)
    return TouchLimits(tuple(said["areas"]), said["ask_each_time"], said["note"], said["signal"])


def _rows(client_id: UUID) -> Any:
    return select(TouchMap).where(TouchMap.client_id == client_id).order_by(TouchMap.at.desc(), TouchMap.id.desc())


def touch_of(client_id: UUID) -> TouchLimits:
    """What holds for this client now. Unseals: whoever shows it records the look."""
    row = db.session.execute(_rows(client_id).limit(1)).scalar_one_or_none()
    return _opened(row) if row is not None else TouchLimits()


def touch_mark(limits: TouchLimits) -> str:
    """The mark of what stands, for who saves second."""
    return mark_of(asdict(limits))


def touch_history(client_id: UUID, limit: int = 20) -> list[Saying]:
    """What was said when, the newest first, each with what it changed. Unseals: whoever shows it records the look."""
    rows = list(db.session.execute(_rows(client_id).limit(limit + 1)).scalars())
    opened = [_opened(row) for row in rows]
    found = []
    for place, row in enumerate(rows[:limit]):
        now, before = opened[place], opened[place + 1] if place + 1 < len(rows) else TouchLimits()
        added = tuple(area for area in now.areas if area not in before.areas)
        removed = tuple(area for area in before.areas if area not in now.areas)
        source = next(one for one in get_args(Source) if one == row.source)
        found.append(Saying(row.at, source, row.account_id, now, added, removed))
    return found
