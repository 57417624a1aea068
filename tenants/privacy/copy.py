"""A client's copy of what the clinic keeps about them: to read (HTML) and for another program (JSON, FHIR).

Without what the rules found, scores and reviews: those are the clinic's working notes.
Notes go along where the clinic says so. Who opened their answers, and when, is in it. Where the clinic's settings keep
answers to whoever gives the session, the copy says that they are not in it: that practitioner can take them out. What
was agreed to is in every copy: it is the clinic's to show, whoever reads answers, and no receipt holds one.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template
from sqlalchemy import select

from saas import audit
from saas.db import action, db
from saas.languages import locale
from saas.tenancy import current_tenant
from tenants.bookings.models import Booking
from tenants.bookings.queries import beside
from tenants.clients.actions import record_of
from tenants.clients.models import Client, ClientNote
from tenants.intake.fhir_file import attachments_in
from tenants.intake.models import Intake
from tenants.intake.queries import consents_of, intakes_of_client
from tenants.intake.settings import intake_settings
from tenants.intake.taking_out import bundle_of_intake, note_taken_out
from tenants.intake.who_opened import opened
from tenants.payments.queries import movements_of
from tenants.practitioners.logins import practitioner_of
from tenants.privacy.queries import records_of


@action
def take_copy(*, client_id: UUID, reader: UUID | None, notes: bool, now: datetime) -> dict[str, Any]:
    """Everything that belongs into a client's copy and that the owner's account `reader` may read, as plain values.

    Noted in the audit, and so is each intake whose answers are in it, with its sections.
    """
    client = db.session.get_one(Client, client_id)
    ids = records_of(client.id)
    bookings = list(
        db.session.execute(select(Booking).where(Booking.client_id.in_(ids)).order_by(Booking.starts_at)).scalars()
    )
    intakes = [one for id in ids for one in intakes_of_client(id)]
    readable = _open_to(reader, intakes)
    copy: dict[str, Any] = {
        "clinic": current_tenant().name,
        "made_at": now.isoformat(),
        "record": vars(record_of(client)) | {"since": client.created_at.isoformat()},
        "bookings": _bookings(bookings),
        "agreements": [_agreement(row) for id in ids for row in consents_of(id)],
        "opened": _opened(ids, intakes, readable),
        "questions": [bundle_of_intake(one, now=now) for one in readable],
        "answers_left_out": len(intakes) - len(readable),
        "notes": _notes(ids) if notes else [],
    }
    for one in readable:
        note_taken_out(intake_id=one.id, kind="copy", flags=False, now=now)
    audit.record("client.copied", target="client", target_id=client.id, now=now, notes=int(notes))
    return copy


def _open_to(reader: UUID | None, intakes: list[Intake]) -> list[Intake]:
    """Those whose answers an owner may open: all where the clinic lets them, else those for their own sessions."""
    if intake_settings().owner_reads:
        return intakes
    own = practitioner_of(reader) if reader else None
    return [one for one in intakes if own is not None and one.practitioner_id == own]


def _opened(ids: list[UUID], intakes: list[Intake], readable: list[Intake]) -> list[dict[str, Any]]:
    """Every look, in order. Which sections somebody read tells of answers (a section is quoted where it matters), so
    that stands only beside those that the copy's maker may open."""
    shut = [one.id for one in intakes if one not in readable]
    whole = opened([*ids, *(one.id for one in readable)])
    looks = [*whole, *(replace(one, sections=()) for one in opened(shut))]
    return [vars(one) | {"at": one.at.isoformat()} for one in sorted(looks, key=lambda one: one.at)]


def _bookings(rows: list[Booking]) -> list[dict[str, Any]]:
    known = beside(rows)
    return [
        {
            "at": row.wall_start.isoformat(),
            "zone": row.zone,
            "session": known[row.id][1],
            "practitioner": known[row.id][2],
            "status": row.status,
            "note": row.note,
            "typed": row.typed,
            "money": [
                {"kind": one.kind, "amount": str(one.amount), "at": one.at.isoformat()} for one in movements_of(row.id)
            ],
        }
        for row in rows
    ]


def _agreement(row: Any) -> dict[str, Any]:
    return {"to": row.purpose, "choice": row.choice, "at": row.at.isoformat(), "words": row.text_hash}


def _notes(ids: list[UUID]) -> list[dict[str, str]]:
    found = select(ClientNote).where(ClientNote.client_id.in_(ids)).order_by(ClientNote.at)
    return [{"at": one.at.isoformat(), "text": one.text} for one in db.session.execute(found).scalars()]


def packed(copy: dict[str, Any]) -> bytes:
    """The copy as a ZIP: `copy.html` to read, `copy.json` for programs, one FHIR bundle for each set of questions, and
    beside it the files that were handed in."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("copy.html", render_template("manage/privacy/copy.html", copy=copy, language=locale()))
        files.writestr("copy.json", json.dumps(copy, ensure_ascii=False, indent=2, default=str))
        for number, one in enumerate(copy["questions"], start=1):
            files.writestr(f"questions-{number}.fhir.json", json.dumps(one, ensure_ascii=False, indent=2))
            for count, handed in enumerate(attachments_in(one), start=1):
                files.writestr(f"questions-{number}-{count} {handed.name}", handed.content)
    return made.getvalue()
