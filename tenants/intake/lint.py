"""Why a questionnaire cannot be published: each fault with its place and how to mend it, all at once. Pure.

Nothing sensitive is demanded, every sensitive question has its two ways out, and nobody asks about safety unless
somebody is told of the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from saas.languages import LANGUAGES
from saas.words import _
from tenants.intake.asking import calm_answers
from tenants.intake.flag_reach import never_firing
from tenants.intake.flags import Ask, Clause, Every, RuleSet, asks_of
from tenants.intake.json_reading import Fault
from tenants.intake.questions import (
    TALK,
    Condition,
    Item,
    Questionnaire,
    Section,
    Test,
    items_in,
    sections_of,
    tests_in,
)
from tenants.intake.reading import choices
from tenants.intake.scores import asks_of_harm
from tenants.intake.structure import all_items, circles, doubled
from tenants.intake.tongues import texts_of
from tenants.intake.verbatim import is_as_brought

_UNANSWERED = ("display", "group", "consent", "signature")


@dataclass(frozen=True)
class _Form:
    """A questionnaire made ready for looking."""

    q: Questionnaire
    items: tuple[Item, ...]
    section_of: Mapping[str, Section]


def faults_in(q: Questionnaire, *, rules: RuleSet | None = None, contacts: bool = False) -> tuple[Fault, ...]:
    """Everything that stands in the way of publishing. `rules`: the clinic's flag rules, where they are looked at too;
    `contacts`: somebody is told of acute answers."""
    form = _Form(q, all_items(q), {item.id: section for section in sections_of(q) for item in items_in(section.items)})
    found = [
        *_structure(form),
        *_groups(form),
        *_conditions(form),
        *_ways_out(form),
        *(() if contacts else _nobody_told(form)),
        *_languages(form),
        *_documents(form),
        *((*_rules(form, rules), *_disarmed(form, rules), *_calmed(form, rules)) if rules is not None else ()),
    ]
    return tuple(dict.fromkeys(found))


def asks_about_now(q: Questionnaire) -> bool:
    """Whether a question that is asked may need somebody now."""
    return any(_is_about_now(section, item) for section in sections_of(q) for item in items_in(section.items))


def _is_about_now(section: Section, item: Item) -> bool:
    return section.enabled and item.enabled and (item.acute or asks_of_harm(item))


def _structure(form: _Form) -> Iterator[Fault]:
    for id in doubled(form.q):
        yield Fault(id, "id", _("Two have the id %(id)s: give one of them another", id=id))
    for id in circles(form.q):
        yield Fault(id, "when", _("%(id)s would only be shown because of itself: change its condition", id=id))
    if not any(item.kind not in _UNANSWERED and item.enabled for item in form.items):
        yield Fault("", "", _("There is no question yet: add one"))
    for item in form.items:
        if item.kind in ("single", "multi") and not item.options:
            yield Fault(item.id, "options", _("This kind of question needs choices"))
        if not is_as_brought(item):
            yield Fault(item.id, "items", _("A published form is shown whole and unchanged: bring it in again"))


def _groups(form: _Form) -> Iterator[Fault]:
    """A group holds something, and repeats for the choices of a question with several answers, and only once."""
    several = {item.id for item in form.items if item.kind == "multi"}
    there = {item.id for item in form.items}
    for item in form.items:
        if item.kind == "group" and item.enabled and not item.items:
            yield Fault(item.id, "items", _("There is no question in this group yet: add one, or switch it off"))
        if item.rows_of in there - several:
            yield Fault(item.id, "rows_of", _("A group repeats for a question with several answers: choose another"))
        if item.rows_of and any(inner.rows_of for inner in items_in(item.items)):
            yield Fault(item.id, "rows_of", _("A group that repeats cannot hold another that repeats"))


def _conditions(form: _Form) -> Iterator[Fault]:
    """A condition looks at what was asked before: of what comes later nothing could be known yet."""
    place = {item.id: number for number, item in enumerate(form.items)}
    for section in sections_of(form.q):
        if section.items:
            yield from _looking_back(form, place, section.id, section.when, place[section.items[0].id])
    for item in form.items:
        yield from _looking_back(form, place, item.id, item.when, place[item.id])
        if item.rows_of:
            yield from _looking_back(form, place, item.id, Test(item.rows_of, "answered"), place[item.id])


def _looking_back(
    form: _Form, place: Mapping[str, int], at: str, condition: Condition | None, here: int
) -> Iterator[Fault]:
    for test in tests_in(condition):
        there = place.get(test.q)
        if there is None:
            yield Fault(at, "when", _("Its condition looks at %(other)s, which is not there", other=test.q))
            continue
        item = form.items[there]
        if there >= here:
            yield Fault(
                at, "when", _("Its condition looks at %(other)s, which is asked later: move it up", other=test.q)
            )
        if not (item.enabled and form.section_of[test.q].enabled):
            yield Fault(at, "when", _("Its condition looks at %(other)s, which is switched off", other=test.q))
        codes = {option.code for option in choices(item)}
        wanted = test.value if isinstance(test.value, tuple) else (test.value,)
        strange = [one for one in wanted if isinstance(one, str) and codes and one not in codes]
        if strange:
            yield Fault(at, "when", _("%(other)s has no choice %(code)s", other=test.q, code=", ".join(strange)))


def _ways_out(form: _Form) -> Iterator[Fault]:
    for item in form.items:
        section = form.section_of[item.id]
        if item.required and item.sensitive and not item.safety and item.kind != "consent":
            yield Fault(
                item.id, "required",
                _("A sensitive question cannot be required: take away one of the two"),
            )  # fmt: skip
        guarded = section.sensitive or item.safety or item.acute
        own_way = any(option.code == TALK for option in item.options)
        if guarded and not item.may_decline and not own_way and item.kind not in _UNANSWERED:
            yield Fault(
                item.id, "sensitive",
                _("A question here needs its two ways out: mark it as sensitive"),
            )  # fmt: skip


def _nobody_told(form: _Form) -> Iterator[Fault]:
    for item in form.items:
        if _is_about_now(form.section_of[item.id], item):
            yield Fault(
                item.id, "acute",
                _("This asks whether somebody is safe: first say in the settings of intakes who is told"),
            )  # fmt: skip


def _disarmed(form: _Form, rules: RuleSet) -> Iterator[Fault]:
    """Questions without help beside them on whose answer alone an acute rule would fire."""
    acute = {item.id for item in form.items if item.acute or asks_of_harm(item)}
    there = {item.id for item in form.items if item.kind not in _UNANSWERED}
    for rule in rules.rules:
        needed = [rule.when] if rule.axis == "acute" else []
        needed += [Every((rule.when, turn.when)) for turn in rule.turns if turn.axis == "acute"]
        for clause in needed if rule.enabled else ():
            for id in _unmarked(clause, acute) & there:
                yield Fault(
                    id, "acute",
                    _(
                        "The rule %(rule)s tells the team of it: mark it as one that may need somebody now",
                        rule=rule.id,
                    ),
                )  # fmt: skip


def _calmed(form: _Form, rules: RuleSet) -> Iterator[Fault]:
    """Answers that pass for calm, so that no help is shown, though a rule would call somebody for them alone."""
    calm = {item.id: calm_answers(item) for item in form.items if item.acute}
    for rule in rules.rules:
        for ask in _enough(rule.when) if rule.enabled and rule.axis == "acute" else ():
            wanted = ask.value if isinstance(ask.value, tuple) else (ask.value,)
            if ask.of == "q" and ask.op in ("=", "in", "has") and set(wanted) & calm.get(ask.name, frozenset()):
                yield Fault(
                    ask.name, "calm",
                    _(
                        "One of its answers passes for “all is well”, but the rule %(rule)s calls somebody for it: "
                        "say which answers mean that all is well",
                        rule=rule.id,
                    ),
                )  # fmt: skip


def _enough(clause: Clause) -> tuple[Ask, ...]:
    """The comparisons each of which is enough for the clause to hold."""
    if isinstance(clause, Ask):
        return (clause,)
    alone = not isinstance(clause, Every) or len(clause.of) == 1
    return tuple(ask for part in clause.of for ask in _enough(part)) if alone else ()


def _unmarked(clause: Clause, acute: Collection[str]) -> frozenset[str]:
    """The questions to mark so that the clause holds only with an answer to one that is marked: of what must all hold
    one is enough, the first that takes the fewest."""
    if isinstance(clause, Ask):
        marked = clause.of != "q" or clause.name.partition("@")[0] in acute
        return frozenset() if marked else frozenset((clause.name.partition("@")[0],))
    parts = [_unmarked(part, acute) for part in clause.of if any(ask.of == "q" for ask in asks_of(part))]
    return min(parts, key=len, default=frozenset()) if isinstance(clause, Every) else frozenset().union(*parts)


def _languages(form: _Form) -> Iterator[Fault]:
    """A published form is in the languages that it came in, and is never edited: it lacks nothing."""
    for at, texts in texts_of(form.q):
        missing = [code for code in form.q.languages if texts and not texts.get(code, "").strip()]
        if missing:
            names = ", ".join(LANGUAGES.get(code, code) for code in missing)
            yield Fault(at, "text", _("Words are missing in: %(languages)s", languages=names))


def _documents(form: _Form) -> Iterator[Fault]:
    for item in form.items:
        if item.kind == "consent" and item.document and item.document not in form.q.documents:
            yield Fault(item.id, "document", _("There is no text %(name)s to agree to", name=item.document))


def _rules(form: _Form, rules: RuleSet) -> Iterator[Fault]:
    for rule in never_firing(rules.rules, form.q):
        yield Fault(
            rule.id, "when",
            _(
                "The rule %(rule)s could never fire with these questions: switch it off, or bring its question back",
                rule=rule.id,
            ),
        )  # fmt: skip
