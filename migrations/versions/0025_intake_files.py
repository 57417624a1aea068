"""Files that clients hand in with their answers, sealed like these.

Revision: 0025
After: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard
from saas.db import Utc

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake_file",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("intake_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_intake_file_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "intake_id"],
            ["intake.tenant_id", "intake.id"],
            name=op.f("fk_intake_file_tenant_id_intake_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_intake_file")),
    )
    op.create_index("ix_intake_file_intake", "intake_file", ["tenant_id", "intake_id"], unique=False)
    guard(op.get_bind(), "intake_file")


def downgrade() -> None:
    op.drop_table("intake_file")
