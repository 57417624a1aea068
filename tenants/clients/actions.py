"""Find or make the person who books, and keep their record.

What a stranger typed never overwrites what is known. What the clinic's own people save does, unless somebody else saved
meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, astuple
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from saas import audit
from saas.db import action, db, line, locks_rows, new_id
from saas.errors import Conflict, Forbidden
from saas.prepared import PreparedInsert
from saas.sealing import destroy_key, destroy_keys, make_keys
from saas.stale import mark_of, unchanged
from saas.tenancy import current_tenant
from saas.text import Cleaner
from saas.words import _
from saas.words import later as _l
from tenants.clients.models import Client, ClientImport, ClientNote
from tenants.clients.queries import (
    client_by_id,
    email_hash,
    find_client,
    known_among,
    lock_clients,
    note_by_id,
    phone_hash,
    waiting_import,
)
from tenants.clients.rules import Person, Record, clean_person, clean_record, differences, name_key, similar_names
from tenants.clinic.actions import lock_clinic

NOTE_LIMIT = 4000
WAITS = timedelta(days=1)
_TOGETHER = 1000
ERASED: Any = _l("Erased client")
"""What stands where the name of whoever was erased stood."""


class AlreadyKnown(Conflict):
    """The clinic has this person already; `client_id` says who."""

    code = "already-known"

    def __init__(self, client_id: UUID) -> None:
        super().__init__(_("There is a client with this name and address or number already"))
        self.client_id = client_id


class WasMerged(Conflict):
    """The record was merged into another one meanwhile."""

    code = "was-merged"


class OtherFile(Conflict):
    """What is to be imported is not what was checked, or who was new then is known by now. Nothing was imported."""

    code = "other-file"


@action
def find_or_make(
    *,
    name: str,
    email: str,
    phone: str,
    known_as: str,
    reach: str,
    now: datetime,
    locale: str = "",
    zone: str = "",
) -> tuple[Client, dict[str, str]]:
    """The client this is, and what was typed that differs from what we know ({field: typed}; {} for somebody new).

    `Invalid` collects what is wrong. Two bookings at once by somebody new make one client, not two: whoever finds
    nobody looks again behind the clinic's lock, which only newcomers wait for. (Where one writer is let in at a time,
    this action is behind it already.)
    """
    typed = clean_person(Person(name, known_as, email, phone, reach), country=current_tenant().country)
    found = _find_or_wait(typed)
    if found is not None:
        return found, differences(person_of(found), typed)
    return db.session.get_one(Client, _write(typed, locale=locale, zone=zone, now=now)), {}


@action
def client_for(typed: Person, *, now: datetime, locale: str = "", zone: str = "") -> UUID:
    """The same for what `clean_person` has made of it, and for whoever wants to know no more than who it is."""
    found = _find_or_wait(typed)
    return found.id if found is not None else _write(typed, locale=locale, zone=zone, now=now)


def _find_or_wait(typed: Person) -> Client | None:
    found = find_client(typed)
    if found is None and locks_rows():
        lock_clinic()
        found = find_client(typed)
    return found


def _write(typed: Person, *, locale: str, zone: str, now: datetime) -> UUID:
    client_id = new_id()
    make_keys([client_id])
    row = {
        "tenant_id": current_tenant().id, "id": client_id, "name": typed.name, "name_key": name_key(typed.name),
        "known_as": typed.known_as, "known_key": name_key(typed.known_as), **_found_by(client_id, typed),
        "reach": typed.reach, "locale": locale[:16], "zone": zone[:64], "created_at": now,
    }  # fmt: skip
    _NEW_CLIENT.write(line(), [row])
    audit.record("client.made", target="client", target_id=client_id, now=now)
    return client_id


_NEW_CLIENT = PreparedInsert(insert(Client))


def _found_by(client_id: UUID, known: Person | Record) -> dict[str, bytes | str | None]:
    """E-mail and phone as the columns of a new client hold them."""
    return {
        "email_sealed": Client.email.seal(Client.__tablename__, client_id, client_id, known.email),
        "email_hash": email_hash(known.email),
        "phone_sealed": Client.phone.seal(Client.__tablename__, client_id, client_id, known.phone),
        "phone_hash": phone_hash(known.phone),
    }


def person_of(row: Client) -> Person:
    """What we know of a client, as a value."""
    return Person(row.name, row.known_as, row.email, row.phone, row.reach)


def record_of(row: Client) -> Record:
    """What the clinic's people edit, as it stands."""
    return Record(row.name, row.known_as, row.email, row.phone, row.reach, row.discreet_name, row.no_calls, row.locale)


def mark_of_record(record: Record) -> str:
    """What a form that showed `record` carries, so that nobody overwrites what they have not seen."""
    return mark_of(*astuple(record))


@action
def save_client(
    *, client_id: UUID | None, record: Record, locales: Collection[str], seen: str | None, now: datetime
) -> UUID:
    """Keep a record (None: of somebody new) and return its id.

    `Invalid` with a sentence for every field that needs another look, `ChangedMeanwhile` when it is no longer what the
    form showed, `WasMerged`, and `AlreadyKnown` for somebody new whom the clinic knows.
    """
    cleaned = clean_record(record, country=current_tenant().country, locales=locales)
    if client_id is None:
        return _make(cleaned, now=now)
    (row,) = lock_clients(client_id)
    if row.merged_into_id is not None:
        raise WasMerged
    was = record_of(row)
    unchanged(seen, *astuple(was))
    if cleaned != was:
        put_record(row, cleaned)
        changed = [name for name, value in asdict(cleaned).items() if value != getattr(was, name)]
        audit.record("client.changed", target="client", target_id=row.id, now=now, fields=",".join(changed))
    return row.id


def _make(record: Record, *, now: datetime) -> UUID:
    if locks_rows():
        lock_clinic()
    person = Person(record.name, record.known_as, record.email, record.phone, record.reach)
    found = find_client(person)
    if found is not None and similar_names(found.name, record.name):
        raise AlreadyKnown(found.id)
    row = Client(id=new_id(), name="", created_at=now)
    put_record(row, record)
    db.session.add(row)
    audit.record("client.made", target="client", target_id=row.id, now=now)
    return row.id


def put_record(row: Client, record: Record) -> None:
    """Inside an action that holds the row's lock: write a clean record, and what it is found by."""
    for name, value in asdict(record).items():
        setattr(row, name, value)
    row.email_hash, row.phone_hash = email_hash(record.email), phone_hash(record.phone)


@action
def add_note(*, client_id: UUID, account_id: UUID, text: str, clinical: bool, now: datetime) -> None:
    """Write down something about a client. `Invalid` for an empty text or one above 4,000 characters."""
    cleaner = Cleaner()
    kept = cleaner.block("text", text, NOTE_LIMIT)
    if not kept:
        cleaner.refuse("text", _("Write the note first"))
    cleaner.check()
    (row,) = lock_clients(client_id)
    if row.merged_into_id is not None:
        raise WasMerged
    note = ClientNote(id=new_id(), client_id=row.id, account_id=account_id, at=now, text=kept, clinical=clinical)
    db.session.add(note)
    audit.record("client.note_added", target="client", target_id=row.id, now=now, note_id=str(note.id))


@action
def remove_note(*, client_id: UUID, note_id: UUID, account_id: UUID, anybodys: bool, now: datetime) -> None:
    """Take a note away: one's own, or (an owner) anybody's. `NoSuchNote`, `Forbidden`."""
    note = note_by_id(note_id, client_id=client_id)
    if not anybodys and note.account_id != account_id:
        raise Forbidden(_("Only who wrote a note, or the owner, takes it away"))
    db.session.delete(note)
    audit.record("client.note_removed", target="client", target_id=client_id, now=now, note_id=str(note_id))


@action
def erase_client_fields(*, client_id: UUID, now: datetime) -> list[UUID]:
    """Take away who a client was and how they were found: name, e-mail, telephone and the hashes of both, what they go
    by, and every note about them; of them and of all records that were merged into them.

    What hangs on the rows (bookings, money) stays. Returns the ids of the records: once this is committed, their keys
    are to be destroyed (`saas.sealing.destroy_keys`), and with them all else that was sealed. `NoSuchClient`.
    """
    (row,) = lock_clients(client_by_id(client_id).id)
    merged = select(Client).where(Client.merged_into_id == row.id).with_for_update()
    everybody = [row, *db.session.execute(merged).scalars()]
    for one in everybody:
        one.zone = one.locale = ""
        put_record(one, Record(str(ERASED), reach=one.reach, no_calls=one.no_calls))
    ids = [one.id for one in everybody]
    for note in db.session.execute(select(ClientNote).where(ClientNote.client_id.in_(ids))).scalars():
        db.session.delete(note)
    audit.record("client.erased", target="client", target_id=row.id, now=now, records=len(ids))
    return ids


@action
def keep_file(*, content: bytes, skip_known: bool, now: datetime) -> UUID:
    """Keep a checked file until somebody says yes to it (at most a day), and return its id."""
    row = ClientImport(
        id=new_id(),
        account_id=audit.current_actor().account_id,
        hash=hashlib.sha256(content).hexdigest(),
        content=content,
        skip_known=skip_known,
        created_at=now,
    )
    db.session.add(row)
    audit.record("clients.file_checked", target="client_import", target_id=row.id, now=now)
    return row.id


def import_clients(*, import_id: UUID, file_hash: str, records: Sequence[Record], now: datetime) -> int:
    """Take in all of a checked file, or nothing of it; how many clients were made. A second call makes none.

    `records` is what `sheet.read` found in the file whose SHA-256 is `file_hash`. `OtherFile` when another file waits
    under this id, or when somebody of it has become known since (unless those are to be left out).
    """
    # What needs no database is done before the transaction: it would hold up every other writer for seconds.
    rows = _rows_of(records, now=now)
    made = _take_in(import_id=import_id, file_hash=file_hash, records=records, rows=rows, now=now)
    destroy_key(subject=import_id)
    return made


@action
def _take_in(
    *, import_id: UUID, file_hash: str, records: Sequence[Record], rows: Sequence[dict[str, object]], now: datetime
) -> int:
    row = waiting_import(import_id, lock=True)
    if row.done_at is not None:
        return row.made
    if row.hash != file_hash or row.content is None:
        raise OtherFile(_("This is not the file that was checked. Send it again"))
    lock_clinic()  # nobody is made at the same time: who is new now is new until this is done
    known = known_among(records)
    if known and not row.skip_known:
        raise OtherFile(_("Somebody of this file has become a client meanwhile. Check the file again"))
    new = [one for place, one in enumerate(rows) if place not in known]
    for start in range(0, len(new), _TOGETHER):  # as values: that many entities would take twice as long
        _NEW_CLIENT.write(line(), new[start : start + _TOGETHER])
    row.made, row.done_at, row.content = len(new), now, None
    audit.record("clients.imported", target="client_import", target_id=row.id, now=now, made=len(new))
    return len(new)


def _rows_of(records: Sequence[Record], *, now: datetime) -> list[dict[str, object]]:
    ids = [new_id() for _record in records]
    rows = []
    for start in range(0, len(records), _TOGETHER):
        make_keys(ids[start : start + _TOGETHER])
        part = zip(ids[start : start + _TOGETHER], records[start : start + _TOGETHER], strict=True)
        rows += [_row_of(client_id, record, now=now) for client_id, record in part]
    return rows


def _row_of(client_id: UUID, record: Record, *, now: datetime) -> dict[str, object]:
    kept = {name: value for name, value in vars(record).items() if name not in ("email", "phone")}
    return {
        **kept,
        **_found_by(client_id, record),
        "id": client_id,
        "tenant_id": current_tenant().id,
        "name_key": name_key(record.name),
        "known_key": name_key(record.known_as),
        "created_at": now,
    }


def clear_files(*, now: datetime) -> int:
    """Take away the content of files that nobody said yes to for a day, and their keys; how many there were."""
    cleared = _clear_files(now=now)
    destroy_keys(cleared)
    return len(cleared)


@action
def _clear_files(*, now: datetime) -> list[UUID]:
    old = select(ClientImport).where(ClientImport.content_sealed.is_not(None), ClientImport.created_at < now - WAITS)
    rows = db.session.execute(old).scalars().all()
    for row in rows:
        row.content = None
    return [row.id for row in rows]
