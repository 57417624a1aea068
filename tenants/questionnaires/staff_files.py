"""Published forms as FHIR files: send one, see every difference, bring it in, give it its place, take forms out again.

Nothing is kept between the report and the yes: the file travels in the form.
"""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask_admin import expose

from saas.errors import Invalid
from saas.fields import OfficeForm
from saas.links import home_of
from saas.tenancy import current_tenant
from saas.text import clean_line
from saas.uploads import FORM_BYTES, FilePage, too_big
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.fhir_compare import Brought, bring, numbered
from tenants.intake.fhir_json import MAX_BYTES, NotReadable
from tenants.intake.fhir_read import link_of, read_form, with_answers
from tenants.intake.fhir_write import Named, questionnaire
from tenants.intake.form_json import as_json, from_json, hash_of
from tenants.intake.instruments import (
    NoSuchForm,
    bring_in,
    calm_codes,
    newest_version,
    one_form,
    own_forms,
    place,
    put_away,
    standing,
    take_out,
)
from tenants.intake.json_reading import canonical
from tenants.intake.models import Questionnaire as QuestionnaireRow
from tenants.intake.questions import Item, in_language, item_index
from tenants.questionnaires.fhir_words import LEVELS, packed, sentence, unpacked

_LINE = 300
_CALM = re.compile(r"(?:no|none|never|not at all|nunca|ningun[oa]|nada)\b", re.IGNORECASE)
Answer = Any


class FileTooBig(NotReadable):
    """The file is refused before it is read."""

    status = 413
    code = "file-too-big"

    def __init__(self) -> None:
        super().__init__(_("This file is larger than 1 MB. A questionnaire is much smaller"))


def sent_file() -> bytes:
    """The file of this request; `NotReadable` when there is none or it is too large, `StaleForm` for an old page's."""
    _check()
    file = request.files.get("file")
    data = file.read() if file is not None else b""
    if not data:
        raise NotReadable(_("Choose a file first"))
    return data


def sent_again() -> bytes:
    """The file that has travelled in the form since it was shown; raises as `sent_file`."""
    _check()
    return unpacked(request.form.get("packed", ""))


def _check() -> None:
    if too_big():
        raise FileTooBig
    OfficeForm(request.form).require()


def asked_id(name: str = "id") -> UUID:
    """The id in the request; `NoSuchForm` for none."""
    try:
        return UUID(request.values.get(name, ""))
    except ValueError:
        raise NoSuchForm from None


def levels(remarks: tuple[Any, ...]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The remarks as a page shows them: level, heading, and for each its place and its sentence."""
    return [
        (level, str(words), [(one.where, sentence(one)) for one in remarks if one.level == level])
        for level, words in LEVELS.items()
        if any(one.level == level for one in remarks)
    ]


TAKES = MAX_BYTES * 2 + FORM_BYTES
"""A file, or what it becomes in a form: letters for bytes."""


class FormFilesView(FilePage):
    """The published forms a clinic has, and the door for another one."""

    roles = ("owner",)
    part_of = "questionnaires"
    takes = TAKES

    def __init__(self) -> None:
        super().__init__(name=_l("Published forms"), endpoint="form_files", url="questionnaires/files")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        if request.method == "GET":
            return self._list()
        try:
            data = sent_file()
            brought = bring(read_form(data))
        except NotReadable as error:
            return self._list(error=error.message), error.status
        return self._report(data, brought), 422 if brought.stops else 200

    @expose("/bring/", methods=("POST",))
    def bring_now(self) -> Answer:
        try:
            data = sent_again()
        except NotReadable as error:
            return self._list(error=error.message), error.status
        if request.form.get("do") == "answers":
            return self._with_answers(data)
        positions = request.form.get("positions") == "y"
        harm = {
            name.removeprefix("harm-"): request.form.get(f"calm-{name.removeprefix('harm-')}", "")
            if said == "yes"
            else ""
            for name, said in request.form.items()
            if name.startswith("harm-") and said in ("yes", "no")
        }
        try:
            came = bring_in(data=data, positions=positions, harm=harm, now=page_now())
        except Invalid as error:
            return self._report(data, bring(read_form(data)), error=error), error.status
        if came.version_id is None:
            flash(_("The form is a draft now. Finish it before you publish it."))
            return redirect(url_for(".index"), 303)
        flash(_("The form is here. Choose where it is asked."))
        return redirect(url_for(".place", id=came.questionnaire_id), 303)

    def _with_answers(self, data: bytes) -> Answer:
        """Read once more, with the answers that somebody typed for the lists that did not come along."""
        try:
            wanted = read_form(data).elsewhere
            typed = {
                address: words
                for n, address in enumerate(wanted)
                if (words := _lines(request.form.get(f"list-{n}", "")))
            }
            data = with_answers(data, typed)
            brought = bring(read_form(data))
        except NotReadable as error:
            return self._list(error=error.message), error.status
        return self._report(data, brought), 422 if brought.stops else 200

    @expose("/place/", methods=("GET", "POST"))
    def place(self) -> Answer:
        instrument = one_form(asked_id(), kind="instrument")
        if request.method == "GET":
            return self._places(instrument)
        OfficeForm(request.form).require()
        deed, _colon, target = request.form.get("do", "").partition(":")
        change = {"put": place, "take": take_out}.get(deed)
        try:
            if change is None:
                raise NoSuchForm
            change(instrument_id=instrument.id, questionnaire_id=UUID(target), now=page_now())
        except ValueError:
            raise NoSuchForm from None
        except Invalid as error:
            return self._places(instrument, error=error.message), error.status
        flash(_("The draft was changed. It holds once it is published."))
        return redirect(url_for(".place", id=instrument.id), 303)

    @expose("/remove/", methods=("GET", "POST"))
    def remove(self) -> Answer:
        instrument = one_form(asked_id(), kind="instrument")
        if request.method == "GET":
            return self.render("manage/questionnaires/files_remove.html", form=instrument)
        OfficeForm(request.form).require()
        put_away(instrument_id=instrument.id, now=page_now())
        flash(_("%(name)s is put away.", name=instrument.title))
        return redirect(url_for(".index"), 303)

    @expose("/export/")
    def export(self) -> Answer:
        row = one_form(asked_id())
        newest = newest_version(row.id)
        form = from_json(newest.definition if newest else row.draft)
        version = str(newest.number) if newest else ""
        named = Named(form_url(row.key), version, hash_of(form), "active" if newest else "draft")
        made = questionnaire(form, named, whole=canonical(as_json(form)))
        headers = {"Content-Disposition": f"attachment; filename={row.key}.json"}
        return Response(
            json.dumps(made, ensure_ascii=False, indent=2), headers=headers, mimetype="application/fhir+json"
        )

    def _list(self, *, error: str = "") -> str:
        return self.render("manage/questionnaires/files.html", kept=standing(), own=own_forms(), error=error)

    def _report(self, data: bytes, brought: Brought, *, error: Invalid | None = None) -> str:
        items = item_index(brought.form)
        language = brought.form.languages[0]
        return self.render(
            "manage/questionnaires/files_report.html",
            brought=brought,
            title=in_language(brought.form.title, language),
            levels=levels(brought.remarks),
            asked=sum(1 for item in items.values() if item.enabled and item.kind not in ("display", "group")),
            expressions=sorted(brought.read.expressions.items()),
            harm=[_harm_question(items[id_], language) for id_ in brought.needs_mapping],
            order=_order(brought, language),
            packed=packed(data),
            chosen=request.form,
            error=error,
        )

    def _places(self, instrument: QuestionnaireRow, *, error: str = "") -> str:
        here = next((one for one in standing() if one.id == instrument.id), None)
        if here is None:
            raise NoSuchForm
        places = [(one, one.id in here.placed_in, one.id in here.outdated_in) for one in own_forms()]
        return self.render("manage/questionnaires/files_place.html", form=here, places=places, error=error)


def _lines(text: str) -> list[str]:
    """The lines of a field, cleaned; empty ones left out."""
    return [line for one in text.splitlines() if (line := clean_line(one[:_LINE], _LINE))]


def _harm_question(item: Item, language: str) -> tuple[Item, str, list[tuple[str, str]], str]:
    """A question to decide about: its words, what could mean no to it, and which of them most likely does."""
    words = {option.code: in_language(option.text, language) for option in item.options}
    codes = calm_codes(item)
    likely = next((code for code in codes if _CALM.match(words.get(code, ""))), codes[0])
    return item, in_language(item.text, language), [(code, words.get(code, "")) for code in codes], likely


def form_url(key: str) -> str:
    """The address by which other programs know a form of this clinic."""
    return f"{home_of(current_tenant())}/forms/{key}"


def _order(brought: Brought, language: str) -> list[tuple[str, list[tuple[str, int]]]]:
    """Which answer would get which number if the order of the published sheet held: by question, in words."""
    if brought.sheet is None or not brought.lacks_scores:
        return []

    def row(item: Item) -> tuple[str, list[tuple[str, int]]]:
        options = numbered(item.options, brought.sheet.instrument) if brought.sheet else ()
        return link_of(item), [(in_language(one.text, language), one.score or 0) for one in options]

    found: list[tuple[str, list[tuple[str, int]]]] = []
    for item in (brought.sheet.gate, *brought.sheet.items):
        if item is not None and (not found or row(item)[1] != found[-1][1]):
            found.append(row(item))
    return found
