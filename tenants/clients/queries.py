"""Finding a client by what somebody typed: by keyed hash, never by value."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from saas.crypto import keyed_hash
from saas.db import db
from saas.errors import NotFound
from saas.tenancy import current_tenant
from tenants.clients.models import Client
from tenants.clients.rules import Person, similar_names


class NoSuchClient(NotFound):
    """The clinic knows no such person."""

    code = "no-such-client"


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
    if not db.session.connection().execute(_anybody(column), asked).first():
        return []
    found = select(Client).where(getattr(Client, column) == value).order_by(Client.created_at, Client.id)
    return list(db.session.execute(found).scalars())


@lru_cache(maxsize=2)
def _anybody(column: str) -> Any:
    client = Client.__table__.c
    mine = client.tenant_id == bindparam("mine", type_=Uuid())
    return select(client.id).where(mine, client[column] == bindparam("value")).limit(1)
