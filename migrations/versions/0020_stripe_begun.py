"""An account at Stripe that a clinic has begun, and that cannot take money yet.

Revision: 0020
After: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenant", sa.Column("stripe_begun_id", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("tenant", "stripe_begun_id")
