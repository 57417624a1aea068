"""A draft as a whole: parts and languages, discarding with a way back, and what a newer shipped version has."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.audit import Audit
from saas.db import db
from tenants.intake.editing import item_of, section_of, with_item, with_section, without_item
from tenants.intake.flags import RuleSet
from tenants.intake.form_json import hash_of
from tenants.intake.publishing import (
    begin_from,
    change_draft,
    draft_of,
    faults_of_draft,
    publish,
    versions_of,
)
from tenants.intake.questions import Answer, Questionnaire, Test, item_index
from tenants.intake.rule_sets import add_rules, written_rules
from tenants.intake.settings import Contact, IntakeSettings, save_settings
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped.newer import has_newer, seen_newer, with_newer, with_newer_rules
from tenants.intake.shipped_rules import shipped_rules
from tenants.intake.showing import visible
from tenants.intake.tongues import lacking, with_language, without_language
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, token_of
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.questionnaires.typed_in import fields_of

HOME = "/c/rowan/manage/questionnaires/"
PARTS, DRAFT = f"{HOME}parts/", f"{HOME}draft/"
FORM = shipped_questionnaire()


@pytest.fixture
def draft(rowan: Clinic, draft: UUID, inside: Enter) -> UUID:
    """One that may be published: there is somebody to tell."""
    with inside(rowan):
        save_settings(wanted=IntakeSettings(first=Contact("Alma", "alma@rowan.example")), now=NOW)
    return draft


def _older() -> Questionnaire:
    """The shipped form as it was before 1.1.0, with a question in the clinic's own words and one taken out."""
    who = item_of(FORM, "a.who")
    made = with_item(FORM, replace(who, options=tuple(one for one in who.options if one.code != "young")))
    for id in ("a.young", "l.young", "f.stuck"):
        made = without_item(made, id)
    for id in ("f.hard", "f.ongoing_danger", "g.work", "i.mh_dx", "i.subst", "j.harm", "j.safe_now"):
        made = with_item(made, replace(item_of(made, id), young_text={}, calm=()))
    for id in ("f", "i", "h"):
        made = with_section(made, replace(section_of(made, id), when=Test("a.who", "=", "me")))
    made = with_item(made, replace(item_of(made, "f.hard"), text={"en": "Ours", "es": "Lo nuestro"}))
    return replace(made, based_on="", young_when=None)


def test_a_language_goes_with_its_words_and_comes_back_with_what_is_known() -> None:
    english = without_language(FORM, "es")
    assert english.languages == ("en",)
    assert "es" not in item_of(english, "g.sleep").options[0].text
    assert not lacking(english, "en")
    changed = with_item(english, replace(item_of(english, "g.sleep"), text={"en": "Our own words"}))
    again = with_language(changed, "es", (FORM,))
    assert [(at, dict(texts)) for at, texts in lacking(again, "es")] == [("g.sleep", {"en": "Our own words"})]
    assert with_language(english, "es", (FORM,)) == FORM


def test_only_what_is_new_is_taken_over_and_what_the_clinic_wrote_stays() -> None:
    older = _older()
    assert has_newer(older)
    assert not has_newer(FORM)
    assert not has_newer(seen_newer(older))
    newer = with_newer(older)
    assert not has_newer(newer)
    assert item_of(newer, "f.hard").text["en"] == "Ours"
    assert item_of(newer, "j.safe_now").calm == ("yes",)
    assert [one.code for one in item_of(newer, "a.who").options] == ["me", "young", "guardian", "helper"]
    assert "f.stuck" not in item_index(newer)
    order = [one.id for one in section_of(newer, "a").items]
    assert order.index("a.young") == order.index("a.child") + 1
    young = {"a.who": Answer("young"), "f.gate": Answer("answer")}
    assert {"a.young", "l.young", "f.hard", "j.harm", "h.interest"} <= set(visible(newer, young))
    assert with_newer(FORM) == FORM


def test_newer_rules_leave_the_clinics_own_changes() -> None:
    ours = shipped_rules()
    assert with_newer_rules(ours) is ours
    strict = tuple(
        replace(one, severity="critical") if one.id == "X-CHILD" else one for one in ours.rules if one.id != "P-YOUNG"
    )
    older = RuleSet("ser-default@2-2026-01-01", strict, ours.bands)
    newer = with_newer_rules(older)
    assert newer.rules[-1].id == "P-YOUNG"
    assert next(one for one in newer.rules if one.id == "X-CHILD").severity == "critical"


@only_sqlite
def test_a_part_and_its_intro_are_changed_in_each_language(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    path = f"{PARTS}?id={draft}&piece=comfort"
    typed = fields_of(desk.get(path))
    assert typed["optional"] == "y"
    assert desk.post(path, data=typed | {"title-es": ""}).status_code == 422
    good = {**typed, "title-en": "How you are", "title-es": "Cómo está", "intro-en": "", "intro-es": ""}
    assert desk.post(path, data=good).status_code == 303
    late = desk.post(path, data=good | {"title-en": "Mine"})
    assert late.status_code == 409
    assert ">\nMine<" in late.text
    assert "How you are" in desk.get(f"{HOME}one/?id={draft}").text
    with inside(rowan):
        part = draft_of(draft).form.parts[2]
        assert (part.title["es"], part.intro, len(part.sections)) == ("Cómo está", {}, 7)
    assert desk.get(f"{PARTS}?id={draft}&piece=nothing").status_code == 404


@only_sqlite
def test_languages_are_added_and_taken_out_and_missing_words_are_named(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    page, out = f"{PARTS}languages/?id={draft}", f"{PARTS}languages/remove/?id={draft}&code=es"
    assert "Every text has its words" in desk.get(page).text
    assert desk.post(out, data=fields_of(desk.get(out))).status_code == 303
    last = f"{PARTS}languages/remove/?id={draft}&code=en"
    assert "add another first" in desk.get(last).text
    assert desk.post(last, data={**fields_of(desk.get(out)), "code": "en"}).status_code == 422
    piece = f"{HOME}pieces/?id={draft}&piece=g.sleep"
    assert desk.post(piece, data=fields_of(desk.get(piece)) | {"text-en": "And at night?"}).status_code == 303
    added = fields_of(desk.get(page))
    assert desk.post(page, data=added | {"code": "xx"}).status_code == 422
    assert desk.post(page, data=added | {"code": "es"}).status_code == 303
    shown = desk.get(page).text
    assert "1 text has no words in it yet" in shown
    assert "And at night?" in shown
    assert "Words are missing in: Español" in desk.get(f"{HOME}publish/?id={draft}").text
    with inside(rowan):
        assert {(one.at, one.where) for one in faults_of_draft(draft_of(draft).form)} == {("g.sleep", "text")}


@only_sqlite
def test_a_draft_is_discarded_after_asking_and_can_be_brought_back(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    ask, one = f"{DRAFT}?id={draft}", f"{HOME}one/?id={draft}"
    assert "Nothing is published" in desk.get(ask).text
    with inside(rowan):
        first = publish(questionnaire_id=draft, now=NOW)
        change_draft(questionnaire_id=draft, now=NOW, change=lambda q: without_item(q, "g.work"))
    assert "Discard the draft" in desk.get(one).text
    page = desk.get(ask)
    assert "How much does this get in the way" in page.text
    assert desk.post(ask, data={**fields_of(page), "seen": "x"}).status_code == 409
    assert desk.post(ask, data=fields_of(page)).status_code == 303
    assert desk.post(ask, data=fields_of(page)).status_code == 409
    with inside(rowan):
        assert hash_of(draft_of(draft).form) == versions_of(draft)[0].hash
        assert [version.id for version in versions_of(draft)] == [first]
    back = desk.get(one)
    assert "A draft was discarded" in back.text
    seen = re.search(r'name="seen" value="([^"]+)"', back.text)
    assert seen is not None
    sent = {"csrf_token": token_of(back), "seen": seen[1]}
    assert desk.post(f"{DRAFT}bring-back/?id={draft}", data=sent).status_code == 303
    with inside(rowan):
        assert "g.work" not in item_index(draft_of(draft).form)
        acts = set(db.session.scalars(select(Audit.deed)))
        assert {"questionnaire.discarded", "questionnaire.brought_back"} <= acts
    assert len(desk.get(HOME).text.split('class="cell-name"')) == 2, "what lies aside is in no list"


@only_sqlite
def test_a_clinic_on_an_older_form_and_older_rules_is_told_and_nothing_happens_by_itself(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    with inside(rowan):
        old = begin_from(_older(), now=NOW)
        kept = tuple(one for one in shipped_rules().rules if one.id != "P-YOUNG")
        add_rules(RuleSet("ser-default@1.0.0", kept, shipped_rules().bands), now=NOW, published_at=NOW)
        db.session.commit()
    assert "have a newer version" not in desk.get(f"{HOME}one/?id={draft}").text
    assert "have a newer version" in desk.get(f"{HOME}one/?id={old}").text
    path = f"{DRAFT}newer/?id={old}"
    page = desk.get(path)
    assert "Are you safe right now?" in page.text
    assert desk.post(path, data={**fields_of(page), "do": "take"}).status_code == 303
    with inside(rowan):
        form = draft_of(old).form
        assert item_of(form, "j.safe_now").calm == ("yes",)
        assert item_of(form, "f.hard").text["en"] == "Ours"
    assert "There is nothing new" in desk.get(path).text
    rules = "/c/rowan/manage/rules/"
    assert "have a newer version" in desk.get(rules).text
    ask = f"{rules}ask/newer/"
    assert desk.post(ask, data=fields_of(desk.get(ask))).status_code == 303
    with inside(rowan):
        assert "P-YOUNG" in {one.id for one in written_rules().rules}
    assert "have a newer version" not in desk.get(rules).text
