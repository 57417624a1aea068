"""Conditions on their page: all there is comes back as it was, is put together without script, and circles are told."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tenants.intake.editing import item_of, with_item
from tenants.intake.publishing import change_draft, draft_of
from tenants.intake.questions import All, Answer, Condition, Some, Test, item_index, sections_of
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.showing import holds
from tenants.questionnaires.condition_forms import (
    Group,
    Leaf,
    branches,
    condition_of,
    tree_of,
    with_branch,
    without_branch,
)
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, token_of
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.intake.forms import CODES, ask, conditions

FORM = shipped_questionnaire()
INDEX = item_index(FORM)
PATH = "/c/rowan/manage/questionnaires/pieces/condition/"


HOLDERS = ("x", "y")
MADE = {id: ask(id) for id in HOLDERS}
SAID = st.sampled_from((*(Answer(code) for code in CODES), Answer(absent="declined"), Answer()))


def test_every_condition_of_the_shipped_form_comes_back_as_it_was() -> None:
    whens = [section.when for section in sections_of(FORM)] + [item.when for item in INDEX.values()]
    kept = [condition for condition in whens if condition is not None]
    assert len(kept) > 20
    for condition in kept:
        tree = tree_of(condition)
        assert tree is not None, condition
        assert tree_of(condition_of(tree, INDEX)) == tree


@settings(max_examples=60)
@given(conditions(HOLDERS), st.fixed_dictionaries(dict.fromkeys(HOLDERS, SAID)))
def test_what_the_page_keeps_means_what_stood_there(condition: Condition, answers: dict[str, Answer]) -> None:
    tree = tree_of(condition)
    if tree is not None:
        assert holds(condition_of(tree, MADE), answers) == holds(condition, answers)


def test_groups_go_three_deep_and_numbers_have_two_ends() -> None:
    deep = All((Some((All((Test("x", "=", "a"), Test("y", "=", "a"))), Test("y", "=", "b"))), Test("x", "!=", "c")))
    assert tree_of(deep) is not None
    deeper = All((Some((All((Some((Test("x", "=", "a"), Test("y", "=", "a"))), Test("y", "=", "b"))), Test("y", "=", "c"))), Test("x", "=", "d")))  # fmt: skip  # noqa: E501
    assert tree_of(deeper) is None
    assert tree_of(Test("x", ">=", "2026-01-01")) is None
    assert tree_of(All((Test("g.worry", ">=", 3), Test("g.worry", "<=", 8)))) == Group(
        of=(Leaf("g.worry", least="3", most="8"),)
    )
    tree, at = with_branch(Group(), "", Group())
    tree, at = with_branch(tree, at, Group())
    assert with_branch(tree, at, Group()) == (tree, "")
    tree, at = with_branch(tree, at, Leaf("x"))
    assert [path for path, _branch in branches(tree)] == ["0", "0.0", "0.0.0"]
    assert at == "0.0.0"
    assert without_branch(tree, "0.0") == Group(of=(Group(),))
    assert without_branch(tree, "7.7") == without_branch(tree, "nonsense") == tree


def _sent(page: TestResponse, **typed: str | list[str]) -> MultiDict[str, str]:
    """What the form sends: what it carries hidden, and what is typed."""
    form = page.text[page.text.index('name="seen"') - 40 :]
    found = MultiDict({"csrf_token": token_of(page)})
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        found.add(name, value)
    for name, said in typed.items():
        found.setlist(name, said if isinstance(said, list) else [said])
    return found


@only_sqlite
def test_a_condition_is_put_together_nested_and_without_script(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    path = f"{PATH}?id={draft}&what=item&piece=g.work"
    page = desk.get(path)
    assert "always shown" in page.text
    assert 'value="h.interest"' not in page.text, "what is asked later is no choice"
    page = desk.post(path, data=_sent(page, do="add|", **{"add-": "g.sleep"}))
    page = desk.post(path, data=_sent(page, do="group|"))
    page = desk.post(path, data=_sent(page, do="add|1", **{"add-1": "c.reasons", "m-1": "any"}))
    page = desk.post(path, data=_sent(page, do="add|1", **{"add-1": "g.worry", "m-1": "any"}))
    typed: dict[str, str | list[str]] = {
        "m-": "all", "m-1": "any", "c-0": ["poor", "~declined"], "w-0": "y", "c-1.0": ["sleep", "stress"],
        "lo-1.1": "7", "do": "save",
    }  # fmt: skip
    refused = desk.post(path, data=_sent(page, **{**typed, "c-1.0": [], "lo-1.1": "many"}))
    assert refused.status_code == 422
    assert "Choose at least one answer to look for" in refused.text
    assert "Enter a whole number" in refused.text
    assert 'value="many"' in refused.text
    data = _sent(page, **typed)
    assert desk.post(path, data=data).status_code == 303
    assert desk.post(path, data=data).status_code == 409
    wanted = All(
        (
            Some((Test("g.sleep", "!=", "poor"), Test("g.sleep", "declined"))),
            Some((Test("c.reasons", "has", ("stress", "sleep")), Test("g.worry", ">=", 7))),
        )
    )
    with inside(rowan):
        assert item_of(draft_of(draft).form, "g.work").when == wanted
    again = desk.get(path)
    assert again.text.count(" checked") == 7, "four ticks, one way, and how each of the two groups counts"
    assert "anything but Poor" in desk.get(f"{PATH[:-10]}?id={draft}&piece=g.work").text
    fewer = desk.post(path, data=_sent(again, **(typed | {"do": "drop|1"})))
    assert 'value="1.0"' not in fewer.text
    assert desk.post(path, data=_sent(fewer, do="always")).status_code == 303
    with inside(rowan):
        assert item_of(draft_of(draft).form, "g.work").when is None


@only_sqlite
def test_a_circle_and_what_is_asked_later_are_told_beside_their_question(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    with inside(rowan):  # an earlier question that waits for a later one: what moving them leaves behind
        waits = Test("g.work", "=", "lot")
        change_draft(
            questionnaire_id=draft, now=NOW, change=lambda q: with_item(q, replace(item_of(q, "g.sleep"), when=waits))
        )
    path = f"{PATH}?id={draft}&what=item&piece=g.work"
    page = desk.get(path)
    forged: dict[str, str | list[str]] = {
        "n": ["0", "1", "2"],
        "q-0": "g.sleep",
        "c-0": "poor",
        "q-1": "h.interest",
        "c-1": "ser",
        "q-2": "gone",
    }
    refused = desk.post(path, data=_sent(page, do="save", **forged))
    assert refused.status_code == 422
    for place, words in ((0, "neither would ever be shown"), (1, "This is asked later"), (2, "not there any more")):
        beside = refused.text[refused.text.index(f'id="n{place}-e"') :]
        assert words in beside[:300]
    section = f"{PATH}?id={draft}&what=section&piece=f"
    assert "How old is the client" in desk.get(section).text
