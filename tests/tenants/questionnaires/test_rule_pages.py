"""The pages of the flag rules: a draft, a reason for what goes off, own rules put together without script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tenants.intake.rule_actions import save_rule
from tenants.intake.rule_editing import RuleChange, rule_of
from tenants.intake.rule_sets import rules_in_force, written_rules
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.hours.pages import fields_of, said, send

pytestmark = only_sqlite
HOME = "/c/rowan/manage/rules/"


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def test_the_list_says_what_each_rule_is_and_that_fit_is_not_validated(alma: FlaskClient) -> None:
    page = alma.get(HOME)
    assert page.text.count("cell-name") == 51
    for part in (
        "Recent puncture",
        "The rules hold as they came.",
        "not validated",
        "from 6 points: Several indicators",
    ):
        assert part in said(page), part
    assert "Nothing has changed" in said(alma.get(HOME + "publish/"))


def test_a_rule_is_changed_in_the_draft_tried_and_published(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    edit = HOME + "edit/?id=F-STRESS"
    page = alma.get(edit)
    for part in ("g.stress", "At least one of these:", "From the description of SER"):
        assert part in said(page), part
    answer = send(alma, edit, page, weight="2", n2="8", **{"title-es": "Sube con la presión"})
    assert answer.status_code == 303
    assert "There are changes that do not hold yet." in said(alma.get(HOME))
    changes = alma.get(HOME + "publish/")
    assert "Rises with stress" in said(changes)
    tried = alma.post(HOME + "try/", data=fields_of(changes))
    assert "No intake has come in yet" in said(tried)
    published = alma.post(HOME + "publish/", data={**fields_of(changes), "seen": mark_in(changes.text)})
    assert published.status_code == 303
    with inside(rowan):
        rule = rule_of(rules_in_force().rules, "F-STRESS")
        assert (rule.weight, rule.title["es"]) == (2, "Sube con la presión")
    assert "Version 2 holds, published on" in said(alma.get(HOME))


def mark_in(text: str) -> str:
    (mark,) = re.findall(r'name="seen" value="([0-9a-f]+)"', text)
    return str(mark)


@pytest.mark.parametrize(
    "id,typed,sentence",
    [
        ("F-STRESS", {"weight": "many"}, "Enter a whole number, such as 3"),
        ("F-STRESS", {"n1": "-4"}, "Enter a whole number, such as 3"),
        ("F-STRESS", {"weight": "21"}, "Enter a whole number from 0 to 20"),
        ("F-STRESS", {"explain-en": "See {g.stres}"}, "There is no answer named g.stres to quote"),
        ("F-STRESS", {"title-en": ""}, "Enter a text"),
        ("F-STRESS", {"next_step-en": "x" * 901}, "Use at most 900 characters"),
        ("C-CSF", {"severity": "low"}, "This rule may only be graver than it came, never milder"),
        ("C-CSF", {"dated": "1"}, "This rule may only become stricter than it came"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(
    alma: FlaskClient, id: str, typed: dict[str, str], sentence: str
) -> None:
    edit = f"{HOME}edit/?id={id}"
    answer = send(alma, edit, alma.get(edit), **{"next_step-es": "Otra cosa", **typed})
    assert answer.status_code == 422
    assert said(answer).count(sentence) >= 2
    assert "Otra cosa" in said(answer)


def test_who_saves_second_sees_what_stands(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    edit = HOME + "edit/?id=P-HEART"
    page = alma.get(edit)
    with inside(rowan):
        change = RuleChange("moderate", texts={"title": {"en": "Heart, as Ben calls it"}})
        save_rule(rule_id="P-HEART", change=change, now=NOW)
    late = send(alma, edit, page, severity="high")
    assert late.status_code == 409
    assert "Heart, as Ben calls it" in said(late)
    assert send(alma, edit, late, severity="high").status_code == 303


def test_a_locked_rule_goes_off_with_a_reason_and_on_again(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    off = HOME + "off/?id=C-CHIARI"
    page = alma.get(off)
    assert "Every summary will say that it is off" in said(page)
    short = send(alma, off, page, reason="no")
    assert short.status_code == 422
    assert "Say it in a few words more" in said(short)
    assert send(alma, off, page, reason="We never see such clients").status_code == 303
    assert "We never see such clients" in said(alma.get(HOME))
    rule = alma.get(HOME + "edit/?id=C-CHIARI")
    on = {**fields_of(rule), "id": "C-CHIARI"}
    assert alma.post(HOME + "on/", data=on).status_code == 303
    with inside(rowan):
        assert written_rules() == rules_in_force().rules


def test_an_own_rule_is_put_together_from_questions_and_answers(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    assert "d.heart" in alma.get(HOME + "new/").text
    assert alma.get(HOME + "new/rule/?q=nothing").status_code == 422
    new = HOME + "new/rule/?q=c.reasons&q=g.sleep&q=g.stress&q=b.name"
    page = alma.get(new)
    assert "b.name" not in said(page)
    typed: dict[str, Any] = {
        "title": "Headaches and bad sleep",
        "next_step": "Ask about screens.",
        "severity": "low",
        "match": "all",
    }
    empty = send(alma, new, page, **typed)
    assert empty.status_code == 422
    assert said(empty).count("Choose at least one answer to look for") == 3
    chosen: dict[str, Any] = {"c-0": ["headache"], "c-1": ["poor", "~unknown"], "n-2": "4", "d-2": ">="}
    answer = send(alma, new, empty, **typed, **chosen)
    assert answer.status_code == 303, said(answer)
    with inside(rowan):
        rule = rule_of(written_rules(), "O-HEADACHES-AND-BAD-SLEEP")
        assert (rule.axis, rule.severity, rule.own) == ("caution", "low", True)
        assert "{c.reasons}" in rule.explain["en"]
    never = send(alma, new, page, **typed, **{**chosen, "n-2": "11"})
    assert never.status_code == 422
    ask = HOME + "ask/drop/?id=O-HEADACHES-AND-BAD-SLEEP"
    assert alma.post(HOME + "ask/drop/", data=fields_of(alma.get(ask))).status_code == 303
    assert "O-HEADACHES" not in alma.get(HOME).text


def test_bands_rise_and_a_draft_can_be_forgotten(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    bands = HOME + "bands/"
    page = alma.get(bands)
    bad = send(alma, bands, page, **{"band-1": "9", "band-2": "5"})
    assert (bad.status_code, "each begins higher" in said(bad)) == (422, True)
    assert send(alma, bands, page, **{"band-1": "4", "band-2": "9"}).status_code == 303
    for deed in ("forget", "restore"):
        ask = f"{HOME}ask/{deed}/"
        assert alma.post(ask, data=fields_of(alma.get(ask))).status_code == 303
    with inside(rowan):
        assert written_rules() == rules_in_force().rules


@pytest.mark.parametrize("page", ["edit/?id=X-NONE", "edit/", "off/?id=O-X", "ask/drop/?id=P-HEART", "ask/burn/"])
def test_what_is_not_there_is_not_there(alma: FlaskClient, page: str) -> None:
    assert alma.get(HOME + page).status_code == 404
