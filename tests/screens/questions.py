"""The pages of the questions with sample values: the shipped questionnaire, some of it answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from tenants.intake.agreements import Agreement
from tenants.intake.answer_rows import Said
from tenants.intake.asking import Typed, closing, missing, paper_of, state_of_part
from tenants.intake.help_numbers import help_for
from tenants.intake.looking_over import lines_of
from tenants.intake.questions import Answer, skip_key
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.views import Page, Reader, Sent
from tenants.intake.who_opened import Opened
from tenants.practitioners.rules import ROLE_WORDS
from tests.screens import views as v
from tests.tenants.intake.handed import PAPERS

TOKEN = "t0ken"
PATHS = {
    "start": "/intake/<token>", "again": "/intake/<token>", "part": "/intake/<token>/part/<part>",
    "save_part": "/intake/<token>/part/<part>", "save": "/intake/<token>/save", "review": "/intake/<token>/review",
    "send": "/intake/<token>/review", "code": "/intake/<token>/code", "open": "/intake/<token>/code",
    "leave": "/intake/<token>/leave", "yours": "/intake/<token>/yours", "take_back": "/intake/<token>/yours",
    "take_along": "/intake/<token>/yours/answers.<ending>",
}  # fmt: skip
_PAPER = paper_of(shipped_questionnaire(), "0" * 64)
_READER = Reader("en", {"clinic": "Still Water", "practitioner": "Aoife"}, {"name": "Maya Lindqvist"}, "s", opened=True)
_ANSWERS: dict[str, Answer] = {
    "a.who": Answer("me"), "a.privacy": Answer(True), "b.name": Answer("Maya Lindqvist"), "b.dob": Answer("1984-05-12"),
    "c.goal": Answer("To sleep through"), "d.lp": Answer("no"), "e.any": Answer(("vehicle",)), "f.gate": Answer("skip"),
    "g.stress": Answer(6), "h.touch": Answer(("throat",)), skip_key("e"): Answer(False), skip_key("j"): Answer(False),
    "j.harm": Answer("passing"),
}  # fmt: skip
_SAID = {key: Said(answer, "s", UUID(int=1), datetime(2026, 3, 23, tzinfo=UTC)) for key, answer in _ANSWERS.items()}
_PART = "public/intake/part.html"
_AT = datetime(2026, 3, 23, 9, tzinfo=UTC)
_YOURS: dict[str, Any] = {
    "answered": True,
    "agreements": [
        Agreement(UUID(int=n), n, choice, _AT, "The words it is to.", f"I agree to this, number {n}.")
        for n, choice in enumerate(("given", "refused", "withdrawn"), start=1)
    ],
    "opened": [
        Opened(_AT, "Aoife Brennan", "practitioner", "intake", ("d", "g"), kept=True),
        Opened(_AT, "", "", "touch", (), kept=False),
    ],
    "roles": ROLE_WORDS,
    "sections": {"d": "Health and safety check", "g": "Stress and tension"},
    "zone": UTC,
}
_NOTHING_YET: dict[str, Any] = {"agreements": [], "opened": [], "answered": False}


@dataclass(frozen=True)
class _Asked:
    expires_at: datetime = datetime(2026, 4, 22, tzinfo=UTC)


def _frame() -> dict[str, Any]:
    lacking = missing(_PAPER, _ANSWERS)
    texts = _PAPER.form.texts
    parts = [
        (one.id, _READER.say(one.title), state_of_part(_PAPER, one, _ANSWERS, lacking=lacking), one.optional)
        for one in _PAPER.form.parts
    ]
    return {
        "token": TOKEN, "parts": parts, "begun": True, "names": _READER.names, "owner_reads": True,
        "help": help_for("IE", own=(), hidden=(), checked=date(2026, 3, 1)),
        "grounding": _READER.say(texts.get("grounding", {})), "not_monitored": _READER.say(texts["not_monitored"]),
        "text_lang": "en", "form_token": "t", "part": "", "sensitive": False, "signing": False, "looking_over": False,
    }  # fmt: skip


def _part(id: str, **more: Any) -> dict[str, Any]:
    part = _PAPER.part(id)
    assert part is not None
    sections = Page(_PAPER, part, _SAID, _READER).sections()
    own = {
        "part": id, "title": _READER.say(part.title), "intro": _READER.say(part.intro), "sections": sections,
        "number": [one.id for one in _PAPER.form.parts].index(id) + 1, "faults": {}, "notice": "", "more": 0,
        "files": False,
        "sensitive": any(one.sensitive for one in sections), "signing": id == "agreement",
    }  # fmt: skip
    return _frame() | own | more


def _papers() -> dict[str, Any]:
    """A part that asks for two files: one stands under a long name, the other could not be taken."""
    paper, letter = (
        paper_of(PAPERS, "0" * 64),
        "A letter from the doctor at the old hospital, with" + "out" * 20 + ".pdf",
    )
    said = {"p.letter": Said(Answer(letter, file="f"), "s", UUID(int=1), _AT)}
    sent = Sent({"p.scan": Typed()}, faults := {"p.scan": "This file cannot be taken. Choose a PDF, or a JPEG picture"})
    sections = Page(paper, PAPERS.parts[0], said, _READER, sent=sent).sections()
    return _part("about", sections=sections, files=True, faults=faults)


def pages() -> dict[str, v.Page]:
    """Every shape of the questions' pages."""
    wanting = missing(_PAPER, _ANSWERS)
    look = {"groups": lines_of(_PAPER, _SAID, _READER, wanting), "wanting": wanting, "looking_over": True}
    close = [_READER.say(item.text) for one in closing(_PAPER) for item in one.items]
    start = {"intake": _Asked(), "next": "health", "update": False}
    return {
        "4-questions": v.Page("public/intake/start.html", _frame() | start),
        "4a-questions-update": v.Page("public/intake/start.html", _frame() | start | {"update": True}),
        "4b-questions-part": v.Page(_PART, _part("comfort")),
        "4c-questions-signing": v.Page(_PART, _part("agreement")),
        "4b-questions-files": v.Page(_PART, _papers()),
        "4d-questions-review": v.Page("public/intake/review.html", _frame() | look | {"refused": False}),
        "4e-questions-refused": v.Page("public/intake/review.html", _frame() | look | {"refused": True}),
        "4f-questions-code": v.Page(
            "public/intake/code.html",
            _frame() | {"by_mail": True, "sent": True, "fault": "That is not right", "after": ""},
        ),
        "4g-questions-birth": v.Page(
            "public/intake/code.html", _frame() | {"by_mail": False, "sent": False, "fault": "", "after": ""}
        ),
        "4h-questions-done": v.Page("public/intake/done.html", _frame() | {"close": close, "over": False}),
        "4k-questions-late": v.Page(
            "public/intake/late.html",
            _frame() | {"lines": [("What would you like?", "To sleep through")], "sent": True, "urgent": True},
        ),
        "4k-questions-over": v.Page(
            "public/intake/over.html", _frame() | {"why": "This link has run out. Ask the clinic for a new one"}
        ),
        "4i-questions-yours": v.Page("public/intake/yours.html", _frame() | _YOURS),
        "4i-questions-yours-none": v.Page("public/intake/yours.html", _frame() | _YOURS | _NOTHING_YET),
        "4j-blank": v.Page("public/intake/blank.html", {}),
    }
