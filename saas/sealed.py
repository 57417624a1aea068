"""Attributes of a row that lie sealed in its table: a model says which, the rest of the code reads and sets them.

    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email = SealedText("id")

An empty value is kept as NULL, and what was sealed for somebody erased reads as empty. Whose it is must be known before
it is set. For a list the keys of all rows at hand are fetched together when the first one is read. SQL knows the sealed
column only: who is looked for by such a value has a keyed hash beside it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import islice
from typing import Any, Generic, Self, TypeVar, overload
from uuid import UUID

from sqlalchemy.orm import object_session

from saas.db import new_id
from saas.sealing import KeyErased, keyring
from saas.tenancy import current_tenant

T = TypeVar("T")
_TOGETHER = 500


class Sealed(ABC, Generic[T]):
    """An attribute in the column `<its name>_sealed`, under the key of the client that `subject` names: columns of the
    row, the first that is set (a booking belongs to its client, and to itself until that one is known)."""

    def __init__(self, *subject: str) -> None:
        self._subject = subject
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: Any, owner: type) -> T: ...
    def __get__(self, row: Any, owner: type) -> Self | T:
        if row is None:
            return self
        sealed = getattr(row, f"{self._name}_sealed")
        if sealed is None:
            return self._read(b"")
        tenant_id, subject, ring = current_tenant().id, self._subject_of(row), keyring()
        if not ring.at_hand(tenant_id, subject):
            ring.fetch(tenant_id, islice(self._nearby(row, subject), _TOGETHER))
        try:
            return self._read(ring.unseal(tenant_id, subject, self._about(row.__tablename__, row.id), sealed))
        except KeyErased:  # rows of an old backup: who was erased since has nothing here, and a list still opens
            return self._read(b"")

    def __set__(self, row: Any, value: T) -> None:
        if row.id is None:
            row.id = new_id()
        setattr(row, f"{self._name}_sealed", self.seal(row.__tablename__, row.id, self._subject_of(row), value))

    def seal(self, table: str, row_id: UUID, subject: UUID, value: T) -> bytes | None:
        """What the column holds for `value`: for rows that are written as values."""
        plain = self._written(value)
        return keyring().seal(current_tenant().id, subject, self._about(table, row_id), plain) if plain else None

    def _subject_of(self, row: Any) -> UUID:
        found: UUID = next(value for name in self._subject if (value := getattr(row, name)) is not None)
        return found

    def _about(self, table: str, row_id: UUID) -> str:
        return f"{table}|{self._name}|{row_id}"

    def _nearby(self, row: Any, subject: UUID) -> Iterator[UUID]:
        """The subjects of the rows of this kind that were loaded with this one, those after it first, as far as their
        keys are not at hand; no row is loaded for it."""
        yield subject
        session, tenant_id, ring = object_session(row), current_tenant().id, keyring()
        rows = [one for one in session.identity_map.values() if type(one) is type(row)] if session is not None else []
        here = next((place for place, one in enumerate(rows) if one is row), 0)
        for other in (*rows[here + 1 :], *rows[:here]):
            known = vars(other)
            theirs = next((known[name] for name in self._subject if known.get(name) is not None), None)
            if theirs is not None and not ring.at_hand(tenant_id, theirs):
                yield theirs

    @abstractmethod
    def _read(self, plain: bytes) -> T:
        """What these bytes say; of none, the empty value."""

    @abstractmethod
    def _written(self, value: T) -> bytes:
        """The value as bytes, none for an empty one."""


class SealedText(Sealed[str]):
    """A text; "" when there is none."""

    def _read(self, plain: bytes) -> str:
        return plain.decode("utf-8", "surrogatepass")

    def _written(self, value: str) -> bytes:
        return value.encode("utf-8", "surrogatepass")


class SealedTexts(Sealed[dict[str, str]]):
    """Texts by name; {} when there are none. To change one, set all of them."""

    def _read(self, plain: bytes) -> dict[str, str]:
        found: dict[str, str] = json.loads(plain) if plain else {}
        return found

    def _written(self, value: dict[str, str]) -> bytes:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() if value else b""


class SealedFile(Sealed[bytes | None]):
    """The bytes of a file; None when there is none."""

    def _read(self, plain: bytes) -> bytes | None:
        return plain or None

    def _written(self, value: bytes | None) -> bytes:
        return value or b""
