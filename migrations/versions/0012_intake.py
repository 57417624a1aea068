"""The intake: questionnaires and rules in versions, sealed answers and flags, alerts, reviews, touch, consents.

Revision: 0012
After: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard
from saas.db import Utc

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = (
    "consent_text",
    "intake_setting",
    "questionnaire",
    "flag_rules",
    "questionnaire_version",
    "intake",
    "intake_answer",
    "intake_flags",
    "intake_review",
    "consent",
    "intake_alert",
    "touch_map",
)


def upgrade() -> None:
    _questionnaires()
    _intakes()
    _around()
    for table in TABLES:
        guard(op.get_bind(), table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _questionnaires() -> None:
    op.create_table(
        "consent_text",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("first_shown_at", Utc(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_consent_text_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_consent_text"),
        sa.UniqueConstraint("tenant_id", "hash", name="uq_consent_text_tenant_id_hash"),
    )
    op.create_table(
        "intake_setting",
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_intake_setting_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_intake_setting"),
        sa.UniqueConstraint("tenant_id", name="uq_intake_setting_tenant_id"),
    )
    op.create_table(
        "questionnaire",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("draft_at", Utc(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("archived_at", Utc(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('intake','instrument')", name="ck_questionnaire_kind"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_questionnaire_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_questionnaire"),
        sa.UniqueConstraint("tenant_id", "key", name="uq_questionnaire_tenant_id_key"),
    )
    op.create_table(
        "flag_rules",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("published_at", Utc(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["account.tenant_id", "account.id"], name="fk_flag_rules_tenant_id_account_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_flag_rules_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_flag_rules"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_flag_rules_tenant_id_number"),
    )
    op.create_index("ix_flag_rules_hash", "flag_rules", ["tenant_id", "hash"], unique=False)
    op.create_table(
        "questionnaire_version",
        sa.Column("questionnaire_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", Utc(), nullable=False),
        sa.Column("withdrawn_at", Utc(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name="fk_questionnaire_version_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "questionnaire_id"],
            ["questionnaire.tenant_id", "questionnaire.id"],
            name="fk_questionnaire_version_tenant_id_questionnaire_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_questionnaire_version_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_questionnaire_version"),
        sa.UniqueConstraint(
            "tenant_id", "questionnaire_id", "number", name="uq_questionnaire_version_tenant_id_questionnaire_id_number"
        ),
    )


def _intakes() -> None:
    op.create_table(
        "intake",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("questionnaire_version_id", sa.Uuid(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("session_at", Utc(), nullable=True),
        sa.Column("session_date", sa.Date(), nullable=True),
        sa.Column("link_hash", sa.String(length=64), nullable=False),
        sa.Column("link_generation", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("attention", sa.Boolean(), nullable=False),
        sa.Column("review_due", sa.Boolean(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_until", Utc(), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("requested_at", Utc(), nullable=False),
        sa.Column("started_at", Utc(), nullable=True),
        sa.Column("saved_at", Utc(), nullable=True),
        sa.Column("submitted_at", Utc(), nullable=True),
        sa.Column("expires_at", Utc(), nullable=True),
        sa.Column("reviewed_at", Utc(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status IN ('requested','open','submitted','expired','closed')", name="ck_intake_status"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "booking_id"], ["booking.tenant_id", "booking.id"], name="fk_intake_tenant_id_booking_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["client.tenant_id", "client.id"], name="fk_intake_tenant_id_client_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "practitioner_id"],
            ["practitioner.tenant_id", "practitioner.id"],
            name="fk_intake_tenant_id_practitioner_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "previous_id"], ["intake.tenant_id", "intake.id"], name="fk_intake_tenant_id_previous_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "questionnaire_version_id"],
            ["questionnaire_version.tenant_id", "questionnaire_version.id"],
            name="fk_intake_tenant_id_questionnaire_version_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_intake_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_intake"),
        sa.UniqueConstraint("tenant_id", "link_hash", name="uq_intake_tenant_id_link_hash"),
    )
    op.create_index("ix_intake_booking", "intake", ["tenant_id", "booking_id"], unique=False)
    op.create_index("ix_intake_client", "intake", ["tenant_id", "client_id", "requested_at"], unique=False)
    op.create_index("ix_intake_session", "intake", ["tenant_id", "session_at"], unique=False)
    op.create_table(
        "intake_answer",
        sa.Column("intake_id", sa.Uuid(), nullable=False),
        sa.Column("item_key", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("replaced_at", Utc(), nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name="fk_intake_answer_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "intake_id"], ["intake.tenant_id", "intake.id"], name="fk_intake_answer_tenant_id_intake_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_intake_answer_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_intake_answer"),
        sa.UniqueConstraint(
            "tenant_id",
            "intake_id",
            "item_key",
            "revision",
            name="uq_intake_answer_tenant_id_intake_id_item_key_revision",
        ),
    )
    op.create_table(
        "intake_flags",
        sa.Column("intake_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules_hash", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=True),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "intake_id"], ["intake.tenant_id", "intake.id"], name="fk_intake_flags_tenant_id_intake_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_intake_flags_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_intake_flags"),
        sa.UniqueConstraint("tenant_id", "intake_id", "number", name="uq_intake_flags_tenant_id_intake_id_number"),
    )
    op.create_table(
        "intake_review",
        sa.Column("intake_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name="fk_intake_review_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "intake_id"], ["intake.tenant_id", "intake.id"], name="fk_intake_review_tenant_id_intake_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_intake_review_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_intake_review"),
    )
    op.create_index("ix_intake_review_intake", "intake_review", ["tenant_id", "intake_id", "at"], unique=False)


def _around() -> None:
    op.create_table(
        "consent",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("intake_id", sa.Uuid(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("version_hash", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("choice IN ('given','refused','withdrawn')", name="ck_consent_choice"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "booking_id"], ["booking.tenant_id", "booking.id"], name="fk_consent_tenant_id_booking_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["client.tenant_id", "client.id"], name="fk_consent_tenant_id_client_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "intake_id"], ["intake.tenant_id", "intake.id"], name="fk_consent_tenant_id_intake_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_consent_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_consent"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_consent_tenant_id_number"),
    )
    op.create_index("ix_consent_client", "consent", ["tenant_id", "client_id", "at"], unique=False)
    op.create_table(
        "intake_alert",
        sa.Column("intake_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("raised_at", Utc(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("delivered_at", Utc(), nullable=True),
        sa.Column("failed_at", Utc(), nullable=True),
        sa.Column("acknowledged_at", Utc(), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('answer','test')", name="ck_intake_alert_kind"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "acknowledged_by"],
            ["account.tenant_id", "account.id"],
            name="fk_intake_alert_tenant_id_acknowledged_by",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "intake_id"], ["intake.tenant_id", "intake.id"], name="fk_intake_alert_tenant_id_intake_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_intake_alert_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_intake_alert"),
    )
    op.create_index("ix_intake_alert_intake", "intake_alert", ["tenant_id", "intake_id"], unique=False)
    op.create_index("ix_intake_alert_open", "intake_alert", ["tenant_id", "acknowledged_at", "raised_at"], unique=False)
    op.create_table(
        "touch_map",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("intake_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["account.tenant_id", "account.id"], name="fk_touch_map_tenant_id_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["client.tenant_id", "client.id"], name="fk_touch_map_tenant_id_client_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "intake_id"], ["intake.tenant_id", "intake.id"], name="fk_touch_map_tenant_id_intake_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_touch_map_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_touch_map"),
    )
    op.create_index("ix_touch_map_client", "touch_map", ["tenant_id", "client_id", "at"], unique=False)
