"""Published forms come in once and whole, take their place in a draft, and answers from elsewhere are an intake."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from saas.audit import Audit
from saas.db import db
from saas.errors import Invalid
from tenants.intake.assessing import kept_look
from tenants.intake.fhir_response import read_response
from tenants.intake.instruments import (
    CannotComeIn,
    answerable,
    bring_answers,
    bring_in,
    one_form,
    place,
    put_away,
    standing,
    take_out,
)
from tenants.intake.lint import faults_in
from tenants.intake.models import Intake, IntakeAlert, QuestionnaireVersion
from tenants.intake.publishing import begin_from_shipped, change_draft, draft_of
from tenants.intake.queries import answers_of, definition_of, last_submitted
from tenants.intake.questions import Answer, Questionnaire, item_index, sections_of
from tenants.intake.record import chapters_of
from tenants.intake.scores import facts_of, scores_of
from tenants.intake.taking_out import bundle_of_intake, intake_by_id, note_taken_out, paper_of_intake
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import booked
from tests.tenants.intake.made import form_file, packed, question, response_file, sheet_file


def _brought() -> UUID:
    return bring_in(data=packed(sheet_file("phq-9")), positions=False, harm={}, now=NOW).questionnaire_id


def test_an_instrument_comes_in_as_versions_that_never_change(at_rowan: Clinic) -> None:
    first, again = _brought(), _brought()
    assert first == again
    changed = sheet_file("phq-9")
    changed["item"][0]["text"] = "Another wording"
    bring_in(data=packed(changed), positions=False, harm={}, now=NOW)
    (one,) = standing()
    assert (one.key, one.number, one.languages, one.placed_in) == ("phq-9", 2, ("en",), ())
    put_away(instrument_id=first, now=NOW)
    assert standing() == []
    assert len(db.session.execute(select(QuestionnaireVersion)).scalars().all()) == 2


def test_the_same_form_in_another_language_joins_it(at_rowan: Clinic) -> None:
    spanish = sheet_file("phq-9", language="es", url="http://made.example/es")
    for n, item in enumerate(spanish["item"][:9], 1):
        item["linkId"], item["text"] = f"es{n}", f"Inventada {n}"
    _brought()
    for data in (spanish, spanish, sheet_file("phq-9")):
        bring_in(data=packed(data), positions=False, harm={}, now=NOW)
    (one,) = standing()
    assert (one.number, one.languages) == (2, ("en", "es")), "a file that is known already makes no version"
    form = definition_of(answerable()[0].version_id)
    assert answerable()[0].known_as("http://made.example/es") == "http://made.example/es"
    assert item_index(form)["phq-9.9"].text == {"en": "Invented 9", "es": "Inventada 9"}
    for link in ("es1", "/44250-9"):
        said = {"linkId": link, "answer": [{"valueCoding": {"system": "http://loinc.org", "code": "LA6571-9"}}]}
        response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [said]}
        assert read_response(packed(response), form).answers == {"phq-9.1": Answer("3")}
    bring_in(data=packed(sheet_file("phq-9", language="es", leave_out=[8])), positions=False, harm={}, now=NOW)
    assert standing()[0].languages == ("es",), "another sheet takes its place"


def test_it_stands_in_section_k_whole_and_cannot_be_edited_there(at_rowan: Clinic) -> None:
    instrument, draft = _brought(), begin_from_shipped(now=NOW)
    place(instrument_id=instrument, questionnaire_id=draft, now=NOW)
    place(instrument_id=instrument, questionnaire_id=draft, now=NOW)
    form = draft_of(draft).form
    (section,) = [one for one in sections_of(form) if one.id == "k"]
    assert [item.id for item in section.items] == ["phq-9"]
    assert item_index(form)["phq-9.9"].acute
    assert standing()[0].placed_in == (draft,)
    faults = faults_in(form, contacts=True)
    assert form.languages == ("en", "es")
    assert not faults, "a form that came in one language only can be published beside two"

    def reword(whole: Questionnaire) -> Questionnaire:
        parts = []
        for part in whole.parts:
            sections = []
            for one in part.sections:
                items = tuple(
                    replace(item, items=(replace(item.items[0], text={"en": "Mine"}), *item.items[1:]))
                    if item.id == "phq-9"
                    else item
                    for item in one.items
                )
                sections.append(replace(one, items=items))
            parts.append(replace(part, sections=tuple(sections)))
        return replace(whole, parts=tuple(parts))

    with pytest.raises(Invalid, match="whole and unchanged"):
        change_draft(questionnaire_id=draft, change=reword, now=NOW)
    again = packed(sheet_file("phq-9", language="es"))
    bring_in(data=again, positions=False, harm={}, now=NOW)
    assert standing()[0].outdated_in == (draft,)
    place(instrument_id=instrument, questionnaire_id=draft, now=NOW)
    assert standing()[0].outdated_in == ()
    take_out(instrument_id=instrument, questionnaire_id=draft, now=NOW)
    assert "phq-9" not in item_index(draft_of(draft).form)


def test_what_stops_a_form_and_what_a_person_decides(at_rowan: Clinic) -> None:
    with pytest.raises(CannotComeIn):
        bring_in(data=packed(form_file([])), positions=False, harm={}, now=NOW)
    data = packed(form_file([question("a", "Thought of hurting yourself?", type="boolean")], title="Own", name="Own"))
    with pytest.raises(CannotComeIn) as refused:
        bring_in(data=data, positions=False, harm={}, now=NOW)
    assert list(refused.value.fields) == ["a"]
    came = bring_in(data=data, positions=False, harm={"a": "no"}, now=NOW)
    assert came.version_id is None
    assert item_index(draft_of(came.questionnaire_id).form)["a"].acute
    options = [{"valueString": words} for words in ("Nearly always", "Never")]
    chosen = question("b", "Thought of hurting yourself?", type="choice", answerOption=options)
    came = bring_in(data=packed(form_file([chosen], name="Two")), positions=False, harm={"b": "never"}, now=NOW)
    form = draft_of(came.questionnaire_id).form
    assert facts_of(form, {"b": Answer("nearly-always")}) == {"phq-9.9": 1}
    assert facts_of(form, {"b": Answer("never")}) == {"phq-9.9": 0}
    calm = bring_in(data=data, positions=False, harm={"a": ""}, now=NOW)
    assert one_form(calm.questionnaire_id).key == "own-2"
    assert not item_index(draft_of(calm.questionnaire_id).form)["a"].acute


def test_answers_from_elsewhere_are_an_intake_and_looked_at_at_once(at_rowan: Clinic) -> None:
    _brought()
    client_id = booked(at_rowan).client_id
    assert client_id is not None
    (form,) = answerable()
    assert form.sources == ("http://made.example/q",)
    data = packed(response_file("phq-9", 2, 2, 2, 2, 1, 1, 2, 0, 1, total=99))
    intake_id = bring_answers(version_id=form.version_id, client_id=client_id, data=data, now=NOW)
    assert bring_answers(version_id=form.version_id, client_id=client_id, data=data, now=NOW) == intake_id
    intake = db.session.get_one(Intake, intake_id)
    (score,) = scores_of(definition_of(form.version_id), answers_of(intake))
    assert (score.total, score.values[8]) == (13, 1)
    assert last_submitted(client_id) is None
    assert (intake.status, intake.review_due, str(intake.submitted_at)[:10]) == ("submitted", True, "2026-03-02")
    look = kept_look(intake)
    assert look is not None
    assert "acute" in {flag.axis for flag in look.look.flags}
    assert len(db.session.execute(select(IntakeAlert).where(IntakeAlert.intake_id == intake_id)).all()) == 1
    deeds = set(db.session.execute(select(Audit.deed)).scalars())
    assert {"form.brought_in", "intake.brought_in"} <= deeds
    empty = packed({"resourceType": "QuestionnaireResponse", "item": []})
    with pytest.raises(CannotComeIn):
        bring_answers(version_id=form.version_id, client_id=client_id, data=empty, now=NOW)


def test_an_intake_goes_out_on_paper_and_as_fhir_and_each_is_noted(at_rowan: Clinic) -> None:
    _brought()
    client_id = booked(at_rowan).client_id
    assert client_id is not None
    data = packed(response_file("phq-9", *[1] * 9))
    intake_id = bring_answers(version_id=answerable()[0].version_id, client_id=client_id, data=data, now=NOW)
    intake = intake_by_id(intake_id)
    note_taken_out(intake_id=intake_id, kind="pdf", flags=False, now=NOW)
    plain = paper_of_intake(intake, language="en", flags=False)
    flagged = paper_of_intake(intake, language="es", flags=True)
    assert plain[:5] == flagged[:5] == b"%PDF-"
    assert len(flagged) > len(plain)
    form, answers = definition_of(intake.questionnaire_version_id), answers_of(intake)
    (chapter,) = chapters_of(form, answers, "en", skipped="", names={})
    assert [(line.question, line.said) for line in chapter.lines][:1] == [("Invented 1", "Choice 1")]
    made = bundle_of_intake(intake, now=NOW)
    kinds = [entry["resource"]["resourceType"] for entry in made["entry"]]
    assert kinds == ["Questionnaire", "QuestionnaireResponse"]
    look = kept_look(intake)
    assert look is not None
    for flag in look.look.flags:
        assert flag.id not in str(made)
    row = db.session.execute(select(Audit).where(Audit.deed == "intake.exported")).scalar_one()
    assert (row.target_id, row.facts["sections"], row.facts["flags"]) == (intake_id, "k", 0)
