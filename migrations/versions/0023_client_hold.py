"""A client's record that must not be erased for now, whatever its age: a claim, a request of an authority.

Revision: 0023
After: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.db import Utc

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("held_at", Utc(), nullable=True))


def downgrade() -> None:
    op.drop_column("client", "held_at")
