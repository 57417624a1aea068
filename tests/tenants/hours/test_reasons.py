"""Every reason has a sentence, and says it on the clinic's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from tenants.availability.slots import Code, Reason
from tenants.hours.reasons import Before, sentence, sentence_before

AT = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)
SAID = {
    "off_grid": "Sessions begin at 10:00 and at 11:30, not in between.",
    "outside_hours": "10:00 to 11:30 lies outside the opening hours.",
    "on_break": "There is a break from 10:00 to 11:30.",
    "time_off": "There is time off from 10:00 to 11:30.",
    "booked": "A booking takes 10:00 to 11:30, with the gaps around it.",
    "buffer": "It is too close to a booking: that one takes 10:00 to 11:30, with the gaps around it.",
    "notice": "It is too soon: clients can book from Tue 31 Mar, 11:30 on.",
    "horizon": "It is too far ahead: the last day that can be booked is Tuesday 31 March.",
}


@pytest.mark.parametrize("code", get_args(Code))
def test_every_rule_of_the_engine_has_its_sentence(code: Code) -> None:
    start = None if code == "notice" else AT
    end = None if code == "horizon" else LATER
    assert sentence(Reason(code, start, end), zone="Europe/London", locale="en_GB") == SAID[code]


def test_edges_that_are_not_there_are_not_said() -> None:
    def said(reason: Reason) -> str:
        return sentence(reason, zone="Europe/London", locale="en_GB")

    assert said(Reason("off_grid", AT)) == "The last session of these hours begins at Tue 31 Mar, 10:00."
    assert said(Reason("off_grid")) == "No opening hours run at this minute."
    assert said(Reason("horizon")) == "It is too far ahead."


def test_two_dates_are_told_apart() -> None:
    night = Reason("outside_hours", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    said = sentence(night, zone="Europe/London", locale="en_GB")
    assert said == "Sat 28 Mar, 23:00 to Sun 29 Mar, 02:30 lies outside the opening hours."


@pytest.mark.parametrize("code", get_args(Before))
def test_what_stands_before_the_engine_has_its_sentence_too(code: Before) -> None:
    assert sentence_before(code, who="Ben")[-1] in ".:"
