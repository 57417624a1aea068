"""Whether a practitioner holds a licence for work in mental health: flag rules about scope ask.

Revision: 0016
After: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("mental_health_licence", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("practitioner", column)


def downgrade() -> None:
    op.drop_column("practitioner", "mental_health_licence")
