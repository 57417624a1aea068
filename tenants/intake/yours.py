"""The client's own data behind their link: what they agreed to, taking it back, and who opened their answers."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas.tenancy import current_tenant
from saas.web import check_form, page_now
from tenants.intake import sittings
from tenants.intake.agreements import NoSuchAgreement, agreements_of, take_back
from tenants.intake.framing import behind, frame, origin_of, reader_for
from tenants.intake.queries import intakes_of_client, paper_for
from tenants.intake.who_opened import opened
from tenants.practitioners.rules import ROLE_WORDS

HERE = "yours"
"""Where a second proof leads that was asked for by this page."""


def page(token: str) -> ResponseReturnValue:
    """What the client agreed to, and who opened their answers. After a second proof only: purposes tell much."""
    intake = behind(token)
    sitting = sittings.sitting_of(intake)
    if not sitting.opened:
        return redirect(url_for("intake.code", token=token, part=HERE), 303)
    paper = paper_for(intake.questionnaire_version_id)
    reader = reader_for(intake, paper, sitting)
    answers = [one.id for one in intakes_of_client(intake.client_id)]
    return render_template(
        "public/intake/yours.html",
        agreements=agreements_of(intake.client_id),
        opened=[one for one in reversed(opened([intake.client_id, *answers])) if one.what != "client" or one.kept],
        roles=ROLE_WORDS,
        sections={one.id: reader.say(one.title) for part in paper.form.parts for one in part.sections},
        zone=ZoneInfo(current_tenant().zone),
        **frame(intake, token, paper, reader),
    )


def give_up(token: str) -> ResponseReturnValue:
    intake = behind(token)
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
