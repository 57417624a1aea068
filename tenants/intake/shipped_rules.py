"""The rules that come with Longtide: `NAME`, one file a list in `ser_default/`.

Fit follows what a clinic says of SER, cautions follow what lists for this work name; sources are told in our own words
and never quoted; where we have seen none, the rule says so. Weights and bands are our invention and not validated.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from tenants.intake.flag_json import rules_from_json
from tenants.intake.flags import RuleSet

# A new version with every change: `tests/tenants/intake/test_shipped_names.py` keeps the hash of each.
NAME = "ser-default@1.1.0"
_FILES = ("acute", "contra", "caution", "fit")
_BANDS = [
    {"points": 0, "words": {"en": "No particular indicators", "es": "Sin indicios particulares"}},
    {"points": 3, "words": {"en": "Some indicators", "es": "Algunos indicios"}},
    {"points": 6, "words": {"en": "Several indicators", "es": "Varios indicios"}},
]


@cache
def shipped_rules() -> RuleSet:
    """The rule set as shipped; a clinic's own begins as this."""
    folder = Path(__file__).with_name("ser_default")
    rules = [rule for name in _FILES for rule in json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))]
    return rules_from_json({"name": NAME, "rules": rules, "bands": _BANDS})
