"""A draft as the client will see it, and what the flag rules would say to answers that are tried. Nothing is kept:
the answers of the other parts travel in the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from flask_admin import expose

from saas.admin import OfficeView
from saas.languages import LANGUAGES, locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.answer_rows import Said
from tenants.intake.asking import Paper, Typed, decided, is_closed, paper_of
from tenants.intake.flag_facts import facts_from, labels_of
from tenants.intake.form_json import hash_of
from tenants.intake.looking import look
from tenants.intake.publishing import Draft
from tenants.intake.questions import Answer as Given
from tenants.intake.questions import Part
from tenants.intake.reading import read_answer
from tenants.intake.rule_sets import rules_in_force
from tenants.intake.sent import Fault
from tenants.intake.settings import clinic_help
from tenants.intake.showing import visible
from tenants.intake.views import Page, Reader, Sent
from tenants.questionnaires.forms import PressForm, tried_in
from tenants.questionnaires.rule_words import AXIS_WORDS, SEVERITY_PILL, SEVERITY_SHORT
from tenants.questionnaires.staff import asked_draft, said

Answer = Any
_MOST_FIELDS = 2000
_AXES = {
    **AXIS_WORDS,
    "unknown": _l("Ask before hands-on work"),
    "talk": _l("To talk about in person"),
}


@dataclass(frozen=True)
class Tried:
    """What was typed, read: the answers, what could not be read, and both as sent."""

    answers: Mapping[str, Given]
    sent: Sent


def tried(paper: Paper, typed: Mapping[str, Typed]) -> Tried:
    """The answers that were tried; what is no question of this form is left out."""
    answers: dict[str, Given] = {}
    faults: dict[str, str] = {}
    for key, one in typed.items():
        place = paper.place(key)
        if place is None:
            continue
        read = read_answer(place.item, one.values, absent=one.absent, note=one.note)
        if isinstance(read, Fault):
            faults[key] = read.sentence
        else:
            answers[key] = read
    return Tried(answers, Sent({key: typed[key] for key in faults}, faults))


class PreviewView(OfficeView):
    """One part of a draft with answers that are tried."""

    roles = ("owner", "practitioner")
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(name=_l("Preview"), endpoint="question_preview", url="questionnaires/preview")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Answer:
        return self._page(asked_draft(), {}, 200)

    @expose("/", methods=("POST",))
    def try_out(self) -> Answer:
        draft = asked_draft()
        typed = tried_in(request.form) if len(request.form) <= _MOST_FIELDS else {}
        if not PressForm(request.form).validate():
            return self._page(draft, typed, 422, _("This page had been open too long. Press the button once more."))
        return self._page(draft, typed, 200)

    def _page(self, draft: Draft, typed: Mapping[str, Typed], status: int, problem: str = "") -> Answer:
        form = draft.form
        paper = paper_of(form, hash_of(form))
        part = paper.part(request.form.get("part") or request.args.get("part", "")) or form.parts[0]
        lang = request.values.get("lang", "")
        lang = (
            lang
            if lang in form.languages
            else next((one for one in form.languages if one == locale()[:2]), form.languages[0])
        )
        now, at = page_now(), tried(paper, typed)
        drawn = {**_opened(part, at.answers), **at.answers}
        kept = {key: Said(answer, "", UUID(int=0), now) for key, answer in drawn.items()}
        clinic = current_tenant()
        reader = Reader(lang, {"clinic": clinic.name, "practitioner": _("your practitioner")}, opened=True)
        page = self.render(
            "manage/questionnaires/preview.html",
            draft=draft,
            parts=[(one.id, reader.say(one.title)) for one in form.parts],
            part=part.id,
            title=reader.say(part.title),
            intro=reader.say(part.intro),
            sections=Page(paper, part, kept, reader, sent=at.sent).sections() if part.sections else [],
            not_monitored=reader.say(form.texts.get("not_monitored", {})),
            help=clinic_help(),
            lang_here=lang,
            languages=[(code, LANGUAGES.get(code, code)) for code in form.languages],
            carried=_carried(paper, part),
            flags=self._flags(draft, at.answers) if typed else None,
            shown=len(visible(form, at.answers)),
            faults=at.sent.faults,
            problem=problem,
            press=PressForm(),
        )
        return page, (422 if at.sent.faults else status)

    def _flags(self, draft: Draft, answers: Mapping[str, Given]) -> list[dict[str, Any]]:
        today = page_now().astimezone(ZoneInfo(current_tenant().zone)).date()
        facts = facts_from(draft.form, answers, session_date=today, today=today, whole=False)
        found = look(rules_in_force(), facts, labels_of(draft.form))
        return [
            {
                "id": flag.id,
                "axis": _AXES[flag.axis],
                "severity": (SEVERITY_PILL[flag.severity], SEVERITY_SHORT[flag.severity]),
                "title": said(flag.title),
                "why": said(flag.explanation),
            }
            for flag in found.flags
        ]


def _opened(part: Part, answers: Mapping[str, Given]) -> dict[str, Given]:
    """The sections behind a notice, opened, so that a preview shows what is in them."""
    closed = (section for section in part.sections if is_closed(section, answers))
    return dict(found for section in closed if (found := decided(section, "go")) is not None)


def _carried(paper: Paper, part: Part) -> list[tuple[str, str]]:
    """What was typed in the other parts, to travel on."""
    found = []
    for name, value in request.form.items(multi=True) if request.method == "POST" else ():
        base = (value if name == "k" else name).partition("|")[0].partition("~")[0]
        place = paper.place(base)
        if place is not None and place.part.id != part.id and value:
            found.append((name, value))
    return found[:_MOST_FIELDS]
