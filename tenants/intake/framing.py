"""What every page of the questions begins with: the intake behind its link, who reads, what stands around the page."""

from __future__ import annotations

from typing import Any

from flask import request

from saas.languages import read_as
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import form_token, page_now, visitor
from tenants.intake.asking import Paper, missing, state_of_part
from tenants.intake.consents import Origin
from tenants.intake.models import Intake
from tenants.intake.queries import answers_of, check_standing, client_of, intake_by_token, known_before, names_for
from tenants.intake.settings import clinic_help, intake_settings
from tenants.intake.sittings import Sitting
from tenants.intake.views import Page, Reader, prefills


def behind(token: str, *, standing: bool = True) -> Intake:
    """The intake of a page, which from here on speaks the language it was asked for in."""
    intake = intake_by_token(token)
    read_as(intake.locale)
    if standing:
        check_standing(intake, now=page_now())
    return intake


def reader_for(intake: Intake, paper: Paper, sitting: Sitting) -> Reader:
    """Who reads. What the record says of a client who was known before is filled in after a second proof only."""
    known = prefills(client_of(intake)) if sitting.opened or not known_before(intake) else {}
    return Reader(lang_of(paper), names_for(intake), known, sitting.id, sitting.opened, intake.submitted_at)


def frame(
    intake: Intake, token: str, paper: Paper, reader: Reader, *, page: Page | None = None
) -> dict[str, Any]:  # fmt: skip
    """What every page of the questions is drawn with."""
    answers = page.standing if page else answers_of(intake)
    lacking = missing(paper, answers, page.order if page and not page.locks.keys else None)
    settings = intake_settings()
    parts = [
        (part.id, reader.say(part.title), state_of_part(paper, part, answers, lacking=lacking), part.optional)
        for part in paper.form.parts
    ]
    texts = paper.form.texts
    return {
        "token": token,
        "parts": parts,
        "begun": any(state != "new" for _id, _title, state, _optional in parts),
        "names": reader.names,
        "owner_reads": settings.owner_reads,
        "help": clinic_help(settings),
        "grounding": reader.say(texts.get("grounding", {})),
        "not_monitored": reader.say(texts.get("not_monitored", {})),
        "text_lang": reader.lang,
        "form_token": form_token("intake", token),
        "part": "",
        "sensitive": False,
        "signing": False,
        "looking_over": False,
    }


def lang_of(paper: Paper) -> str:
    """The language of the questionnaire's own texts on this page."""
    code = locale().replace("-", "_").partition("_")[0]
    return code if code in paper.form.languages else paper.form.languages[0]


def origin_of(paper: Paper) -> Origin:
    return Origin(lang_of(paper), visitor(), request.user_agent.string[:200], current_tenant().zone)
