"""Whether a clinic's consent receipts are as they were written: each as it was, none missing, none moved.

A receipt carries the keyed hash of what it says and of the one before it; the words it is to and what is sealed with it
are held by their SHA-256. So the chain can be walked without opening anything, also when a client's key is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from saas.db import db
from tenants.intake.consents import FIRST, chain_hash
from tenants.intake.models import Consent, ConsentText

Fault = Literal["altered", "missing", "words", "details"]
_BATCH = 500


@dataclass(frozen=True)
class Verdict:
    """What a walk along the chain found. `head`: the hash of the last sound receipt, to be noted and expected later;
    `fault` and `number`: the first receipt that is not as it was. `expected`: the head that was asked for was met."""

    receipts: int
    head: str
    fault: Fault | None = None
    number: int = 0
    expected: bool = True

    @property
    def sound(self) -> bool:
        """Whether every receipt stands as it was written."""
        return self.fault is None and self.expected


def verify(*, expect: str | None = None) -> Verdict:
    """Walk the entered clinic's receipts. `expect`: a head noted earlier, so that a cut-off end shows."""
    kept = _sound_texts()
    walked, head, met = 0, FIRST, expect in (None, FIRST)
    for row in _receipts():
        fault = _fault(row, walked + 1, head, kept)
        if fault is not None:
            return Verdict(walked, head, fault, walked + 1, met)
        walked, head = row.number, row.hash
        met = met or head == expect
    return Verdict(walked, head, expected=met)


def _fault(row: Consent, number: int, before: str, kept: set[str]) -> Fault | None:
    if row.number != number:
        return "missing"
    if row.previous_hash != before or row.hash != chain_hash(row):
        return "altered"
    if row.text_hash not in kept:
        return "words"
    return None if hashlib.sha256(row.sealed).hexdigest() == row.sealed_hash else "details"


def _sound_texts() -> set[str]:
    rows = db.session.execute(select(ConsentText.hash, ConsentText.words))
    return {digest for digest, words in rows if hashlib.sha256(words.encode()).hexdigest() == digest}


def _receipts() -> Iterator[Consent]:
    found = select(Consent).order_by(Consent.number).execution_options(yield_per=_BATCH)
    yield from db.session.execute(found).scalars()
