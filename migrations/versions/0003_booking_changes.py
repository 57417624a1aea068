"""What staff changed a moment ago and may still take back: moves and cancels of bookings.

Revision: 0003
After: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard
from saas.db import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_change",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("fee_percent", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("told_at", Utc(), nullable=False),
        sa.Column("from_practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("from_room_id", sa.Uuid(), nullable=True),
        sa.Column("from_starts_at", Utc(), nullable=False),
        sa.Column("from_ends_at", Utc(), nullable=False),
        sa.Column("from_busy_from", Utc(), nullable=False),
        sa.Column("from_busy_to", Utc(), nullable=False),
        sa.Column("from_policy", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('move','cancel')", name=op.f("ck_booking_change_kind")),
        sa.CheckConstraint("state IN ('open','done','undone','void')", name=op.f("ck_booking_change_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name=op.f("fk_booking_change_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "booking_id"],
            ["booking.tenant_id", "booking.id"],
            name=op.f("fk_booking_change_tenant_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "from_practitioner_id"],
            ["practitioner.tenant_id", "practitioner.id"],
            name=op.f("fk_booking_change_tenant_id_from_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "from_room_id"],
            ["room.tenant_id", "room.id"],
            name=op.f("fk_booking_change_tenant_id_from_room_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_booking_change_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_booking_change")),
    )
    op.create_index("ix_booking_change_state", "booking_change", ["tenant_id", "state", "until"])
    op.create_index("ix_booking_change_booking", "booking_change", ["tenant_id", "booking_id", "state"])
    op.create_index(
        "uq_booking_change_open",
        "booking_change",
        ["tenant_id", "booking_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    guard(op.get_bind(), "booking_change")


def downgrade() -> None:
    op.drop_table("booking_change")
