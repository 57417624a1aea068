"""The name of something shipped belongs to one content for ever: whoever changes it gives it a new version."""

from __future__ import annotations

from tenants.intake.flag_json import hash_of_rules
from tenants.intake.form_json import hash_of
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules

# 1.0.0 stood for four sets of rules and two forms while they were written; clinics' rows hold those whole, and replay
# reads them there. From 1.1.0 on a line is never changed: a change of what is shipped adds one.
RULES = {"ser-default@1.1.0": "56f1d749e9781ee77393d38955b31b72894318611d41cc813d7e2c88858c5f82"}
FORMS = {
    "ser@1.1.0": "db193cc365a3ce88ee12c20e3d25d06aa4acbdc51a4ff37d696b52bad2193f28",
    "ser@1.1.1": "6605224cbb0715ddf15e6d49e60147ec9ed5787d443013c7a997a8432586e0b5",  # two sentences
}


def test_what_is_shipped_is_what_its_name_stands_for() -> None:
    rules, form = shipped_rules(), shipped_questionnaire()
    assert RULES[rules.name] == hash_of_rules(rules), "new rules need a new NAME, and a line here"
    assert FORMS[form.based_on] == hash_of(form), "a new form needs a new VERSION, and a line here"
    assert len(set(RULES.values())) == len(RULES)
    assert len(set(FORMS.values())) == len(FORMS)
