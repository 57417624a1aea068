"""Files of clients as rows: each sealed under the client's key, named by the answer that it is part of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from saas.db import db, new_id
from saas.errors import NotFound
from saas.sealing import seal, unseal
from tenants.intake.files import looked_at
from tenants.intake.models import Intake, IntakeFile
from tenants.intake.questions import Answer, Answers
from tenants.intake.sent import Upload


class NoSuchFile(NotFound):
    """No answer of this intake holds this file."""

    code = "no-such-file"


def _about(row_id: UUID) -> str:
    return f"intake_file|sealed|{row_id}"


def sizes_kept(intake_id: UUID) -> dict[str, int]:
    """How large the files of an intake are (bytes), by their ids; those that were replaced after it was sent too."""
    found = select(IntakeFile.id, IntakeFile.size).where(IntakeFile.intake_id == intake_id)
    return {str(id): size for id, size in db.session.execute(found)}


def put_file(intake: Intake, id: UUID, upload: Upload, *, now: datetime) -> None:
    """Inside an action that holds the intake's lock: keep a file under the id that its answer names."""
    sealed = seal(subject=intake.client_id, about=_about(id), data=upload.content)
    db.session.add(IntakeFile(id=id, intake_id=intake.id, size=len(upload.content), at=now, sealed=sealed))


def keep_brought(
    intake: Intake, answers: Answers, uploads: Mapping[str, Upload], *, now: datetime
) -> dict[str, Answer]:
    """Inside an action: the answers that came from another program, their files kept under ids of our own."""
    found = dict(answers)
    for key, answer in answers.items():
        came = uploads.get(answer.file)
        looked = looked_at(came.name, came.content) if came else None
        if isinstance(looked, Upload):
            own = new_id()
            put_file(intake, own, looked, now=now)
            found[key] = replace(answer, value=looked.name, file=str(own))
    return found


def destroy_replaced(intake: Intake, answers: Iterable[Answer]) -> None:
    """Inside an action that holds the intake's lock: what a client took away again before they ever sent it is gone.
    What was sent once stays in the history, as answers do; so does what an earlier intake holds."""
    ids = [UUID(one.file) for one in answers if one.file]
    if ids and intake.submitted_at is None:
        db.session.execute(delete(IntakeFile).where(IntakeFile.id.in_(ids), IntakeFile.intake_id == intake.id))


def file_in(intake: Intake, answers: Iterable[Answer], file_id: str) -> Upload:
    """The file that one of these answers of `intake` holds; `NoSuchFile` for any other. It may have come in with an
    earlier intake of the same client."""
    names = {one.file: str(one.value) for one in answers if one.file and one.file == file_id}
    found = _opened(intake, names).get(file_id)
    if found is None:
        raise NoSuchFile
    return found


def files_in(intake: Intake, answers: Answers) -> dict[str, Upload]:
    """Every file that these answers of `intake` hold, by its id; without one that is not there any more."""
    return _opened(intake, {one.file: str(one.value) for one in answers.values() if one.file})


def _opened(intake: Intake, names: Mapping[str, str]) -> dict[str, Upload]:
    if not names:
        return {}
    found = (
        select(IntakeFile.id, IntakeFile.sealed)
        .join(Intake, Intake.id == IntakeFile.intake_id)
        .where(IntakeFile.id.in_([UUID(one) for one in names]), Intake.client_id == intake.client_id)
    )
    return {
        str(id): Upload(names[str(id)], unseal(subject=intake.client_id, about=_about(id), sealed=sealed))
        for id, sealed in db.session.execute(found)
    }
