"""What blocked time is for, in a few words of whoever blocked it.

Revision: 0018
After: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("time_off", sa.Column("label", sa.String(60), nullable=False, server_default=sa.literal_column("''")))


def downgrade() -> None:
    op.drop_column("time_off", "label")
