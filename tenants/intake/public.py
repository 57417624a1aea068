"""The client's side: questions behind a link, one part a page, each answer kept as it is given.

Everything works without script; with it, each answer is kept at once and questions appear as they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WsgiResponse

from saas.errors import StaleForm
from saas.web import bearer_headers, check_form, limit_tries, page_now
from saas.words import _, ngettext
from tenants.intake import sittings, yours
from tenants.intake.actions import Saved, Unfinished, reachable_by_mail, save_answers, submit, update_again
from tenants.intake.answer_rows import mark_for
from tenants.intake.asking import Paper, Typed, closing, missing, next_part, signature_part
from tenants.intake.codes import TooManyCodes, open_with_birth, open_with_code, send_code, sitting_of_birth
from tenants.intake.forms import MOST_SENT, decision_in, files_sent, typed_in
from tenants.intake.framing import behind, frame, origin_of, reader_for
from tenants.intake.late_pages import too_late, too_late_for_script
from tenants.intake.looking_over import lines_of
from tenants.intake.models import Intake
from tenants.intake.queries import (
    NoSuchIntake,
    TooLate,
    answers_of,
    check_standing,
    client_of,
    intake_by_token,
    is_over,
    paper_for,
    said_now,
)
from tenants.intake.questions import Part
from tenants.intake.reading import in_order
from tenants.intake.sent import Fault, Upload
from tenants.intake.sittings import Sitting
from tenants.intake.views import Page, Sent

_NOTHING = Saved()
_ROUNDS = 5
"""So often in a row saving a part leads back to it for questions that came up."""
_OWN = ("form_token", "do", "more", "part", "lang")


def blueprint() -> Blueprint:
    """Addresses of the questions."""
    made = Blueprint("intake", __name__)
    routes: list[tuple[str, str, Any, list[str]]] = [
        ("/intake/<token>", "start", _start, ["GET"]),
        ("/intake/<token>", "again", _again, ["POST"]),
        ("/intake/<token>/part/<part>", "part", _part, ["GET"]),
        ("/intake/<token>/part/<part>", "save_part", _save_part, ["POST"]),
        ("/intake/<token>/save", "save", _save, ["POST"]),
        ("/intake/<token>/review", "review", _review, ["GET"]),
        ("/intake/<token>/review", "send", _send, ["POST"]),
        ("/intake/<token>/code", "code", _code, ["GET"]),
        ("/intake/<token>/code", "open", _open_again, ["POST"]),
        ("/intake/<token>/yours", "yours", yours.page, ["GET"]),
        ("/intake/<token>/yours", "take_back", yours.give_up, ["POST"]),
        ("/intake/<token>/yours/answers.<ending>", "take_along", yours.take_along, ["GET"]),
        ("/intake/<token>/leave", "leave", _leave, ["GET"]),
        ("/blank", "blank", _blank, ["GET"]),
    ]
    for path, name, view, methods in routes:
        made.add_url_rule(path, name, view, methods=methods)
    made.after_request(bearer_headers)
    return made


def _start(token: str) -> ResponseReturnValue:
    intake = behind(token, standing=False)
    paper = paper_for(intake.questionnaire_version_id)
    sitting = sittings.sitting_of(intake)
    drawn = frame(intake, token, paper, reader_for(intake, paper, sitting))
    try:
        check_standing(intake, now=page_now())
    except TooLate as over:
        return render_template("public/intake/over.html", why=over.message, **drawn), over.status
    if intake.status == "submitted":
        reader = reader_for(intake, paper, sitting)
        close = [reader.say(item.text) for one in closing(paper) for item in one.items if item.enabled]
        return render_template("public/intake/done.html", close=close, over=is_over(intake, now=page_now()), **drawn)
    first = next((id for id, _title, state, _optional in drawn["parts"] if state != "saved"), None)
    return render_template(
        "public/intake/start.html", intake=intake, next=first, update=intake.previous_id is not None, **drawn
    )


def _again(token: str) -> WsgiResponse:
    """Open what was sent, to change it."""
    intake = behind(token)
    check_form("intake", token)
    update_again(intake_id=intake.id, now=page_now())
    return redirect(url_for("intake.start", token=token), 303)


def _named(paper: Paper, id: str) -> Part:
    part = paper.part(id)
    if part is None:
        raise NoSuchIntake
    return part


def _part(token: str, part: str) -> ResponseReturnValue:
    intake = behind(token)
    if intake.status == "submitted":
        return redirect(url_for("intake.start", token=token), 303)
    paper = paper_for(intake.questionnaire_version_id)
    return _part_page(intake, token, paper, _named(paper, part), sittings.sitting_of(intake))


def _part_page(
    intake: Intake,
    token: str,
    paper: Paper,
    part: Part,
    sitting: Sitting,
    *,
    sent: Sent | None = None,
    notice: str = "",
    saved: Saved = _NOTHING,
) -> str:
    reader = reader_for(intake, paper, sitting)
    page = Page(paper, part, said_now(intake), reader, sent=sent, update=intake.previous_id is not None)
    sections = page.sections()
    ids = [one.id for one in paper.form.parts]
    own = {
        "part": part.id,
        "title": reader.say(part.title),
        "intro": reader.say(part.intro),
        "number": ids.index(part.id) + 1,
        "sections": sections,
        "sensitive": any(one.sensitive for one in sections),
        "signing": signature_part(paper).id == part.id,
        "faults": sent.faults if sent else {},
        "notice": notice,
        "urgent": any(key not in saved.kept for key in saved.urgent),
        "more": request.args.get("more", type=int) or 0,
        "files": page.takes_files,
    }
    return render_template("public/intake/part.html", **(frame(intake, token, paper, reader, page=page) | own))


def _keep(intake: Intake, paper: Paper, sitting: Sitting, part: str, typed: Mapping[str, Typed]) -> Saved:
    """One action: what this request sent."""
    limit_tries("intake", limit=900, window_seconds=600)
    return save_answers(
        intake_id=intake.id,
        typed=typed,
        sitting=sitting.id,
        opened=sitting.opened,
        part=part,
        decision=decision_in(request.form),
        origin=origin_of(paper),
        now=page_now(),
    )


def _handed_in(paper: Paper) -> dict[str, Upload | Fault]:
    """The files that were chosen; how many is counted before they are drawn anew, which costs up to a second each."""
    if any(one.filename for one in request.files.values()):
        limit_tries("intake-files", limit=40, window_seconds=600)
    return files_sent(paper, request.files)


def _save_part(token: str, part: str) -> ResponseReturnValue:
    intake = behind(token, standing=False)
    paper = paper_for(intake.questionnaire_version_id)
    here = _named(paper, part)
    sitting = sittings.begun(sittings.sitting_of(intake))
    request.max_content_length = MOST_SENT
    try:
        typed = typed_in(request.form, own=_OWN, files=_handed_in(paper))
        check_form("intake", token)
        saved = _keep(intake, paper, sitting, part, typed)
    except StaleForm as stale:
        try:
            check_standing(intake, now=page_now())
        except TooLate as why:  # nobody can send this once more: it came from our own site, and is not lost
            return too_late(intake, token, sitting, typed, why)
        notice = _("This page had been open for long, so nothing was saved yet. Look it over, and save once more.")
        chosen = {key: _("Choose the file once more") for key, one in typed.items() if one.file is not None}
        again = Sent(typed, chosen, stale=True)
        return _part_page(
            intake, token, paper, here, sittings.sitting_of(intake), sent=again, notice=notice
        ), stale.status
    except TooLate as why:
        return too_late(intake_by_token(token), token, sitting, typed, why)
    if saved.faults or saved.dropped or saved.locked:
        said = [_dropped_words(saved.dropped)] if saved.dropped else []
        said += [_locked_words()] if saved.locked else []
        sent = Sent(typed, saved.faults)
        notice = " ".join(said)
        page = _part_page(
            intake_by_token(token), token, paper, here, sitting, sent=sent, notice=notice, saved=saved
        )  # fmt: skip
        answer = _answered(page, 422)
    else:
        intake = intake_by_token(token)
        look = Page(paper, here, said_now(intake), reader_for(intake, paper, sitting))
        answer = redirect(_next(look, token, saved), 303)
    sittings.keep(answer, intake, sitting, token)
    return answer


def _locked_words() -> str:
    return _(
        "Something here was answered before, so what you sent for it was put aside and changes nothing yet. To change "
        "those answers, we first make sure that it is you."
    )


def _answered(page: str, status: int) -> WsgiResponse:
    return WsgiResponse(page, status, mimetype="text/html")


def _dropped_words(count: int) -> str:
    return ngettext(
        "%(num)d answer did not belong to these questions. It was put aside; everything else is saved.",
        "%(num)d answers did not belong to these questions. They were put aside; everything else is saved.",
        count,
    )


def _next(look: Page, token: str, saved: Saved) -> str:
    """Where saving a part leads: to help beside an answer just given, to questions that came up, to the next part."""
    part = look.part.id
    if saved.urgent:
        return url_for("intake.part", token=token, part=part, _anchor=f"help-{saved.urgent[0]}")
    section, what = decision_in(request.form) or ("", "")
    if "later" in (what, request.form.get("do")):
        return url_for("intake.start", token=token, later=1)
    if section:
        return url_for("intake.part", token=token, part=part, _anchor=f"s-{section}")
    seen = {key.partition("|")[0] for key in request.form.getlist("k")}
    came, rounds = look.new_keys(seen), request.form.get("more", type=int) or 0
    if came and rounds < _ROUNDS:
        return url_for("intake.part", token=token, part=part, more=rounds + 1, _anchor=f"q-{came[0]}")
    follows = next_part(look.paper, part)
    if follows is None:
        return url_for("intake.review", token=token)
    return url_for("intake.part", token=token, part=follows.id)


def _save(token: str) -> ResponseReturnValue:
    """One answer or a few, from the page's script."""
    intake = behind(token, standing=False)
    check_form("intake", token)
    paper = paper_for(intake.questionnaire_version_id)
    sitting = sittings.begun(sittings.sitting_of(intake))
    typed = typed_in(request.form, own=_OWN)
    try:
        saved = _keep(intake, paper, sitting, "", typed)
    except TooLate as why:
        return too_late_for_script(intake_by_token(token), sitting, typed, why)
    standing = answers_of(intake_by_token(token))
    body = {
        "kept": {key: mark_for(standing[key]) for key in saved.kept if key in standing},
        "faults": dict(saved.faults) | dict.fromkeys(saved.locked, _locked_words()),
        "help": list(saved.urgent),
    }
    answer = jsonify(body)
    sittings.keep(answer, intake, sitting, token)
    return answer


def _review(token: str) -> ResponseReturnValue:
    intake = behind(token)
    if intake.status == "submitted":
        return redirect(url_for("intake.start", token=token), 303)
    return _review_page(intake, token)


def _review_page(intake: Intake, token: str, *, lacking: tuple[str, ...] | None = None) -> str:
    paper = paper_for(intake.questionnaire_version_id)
    reader = reader_for(intake, paper, sittings.sitting_of(intake))
    said = said_now(intake)
    wanting = missing(paper, {key: one.answer for key, one in said.items()})
    return render_template(
        "public/intake/review.html",
        groups=lines_of(paper, said, reader, wanting),
        wanting=wanting,
        refused=lacking is not None,
        **(frame(intake, token, paper, reader) | {"looking_over": True}),
    )


def _send(token: str) -> ResponseReturnValue:
    intake = behind(token)
    check_form("intake", token)
    paper = paper_for(intake.questionnaire_version_id)
    try:
        submit(intake_id=intake.id, origin=origin_of(paper), now=page_now())
    except Unfinished as error:
        return _review_page(intake_by_token(token), token, lacking=error.keys), 422
    return redirect(url_for("intake.start", token=token), 303)


def _code(token: str) -> str:
    return _code_page(behind(token, standing=False), token)


def _code_page(intake: Intake, token: str, *, fault: str = "", sent: bool = False) -> str:
    paper = paper_for(intake.questionnaire_version_id)
    by_mail = reachable_by_mail(intake, client_of(intake))
    back = request.values.get("part", "")
    return render_template(
        "public/intake/code.html",
        by_mail=by_mail,
        sent=sent
        or (intake.code_hash is not None and intake.code_until is not None and intake.code_until > page_now()),
        fault=fault,
        **frame(intake, token, paper, reader_for(intake, paper, sittings.sitting_of(intake)))
        | {"part": back if paper.part(back) else "", "after": back if paper.part(back) or back == yours.HERE else ""},
    )


def _open_again(token: str) -> ResponseReturnValue:
    intake = behind(token, standing=False)
    check_form("intake", token)
    part = request.form.get("part", "")
    if request.form.get("do") == "send":
        limit_tries("intake-code", limit=6, window_seconds=3600)
        try:
            send_code(intake_id=intake.id, now=page_now())
        except TooManyCodes as error:
            fault = _("We have sent several codes already. Use the last one, or try again in an hour")
            return _code_page(intake_by_token(token), token, fault=fault), error.status
        return redirect(url_for("intake.code", token=token, part=part), 303)
    limit_tries("intake-open", limit=20, window_seconds=3600)
    if "born" in request.form:
        good = open_with_birth(
            intake_id=intake.id, born=_born(), sitting=sittings.sitting_of(intake).id, now=page_now()
        )
        fault = _(
            "That is not the date we have, or it does not tell us enough. Go on without, or ask the clinic. After five "
            "tries you can try again in an hour"
        )
    else:
        good = open_with_code(intake_id=intake.id, code=request.form.get("code", ""), now=page_now())
        fault = _(
            "That code is not right, or it has run out. Check it, or send a new one. After five tries, wait an hour"
        )
    if not good:
        return _code_page(intake_by_token(token), token, fault=fault), 422
    paper = paper_for(intake.questionnaire_version_id)
    back = url_for("intake.part", token=token, part=part) if paper.part(part) else url_for("intake.start", token=token)
    back = url_for("intake.yours", token=token) if part == yours.HERE else back
    answer = redirect(back, 303)
    begun = sittings.begun(sittings.sitting_of(intake))
    same = sitting_of_birth(intake) if "born" in request.form else ""
    sittings.keep(answer, intake, Sitting(same or begun.id, opened=True), token)
    return answer


def _born() -> str:
    found = typed_in(request.form, own=_OWN)["born"].values
    return in_order(found[0]) if found else ""


def _leave(token: str) -> WsgiResponse:
    """Away from here at once: to a page that says nothing, with this browser's sitting forgotten."""
    intake = behind(token, standing=False)
    answer = redirect(url_for("intake.blank"), 303)
    sittings.forget(answer, intake, token)
    return answer


def _blank() -> str:
    return render_template("public/intake/blank.html")
