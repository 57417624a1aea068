"""Consent receipts: who agreed to which exact words, when and how. Each carries the hash of the one before it in the
clinic's chain, so that a changed, missing or reordered one shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select

from saas.crypto import keyed_hash
from saas.db import db, locks_rows, new_id
from saas.sealing import seal_value
from saas.tenancy import current_tenant
from tenants.intake.asking import Paper
from tenants.intake.json_reading import canonical
from tenants.intake.models import Consent, ConsentText, Intake, Questionnaire
from tenants.intake.questions import Answers, Item, in_language

Choice = Literal["given", "refused", "withdrawn"]
Method = Literal["link", "clinic"]
"""Said by the client behind their link, or to the clinic, which wrote it down."""
FIRST = ""
"""The `previous_hash` of a clinic's first receipt."""
_CHAINED = (
    "number", "client_id", "intake_id", "booking_id", "purpose", "choice", "text_hash", "locale", "method",
    "version_hash", "zone", "sealed_hash", "previous_hash",
)  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """How an answer came: in which language it was read, from which address and browser, on whose clock."""

    lang: str = ""
    address: str = ""
    browser: str = ""
    zone: str = ""


def filled(text: str, names: Mapping[str, str]) -> str:
    """A text of a questionnaire with the clinic's names in it: `{clinic}`, `{practitioner}`."""
    for name, said in names.items():
        text = text.replace("{" + name + "}", said)
    return text


def purpose_of(item: Item) -> str:
    """What an item asks to agree to, as its receipts name it."""
    return item.document or item.id


def words_shown(paper: Paper, item: Item, *, lang: str, names: Mapping[str, str]) -> str:
    """The exact words of a consent as a page shows them: the document it is to, then the sentence that is ticked."""
    document = paper.form.documents.get(item.document)
    texts = [document, item.text] if document is not None else [item.text]
    return "\n\n".join(filled(in_language(one, lang), names) for one in texts)


def chain_hash(row: Consent) -> str:
    """The keyed hash of what a receipt says and of the one before it: who can write the table alone cannot forge it."""
    said: dict[str, Any] = {name: _plain(getattr(row, name)) for name in _CHAINED}
    said["at"] = row.at.isoformat()
    said["tenant_id"] = str(current_tenant().id)
    return keyed_hash("consent-chain", current_tenant().id, canonical(said))


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int) or value is None else str(value)


@dataclass(frozen=True)
class Told:
    """What is sealed with a receipt: the name as it was typed, who acted, and what they are to the client."""

    name: str
    acting: str = ""
    relation: str = ""


def add_receipts(
    intake: Intake, paper: Paper, keys: Iterable[str], answers: Answers, *,
    told: Told, names: Mapping[str, str], origin: Origin, now: datetime,
) -> None:  # fmt: skip
    """Inside an action: a receipt for each of these consents, as it was answered."""
    wanted = [(paper.places[key].item, answers[key].value is True) for key in keys]

    def written() -> Iterator[Consent]:
        for item, given in wanted:
            words = words_shown(paper, item, lang=origin.lang, names=names)
            yield Consent(
                client_id=intake.client_id, intake_id=intake.id, booking_id=intake.booking_id,
                purpose=purpose_of(item), choice="given" if given else "refused",
                text_hash=_keep_text(purpose_of(item), words, origin.lang, now=now),
                locale=origin.lang, method="link", version_hash=paper.hash, zone=origin.zone, at=now,
            )  # fmt: skip

    if wanted:
        _append(written(), told, origin)


def add_withdrawal(given: Consent, *, told: Told, method: Method, origin: Origin, now: datetime) -> None:
    """Inside an action: a receipt that what was given is taken back. It is to the same words."""
    row = Consent(
        client_id=given.client_id, intake_id=given.intake_id, booking_id=given.booking_id, purpose=given.purpose,
        choice="withdrawn", text_hash=given.text_hash, locale=given.locale, method=method,
        version_hash=given.version_hash, zone=origin.zone, at=now,
    )  # fmt: skip
    _append([row], told, origin)


def _append(rows: Iterable[Consent], told: Told, origin: Origin) -> None:
    """At the end of the clinic's chain, in this order. The rows are made after the end is held: their words are kept
    by one at a time too."""
    number, before = _end_of_chain()
    for row in rows:
        number += 1
        row.id, row.number, row.previous_hash = new_id(), number, before
        _seal(row, told, origin)
        before = row.hash = chain_hash(row)
        db.session.add(row)
    db.session.flush()


def _seal(row: Consent, told: Told, origin: Origin) -> None:
    value = {
        "name": told.name, "acting": told.acting, "relation": told.relation,
        "address": origin.address, "browser": origin.browser,
    }  # fmt: skip
    row.sealed = seal_value(subject=row.client_id, about=f"consent|sealed|{row.id}", value=value)
    row.sealed_hash = hashlib.sha256(row.sealed).hexdigest()


def _end_of_chain() -> tuple[int, str]:
    """(number, hash) of the last receipt, which nobody else follows until this action ends."""
    if locks_rows():
        # A row that every clinic with an intake has, always the same one: two receipts at once wait here.
        first = select(Questionnaire.id).order_by(Questionnaire.id).limit(1).with_for_update()
        db.session.execute(first).all()
    top = select(func.max(Consent.number)).scalar_subquery()
    last = db.session.execute(select(Consent.number, Consent.hash).where(Consent.number == top)).one_or_none()
    return (last[0], last[1]) if last else (0, FIRST)


def _keep_text(document: str, words: str, lang: str, *, now: datetime) -> str:
    digest = hashlib.sha256(words.encode()).hexdigest()
    known = db.session.execute(select(ConsentText.id).where(ConsentText.hash == digest)).first()
    if known is None:
        db.session.add(
            ConsentText(hash=digest, document=document[:40], locale=lang, words=words, first_shown_at=now)
        )  # fmt: skip
        db.session.flush()
    return digest
