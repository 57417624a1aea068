"""A practitioner's bookings in their own calendar, behind a link.

Revision: 0009
After: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practitioner", sa.Column("feed_hash", sa.String(64), nullable=True))
    op.add_column("practitioner", sa.Column("feed_generation", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("practitioner", sa.Column("feed_names", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("uq_practitioner_feed", "practitioner", ["tenant_id", "feed_hash"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_practitioner_feed", "practitioner")
    for column in ("feed_names", "feed_generation", "feed_hash"):
        op.drop_column("practitioner", column)
