"""A rule of the clinic's own, put together from what is asked: first the questions, then which answers count."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas.admin import OfficeView
from saas.errors import DomainError
from saas.languages import locale
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.flag_facts import labels_of
from tenants.intake.questions import Item, in_language, item_index, items_in, sections_of
from tenants.intake.rule_actions import add_own_rule, asked_form
from tenants.intake.rule_sets import written_rules
from tenants.questionnaires.rule_forms import MOST_QUESTIONS, RULE_KINDS, OwnRuleForm, own_rule, ticks_of
from tenants.questionnaires.rule_words import question

Answer = Any


class OwnRulesView(OfficeView):
    """Two pages, so that it works without script: the answers offered follow the questions chosen."""

    roles = ("owner",)
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(name=_l("A rule of your own"), endpoint="own_rules", url="rules/new")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Answer:
        return self._choose()

    def _choose(self, problem: str = "") -> Answer:
        form, language = asked_form(), locale()
        labels = labels_of(form)
        groups = [
            (in_language(section.title, language), [(id, question(id, labels, language)) for id in ids])
            for section in sections_of(form)
            if (ids := [one.id for one in items_in(section.items) if _can_be_asked(one)])
        ]
        page = self.render("manage/rules/choose.html", groups=groups, most=MOST_QUESTIONS, problem=problem)
        return page, 422 if problem else 200

    @expose("/rule/")
    def compose(self) -> Answer:
        asked = _asked_items()
        if not asked:
            return self._choose(_("Choose at least one question of your questionnaire"))
        given = {"axis": "caution", "severity": "moderate", "match": "all", "weight": "1"}
        return self._compose(OwnRuleForm(data=given), asked, 200)

    @expose("/rule/", methods=("POST",))
    def add(self) -> Answer:
        asked, form = _asked_items(), OwnRuleForm(request.form)
        if not asked:
            return self._choose(_("Choose at least one question of your questionnaire"))
        if not form.validate():
            return self._compose(form, asked, 422)
        taken = [rule.id for rule in written_rules().rules]
        try:
            rule = own_rule(form, asked, request.form.to_dict(flat=False), taken=taken, language=_language())
            add_own_rule(rule=rule, now=page_now())
        except DomainError as refused:
            form.put(refused)
            return self._compose(form, asked, refused.status, refused.fields)
        flash(_("The rule is in the draft. It holds once you publish."))
        return redirect(url_for("flag_rules.index"), 303)

    def _compose(self, form: OwnRuleForm, asked: list[Item], status: int, faults: Any = None) -> Answer:
        labels, language = labels_of(asked_form()), locale()
        rows = [
            {
                "id": item.id,
                "words": question(item.id, labels, language),
                "scale": item.kind == "scale",
                "ticks": [(code, in_language(option.text, language)) for code, option in ticks_of(item)],
                "ticked": request.form.getlist(f"c-{place}"),
                "number": request.form.get(f"n-{place}", ""),
                "way": request.form.get(f"d-{place}", ">="),
                "fault": (faults or {}).get(f"q{place}", ""),
            }
            for place, item in enumerate(asked)
        ]
        return self.render("manage/rules/compose.html", record_form=form, rows=rows), status


def _language() -> str:
    return locale().replace("-", "_").partition("_")[0]


def _can_be_asked(item: Item) -> bool:
    return item.enabled and item.kind in RULE_KINDS and bool(item.kind == "scale" or ticks_of(item))


def _asked_items() -> list[Item]:
    """The questions chosen for an own rule, each once; what cannot be asked about is left out."""
    index = item_index(asked_form())
    wanted = dict.fromkeys(request.args.getlist("q"))
    return [index[id] for id in wanted if id in index and _can_be_asked(index[id])][:MOST_QUESTIONS]
