"""The flag rules, for owners: what they say, what of them the clinic changes, a dry run, publishing.

Changes go into a draft; nothing holds before it is published. Rules about what is urgent or to be cleared first only
become stricter, and one of them goes off with a reason alone, after asking again who is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose

from saas.admin import OfficeView, fresh
from saas.errors import DomainError, Invalid
from saas.languages import LANGUAGES, locale
from saas.stale import ChangedMeanwhile, mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.flag_facts import labels_of
from tenants.intake.flags import RULE_AXES, Rule, RuleSet
from tenants.intake.questions import in_language
from tenants.intake.rule_actions import (
    NotPublishable,
    asked_form,
    draft_mark,
    drop_own_rule,
    drop_rules_draft,
    faults_to_mend,
    publish_rules,
    restore_shipped_rules,
    rule_mark,
    save_bands,
    save_rule,
    switch_rule_off,
    switch_rule_on,
    take_newer_rules,
)
from tenants.intake.rule_editing import NoSuchRule, differing, rule_of, thresholds_of
from tenants.intake.rule_sets import newest_published, rules_draft, rules_in_force, written_rules
from tenants.intake.rule_trial import MOST_TRIED, Trial, try_rules
from tenants.intake.shipped.newer import with_newer_rules
from tenants.intake.shipped_rules import shipped_rules
from tenants.questionnaires.rule_forms import (
    PressForm,
    ReasonForm,
    bands_form,
    form_for,
    rule_data,
)
from tenants.questionnaires.rule_words import (
    AXIS_WORDS,
    CHANGE_WORDS,
    SEVERITY_PILL,
    SEVERITY_SHORT,
    SOURCE_WORDS,
    rule_lines,
    threshold_words,
)

Answer = Any
TEXT_WORDS = {
    "title": _l("Title"),
    "explain": _l("Explanation, with the client’s own answers in it"),
    "next_step": _l("Suggested next step"),
    "counter": _l("What else to look at"),
}


def _asked_rule() -> Rule:
    return rule_of(written_rules(), request.values.get("id", ""))


class RulesView(OfficeView):
    """One page a rule; the list shows them by what they say."""

    roles = ("owner",)
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(name=_l("Flag rules"), endpoint="flag_rules", url="rules")

    def is_visible(self) -> bool:
        return False

    def _done(self, sentence: str) -> Answer:
        flash(sentence)
        return redirect(self.get_url(".index"), 303)

    @expose("/")
    def index(self) -> Answer:
        rules, shipped = written_rules(), {rule.id: rule for rule in shipped_rules().rules}
        language = locale()
        groups = [
            {
                "axis": axis,
                "words": AXIS_WORDS[axis],
                "rules": [
                    {
                        "id": rule.id,
                        "title": in_language(rule.title, language),
                        "severity": (SEVERITY_PILL[rule.severity], SEVERITY_SHORT[rule.severity]),
                        "weight": rule.weight,
                        "on": rule.enabled,
                        "reason": rule.off_reason,
                        "changed": rule.own or rule != shipped.get(rule.id),
                        "own": rule.own,
                    }
                    for rule in rules.rules
                    if rule.axis == axis
                ],
            }
            for axis in RULE_AXES
        ]
        published = newest_published()
        return self.render(
            "manage/rules/index.html",
            groups=groups,
            bands=[(band.points, in_language(band.words, language)) for band in rules.bands],
            drafting=rules_draft() is not None,
            newer=with_newer_rules(rules) != rules,
            published=published if published is not None and published.account_id else None,
            press=PressForm(),
        )

    # One rule.

    @expose("/edit/")
    def edit(self) -> Answer:
        rule = _asked_rule()
        form = form_for(rule, _first(rule))(data={**rule_data(rule), "seen": rule_mark(rule)})
        return self._edit(rule, form, 200)

    @expose("/edit/", methods=("POST",))
    def save(self) -> Answer:
        rule = _asked_rule()
        form = form_for(rule, _first(rule))(request.form)
        if not form.validate():
            return self._edit(rule, form, 422)
        change = form.request(rule)
        if form.errors:
            return self._edit(rule, form, 422)
        try:
            save_rule(rule_id=rule.id, change=change, seen=form.seen.data or "", now=page_now())
        except ChangedMeanwhile as refused:
            return self._edit(_asked_rule(), form, refused.status)
        except DomainError as refused:
            form.put(refused)
            return self._edit(rule, form, refused.status)
        return self._done(_("Saved in the draft. It holds once you publish."))

    def _edit(self, rule: Rule, form: Any, status: int) -> Answer:
        language, labels = locale(), labels_of(asked_form())
        if status == 409:
            form.seen.data = rule_mark(rule)
        page = self.render(
            "manage/rules/edit.html",
            rule=rule,
            title=in_language(rule.title, language),
            axis=AXIS_WORDS[rule.axis],
            lines=rule_lines(rule, labels, language),
            source=(SOURCE_WORDS[rule.source.kind], in_language(rule.source.words, language), rule.source.refs),
            record_form=form,
            numbers=[(one.key, *threshold_words(one, labels, language)) for one in thresholds_of(rule)],
            texts=[(name, words, name == "title") for name, words in TEXT_WORDS.items()],
            languages=LANGUAGES,
            stands=_stands(rule, form) if status == 409 else [],
            press=PressForm(),
        )
        return page, status

    @expose("/off/")
    def ask_off(self) -> Answer:
        return self._off(_asked_rule(), ReasonForm(), 200)

    @expose("/off/", methods=("POST",))
    @fresh
    def switch_off(self) -> Answer:
        rule, form = _asked_rule(), ReasonForm(request.form)
        if not form.validate():
            return self._off(rule, form, 422)
        try:
            switch_rule_off(rule_id=rule.id, reason=form.reason.data or "", now=page_now())
        except DomainError as refused:
            form.put(refused)
            return self._off(rule, form, refused.status)
        return self._done(_("Switched off in the draft. Summaries will say so once you publish."))

    def _off(self, rule: Rule, form: ReasonForm, status: int) -> Answer:
        title = in_language(rule.title, locale())
        return self.render("manage/rules/off.html", rule=rule, title=title, record_form=form), status

    @expose("/on/", methods=("POST",))
    def switch_on(self) -> Answer:
        if PressForm(request.form).validate():
            switch_rule_on(rule_id=request.form.get("id", ""), now=page_now())
            return self._done(_("Switched on in the draft."))
        return self._done(_("Please press the button again."))

    # The bands of fit.

    @expose("/bands/")
    def bands(self) -> Answer:
        points = [band.points for band in written_rules().bands]
        given = {f"band-{place}": str(number) for place, number in enumerate(points) if place}
        return self._bands(bands_form(len(points))(data={**given, "seen": mark_of(points)}), 200)

    @expose("/bands/", methods=("POST",))
    def save_bands(self) -> Answer:
        places = range(1, len(written_rules().bands))
        form = bands_form(len(places) + 1)(request.form)
        if not form.validate():
            return self._bands(form, 422)
        points = {place: form.whole(f"band-{place}") for place in places}
        if form.errors:
            return self._bands(form, 422)
        try:
            save_bands(points=points, seen=form.seen.data or "", now=page_now())
        except DomainError as refused:
            form.put(refused)
            return self._bands(form, refused.status)
        return self._done(_("Saved in the draft. It holds once you publish."))

    def _bands(self, form: Any, status: int) -> Answer:
        bands, language = written_rules().bands, locale()
        if status == 409:
            form.seen.data = mark_of([band.points for band in bands])
        lines = [(band.points, in_language(band.words, language)) for band in bands]
        return self.render("manage/rules/bands.html", record_form=form, bands=lines, changed=status == 409), status

    # Publishing.

    @expose("/publish/")
    def publish_page(self) -> Answer:
        return self._publish(None, 200)

    @expose("/try/", methods=("POST",))
    def dry_run(self) -> Answer:
        if not PressForm(request.form).validate():
            return self._publish(None, 422)
        return self._publish(try_rules(now=page_now()), 200)

    @expose("/publish/", methods=("POST",))
    def publish(self) -> Answer:
        if not PressForm(request.form).validate():
            return self._publish(None, 422)
        try:
            publish_rules(seen=request.form.get("seen", ""), now=page_now())
        except ChangedMeanwhile as refused:
            return self._publish(None, refused.status, _("The draft has changed meanwhile: look again, then publish."))
        except NotPublishable as refused:
            return self._publish(None, refused.status)
        except DomainError as refused:
            return self._publish(None, refused.status, refused.message)
        return self._done(_("Published. It holds for answers and moved sessions from now on; stored flags stay."))

    def _publish(self, trial: Trial | None, status: int, problem: str = "") -> Answer:
        rules, stands, language = written_rules(), rules_in_force().rules, locale()
        page = self.render(
            "manage/rules/publish.html",
            lines=_changes(stands, rules, language),
            faults=[(one.at, one.sentence) for one in faults_to_mend(rules)],
            drafting=rules_draft() is not None,
            trial=trial,
            titles={rule.id: in_language(rule.title, language) for rule in (*stands.rules, *rules.rules)},
            most=MOST_TRIED,
            mark=draft_mark(),
            problem=problem,
            press=PressForm(),
        )
        return page, status

    # What asks first: forgetting the draft, going back to what was shipped, taking out an own rule.

    @expose("/ask/<deed>/")
    def ask(self, deed: str) -> Answer:
        return self._ask(deed, 200)

    @expose("/ask/<deed>/", methods=("POST",))
    @fresh
    def do(self, deed: str) -> Answer:
        if deed not in _DEEDS:
            raise NoSuchRule
        if not PressForm(request.form).validate():
            return self._ask(deed, 422)
        try:
            _DEEDS[deed][3](request.form.get("id", ""))
        except Invalid as refused:
            return self._ask(deed, refused.status, refused.message)
        return self._done(_("Done."))

    def _ask(self, deed: str, status: int, problem: str = "") -> Answer:
        if deed not in _DEEDS:
            raise NoSuchRule
        question_, follows, words, _deed = _DEEDS[deed]
        rule = _asked_rule() if deed == "drop" else None
        if rule is not None and not rule.own:
            raise NoSuchRule
        page = self.render(
            "manage/rules/ask.html",
            deed=deed,
            question=question_,
            follows=follows,
            words=words,
            rule=rule,
            title=in_language(rule.title, locale()) if rule else "",
            record_form=PressForm(),
            problem=problem,
        )
        return page, status


_DEEDS: dict[str, tuple[Any, Any, Any, Callable[[str], None]]] = {
    "forget": (
        _l("Forget what is not published?"),
        _l("The rules that hold now stay as they are. What was changed since is gone."),
        _l("Forget it"),
        lambda _id: drop_rules_draft(now=page_now()),
    ),
    "restore": (
        _l("Begin again with the rules as they came?"),
        _l("They are put into the draft and hold once you publish. Your own rules and changes are not in it."),
        _l("Begin again"),
        lambda _id: restore_shipped_rules(now=page_now()),
    ),
    "newer": (
        _l("Take what is new in the rules that come with Longtide?"),
        _l("Only what is new goes into the draft; your own changes stay. You see each difference before you publish."),
        _l("Take it into the draft"),
        lambda _id: take_newer_rules(now=page_now()),
    ),
    "drop": (
        _l("Take this rule out?"),
        _l("It goes from the draft, and holds no more once you publish. Flags that it made stay."),
        _l("Take it out"),
        lambda id: drop_own_rule(rule_id=id, now=page_now()),
    ),
}


def _first(rule: Rule) -> Rule:
    return next((one for one in shipped_rules().rules if one.id == rule.id), rule)


def _stands(rule: Rule, form: Any) -> list[tuple[Any, str]]:
    """What is kept now where it differs from what was typed."""
    kept = rule_data(rule)
    names = {
        f"{name}-{code}": f"{words} ({LANGUAGES[code]})" for name, words in TEXT_WORDS.items() for code in LANGUAGES
    }
    names |= {"severity": _("Severity"), "weight": _("Points")}
    return [(words, kept[name]) for name, words in names.items() if form[name].data not in (None, kept[name])]


def _changes(before: RuleSet, after: RuleSet, language: str) -> list[tuple[str, str, Any]]:
    """Rule, title and what happened to it, of the draft against what holds."""
    known = {rule.id: rule for rule in (*before.rules, *after.rules)}
    return [
        (id, in_language(known[id].title, language) if id else _("Bands of fit"), CHANGE_WORDS[how])
        for id, how in differing(before, after)
    ]
