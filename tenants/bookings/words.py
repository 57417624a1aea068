"""A booking's states and ways to pay in words, for every page of the back office."""

from __future__ import annotations

from saas.words import later as _l

STATUS_WORDS = {
    "held": _l("Held"),
    "confirmed": _l("Confirmed"),
    "arrived": _l("Arrived"),
    "completed": _l("Completed"),
    "no_show": _l("Did not come"),
    "cancelled": _l("Cancelled"),
    "expired": _l("Lapsed"),
}
PILLS = {"confirmed": "ok", "arrived": "ok", "completed": "ok", "held": "info", "no_show": "warn"}
"""The shape and colour of each state's mark (`pill--ok` …); what is not here is `off`."""
PAYMENT_WORDS = {
    "free": _l("Free"),
    "at_clinic": _l("At the clinic"),
    "deposit": _l("Deposit when booking"),
    "full": _l("When booking"),
}
