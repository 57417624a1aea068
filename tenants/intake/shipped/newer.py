"""What came with the newest shipped version, for clinics whose own began as an older one. Pure.

Only what is new is taken over, field by field: a clinic's own words, order and choices stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from tenants.intake.editing import home_of, with_item, with_section
from tenants.intake.flags import Rule, RuleSet
from tenants.intake.questions import Item, Option, Questionnaire, Section, item_index, sections_of
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules

# Since 1.0.0: who is under 18 and answers alone is spoken to as such; the answer "yes" to being safe is the calm one.
# By id the fields that are new; without any, the whole of it is.
_ITEMS: Mapping[str, tuple[str, ...]] = {
    "a.who": ("options",), "a.young": (), "g.work": ("young_text",), "f.hard": ("young_text",),
    "f.ongoing_danger": ("young_text",), "i.mh_dx": ("young_text",), "i.subst": ("young_text",),
    "j.harm": ("young_text", "when"), "j.safe_now": ("young_text", "calm"), "l.young": (),
}  # fmt: skip
_SECTIONS: Mapping[str, tuple[str, ...]] = {"f": ("when",), "i": ("when",), "h": ("when",)}
_FORM = ("young_when",)
_RULES: Mapping[str, tuple[str, ...]] = {"X-SELFHARM-1": ("when",), "X-CHILD": ("when", "why"), "P-YOUNG": ()}
_SHARED = 20  # so many questions with our ids, and a form began as ours
_Piece = TypeVar("_Piece", Item, Section, Rule, Questionnaire)


def has_newer(form: Questionnaire) -> bool:
    """Whether the form began as an older shipped one, and nobody has looked at what is new since."""
    ours = shipped_questionnaire()
    return _content(form) != _content(ours) and len(item_index(form).keys() & item_index(ours).keys()) >= _SHARED


def _content(form: Questionnaire) -> str:
    """Its shipped version without the last number, which changes with words alone: those are the clinic's own."""
    return form.based_on.rpartition(".")[0]


def seen_newer(form: Questionnaire) -> Questionnaire:
    """The form as it is, with the mark that somebody has looked."""
    return replace(form, based_on=shipped_questionnaire().based_on)


def with_newer(form: Questionnaire) -> Questionnaire:
    """The form with what is new. What the clinic took out, or has no place for, stays out."""
    ours, made = shipped_questionnaire(), seen_newer(form)
    known = item_index(ours)
    for id, names in _ITEMS.items():
        own = item_index(made).get(id)
        if own is not None:
            made = with_item(made, _merged(own, known[id], names))
        elif not names:
            made = _put(made, known[id], home_of(ours, id))
    sections = {section.id: section for section in sections_of(ours)}
    for section in sections_of(made):
        if section.id in _SECTIONS:
            made = with_section(made, _merged(section, sections[section.id], _SECTIONS[section.id]))
    return _merged(made, ours, _FORM)


def with_newer_rules(rules: RuleSet) -> RuleSet:
    """The rules with what is new; the same when nothing is."""
    ours = {rule.id: rule for rule in shipped_rules().rules}
    made = [_merged(rule, ours[rule.id], _RULES[rule.id]) if rule.id in _RULES else rule for rule in rules.rules]
    there = {rule.id for rule in made}
    made += [ours[id] for id, names in _RULES.items() if not names and id not in there]
    return rules if made == list(rules.rules) else replace(rules, rules=tuple(made))


def _merged(own: _Piece, ours: _Piece, names: tuple[str, ...]) -> _Piece:
    new = {name: getattr(ours, name) for name in names}
    if "options" in new and isinstance(own, Item):
        new["options"] = _options(own.options, new["options"])
    return replace(own, **new)


def _options(own: tuple[Option, ...], ours: tuple[Option, ...]) -> tuple[Option, ...]:
    """Their own, and each of ours that they lack after the one it stands behind."""
    made = list(own)
    for place, option in enumerate(ours):
        codes = [one.code for one in made]
        if option.code not in codes:
            before = [codes.index(one.code) for one in ours[:place] if one.code in codes]
            made.insert(max(before, default=-1) + 1, option)
    return tuple(made)


def _put(form: Questionnaire, item: Item, home: Section) -> Questionnaire:
    """`item` in the section it has with us, after what stands before it there; nowhere when that section is gone."""
    section = next((one for one in sections_of(form) if one.id == home.id), None)
    if section is None:
        return form
    before = [one.id for one in home.items[: [one.id for one in home.items].index(item.id)]]
    place = max((n + 1 for n, one in enumerate(section.items) if one.id in before), default=0)
    return with_section(form, replace(section, items=(*section.items[:place], item, *section.items[place:])))
