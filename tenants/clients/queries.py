"""Finding a client by what somebody typed: by keyed hash, never by value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, false, func, or_, select

from saas.contact import BadEmail, BadPhone, normal_email, normal_phone
from saas.crypto import keyed_hash
from saas.db import db, line
from saas.errors import Invalid, NotFound
from saas.prepared import Prepared
from saas.tenancy import current_tenant
from tenants.clients.models import Client, ClientImport, ClientNote
from tenants.clients.rules import Person, Record, clean_person, differences, name_key, reach_for, similar_names

_BATCH = 500


class NoSuchClient(NotFound):
    """The clinic knows no such person."""

    code = "no-such-client"


class NoSuchNote(NotFound):
    """There is no such note about this client."""

    code = "no-such-note"


class NoSuchImport(NotFound):
    """No such file waits here: it was never sent, or it has been cleared away since."""

    code = "no-such-import"


def email_hash(email: str) -> str | None:
    """The keyed hash of a normal e-mail address; None of none."""
    return keyed_hash("client email", current_tenant().id, email) if email else None


def phone_hash(phone: str) -> str | None:
    """The keyed hash of a normal telephone number; None of none."""
    return keyed_hash("client phone", current_tenant().id, phone) if phone else None


def client_by_id(client_id: UUID) -> Client:
    """The client, or whoever they were merged into, or `NoSuchClient`."""
    seen: set[UUID] = set()
    wanted: UUID | None = client_id
    while wanted is not None and wanted not in seen:
        seen.add(wanted)
        row = db.session.execute(select(Client).where(Client.id == wanted)).scalar_one_or_none()
        if row is None:
            break
        if row.merged_into_id is None:
            return row
        wanted = row.merged_into_id
    raise NoSuchClient


def find_client(person: Person) -> Client | None:
    """Who this is, as far as we know: the same e-mail, else the same telephone and a similar name.

    Of several the one with a similar name, then the one we have known longest.
    """
    mine = _known("email_hash", email_hash(person.email)) if person.email else []
    alike = [row for row in mine if similar_names(row.name, person.name)]
    if mine:
        return client_by_id((alike or mine)[0].id)
    near = _known("phone_hash", phone_hash(person.phone)) if person.phone else []
    alike = [row for row in near if similar_names(row.name, person.name)]
    return client_by_id(alike[0].id) if alike else None


def _known(column: str, value: str | None) -> list[Client]:
    # Whether there is anybody is asked first, by one column: most who book are new.
    asked = {"mine": current_tenant().id, "value": value}
    if not _anybody(column).rows(line(), asked):
        return []
    found = select(Client).where(getattr(Client, column) == value).order_by(Client.created_at, Client.id)
    return list(db.session.execute(found).scalars())


@lru_cache(maxsize=2)
def _anybody(column: str) -> Prepared:
    client = Client.__table__.c
    mine = client.tenant_id == bindparam("mine", type_=Uuid())
    return Prepared(select(client.id).where(mine, client[column] == bindparam("value")).limit(1))


def lock_clients(*client_ids: UUID) -> list[Client]:
    """Inside an action: these rows, fresh and locked, in the order asked for; `NoSuchClient` when one is missing.

    They are locked in one sorted order, so that two who want the same two never wait for each other.
    """
    wanted = select(Client).where(Client.id.in_(client_ids)).order_by(Client.id).with_for_update(key_share=True)
    rows = db.session.execute(wanted.execution_options(populate_existing=True)).scalars().all()
    found = {row.id: row for row in rows}
    if len(found) != len(set(client_ids)):
        raise NoSuchClient
    return [found[one] for one in client_ids]


def note_by_id(note_id: UUID, *, client_id: UUID) -> ClientNote:
    """The note about this client, or `NoSuchNote`."""
    wanted = select(ClientNote).where(ClientNote.id == note_id, ClientNote.client_id == client_id)
    row = db.session.execute(wanted).scalar_one_or_none()
    if row is None:
        raise NoSuchNote
    return row


def notes_of(client_id: UUID, *, clinical: bool) -> list[ClientNote]:
    """The notes about a client, newest first; clinical ones only for who may read them."""
    wanted = select(ClientNote).where(ClientNote.client_id == client_id)
    if not clinical:
        wanted = wanted.where(ClientNote.clinical.is_(False))
    return list(db.session.execute(wanted.order_by(ClientNote.at.desc(), ClientNote.id.desc())).scalars())


def waiting_import(import_id: UUID, *, lock: bool = False) -> ClientImport:
    """The file, done or waiting, or `NoSuchImport`."""
    wanted = select(ClientImport).where(ClientImport.id == import_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    row = db.session.execute(wanted).scalar_one_or_none()
    if row is None:
        raise NoSuchImport
    return row


def known_among(records: Sequence[Record]) -> dict[int, str]:
    """Place → name of the client who is known already, for those of `records` who are: the same e-mail, or the same
    telephone and a similar name. A handful of queries, however many they are."""
    emails = {value: place for place, one in enumerate(records) if (value := email_hash(one.email))}
    found = {emails[value]: name for value, name in _holders("email_hash", emails)}
    phones: dict[str, list[int]] = {}
    for place, one in enumerate(records):
        if place not in found and (value := phone_hash(one.phone)):
            phones.setdefault(value, []).append(place)
    for value, name in _holders("phone_hash", phones):
        found |= {place: name for place in phones[value] if similar_names(records[place].name, name)}
    return found


def _holders(column: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(hash, name) of every client, merged or not, who has one of these."""
    rest = iter(values)
    kept = getattr(Client, column)
    while batch := list(islice(rest, _BATCH)):
        yield from db.session.execute(select(kept, Client.name).where(kept.in_(batch)))


def matching(text: str) -> ColumnElement[bool]:
    """The clients whom somebody who types `text` means: an e-mail address or a telephone number by equality (whoever
    was merged counts as the survivor), anything else by parts of the name or of what they go by."""
    value = _address(text) or _number(text)
    if value is not None:
        column, kept = value
        survivors = select(func.coalesce(Client.merged_into_id, Client.id)).where(getattr(Client, column) == kept)
        return Client.id.in_(survivors)
    words = name_key(text).split()
    return and_(*(_called(word) for word in words)) if words else false()


def _address(text: str) -> tuple[str, str | None] | None:
    try:
        return ("email_hash", email_hash(normal_email(text))) if "@" in text else None
    except BadEmail:
        return None


def _number(text: str) -> tuple[str, str | None] | None:
    if sum(c.isdigit() for c in text) < 6 or any(c.isalpha() for c in text):
        return None
    try:
        return "phone_hash", phone_hash(normal_phone(text, current_tenant().country))
    except BadPhone:
        return None


def _called(word: str) -> ColumnElement[bool]:
    return or_(Client.name_key.contains(word, autoescape=True), Client.known_key.contains(word, autoescape=True))


def typed_apart(typed_there: Mapping[str, Any], client: Client) -> dict[str, str]:
    """What was typed for a booking where it is not what we know, in the form in which it would be kept."""
    typed = {name: str(typed_there.get(name) or "") for name in ("name", "known_as", "email", "phone", "reach")}
    if not any(typed[name] for name in typed if name != "reach"):
        return {}  # settled already: what is left is how to be reached about this booking
    known = Person(client.name, client.known_as, client.email, client.phone, client.reach)
    typed["reach"] = typed["reach"] or client.reach
    try:
        cleaned = clean_person(
            Person(**{**typed, "name": typed["name"] or client.name}), country=current_tenant().country
        )
    except Invalid as error:  # it was checked when it was typed; what is not right by now is not offered
        typed.update(dict.fromkeys(error.fields, ""))
        cleaned = Person(**typed)
    found = differences(known, cleaned)
    # Of how to be reached, only what is more careful than we are is worth a question: it holds for that booking anyway.
    if "reach" in found and reach_for(known.reach, found["reach"]) == known.reach:
        del found["reach"]
    return found
