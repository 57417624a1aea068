"""Two people and one record: who saves second is told, and nothing is overwritten in silence.

A form carries the mark of what it showed (`mark_of`); the action that saves it loads the row for update and asks
`unchanged` before it writes. No column, no clock: the mark is a hash of the very values that the form edits.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from saas.errors import Conflict

FIELD = "seen"
"""The hidden field of a form that carries the mark."""


class ChangedMeanwhile(Conflict):
    """Somebody else saved this record after the form was opened. Pages show what stands now beside what was typed."""

    code = "changed-meanwhile"


def mark_of(*values: Any) -> str:
    """A short mark of these values (texts, numbers, dates, ids, lists of them): equal values, equal mark."""
    text = json.dumps(values, default=str, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def unchanged(seen: str | None, *values: Any) -> None:
    """Raise `ChangedMeanwhile` unless `values`, read under a lock, are what `seen` was made of; None asks nothing."""
    if seen is not None and seen != mark_of(*values):
        raise ChangedMeanwhile
