"""Bringing a list of clients from another program: send it, see what is wrong with it or what it holds, say yes."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask_admin import expose

from saas.exports import safe_cell
from saas.fields import OfficeForm
from saas.tenancy import current_tenant
from saas.uploads import FORM_BYTES, FilePage, too_big
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.clients import sheet
from tenants.clients.actions import OtherFile, import_clients, keep_file
from tenants.clients.models import ClientImport
from tenants.clients.queries import NoSuchImport, known_among, waiting_import

COLUMN_WORDS = {
    "name": _l("Name"),
    "first": _l("First name"),
    "last": _l("Last name"),
    "known_as": _l("Known as"),
    "email": _l("Email"),
    "phone": _l("Telephone"),
    "reach": _l("How to reach them"),
}


class ImportView(FilePage):
    """A file is checked whole when it is sent, and taken in whole when somebody says yes to what was checked."""

    roles = ("owner",)
    part_of = "client"
    takes = sheet.BYTES_LIMIT + FORM_BYTES

    def __init__(self) -> None:
        super().__init__(name=_l("Bring a list of clients"), endpoint="client_import", url="clients/import")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        if request.method == "GET":
            return self._ask()
        if too_big():
            return self._ask(error=str(sheet.TOO_LARGE)), 413
        OfficeForm(request.form).require()
        file = request.files.get("file")
        content = file.read() if file is not None else b""
        if not content:
            return self._ask(error=_("Choose a file first")), 422
        try:
            found = sheet.read(content, country=current_tenant().country)
        except sheet.Unreadable as error:
            return self._ask(error=error.message), 422
        skip = bool(request.form.get("skip_known"))
        problems = [*found.problems, *([] if skip else _known(found))]
        if problems:
            problems.sort(key=lambda problem: problem.line)
            return self._ask(found=found, problems=problems), 422
        return redirect(url_for(".check", id=keep_file(content=content, skip_known=skip, now=page_now())), 303)

    @expose("/check/", methods=("GET", "POST"))
    def check(self) -> Any:
        row = _waiting()
        if row.done_at is not None:
            flash(_("This file has been brought in already."))
            return redirect(url_for("client.index_view"), 303)
        if row.content is None:
            raise NoSuchImport
        if request.method == "GET":
            return self._show(row, row.content)
        OfficeForm(request.form).require()
        content, seen, id_ = row.content, request.form.get("hash", ""), row.id
        if seen != hashlib.sha256(content).hexdigest():
            return self._show(row, content, error=_("This is not the file that was checked. Look at it again")), 409
        records = [entry.record for entry in sheet.read(content, country=current_tenant().country).entries]
        try:
            made = import_clients(import_id=id_, file_hash=seen, records=records, now=page_now())
        except OtherFile as error:
            return self._show(_waiting(), content, error=error.message), error.status
        flash(ngettext("%(num)d client was added.", "%(num)d clients were added.", made))
        return redirect(url_for("client.index_view"), 303)

    @expose("/sample/")
    def sample(self) -> Response:
        out = io.StringIO(newline="")
        csv.writer(out).writerows([[safe_cell(cell).lstrip("'") for cell in row] for row in sheet.SAMPLE])  # type: ignore[union-attr]
        headers = {"Content-Disposition": "attachment; filename=clients-sample.csv"}
        return Response(("\ufeff" + out.getvalue()).encode(), headers=headers, mimetype="text/csv")

    def _ask(
        self, *, error: str = "", found: sheet.Sheet | None = None, problems: list[sheet.Problem] | None = None
    ) -> str:
        return self.render(
            "manage/clients/import.html",
            error=error,
            found=found,
            problems=problems or [],
            columns=COLUMN_WORDS,
            limit=sheet.ROWS_LIMIT,
            skip=bool(request.form.get("skip_known")),
        )

    def _show(self, row: ClientImport, content: bytes, *, error: str = "") -> str:
        found = sheet.read(content, country=current_tenant().country)
        known = known_among([entry.record for entry in found.entries])
        return self.render(
            "manage/clients/import_check.html",
            found=found,
            known=len(known),
            new=len(found.entries) - len(known),
            columns=COLUMN_WORDS,
            hash=row.hash,
            id=row.id,
            error=error,
        )


def _known(found: sheet.Sheet) -> list[sheet.Problem]:
    """The lines of people whom the clinic has already."""
    known = known_among([entry.record for entry in found.entries])
    found_lines = {place: found.entries[place] for place in known}
    return [
        sheet.Problem(entry.line, "name", entry.record.name, _("You know %(name)s already", name=known[place]))
        for place, entry in found_lines.items()
    ]


def _waiting() -> ClientImport:
    try:
        return waiting_import(UUID(request.values.get("id", "")))
    except ValueError:
        raise NoSuchImport from None
