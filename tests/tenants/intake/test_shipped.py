"""The shipped questionnaire: whole, in two languages, in words for a reader of twelve, and fit for the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from tenants.intake.answer_rows import Said
from tenants.intake.asking import is_urgent, paper_of
from tenants.intake.flag_facts import facts_from, labels_of
from tenants.intake.flag_reach import never_firing
from tenants.intake.form_json import as_json, from_json
from tenants.intake.lint import faults_in
from tenants.intake.looking import look, ready
from tenants.intake.questions import Answer, Answers, Questionnaire, item_index
from tenants.intake.reading import choices
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules
from tenants.intake.showing import guardian_answers, visible
from tenants.intake.views import Page, Reader

FORM = shipped_questionnaire()
ME = {"a.who": Answer("me")}
BABY = {"a.who": Answer("guardian"), "b.age": Answer("infant")}


def test_it_has_sections_a_to_n_in_five_parts_and_comes_back_from_json() -> None:
    assert [part.id for part in FORM.parts] == ["about", "health", "comfort", "session", "agreement"]
    assert "".join(section.id for part in FORM.parts for section in part.sections) == "abcdengfijkhlm"
    assert from_json(as_json(FORM)) == FORM


def test_it_can_be_published_once_somebody_is_told() -> None:
    rules = shipped_rules()
    assert not faults_in(FORM, rules=rules, contacts=True)
    assert {fault.at for fault in faults_in(FORM, rules=rules, contacts=False)} == {
        "d.neuroflag", "f.ongoing_danger", "j.harm", "j.safe_now",
    }  # fmt: skip
    assert never_firing(rules.rules, FORM) == ()


def test_help_is_beside_every_answer_but_the_calm_one() -> None:
    calm = {
        (item.id, option.code)
        for item in item_index(FORM).values()
        if item.acute
        for option in choices(item)
        if not is_urgent(item, Answer((option.code,) if item.kind == "multi" else option.code))
    }
    assert calm == {("d.neuroflag", "none"), ("f.ongoing_danger", "no"), ("j.harm", "no"), ("j.safe_now", "yes")}


def _seen(told: Answers) -> set[str]:
    return set(visible(FORM, told))


def test_life_is_asked_of_only_when_the_client_wants_to_and_never_what_happened() -> None:
    assert "f.gate" in _seen(ME)
    for way in ("talk", "skip"):
        assert not {id for id in _seen({**ME, "f.gate": Answer(way)}) if id.startswith("f.")} - {"f.gate"}
    told = {**ME, "f.gate": Answer("answer"), "f.hard": Answer("yes"), "f.support": Answer(("therapist",))}
    assert {"f.when", "f.effect", "f.ongoing_danger", "f.therapist_ok", "f.stuck"} <= _seen(told)
    index = item_index(FORM)
    assert "f.kind" not in _seen(told)
    assert not any(item.kind == "long" or item.note for id, item in index.items() if id.startswith("f."))


@pytest.mark.parametrize("said", [Answer("passing"), Answer("might-act"), Answer(absent="declined")])
def test_whoever_does_not_say_no_is_asked_whether_they_are_safe(said: Answer) -> None:
    assert {"j.safe_now", "j.contact"} <= _seen({**ME, "j.harm": said})
    assert "j.safe_now" not in _seen({**ME, "j.harm": Answer("no")})


def test_a_baby_is_asked_of_birth_and_not_of_feelings() -> None:
    seen = _seen(BABY)
    assert {"n.birth", "a.rel", "a.child", "l.guardian", "j.safe_now"} <= seen
    assert not {id for id in seen if id[:2] in ("f.", "h.", "i.")} | (seen & {"j.harm"})
    assert guardian_answers(FORM, BABY)
    assert not guardian_answers(FORM, {**BABY, "b.age": Answer("adult")})
    assert "n.birth" not in _seen(ME)


def test_who_is_under_18_and_answers_alone_reads_words_for_them() -> None:
    young = {"a.who": Answer("young"), "f.gate": Answer("answer"), "j.harm": Answer(absent="declined")}
    seen = _seen(young)
    assert {"a.young", "l.young", "h.interest", "f.hard", "j.safe_now"} <= seen
    assert not seen & {"a.child", "a.rel", "b.age", "l.guardian", "n.birth"}
    assert not _seen(ME) & {"a.young", "l.young"}
    paper = paper_of(FORM, "")
    said = {key: Said(answer, "", UUID(int=0), datetime(2026, 3, 23, tzinfo=UTC)) for key, answer in young.items()}
    page = Page(paper, FORM.parts[2], said, Reader("en", {}, opened=True))
    words = {one.key: one.words for section in page.sections() for one in section.questions}
    assert words["g.work"] == "How much does this get in the way of school, friends or home?"
    assert words["f.ongoing_danger"].startswith("Is anyone hurting you, scaring you")
    assert words["g.sleep"] == "How is your sleep?"
    day = date(2026, 3, 23)
    told = {**young, "f.ongoing_danger": Answer("yes")}
    found = look(ready(shipped_rules()), facts_from(FORM, told, session_date=day, today=day), labels_of(FORM))
    assert {"P-YOUNG", "X-CHILD"} <= {flag.id for flag in found.flags}


def test_not_sure_whether_there_are_new_signs_is_asked_in_person() -> None:
    told = {**ME, "d.neuroflag": Answer(("not-sure",))}
    day = date(2026, 3, 23)
    found = look(ready(shipped_rules()), facts_from(FORM, told, session_date=day, today=day), labels_of(FORM))
    assert "U:d.neuroflag" in {flag.id for flag in found.flags}


def texts_of(q: Questionnaire, language: str) -> list[str]:
    """Everything a client may read in this language."""

    def inside(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if language in value and isinstance(value[language], str):
                yield value[language]
            else:
                for one in value.values():
                    yield from inside(one)
        elif isinstance(value, list):
            for one in value:
                yield from inside(one)

    return [re.sub(r"\{\w+\}", "Ana", text) for text in inside(as_json(q))]


def test_nothing_is_without_one_of_the_languages() -> None:
    english, spanish = texts_of(FORM, "en"), texts_of(FORM, "es")
    assert len(english) == len(spanish)
    assert all(text.strip() == text and text for text in english + spanish)
    assert not [text for text in english + spanish if "!" in text or "¡" in text]


_VOWELS = {"en": r"[aeiouy]+", "es": r"[iuü]?[aeoáéíóú][iuy]?(?![aeoáéíóú])|[aeoáéíóú]|[iuü]+"}


def _counts(texts: list[str], language: str) -> tuple[float, float]:
    """(words a sentence, syllables a word) of what has more than five words; a line without a stop is a sentence."""
    parts = [part for text in texts if len(text.split()) > 5 for part in re.split(r"[.?:]+", text) if part.strip()]
    words = [word.lower() for part in parts for word in re.findall(r"[^\W\d_]+(?:’\w+)?", part)]
    if language == "en":  # a last e is silent, but in "-le"
        words = [re.sub(r"(?<=[a-z]{2})(?<!l)e[ds]?$", "", word) for word in words]
    syllables = sum(max(1, len(re.findall(_VOWELS[language], word))) for word in words)
    return len(words) / len(parts), syllables / len(words)


def test_the_texts_can_be_read_at_about_twelve() -> None:
    long, wide = _counts(texts_of(FORM, "en"), "en")
    grade = 0.39 * long + 11.8 * wide - 15.59  # Flesch and Kincaid; a pupil of grade 6 or 7 is twelve
    length, width = _counts(texts_of(FORM, "es"), "es")
    ease = 206.84 - 60 * width - 1.02 * length  # Fernández Huerta; 70 and more is "fairly easy"
    print(f"\nEnglish: grade {grade:.1f} ({long:.1f} words a sentence, {wide:.2f} syllables a word)")
    print(f"Spanish: ease {ease:.0f} ({length:.1f} words a sentence, {width:.2f} syllables a word)")
    assert grade <= 7
    assert ease >= 70
