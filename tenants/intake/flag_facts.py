"""From a questionnaire and what was answered to what the rules look at. Pure.

Only what is shown to this client counts: what hangs on an answer that was taken back, what is switched off and what
was skipped drives nothing; what was skipped is still asked in person where it is about safety.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tenants.intake.asking import OPENS, gate_of, is_given
from tenants.intake.flag_tests import latest_day
from tenants.intake.flags import YEARS, Facts, Label, Labels
from tenants.intake.questions import Answer, Answers, Item, Questionnaire, item_index, sections_of, skip_key
from tenants.intake.reading import choices
from tenants.intake.scores import ITEM_9, asks_of_harm, facts_of, sheets_in
from tenants.intake.showing import holds, visible

BIRTH, BAND = "b.dob", "b.age"
"""The items that say when the client was born, and how old about."""


def facts_from(
    form: Questionnaire,
    answers: Answers,
    *,
    session_date: date | None,
    today: date,
    practitioner: Iterable[str] = (),
    whole: bool = True,
) -> Facts:
    """What the rules look at. `answers`: all that stand; `today` gives the age where there is no session.

    `whole`: it was sent. Before that, what has no answer yet is merely not reached, and not missing.
    """
    seen = visible(form, answers)
    shown = {key: answers[key] for key in seen if key in answers}
    seen = visible(form, _opened(form, answers))
    asked = frozenset(_id(key) for key in seen)
    said = {_id(key) for key, answer in shown.items() if is_given(answer)}
    if not whole:
        asked &= said
    elif BAND not in said:
        asked |= {YEARS}
    items = item_index(form)
    guarded = [item for item in items.values() if item.safety or item.acute]
    return Facts(
        answers=shown,
        asked=asked,
        safety=tuple(item.id for item in guarded if item.id in asked or (whole and _is_off(item, shown))),
        acute=frozenset(item.id for item in guarded if item.acute),
        free=frozenset(item.id for item in items.values() if item.kind in ("short", "long")),
        scores=_scores(form, shown, asked),
        session_date=session_date,
        age=age_on(session_date or today, shown.get(BIRTH)),
        practitioner=frozenset(practitioner),
    )


def labels_of(form: Questionnaire) -> Labels:
    """How every item and every choice is called, in the questionnaire's order."""
    return {
        id: Label(item.text, {option.code: option.text for option in choices(item)})
        for id, item in item_index(form).items()
    }


def age_on(day: date, born: Answer | None) -> int | None:
    """Whole years on this day, the youngest that the answer allows; None when it says nothing."""
    birth = latest_day(born.value) if born is not None and not born.absent else None
    if birth is None:
        return None
    return max(0, day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day)))


def _id(key: str) -> str:
    return key.partition("@")[0]


def _opened(form: Questionnaire, answers: Answers) -> dict[str, Answer]:
    """The answers as if no section was skipped, put off or never begun: what it would have asked is not known."""
    found = dict(answers)
    for section in sections_of(form):
        found.pop(skip_key(section.id), None)
        gate = gate_of(section)
        if gate is not None and any(option.code == OPENS for option in gate.options):
            found[gate.id] = Answer(OPENS)
    return found


def _is_off(item: Item, shown: Answers) -> bool:
    """Whether the clinic has switched it off where it would be asked: nobody knows the answer."""
    return not item.enabled and holds(item.when, shown)


def _scores(form: Questionnaire, shown: Answers, asked: frozenset[str]) -> dict[str, int | float | None]:
    """The scores of what was asked of this client; an instrument that was not shown has none, not a missing one."""
    put: set[str] = set(asked)  # a scale of the clinic's own is named by its item
    for sheet in sheets_in(form):
        if any(item is not None and item.id in asked for item in sheet.items):
            put.add(sheet.instrument.key)
    if any(asks_of_harm(item) and item.id in asked for item in item_index(form).values()):
        put.add(ITEM_9)
    return {name: score for name, score in facts_of(form, shown).items() if name in put}
