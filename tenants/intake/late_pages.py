"""The page of whoever sends answers after their questions closed: what they wrote, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue

from saas.web import page_now
from tenants.intake.asking import Typed
from tenants.intake.framing import frame, reader_for
from tenants.intake.late import keep_late
from tenants.intake.looking_over import sent_in_words
from tenants.intake.models import Intake
from tenants.intake.queries import TooLate, paper_for
from tenants.intake.sittings import Sitting


def too_late(
    intake: Intake, token: str, sitting: Sitting, typed: Mapping[str, Typed], why: TooLate
) -> ResponseReturnValue:
    """Put it aside and say so, with help beside what may be urgent."""
    urgent = keep_late(intake_id=intake.id, typed=typed, sitting=sitting.id, now=page_now())
    paper = paper_for(intake.questionnaire_version_id)
    reader = reader_for(intake, paper, sitting)
    page = render_template(
        "public/intake/late.html",
        lines=sent_in_words(paper, typed, reader),
        sent=intake.status == "submitted",
        urgent=bool(urgent),
        **frame(intake, token, paper, reader),
    )
    return page, why.status


def too_late_for_script(
    intake: Intake, sitting: Sitting, typed: Mapping[str, Typed], why: TooLate
) -> ResponseReturnValue:
    """The same for the page's script, which then leaves what was typed where it stands."""
    urgent = keep_late(intake_id=intake.id, typed=typed, sitting=sitting.id, now=page_now())
    return jsonify(kept={}, faults=dict.fromkeys(typed, why.message), help=list(urgent)), why.status
