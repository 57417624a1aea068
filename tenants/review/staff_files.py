"""An intake taken out as a file: on paper or as FHIR, for whoever gives the client's sessions. Each is noted."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import request
from flask_admin import expose

from saas.admin import OfficeView, current_account, fresh
from saas.languages import locale
from saas.web import as_file, page_now
from saas.words import later as _l
from tenants.intake.models import Intake
from tenants.intake.queries import NoSuchIntake
from tenants.intake.taking_out import bundle_of_intake, note_taken_out, paper_of_intake
from tenants.review.queries import intake_for, reader_of


class IntakeFilesView(OfficeView):
    """The two files of one intake."""

    roles = ("practitioner",)

    def __init__(self) -> None:
        super().__init__(name=_l("Files"), endpoint="intake_files", url="intakes/files")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    @fresh
    def index(self) -> Any:
        intake = _own_intake()
        flags = request.args.get("flags") == "1"
        note_taken_out(intake_id=intake.id, kind="pdf", flags=flags, now=page_now())
        return as_file(paper_of_intake(intake, language=locale(), flags=flags), "application/pdf", "pdf")

    @expose("/fhir/")
    @fresh
    def fhir(self) -> Any:
        intake = _own_intake()
        note_taken_out(intake_id=intake.id, kind="fhir", flags=False, now=page_now())
        made = json.dumps(bundle_of_intake(intake, now=page_now()), ensure_ascii=False, indent=2)
        return as_file(made.encode(), "application/fhir+json", "json")


def _own_intake() -> Intake:
    """The intake that is asked for, when it is the reader's to read; `NoSuchIntake` for any other."""
    account = current_account()
    try:
        wanted = UUID(request.args.get("id", ""))
    except ValueError:
        raise NoSuchIntake from None
    if account is None:
        raise NoSuchIntake
    return intake_for(reader_of(account_id=account.id, role=account.role), wanted)
