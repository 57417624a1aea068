"""The client's own data behind their link: their answers to take along, what they agreed to, taking it back, and who
opened their answers. After a second proof only, and for as long as the link is theirs: also when nothing can be
answered there any more."""

from __future__ import annotations

import json
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas.languages import locale
from saas.tenancy import current_tenant
from saas.web import as_file, check_form, limit_tries, page_now
from tenants.intake import sittings
from tenants.intake.agreements import NoSuchAgreement, agreements_of, take_back
from tenants.intake.framing import behind, frame, origin_of, reader_for
from tenants.intake.queries import NoSuchIntake, intakes_of_client, paper_for
from tenants.intake.taking_out import bundle_of_intake, note_taken_out, paper_of_intake
from tenants.intake.who_opened import opened
from tenants.practitioners.rules import ROLE_WORDS

HERE = "yours"
"""Where a second proof leads that was asked for by this page."""
_KINDS = {"pdf": "pdf", "json": "fhir"}
"""What the answers are taken along as, by the ending of the file."""


def page(token: str) -> ResponseReturnValue:
    """What the client agreed to, and who opened their answers. After a second proof only: purposes tell much."""
    intake = behind(token, standing=False)
    sitting = sittings.sitting_of(intake)
    if not sitting.opened:
        return _first_proof(token)
    paper = paper_for(intake.questionnaire_version_id)
    reader = reader_for(intake, paper, sitting)
    answers = [one.id for one in intakes_of_client(intake.client_id)]
    return render_template(
        "public/intake/yours.html",
        agreements=agreements_of(intake.client_id),
        answered=intake.saved_at is not None and intake.status != "expired",
        opened=[one for one in reversed(opened([intake.client_id, *answers])) if one.what != "client" or one.kept],
        roles=ROLE_WORDS,
        sections={one.id: reader.say(one.title) for part in paper.form.parts for one in part.sections},
        zone=ZoneInfo(current_tenant().zone),
        **frame(intake, token, paper, reader),
    )


def take_along(token: str, ending: str) -> ResponseReturnValue:
    """The answers of this intake as a file: on paper, or for another program with the files that were handed in."""
    intake = behind(token, standing=False)
    if not sittings.sitting_of(intake).opened:
        return _first_proof(token)
    if ending not in _KINDS or intake.status == "expired":
        raise NoSuchIntake
    limit_tries("intake-take", limit=20, window_seconds=3600)
    note_taken_out(intake_id=intake.id, kind=_KINDS[ending], flags=False, now=page_now())
    if ending == "pdf":
        return as_file(paper_of_intake(intake, language=locale(), flags=False), "application/pdf", ending)
    made = json.dumps(bundle_of_intake(intake, now=page_now()), ensure_ascii=False, indent=2)
    return as_file(made.encode(), "application/fhir+json", ending)


def _first_proof(token: str) -> ResponseReturnValue:
    return redirect(url_for("intake.code", token=token, part=HERE), 303)


def give_up(token: str) -> ResponseReturnValue:
    intake = behind(token, standing=False)
    check_form("intake", token)
    if sittings.sitting_of(intake).opened:
        origin = origin_of(paper_for(intake.questionnaire_version_id))
        receipt = _receipt()
        take_back(client_id=intake.client_id, receipt_id=receipt, method="link", origin=origin, now=page_now())
    return redirect(url_for("intake.yours", token=token), 303)


def _receipt() -> UUID:
    try:
        return UUID(request.form.get("receipt", ""))
    except ValueError:
        raise NoSuchAgreement from None
