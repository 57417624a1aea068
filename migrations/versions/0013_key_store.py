"""The store for the keys of sealed records: not in this database, which has nothing to do for it.

Revision: 0013
After: 0012
"""

from __future__ import annotations

from saas.sealing import keyring

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keyring().store.make()


def downgrade() -> None:
    """What is sealed needs its keys, whichever version reads it."""
