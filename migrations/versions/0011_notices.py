"""When a clinic's mails go out, and how discreet they are.

Revision: 0011
After: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

EMPTY: sa.ColumnClause[str] = sa.literal_column("''")


def upgrade() -> None:
    op.add_column("clinic", sa.Column("remind_hours", sa.Integer(), nullable=True, server_default="24"))
    op.add_column("clinic", sa.Column("remind_again_hours", sa.Integer(), nullable=True))
    for name, length in (("quiet_from", 5), ("quiet_to", 5), ("sender_name", 60), ("subject_words", 40)):
        op.add_column("clinic", sa.Column(name, sa.String(length), nullable=False, server_default=EMPTY))


def downgrade() -> None:
    for column in ("subject_words", "sender_name", "quiet_to", "quiet_from", "remind_again_hours", "remind_hours"):
        op.drop_column("clinic", column)
