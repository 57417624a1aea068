"""Questionnaires, answers, flags, alerts, reviews and consents as rows.

What says anything about a client's health is sealed (`saas/sealing.py`) under the client's key, bound to its row:
`about(table, column, row id)`. Clear are ids, times, states and counts, so that lists and reminders need no key.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned, tenant_fk


class Questionnaire(TenantOwned, Base):
    """A questionnaire of the clinic, or a published instrument it brought in. `draft` is what is being written."""

    __tablename__ = "questionnaire"

    key: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(160))
    draft: Mapped[dict[str, Any]] = deferred(mapped_column(JSON))
    draft_at: Mapped[datetime]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Named by its key."""
        return (
            UniqueConstraint("tenant_id", "key"),
            CheckConstraint("kind IN ('intake','instrument')", name="kind"),
        )


class QuestionnaireVersion(TenantOwned, Base):
    """What was published: never changed, known by the SHA-256 of its canonical JSON. Withdrawn: no longer sent out;
    who has begun may finish."""

    __tablename__ = "questionnaire_version"

    questionnaire_id: Mapped[UUID]
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    definition: Mapped[dict[str, Any]] = deferred(mapped_column(JSON))
    account_id: Mapped[UUID | None]
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Numbered within its questionnaire."""
        return (
            UniqueConstraint("tenant_id", "questionnaire_id", "number"),
            tenant_fk("questionnaire", "questionnaire_id"),
            tenant_fk("account", "account_id"),
        )


class FlagRules(TenantOwned, Base):
    """A version of the clinic's flag rules; the one without `published_at` is being written, the newest other holds."""

    __tablename__ = "flag_rules"

    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    rules: Mapped[dict[str, Any]] = deferred(mapped_column(JSON))
    account_id: Mapped[UUID | None]
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Numbered within the clinic; found again by hash."""
        return (
            UniqueConstraint("tenant_id", "number"),
            Index("ix_flag_rules_hash", "tenant_id", "hash"),
            tenant_fk("account", "account_id"),
        )


class IntakeSetting(TenantOwned, Base):
    """What the clinic decided about intakes, one row: see `rules.Settings` for what `chosen` holds."""

    __tablename__ = "intake_setting"

    chosen: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """One a tenant."""
        return (UniqueConstraint("tenant_id"),)


class Intake(TenantOwned, Base):
    """One request to one client: for a booking, under the version frozen when it was made.

    `status`: requested, open (something is saved), submitted, expired, closed. `session_at`/`session_date` (local) and
    `practitioner_id` follow the booking when it moves. `attention`: somebody must speak with the client first.
    `review_due`: nobody has reviewed what came in last. `code_*`: the e-mailed code that opens sensitive answers again.
    `reach`: how they want to be reached about this, as `Client.reach`; the more discreet of the two counts.
    """

    __tablename__ = "intake"

    client_id: Mapped[UUID]
    booking_id: Mapped[UUID | None]
    practitioner_id: Mapped[UUID | None]
    questionnaire_version_id: Mapped[UUID]
    previous_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(16), default="")
    reach: Mapped[str] = mapped_column(String(5), default="email", server_default="email")
    session_at: Mapped[datetime | None]
    session_date: Mapped[date | None]
    link_hash: Mapped[str] = mapped_column(String(64))
    link_generation: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    part: Mapped[str] = mapped_column(String(40), default="")
    attention: Mapped[bool] = mapped_column(default=False)
    review_due: Mapped[bool] = mapped_column(default=False)
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_until: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    requested_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    saved_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Found by link, by booking, by client, by when the session is, by who waits for a review or a talk."""
        return (
            UniqueConstraint("tenant_id", "link_hash"),
            Index("ix_intake_booking", "tenant_id", "booking_id"),
            Index("ix_intake_client", "tenant_id", "client_id", "requested_at"),
            Index("ix_intake_session", "tenant_id", "session_at"),
            Index("ix_intake_review", "tenant_id", "review_due", "session_at"),
            Index("ix_intake_attention", "tenant_id", "attention", "session_at"),
            CheckConstraint("status IN ('requested','open','submitted','expired','closed')", name="status"),
            tenant_fk("client", "client_id"),
            tenant_fk("booking", "booking_id"),
            tenant_fk("practitioner", "practitioner_id"),
            tenant_fk("questionnaire_version", "questionnaire_version_id"),
            tenant_fk("intake", "previous_id"),
        )


class IntakeAnswer(TenantOwned, Base):
    """One saved answer; a later one to the same item replaces it and leaves it in the history.

    Which item it is tells much, so it is inside `sealed` ({"item", "value", "absent", "note"}); `item_key` is its keyed
    hash, bound to the intake. `dropped`: sent for an item that was hidden, or outside the options: kept, never read.
    """

    __tablename__ = "intake_answer"

    intake_id: Mapped[UUID]
    item_key: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    dropped: Mapped[bool] = mapped_column(default=False)
    account_id: Mapped[UUID | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read by intake; an item has each revision once."""
        return (
            UniqueConstraint("tenant_id", "intake_id", "item_key", "revision"),
            tenant_fk("intake", "intake_id"),
            tenant_fk("account", "account_id"),
        )


class IntakeFile(TenantOwned, Base):
    """A file that a client handed in as an answer, which names it by its id; sealed. `size`: of the file, in bytes."""

    __tablename__ = "intake_file"

    intake_id: Mapped[UUID]
    size: Mapped[int]
    at: Mapped[datetime]
    sealed: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Found by intake."""
        return (
            Index("ix_intake_file_intake", "tenant_id", "intake_id"),
            tenant_fk("intake", "intake_id"),
        )


class IntakeFlags(TenantOwned, Base):
    """What one look of the rules at an intake found: flags with the inputs they saw, sealed; replayed from
    `rules_hash`. The newest row holds. `why`: submitted, saved, moved, rules."""

    __tablename__ = "intake_flags"

    intake_id: Mapped[UUID]
    number: Mapped[int]
    rules_hash: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int]
    session_date: Mapped[date | None]
    why: Mapped[str] = mapped_column(String(10))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Numbered within the intake."""
        return (
            UniqueConstraint("tenant_id", "intake_id", "number"),
            tenant_fk("intake", "intake_id"),
        )


class IntakeAlert(TenantOwned, Base):
    """Somebody of the team must look now. Without a clinical word: what it is about stands on the summary.

    Escalated to the next contact at `due_at` until acknowledged. `failed_at`: it could not be delivered; the back
    office says so on every page until it is acknowledged. `kind`: answer, or test (the monthly self-test, no intake).
    `sealed`: {"done", "note"} of whoever acknowledged, under the client's key.
    """

    __tablename__ = "intake_alert"

    intake_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(10))
    raised_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Open ones are few: found by acknowledgement."""
        return (
            Index("ix_intake_alert_open", "tenant_id", "acknowledged_at", "raised_at"),
            Index("ix_intake_alert_intake", "tenant_id", "intake_id"),
            CheckConstraint("kind IN ('answer','test')", name="kind"),
            tenant_fk("intake", "intake_id"),
            tenant_fk("account", "acknowledged_by"),
        )


class IntakeReview(TenantOwned, Base):
    """What the practitioner decided after reading, sealed ({"outcome", "changes", "words", "notes"}): the newest."""

    __tablename__ = "intake_review"

    intake_id: Mapped[UUID]
    account_id: Mapped[UUID]
    revision: Mapped[int]
    at: Mapped[datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read by intake."""
        return (
            Index("ix_intake_review_intake", "tenant_id", "intake_id", "at"),
            tenant_fk("intake", "intake_id"),
            tenant_fk("account", "account_id"),
        )


class TouchMap(TenantOwned, Base):
    """Where a client would rather not be touched, as they last said it, sealed ({"areas", "ask_each_time", "note"}).
    The newest holds; `source`: intake, check-in, link."""

    __tablename__ = "touch_map"

    client_id: Mapped[UUID]
    intake_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read by client, in order."""
        return (
            Index("ix_touch_map_client", "tenant_id", "client_id", "at"),
            tenant_fk("client", "client_id"),
            tenant_fk("intake", "intake_id"),
            tenant_fk("account", "account_id"),
        )


class ConsentText(TenantOwned, Base):
    """The exact words somebody was shown, by their SHA-256: never changed, never deleted."""

    __tablename__ = "consent_text"

    hash: Mapped[str] = mapped_column(String(64))
    document: Mapped[str] = mapped_column(String(40))
    locale: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    first_shown_at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Once each."""
        return (UniqueConstraint("tenant_id", "hash"),)


class Consent(TenantOwned, Base):
    """A receipt: who agreed to (or refused, or took back) which words, when and how. Never changed; each carries the
    hash of the one before it in the clinic's chain (`number`), so that a changed or missing one shows.

    `sealed`: {"name", "acting", "relation", "address", "browser"}, as given. `sealed_hash` is in the chain, so that the
    chain still holds when the client's key is destroyed.
    """

    __tablename__ = "consent"

    number: Mapped[int]
    client_id: Mapped[UUID]
    intake_id: Mapped[UUID | None]
    booking_id: Mapped[UUID | None]
    purpose: Mapped[str] = mapped_column(String(40))
    choice: Mapped[str] = mapped_column(String(10))
    text_hash: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16))
    method: Mapped[str] = mapped_column(String(10))
    version_hash: Mapped[str] = mapped_column(String(64), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """A chain a clinic; read by client."""
        return (
            UniqueConstraint("tenant_id", "number"),
            Index("ix_consent_client", "tenant_id", "client_id", "at"),
            CheckConstraint("choice IN ('given','refused','withdrawn')", name="choice"),
            tenant_fk("client", "client_id"),
            tenant_fk("intake", "intake_id"),
            tenant_fk("booking", "booking_id"),
        )


class ReadReview(TenantOwned, Base):
    """That the owner went through who opened whose record in a month. `month`: its first day, on the clinic's clock."""

    __tablename__ = "read_review"

    month: Mapped[date]
    account_id: Mapped[UUID]
    at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """A month once."""
        return UniqueConstraint("tenant_id", "month"), tenant_fk("account", "account_id")
