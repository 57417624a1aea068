"""Why is this time not offered? Answered for any minute, by GET: whoever asks changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import request
from flask_admin import expose

from saas import formats
from saas.admin import OfficeView
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.availability.slots import Reason
from tenants.hours.asking import Answer, Question, answers
from tenants.hours.forms import WhyForm, day_in, minute_in
from tenants.hours.reasons import sentence, sentence_before
from tenants.hours.staff import chosen, may_see, today
from tenants.services.queries import NoSuchService, every_service, service_by_id

ANYBODY = ""


@dataclass(frozen=True)
class Said:
    """One answer in words: `head` says with whom (and which of two equal times), `lines` why."""

    head: str
    offered: bool
    lines: tuple[str, ...]


class WhyView(OfficeView):
    """A session, a practitioner, a date and a minute; the answer in words."""

    def __init__(self) -> None:
        super().__init__(name=_l("Why is a time not offered?"), endpoint="hours_why", url="hours/why")

    def is_visible(self) -> bool:
        """Reached from the hours page."""
        return False

    @expose("/")
    def index(self) -> str | tuple[str, int]:
        people, sessions = may_see(), every_service()
        form = WhyForm(request.args)
        form.service.choices = [(str(one.id), one.name) for one in sessions]
        form.who.choices = [(ANYBODY, _("Anybody"))] if len(people) > 1 else []
        form.who.choices += [(person.slug, person.name) for person in people]
        form.day.data = form.day.data or today().isoformat()
        if people and form.who.data:
            chosen(people, form.who.data)
        if not people or not sessions:
            return self.render("manage/hours/why.html", why_form=form, said=None, when="", can_ask=False)
        if "time" not in request.args:
            return self.render("manage/hours/why.html", why_form=form, said=None, when="", can_ask=True)
        question = _question(form)
        if question is None:
            return self.render("manage/hours/why.html", why_form=form, said=None, when="", can_ask=True), 422
        asked = people if form.who.data == ANYBODY else [chosen(people, form.who.data or ANYBODY)]
        found = answers(question, asked, zone=current_tenant().zone, now=page_now())
        tag = locale()
        clock = f"{question.minute // 60 % 24:02}:{question.minute % 60:02}"
        when = _("%(day)s, %(time)s", day=formats.long_date(question.day, tag), time=clock)
        said = [_said(answer, twice=len(found) > len(asked), locale=tag) for answer in found]
        return self.render("manage/hours/why.html", why_form=form, said=said, when=when, can_ask=True)


def _question(form: WhyForm) -> Question | None:
    """What is asked; None when a field needs another look (the sentence is beside it)."""
    day, minute = day_in(form.day.data), minute_in(form.time.data)
    try:
        service = service_by_id(UUID(form.service.data or ""))
    except (ValueError, NoSuchService):
        service = None
        form.service.errors = [_("Choose a session")]
    if day is None:
        form.day.errors = [_("Choose a date")]
    if minute is None or minute >= 24 * 60:
        form.time.errors = [_("Enter a time like 09:00")]
        return None
    return None if day is None or service is None else Question(service.id, day, minute)


def _said(answer: Answer, *, twice: bool, locale: str) -> Said:
    zone = current_tenant().zone
    head = answer.practitioner
    if twice and answer.at is not None:
        # The night the clocks go back: the offset tells the first 01:30 from the second.
        head = _("%(name)s, %(time)s in UTC", name=head, time=formats.clock(answer.at, locale))
    lines = [sentence_before(code, who=answer.practitioner) for code in answer.before]
    lines += [sentence(reason, zone=zone, locale=locale) for reason in _plain(answer)]
    lines += [
        _("%(room)s: %(why)s", room=room.name, why=sentence(reason, zone=zone, locale=locale))
        for room in answer.rooms
        for reason in room.reasons
    ]
    return Said(head, answer.offered, tuple(dict.fromkeys(lines)))


def _plain(answer: Answer) -> list[Reason]:
    """The reasons worth saying: outside the hours there is no grid anyway, and what has passed is not too soon."""
    codes = {reason.code for reason in answer.reasons}
    drop = set()
    if "outside_hours" in codes:
        drop |= {"off_grid" for reason in answer.reasons if reason.code == "off_grid" and not reason.start}
    if "passed" in answer.before:
        drop.add("notice")
    return [reason for reason in answer.reasons if reason.code not in drop]
