"""Intakes as the team sees them: the list, one summary on one page, a decision, and where not to touch."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from saas.admin import NotYours, OfficeForm, OfficeView, current_account, only, page_asked
from saas.errors import DomainError, Invalid
from saas.shell import locale
from saas.stale import ChangedMeanwhile
from saas.tenancy import current_tenant
from saas.web import as_file, page_now
from saas.words import _
from saas.words import later as _l
from tenants.bookings.queries import account_names
from tenants.clients.queries import NoSuchClient, client_by_id
from tenants.intake.alerts import acknowledge
from tenants.intake.files import kind_of
from tenants.intake.models import Intake
from tenants.intake.questions import in_language
from tenants.intake.review_words import STATE_PILLS, STATE_WORDS
from tenants.intake.reviewing import review
from tenants.intake.touch import TouchLimits, change_touch, touch_mark
from tenants.review import views
from tenants.review.actions import look_again, look_at_answers, look_at_summary, look_at_touch, open_file
from tenants.review.forms import AcknowledgeForm, OutcomeForm, TouchForm, uuid_of
from tenants.review.queries import PAGE, WHICH, Reader, Which, intake_for, intakes, may_open_client, reader_of
from tenants.review.reading import Summary

Answer = str | Response | tuple[str, int]
_READERS = ("owner", "practitioner")


class IntakesView(OfficeView):
    """The list; and what a practitioner reads before a session."""

    def __init__(self) -> None:
        super().__init__(name=_l("Intakes"), endpoint="intakes", url="intakes")

    @expose("/")
    def index(self) -> Answer:
        asked = request.args.get("which", "")
        which: Which = next((one for one in WHICH if one == asked), "due")
        page = page_asked()
        reader = _reader()
        count, lines = intakes(reader, which, page=page)
        return self.render(
            "manage/review/list.html", which=which, tabs=views.tabs(which), lines=lines, count=views.count_words(count),
            page=page, more=count > (page + 1) * PAGE, zone=_zone(), states=STATE_WORDS, pills=STATE_PILLS,
            role=reader.role,
        )  # fmt: skip

    @expose("/open/")
    @only(*_READERS)
    def summary(self) -> Answer:
        return self._summary(_asked(), OutcomeForm(None), AcknowledgeForm(None), 200)

    def _summary(
        self, row: Intake, outcome: OutcomeForm, seen: AcknowledgeForm, status: int, *, meanwhile: bool = False
    ) -> Answer:
        found = look_at_summary(intake_id=row.id, language=locale(), now=page_now())
        if meanwhile or not outcome.seen.data:
            outcome.seen.data = found.about.mark
        page = self.render(
            "manage/review/summary.html", found=found, outcome_form=outcome, seen_form=seen, meanwhile=meanwhile,
            **_shown(found),
        )  # fmt: skip
        return page if status == 200 else (page, status)

    @expose("/answers/")
    @only(*_READERS)
    def answers(self) -> Answer:
        about, groups = look_at_answers(intake_id=_asked().id, language=locale(), now=page_now())
        return self.render("manage/review/answers.html", about=about, groups=groups)

    @expose("/file/")
    @only(*_READERS)
    def file(self) -> Answer:
        found = open_file(intake_id=_asked().id, file_id=request.args.get("file", ""), now=page_now())
        return as_file(found.content, kind_of(found.name), found.name.rpartition(".")[2])

    @expose("/review/", methods=("POST",))
    @only(*_READERS)
    def decide(self) -> Answer:
        row, form = _asked(), OutcomeForm(request.form)
        if not form.validate():
            return self._summary(row, form, AcknowledgeForm(None), 422)
        try:
            review(intake_id=row.id, seen=form.seen.data or "", decision=form.request(), now=page_now())
        except Invalid as refused:
            form.put(refused)
            return self._summary(row, form, AcknowledgeForm(None), 422)
        except ChangedMeanwhile:
            return self._summary(row, form, AcknowledgeForm(None), 409, meanwhile=True)
        flash(_("Your decision is kept."))
        return redirect(url_for(".index"), 303)

    @expose("/seen/", methods=("POST",))
    @only(*_READERS)
    def acknowledge(self) -> Answer:
        row, form = _asked(), AcknowledgeForm(request.form)
        if not form.validate():
            return self._summary(row, OutcomeForm(None), form, 422)
        try:
            acknowledge(
                alert_ids=form.alert_ids(), intake_id=row.id, done=form.done.data or "", note=form.note.data or "",
                now=page_now(),
            )  # fmt: skip
        except Invalid as refused:
            form.put(refused)
            return self._summary(row, OutcomeForm(None), form, 422)
        flash(_("It is noted that you have seen it. Nobody else is told any more."))
        if not _still_mine(row.id):
            return redirect(url_for(".index"), 303)
        return redirect(url_for(".summary", id=row.id), 303)

    @expose("/look-again/", methods=("POST",))
    @only(*_READERS)
    def look_again(self) -> Answer:
        row = _asked()
        try:
            flash(_once_more(row) if OfficeForm(request.form).validate() else _("Please press the button again."))
        except Invalid as refused:
            flash(refused.message)
        return redirect(url_for(".summary", id=row.id), 303)

    @expose("/touch/", methods=("GET", "POST"))
    @only(*_READERS)
    def touch(self) -> Answer:
        client_id = _client()
        form = TouchForm(request.form if request.method == "POST" else None)
        status = 200 if request.method == "GET" else self._keep_touch(client_id, form)
        if status == 303:
            flash(_("Kept. It holds from now on."))
            return redirect(url_for(".touch", client=client_id), 303)
        stands, history = look_at_touch(client_id=client_id, now=page_now())
        typed = stands if request.method == "GET" else form.request()
        if request.method == "GET" or status == 409:
            form.seen.data = touch_mark(stands)
        page = self.render(
            "manage/review/touch.html", client=client_by_id(client_id), touch_form=form, typed=typed, stands=stands,
            stands_words=views.touch_words(stands), areas=views.area_choices(typed.areas), meanwhile=status == 409,
            history=[(one, views.saying_words(one), views.SOURCE_WORDS[one.source]) for one in history], zone=_zone(),
            names=account_names([one.by for one in history if one.by]),
        )  # fmt: skip
        return page if status == 200 else (page, status)

    def _keep_touch(self, client_id: UUID, form: TouchForm) -> int:
        if not form.validate():
            return 422
        wanted = TouchLimits() if request.form.get("do") == "clear" else form.request()
        try:
            change_touch(client_id=client_id, wanted=wanted, seen=form.seen.data or "", now=page_now())
        except ChangedMeanwhile:
            return 409
        except DomainError as refused:
            form.put(refused)
            return 422
        return 303


def _reader() -> Reader:
    account = current_account()
    if account is None:
        raise NotYours
    return reader_of(account_id=account.id, role=account.role)


def _asked() -> Intake:
    """The intake that the address or the form names, when the reader may read it."""
    return intake_for(_reader(), uuid_of(request.values.get("id")))


def _once_more(row: Intake) -> str:
    if look_again(intake_id=row.id, now=page_now()):
        return _("The rules have looked again. What they find otherwise is told above the flags.")
    return _("The rules have looked again, and find the same as before.")


def _still_mine(intake_id: UUID) -> bool:
    """Whether the reader may still read it: a contact of alerts may only while one is open."""
    try:
        intake_for(_reader(), intake_id)
    except DomainError:
        return False
    return True


def _client() -> UUID:
    """The client that is named, when the reader may see what they said about touch."""
    client_id = uuid_of(request.values.get("client"))
    if client_id is None or not may_open_client(_reader(), client_id):
        raise NoSuchClient
    return client_id


def _shown(found: Summary) -> dict[str, Any]:
    """The summary in words."""
    zone, look = _zone(), found.look
    named = {one.by for one in found.reviews} | {one.by for one in found.answered if one.by}
    names = account_names(sorted(named))
    return {
        "zone": zone,
        "heading": views.heading_of(found, zone),
        "axes": views.axes_of(look) if look else [],
        "again": views.again_of(found.again) if found.again else [],
        "fit": views.fit_of(look) if look else None,
        "wish": views.WISH_WORDS[look.fit.wish] if look else "",
        "band": in_language(look.fit.band, locale()) if look else "",
        "folded": bool(look and look.on("acute", "contra")),
        "talk": views.talk_of(look) if look else [],
        "kept_off": [(one, in_language(one.title, locale())) for one in look.kept_off] if look else [],
        "touch": views.touch_words(found.touch),
        "touch_changed": views.saying_words(found.touch_changed) if found.touch_changed else "",
        "scores": views.scores_shown(found.scores),
        "reviews": views.reviews_shown(found.reviews, names, zone),
        "answered": [
            (one, names.get(one.by, "") if one.by else "", views.alerted_words(one.done)) for one in found.answered
        ],
        "digest_words": views.DIGEST_WORDS,
    }


def _zone() -> ZoneInfo:
    return ZoneInfo(current_tenant().zone)
