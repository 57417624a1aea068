"""How far a new clinic's guided set-up has come.

Revision: 0007
After: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.db import Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clinic", sa.Column("set_up", sa.JSON(), nullable=False, server_default=sa.literal_column("'{}'")))
    op.add_column("clinic", sa.Column("set_up_at", Utc(), nullable=True))


def downgrade() -> None:
    op.drop_column("clinic", "set_up_at")
    op.drop_column("clinic", "set_up")
