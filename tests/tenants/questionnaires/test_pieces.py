"""What a question may be made of in the back office: groups that repeat, answers that mean all is well."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask.testing import FlaskClient

from tenants.intake.asking import calm_answers
from tenants.intake.editing import item_of, with_item
from tenants.intake.publishing import change_draft, draft_of, faults_of_draft
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.questionnaires.typed_in import fields_of

PIECES = "/c/rowan/manage/questionnaires/pieces/"


@only_sqlite
def test_which_answers_mean_that_all_is_well_is_said_ticked_and_taken_away(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    with inside(rowan):  # as it stood in a form from before the mark
        bare = lambda q: with_item(q, replace(item_of(q, "j.safe_now"), calm=()))  # noqa: E731
        change_draft(questionnaire_id=draft, now=NOW, change=bare)
        assert ("j.safe_now", "calm") in {(one.at, one.where) for one in faults_of_draft(draft_of(draft).form)}
    path = f"{PIECES}?id={draft}&piece=j.safe_now"
    typed = fields_of(desk.get(path))
    assert typed["o2-calm"] == "y"
    assert "o0-calm" not in typed
    none = {name: said for name, said in typed.items() if not name.endswith("-calm")}
    for wrong, words in (
        (none, "Tick at least one answer"),
        (none | {f"o{n}-calm": "y" for n in range(3)}, "Leave one"),
    ):
        refused = desk.post(path, data=wrong)
        assert refused.status_code == 422
        assert words in refused.text
    assert desk.post(path, data=none | {"o0-calm": "y"}).status_code == 303
    with inside(rowan):
        form = draft_of(draft).form
        assert item_of(form, "j.safe_now").calm == ("yes",)
        assert not [one for one in faults_of_draft(form) if one.where == "calm"]


@only_sqlite
def test_a_question_that_becomes_urgent_asks_for_the_calm_answers_first(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    path = f"{PIECES}?id={draft}&piece=g.sleep"
    typed = fields_of(desk.get(path)) | {"acute": "y", "sensitive": "y", "help-en": "Hint", "help-es": "Pista"}
    asked = desk.post(path, data=typed)
    assert asked.status_code == 422
    assert "Say which answers mean that all is well" in asked.text
    again = fields_of(asked)
    assert (again["o0-calm"], again["help-en"]) == ("y", "Hint")
    assert desk.post(path, data=again | {"o1-calm": "y"}).status_code == 303
    with inside(rowan):
        item = item_of(draft_of(draft).form, "g.sleep")
    assert (item.calm, calm_answers(item)) == (("good", "mixed"), frozenset({"good", "mixed"}))
    fixed = f"{PIECES}?id={draft}&piece=i.hosp"  # yes, no, not sure: no rows to tick
    asked = desk.post(fixed, data=fields_of(desk.get(fixed)) | {"acute": "y"})
    assert 'name="calm" value="no" checked' in asked.text
    assert desk.post(fixed, data=fields_of(asked) | {"calm": "no"}).status_code == 303


@only_sqlite
def test_a_group_is_made_repeated_and_filled_and_what_cannot_repeat_is_refused(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    new = f"{PIECES}new-question/?id={draft}&section=g"
    made = desk.post(new, data=fields_of(desk.get(new)) | {"kind": "group", "text-en": "Each", "text-es": "Cada uno"})
    page = desk.get(made.location)
    assert "Change a group" in page.text
    assert '<option value="c.reasons"' in page.text
    assert '<option value="h.room"' not in page.text, "asked later"
    assert "An answer is needed" not in page.text
    path = f"{PIECES}?id={draft}&piece=g.q1"
    typed = fields_of(page) | {"rows_of": "c.reasons", "enabled": "y"}
    strange = desk.post(path, data=typed | {"rows_of": "g.sleep"})
    assert strange.status_code == 422
    assert "Choose one of the questions shown" in strange.text
    assert desk.post(path, data=typed).status_code == 303
    inside_it = f"{PIECES}new-question/?id={draft}&group=g.q1"
    short = fields_of(desk.get(inside_it)) | {"kind": "short", "text-en": "How long?", "text-es": "¿Cuánto?"}
    assert desk.post(inside_it, data=short).status_code == 303
    nested = desk.post(inside_it, data=short | {"kind": "group"})
    assert nested.status_code == 303
    with inside(rowan):
        form = draft_of(draft).form
        group = item_of(form, "g.q1")
        assert (group.rows_of, [(one.id, one.kind) for one in group.items]) == (
            "c.reasons", [("g.q2", "short"), ("g.q3", "group")],
        )  # fmt: skip
        told = with_item(form, replace(item_of(form, "g.q3"), rows_of="e.any", enabled=True))
        assert {(one.at, one.where) for one in faults_of_draft(told)} >= {("g.q1", "rows_of"), ("g.q3", "items")}
    assert desk.get(f"{PIECES}new-question/?id={draft}&group=g.sleep").status_code == 404
    assert desk.post(f"{PIECES}new-question/?id={draft}&group=g.sleep", data=short).status_code == 404
