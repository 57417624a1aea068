"""Writing a questionnaire in the back office: every page, every refusal, who may, and that a preview keeps nothing."""

from __future__ import annotations

import re
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select

from saas.db import db
from tenants.intake.editing import item_of, section_of
from tenants.intake.models import IntakeAnswer
from tenants.intake.publishing import draft_of
from tenants.intake.questions import item_index, sections_of
from tenants.intake.settings import Contact, IntakeSettings, save_settings
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.questionnaires.typed_in import fields_of

HOME = "/c/rowan/manage/questionnaires/"
PIECES = f"{HOME}pieces/"


@only_sqlite
def test_the_owner_begins_writes_and_publishes(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    empty = desk.get(HOME)
    assert "There are no questions yet" in empty.text
    begun = desk.post(f"{HOME}begin/", data={"csrf_token": token_of(empty)})
    page = desk.get(begun.location)
    assert "nobody is asked these questions" in page.text
    id = re.search(r"id=([0-9a-f-]{36})", begun.location)
    assert id is not None
    publish = f"{HOME}publish/?id={id[1]}"
    refused = desk.get(publish)
    assert "first say in the settings of intakes who is told" in refused.text
    assert desk.post(publish, data=fields_of(refused)).status_code == 409
    with inside(rowan):
        save_settings(wanted=IntakeSettings(first=Contact("Alma", "alma@rowan.example")), now=NOW)
    done = desk.post(publish, data=fields_of(desk.get(publish)))
    assert done.status_code == 303
    assert "What stands here is published" in desk.get(done.location).text
    assert "Clients are asked this" in desk.get(HOME).text
    assert "Nothing is different" in desk.get(f"{HOME}changes/?id={id[1]}").text
    version = re.search(r'ask/withdraw/\?id=[^"]+piece=([0-9a-f-]+)', desk.get(done.location).text)
    assert version is not None
    ask = f"{HOME}ask/withdraw/?id={id[1]}&piece={version[1]}"
    assert desk.post(ask, data=fields_of(desk.get(ask))).status_code == 303
    assert "Not asked" in desk.get(HOME).text


@only_sqlite
def test_a_question_is_changed_with_its_answers_and_faults_stand_beside_their_field(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    path = f"{PIECES}?id={draft}&piece=g.sleep"
    page = desk.get(path)
    typed = fields_of(page) | {"text-en": "", "o0-es": "", "o3-en": "No idea", "o3-es": "Ni idea", "o3-code": "a b"}
    refused = desk.post(path, data=typed)
    assert refused.status_code == 422
    assert refused.text.count("Write it in each language") >= 2
    assert "A short name has letters" in refused.text
    assert 'value="No idea"' in refused.text
    good = typed | {"text-en": "How do you sleep?", "o0-es": "Bien", "o3-code": "", "sensitive": "y"}
    assert desk.post(path, data=good).status_code == 303
    late = desk.post(path, data=good | {"text-en": "Mine"})
    assert late.status_code == 409
    assert "Somebody else has changed this meanwhile" in late.text
    assert ">\nMine<" in late.text
    with inside(rowan):
        item = item_of(draft_of(draft).form, "g.sleep")
    assert (item.text["en"], item.sensitive, [one.code for one in item.options][:3]) == (
        "How do you sleep?", True, ["good", "mixed", "poor"],
    )  # fmt: skip
    assert len(item.options) == 4


@only_sqlite
def test_questions_and_sections_are_added_moved_and_taken_out(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    new = f"{PIECES}new-question/?id={draft}&section=g"
    typed = fields_of(desk.get(new)) | {"kind": "multi", "text-en": "Which?", "text-es": ""}
    assert desk.post(new, data=typed).status_code == 422
    added = desk.post(new, data=typed | {"text-es": "¿Cuáles?"})
    assert desk.get(added.location).status_code == 200
    section = f"{PIECES}section/?id={draft}&part=session"
    titled = fields_of(desk.get(section)) | {"title-en": "More", "title-es": "Más", "enabled": "y"}
    assert desk.post(section, data=titled).status_code == 303
    one = desk.get(f"{HOME}one/?id={draft}")
    token = {"csrf_token": token_of(one)}
    for go in ("item|g.q1|-1", "section|s1|-1", "item|g.q1|1", "item|nothing|1", "nonsense"):
        desk.post(f"{HOME}move/?id={draft}", data={**token, "go": go})
    with inside(rowan):
        form = draft_of(draft).form
        assert [item.id for item in section_of(form, "g").items][-1] == "g.q1"
        assert [item.id for item in sections_of(form)][-4:] == ["s1", "h", "l", "m"]
        assert not item_of(form, "g.q1").enabled
    for deed, piece in (("item", "g.q1"), ("section", "s1")):
        ask = f"{HOME}ask/{deed}/?id={draft}&piece={piece}"
        assert ("Which?" if deed == "item" else "More") in desk.get(ask).text
        assert desk.post(ask, data=fields_of(desk.get(ask))).status_code == 303
        assert desk.get(ask).status_code == 404
    away = f"{HOME}ask/archive/?id={draft}"
    assert desk.post(away, data=fields_of(desk.get(away))).status_code == 303
    assert desk.get(f"{HOME}one/?id={draft}").status_code == 404


@only_sqlite
def test_a_preview_shows_what_hangs_on_an_answer_and_what_rules_would_say_and_keeps_nothing(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    path = f"{HOME}preview/?id={draft}&part=health&lang=en"
    page = desk.get(path)
    assert "a spinal tap" in page.text
    keys = {"csrf_token": token_of(page), "part": "comfort", "k": ["d.lp|", "d.lp_when|"], "d.lp": "yes"}
    over = desk.post(path, data=keys)
    assert "C-CSF" in over.text
    assert '<input type="hidden" name="d.lp" value="yes">' in over.text
    assert "rowan" not in re.findall(r"<section class=\"sect\".*", over.text)
    assert "Algunas de las preguntas" in desk.get(f"{HOME}preview/?id={draft}&part=comfort&lang=es").text
    wrong = desk.post(path, data={**keys, "part": "health", "d.lp": "perhaps", "strange": "x"})
    assert wrong.status_code == 422
    assert "Choose one of the answers shown" in wrong.text
    with inside(rowan):
        assert db.session.scalar(select(func.count()).select_from(IntakeAnswer)) == 0


@only_sqlite
def test_the_texts_around_the_questions_are_changed(
    desk: FlaskClient, rowan: Clinic, draft: UUID, inside: Enter
) -> None:
    path = f"{HOME}texts/?id={draft}"
    typed = fields_of(desk.get(path))
    assert desk.post(path, data={**typed, "t-close-es": ""}).status_code == 422
    good = {**typed, "t-close-en": "Thank you, {practitioner} reads it.", "d-privacy-en": "Our own words"}
    assert desk.post(path, data=good).status_code == 303
    assert "Somebody else has changed this meanwhile" in desk.post(path, data=typed).text
    with inside(rowan):
        form = draft_of(draft).form
    assert form.texts["close"]["en"] == "Thank you, {practitioner} reads it."
    assert form.documents["privacy"]["en"] == "Our own words"


@only_sqlite
def test_practitioners_read_and_the_front_desk_sees_nothing(
    client: FlaskClient, rowan: Clinic, draft: UUID, frozen: None, inside: Enter
) -> None:
    log_in(client, rowan, "ben")
    one = client.get(f"{HOME}one/?id={draft}")
    assert one.status_code == 200
    assert "Change" not in re.sub(r"What changed|Exchange", "", one.text)
    assert client.get(f"{HOME}preview/?id={draft}").status_code == 200
    assert client.get(f"{PIECES}?id={draft}&piece=g.sleep").status_code == 403
    assert client.post(f"{HOME}move/?id={draft}", data={"go": "item|g.sleep|1"}).status_code in (400, 403)
    with inside(rowan):
        assert list(item_index(draft_of(draft).form)).index("g.sleep") < list(item_index(draft_of(draft).form)).index(
            "g.work"
        )
