"""Answers that a client gave elsewhere, as a FHIR file: seen first, with every difference, then kept as an intake.

For whoever gives the client's sessions. Nothing is kept between the report and the yes: the file travels in the form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas.admin import current_account
from saas.errors import Invalid
from saas.languages import locale
from saas.uploads import FilePage
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.bookings.queries import is_own_client
from tenants.clients.models import Client
from tenants.clients.queries import NoSuchClient, client_by_id
from tenants.intake.fhir_compare import totals
from tenants.intake.fhir_json import NotReadable
from tenants.intake.fhir_response import ReadResponse, form_url, read_response
from tenants.intake.instruments import Answerable, answerable, bring_answers
from tenants.intake.queries import definition_of
from tenants.intake.questions import in_language, item_index
from tenants.intake.record import words_of
from tenants.intake.score_words import why_words
from tenants.questionnaires.fhir_words import packed
from tenants.questionnaires.staff_files import TAKES, levels, sent_again, sent_file

Page = Any


@dataclass(frozen=True)
class Row:
    """An instrument's total: ours, why there is none, and what the file states."""

    name: str
    ours: str
    stated: str
    differs: bool


class AnswerFilesView(FilePage):
    """One client's answers from a file."""

    roles = ("practitioner",)
    part_of = "client"
    takes = TAKES

    def __init__(self) -> None:
        super().__init__(name=_l("Bring answers in"), endpoint="answer_files", url="questionnaires/answers")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Page:
        client = _client()
        if request.method == "GET":
            return self._ask(client)
        try:
            data = sent_file()
            form = _chosen(data)
            read = read_response(data, definition_of(form.version_id), known_as=form.known_as(form_url(data)))
        except NotReadable as error:
            return self._ask(client, error=error.message), error.status
        return self._report(client, form, data, read)

    @expose("/keep/", methods=("POST",))
    def keep(self) -> Page:
        client = _client()
        try:
            data = sent_again()
            form = _chosen(data)
            bring_answers(version_id=form.version_id, client_id=client.id, data=data, now=page_now())
        except Invalid as error:
            return self._ask(client, error=error.message), error.status
        flash(_("The answers are kept."))
        return redirect(url_for("client.details_view", id=client.id), 303)

    def _ask(self, client: Client, *, error: str = "") -> str:
        return self.render(
            "manage/questionnaires/answers.html", client=client, forms_here=answerable(), error=error,
            chosen=request.form.get("form", ""),
        )  # fmt: skip

    def _report(self, client: Client, form: Answerable, data: bytes, read: ReadResponse) -> str:
        whole = definition_of(form.version_id)
        items, language = item_index(whole), locale()
        given = [
            (
                in_language(items[key.partition("@")[0]].text, language),
                words_of(items[key.partition("@")[0]], said, language),
            )
            for key, said in read.answers.items()
            if key.partition("@")[0] in items
        ]
        rows = [
            Row(
                one.score.name,
                f"{one.score.total:g}" if one.score.total is not None else why_words(one.score),
                f"{one.stated:g}" if one.stated is not None else "–",
                one.differs,
            )
            for one in totals(whole, read.answers, read.stated)
        ]
        return self.render(
            "manage/questionnaires/answers_report.html",
            client=client,
            form=form,
            read=read,
            given=given,
            rows=rows,
            levels=levels(read.remarks),
            packed=packed(data),
        )


def _client() -> Client:
    """The client of this page, one of whoever is logged in; `NoSuchClient` also for a colleague's."""
    try:
        found = client_by_id(UUID(request.values.get("client", "")))
    except ValueError:
        raise NoSuchClient from None
    account = current_account()
    if account is None or not is_own_client(found.id, account_id=account.id):
        raise NoSuchClient
    return found


def _chosen(data: bytes) -> Answerable:
    """The form that was chosen, else the one the file says it is to."""
    known = answerable()
    wanted = request.form.get("form", "")
    found = [one for one in known if str(one.version_id) == wanted]
    if not found and not wanted:
        url = form_url(data)
        found = [one for one in known if url and one.known_as(url).partition("|")[0] == url]
    if not found:
        raise NotReadable(_("Choose the form that these answers are to"))
    return found[0]
