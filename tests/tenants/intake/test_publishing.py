"""A questionnaire from the shipped draft to a version that never changes; small edits; what differs between two."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from saas.errors import Invalid
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import tenant_scope
from tenants.intake import publishing
from tenants.intake.diff import Change, changes
from tenants.intake.editing import (
    NoSuchPiece,
    fresh_id,
    home_of,
    item_of,
    with_item,
    with_item_moved,
    with_new_item,
    with_new_section,
    with_section,
    with_section_moved,
    without_item,
    without_section,
)
from tenants.intake.publishing import (
    BegunJustNow,
    NoSuchQuestionnaire,
    NotPublishable,
    draft_of,
    questionnaires,
    versions_of,
)
from tenants.intake.queries import definition_of, published
from tenants.intake.questions import Item, Questionnaire, Section, Test, sections_of
from tenants.intake.settings import Contact, IntakeSettings, save_settings
from tenants.intake.shipped.form import shipped_questionnaire
from tests.cast import NOW, Clinic
from tests.saas.test_outbox import at_once
from tests.tenants.intake.forms import TEXT, ask, form

TOLD = IntakeSettings(first=Contact("Alma", "alma@rowan.example"))


def _renamed(q: Questionnaire) -> Questionnaire:
    return with_item(q, replace(item_of(q, "g.sleep"), text={"en": "How do you sleep?", "es": "¿Cómo duerme usted?"}))


def test_a_draft_begins_as_shipped_and_is_published_once_somebody_is_told(at_rowan: Clinic) -> None:
    publishing.begin_once(now=NOW)
    publishing.begin_once(now=NOW)
    (listed,) = questionnaires()
    assert draft_of(listed.id).form == shipped_questionnaire()
    with pytest.raises(NotPublishable) as refused:
        publishing.publish(questionnaire_id=listed.id, now=NOW)
    assert {fault.where for fault in refused.value.faults} == {"acute"}
    save_settings(wanted=TOLD, now=NOW)
    first = publishing.publish(questionnaire_id=listed.id, now=NOW, seen=draft_of(listed.id).mark)
    assert published() == first
    with pytest.raises(Invalid, match="Nothing has changed"):
        publishing.publish(questionnaire_id=listed.id, now=NOW)


def test_a_version_stays_as_it_was_published_and_can_be_withdrawn(at_rowan: Clinic) -> None:
    save_settings(wanted=TOLD, now=NOW)
    id = publishing.begin_from_shipped(now=NOW)
    first = publishing.publish(questionnaire_id=id, now=NOW)
    seen = draft_of(id).mark
    publishing.change_draft(questionnaire_id=id, change=_renamed, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        publishing.publish(questionnaire_id=id, now=NOW, seen=seen)
    second = publishing.publish(questionnaire_id=id, now=NOW)
    assert [version.number for version in versions_of(id)] == [2, 1]
    assert item_of(definition_of(first), "g.sleep") != item_of(definition_of(second), "g.sleep")
    publishing.withdraw(version_id=second, now=NOW)
    publishing.withdraw(version_id=second, now=NOW)
    assert published() == first
    assert publishing.publish(questionnaire_id=id, now=NOW) == published()
    publishing.archive(questionnaire_id=id, now=NOW)
    assert (published(), questionnaires()) == (None, [])
    with pytest.raises(NoSuchQuestionnaire):
        draft_of(id)
    publishing.begin_once(now=NOW)
    assert questionnaires() == []


def test_two_who_begin_in_the_same_moment_are_told_and_nothing_breaks(app: Flask, rowan: Clinic) -> None:
    def begin(_number: int) -> None:
        with tenant_scope(rowan.ref):
            publishing.begin_from_shipped(now=NOW)

    raised = at_once(app, 3, begin)
    assert [one for one in raised if not isinstance(one, BegunJustNow)] == []
    with app.app_context(), tenant_scope(rowan.ref):
        assert len(questionnaires()) == 3 - len(raised)


def test_two_people_may_change_different_questions_and_who_comes_second_to_one_is_told(at_rowan: Clinic) -> None:
    id = publishing.begin_from_shipped(now=NOW)

    def sleep(q: Questionnaire) -> object:
        return item_of(q, "g.sleep")

    seen = mark_of(sleep(draft_of(id).form))
    publishing.change_draft(questionnaire_id=id, change=lambda q: without_item(q, "g.work"), now=NOW)
    publishing.change_draft(questionnaire_id=id, change=_renamed, now=NOW, about=sleep, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        publishing.change_draft(questionnaire_id=id, change=_renamed, now=NOW, about=sleep, seen=seen)


def test_what_would_be_no_questionnaire_is_refused_and_the_draft_stays(at_rowan: Clinic) -> None:
    id = publishing.begin_from_shipped(now=NOW)
    before = draft_of(id)

    def doubled(q: Questionnaire) -> Questionnaire:
        return with_new_item(q, "g", ask("g.sleep"))

    def huge(q: Questionnaire) -> Questionnaire:
        section = sections_of(q)[0]
        return with_section(q, replace(section, items=tuple(ask(f"x.{n}") for n in range(10_000))))

    for change in (doubled, huge):
        with pytest.raises(Invalid):
            publishing.change_draft(questionnaire_id=id, change=change, now=NOW)
    assert draft_of(id) == before


GROUP = Item("g", "group", TEXT, items=(ask("g.1"), ask("g.2")))


def test_pieces_are_added_moved_and_taken_away_wherever_they_stand() -> None:
    q = form(ask("a"), GROUP, ask("b"))
    assert [one.id for one in item_of(with_item_moved(q, "g.2", -1), "g").items] == ["g.2", "g.1"]
    assert with_item_moved(q, "a", -1) == q
    assert home_of(q, "g.2").id == "s"
    assert fresh_id(with_new_item(q, "s", ask("s.q1")), "s") == "s.q2"
    assert item_of(without_item(q, "g.1"), "g").items == (ask("g.2"),)
    two = with_new_section(q, "p", Section("t", TEXT, ()))
    assert [one.id for one in sections_of(with_section_moved(two, "t", -1))] == ["t", "s"]
    assert without_section(two, "t") == q
    for missing in (lambda: item_of(q, "x"), lambda: without_section(q, "x"), lambda: with_new_item(q, "x", ask("y"))):
        with pytest.raises(NoSuchPiece):
            missing()


def test_a_difference_names_what_came_went_moved_and_changed() -> None:
    old = form(ask("a"), ask("b"), ask("c"), ask("gone"))
    changed = replace(ask("b", Test("a", "=", "yes")), text={"en": "Other"}, options=(), sensitive=True)
    new = form(ask("c"), ask("a"), changed, ask("new"))
    assert [(one.what, one.id) for one in changes(old, new)] == [
        ("moved", "c"), ("words", "b"), ("options", "b"), ("condition", "b"), ("marks", "b"), ("added", "new"),
        ("removed", "gone"),
    ]  # fmt: skip
    assert changes(old, old) == ()
    papers = replace(old, documents={"privacy": TEXT}, title={"en": "New"})
    assert changes(old, papers) == (
        Change("words", "", {"en": "New"}, TEXT, {"en": "New"}),
        Change("papers", "privacy", {}, {}, TEXT),
    )


def test_what_is_discarded_lies_aside_and_comes_back(at_rowan: Clinic) -> None:
    save_settings(wanted=TOLD, now=NOW)
    id = publishing.begin_from_shipped(now=NOW)
    with pytest.raises(Invalid, match="Nothing is published"):
        publishing.discard_draft(questionnaire_id=id, now=NOW)
    publishing.publish(questionnaire_id=id, now=NOW)
    with pytest.raises(Invalid, match="no changes"):
        publishing.discard_draft(questionnaire_id=id, now=NOW)
    with pytest.raises(NoSuchQuestionnaire):
        publishing.swap_draft(questionnaire_id=id, now=NOW)
    publishing.change_draft(questionnaire_id=id, change=_renamed, now=NOW)
    changed = draft_of(id)
    with pytest.raises(ChangedMeanwhile):
        publishing.discard_draft(questionnaire_id=id, now=NOW, seen="something else")
    publishing.discard_draft(questionnaire_id=id, now=NOW, seen=changed.mark)
    assert draft_of(id).form == shipped_questionnaire()
    assert publishing.discarded_at(id) == NOW
    assert len(questionnaires()) == 1
    for wanted in (changed.form, shipped_questionnaire()):  # and back again: neither is ever lost
        publishing.swap_draft(questionnaire_id=id, now=NOW)
        assert draft_of(id).form == wanted
