"""Writing the clinic's own version of the flag rules: a draft, changed rule by rule, that holds once it is published.

Flags that are stored stay as they were found; a new version looks at an intake again when its answers or its session
change, or when somebody asks for it (`assess(why="rules")`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from saas import audit
from saas.audit import current_actor
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.stale import mark_of, unchanged
from saas.words import _
from tenants.clinic.actions import lock_clinic
from tenants.intake.flag_json import hash_of_rules, rule_as_json, rules_as_json, rules_from_json
from tenants.intake.flag_reach import faults_of, never_firing
from tenants.intake.flags import Rule, RuleSet
from tenants.intake.json_reading import Fault
from tenants.intake.looking import Circular, in_strata
from tenants.intake.models import FlagRules
from tenants.intake.queries import definition_of, published
from tenants.intake.questions import Questionnaire, item_index
from tenants.intake.rule_editing import (
    RuleChange,
    changed_rule,
    next_name,
    rule_of,
    switched_off,
    switched_on,
    with_bands,
    with_own_rule,
    without_own_rule,
)
from tenants.intake.rule_sets import add_rules, newest_published, rules_draft, rules_in_force, written_rules
from tenants.intake.scores import facts_of
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped.newer import with_newer_rules
from tenants.intake.shipped_rules import shipped_rules


class NotPublishable(Conflict):
    """The rules have faults; `faults` says which, and nothing was published."""

    code = "rules-have-faults"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(_("Some rules need another look before they can be published"))
        self.faults = faults


def rule_mark(rule: Rule) -> str:
    """The mark of what the page of one rule edits."""
    return mark_of(rule_as_json(rule))


def draft_mark() -> str:
    """The mark of what would be published."""
    return mark_of(hash_of_rules(written_rules()))


def asked_form() -> Questionnaire:
    """The questionnaire that rules are judged by: the one that is sent out now, before that the shipped one."""
    version_id = published()
    return definition_of(version_id) if version_id is not None else shipped_questionnaire()


def quotable(form: Questionnaire) -> frozenset[str]:
    """What an explanation may quote: answers, the age, the session's day, scores; answers of a row by `item@row`."""
    items = item_index(form)
    rows = {
        f"{inner.id}@{option.code}"
        for item in items.values()
        if item.rows_of in items
        for inner in item.items
        for option in items[item.rows_of].options
    }
    scores = {f"score:{name}" for name in facts_of(form, {})}
    used = {place for rule in shipped_rules().rules for place in _quoted(rule)}
    return frozenset({"age", "session_date", *items, *rows, *scores, *used})


def _quoted(rule: Rule) -> list[str]:
    return [piece.partition("}")[0] for text in rule.explain.values() for piece in text.split("{")[1:]]


@action
def save_rule(*, rule_id: str, change: RuleChange, now: datetime, seen: str | None = None) -> None:
    """Change a rule of the draft. `Invalid` with a sentence for each field; a locked rule only becomes stricter."""
    places = quotable(asked_form())

    def changed(rules: RuleSet) -> RuleSet:
        unchanged(seen, rule_as_json(rule_of(rules, rule_id)))
        return changed_rule(rules, rule_id, change, shipped=shipped_rules(), places=places)

    _edit(changed, now=now)
    audit.record("rules.changed", target="flag_rules", target_id=None, now=now, rule=rule_id)


@action
def switch_rule_off(*, rule_id: str, reason: str, now: datetime) -> None:
    """Switch a locked rule off in the draft, with the reason that summaries then tell."""
    _edit(lambda rules: switched_off(rules, rule_id, reason), now=now)
    audit.record("rules.off", target="flag_rules", target_id=None, now=now, rule=rule_id)


@action
def switch_rule_on(*, rule_id: str, now: datetime) -> None:
    """Switch a rule on again in the draft."""
    _edit(lambda rules: switched_on(rules, rule_id), now=now)
    audit.record("rules.on", target="flag_rules", target_id=None, now=now, rule=rule_id)


@action
def save_bands(*, points: Mapping[int, int], now: datetime, seen: str | None = None) -> None:
    """Change where each band of fit begins."""

    def changed(rules: RuleSet) -> RuleSet:
        unchanged(seen, [band.points for band in rules.bands])
        return with_bands(rules, points)

    _edit(changed, now=now)
    audit.record("rules.changed", target="flag_rules", target_id=None, now=now, rule="bands")


@action
def add_own_rule(*, rule: Rule, now: datetime) -> None:
    """Add a rule of the clinic's own to the draft. `Invalid` when it names what is not asked, or can never fire."""
    form = asked_form()

    def changed(rules: RuleSet) -> RuleSet:
        wanted = with_own_rule(rules, rule)
        faults = faults_of(rule, form, wanted.rules)
        if faults:
            raise Invalid(faults[0].sentence)
        if never_firing((rule,), form):
            raise Invalid(_("No answers could ever make this rule fire. Change what it looks at"))
        return wanted

    _edit(changed, now=now)
    audit.record("rules.added", target="flag_rules", target_id=None, now=now, rule=rule.id)


@action
def drop_own_rule(*, rule_id: str, now: datetime) -> None:
    """Take a rule of the clinic's own out of the draft."""
    _edit(lambda rules: without_own_rule(rules, rule_id, holding=rules_in_force().rules), now=now)
    audit.record("rules.dropped", target="flag_rules", target_id=None, now=now, rule=rule_id)


@action
def drop_rules_draft(*, now: datetime) -> None:
    """Forget what was not published. A second call changes nothing."""
    lock_clinic()
    row = rules_draft(lock=True)
    if row is not None:
        db.session.delete(row)
        audit.record("rules.draft_dropped", target="flag_rules", target_id=row.id, now=now)


@action
def restore_shipped_rules(*, now: datetime) -> None:
    """Begin a draft that is the rules as shipped; what the clinic wrote stays in its earlier versions."""
    _edit(lambda _rules: shipped_rules(), now=now)
    audit.record("rules.restored", target="flag_rules", target_id=None, now=now)


@action
def take_newer_rules(*, now: datetime) -> None:
    """Put what a newer shipped set has into the draft; what the clinic changed in other ways stays as it is."""
    _edit(with_newer_rules, now=now)
    audit.record("rules.newer_taken", target="flag_rules", target_id=None, now=now)


@action
def publish_rules(*, now: datetime, seen: str | None = None) -> FlagRules:
    """Let the draft hold from now on, as a version that is never changed. `NotPublishable` names every fault."""
    lock_clinic()
    row = rules_draft(lock=True)
    if row is None:
        raise Invalid(_("Nothing has changed since the rules were published"))
    rules = rules_from_json(row.rules)
    unchanged(seen, hash_of_rules(rules))
    faults = faults_to_mend(rules)
    if faults:
        raise NotPublishable(faults)
    named = RuleSet(next_name(rules, row.number, now), rules.rules, rules.bands)
    row.rules, row.hash = rules_as_json(named), hash_of_rules(named)
    row.published_at, row.changed_at, row.account_id = now, now, current_actor().account_id
    audit.record("rules.published", target="flag_rules", target_id=row.id, now=now, version=row.number)
    return row


def faults_to_mend(rules: RuleSet) -> tuple[Fault, ...]:
    """What keeps a set from being published: rules that wait for each other, name what is not there or never fire."""
    form = asked_form()
    try:
        in_strata(rules.rules)
    except Circular as circle:
        return (Fault(circle.ids[0], "when", str(circle)),)
    own = [rule for rule in rules.rules if rule.own and rule.enabled]
    named = tuple(fault for rule in own for fault in faults_of(rule, form, rules.rules))
    told = {fault.at for fault in named}
    never = [rule.id for rule in never_firing(rules.rules, form) if rule.id not in told]
    sentence = _("It can never fire: the questionnaire does not ask for what it looks at. Switch it off, or ask for it")
    return named + tuple(Fault(id, "when", sentence) for id in never)


def _edit(change: Callable[[RuleSet], RuleSet], *, now: datetime) -> None:
    """Change the draft, begun from what holds; a draft that is what holds again goes."""
    lock_clinic()
    row, stands = rules_draft(lock=True), rules_in_force().rules
    wanted = change(rules_from_json(row.rules) if row is not None else stands)
    if wanted == stands:
        if row is not None:
            db.session.delete(row)
    elif row is None:
        if newest_published() is None:
            add_rules(stands, now=now, published_at=now)  # what held before, to be replayed
        add_rules(wanted, now=now, by=current_actor().account_id)
    else:
        row.rules, row.hash, row.changed_at = rules_as_json(wanted), hash_of_rules(wanted), now
        row.account_id = current_actor().account_id
    db.session.flush()
