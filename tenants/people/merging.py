"""Pages on which two records become one: who may be whom, and both side by side before the choice."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas import audit
from saas.admin import OfficeView
from saas.errors import DomainError, Invalid
from saas.stale import ChangedMeanwhile, mark_of
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.clients.actions import WasMerged, record_of
from tenants.clients.models import Client
from tenants.clients.queries import NoSuchClient
from tenants.people import queries, views
from tenants.people.actions import TimesOverlap, merge_clients, say_apart
from tenants.people.forms import PressForm
from tenants.people.rules import FIELDS, chosen_at_first

WHY_WORDS = {
    "email": _l("The same email address"),
    "phone": _l("The same telephone"),
    "name": _l("The same name"),
}


class DuplicatesView(OfficeView):
    """Clients who may be one person. Nothing is merged by itself: sisters share a telephone."""

    roles = ("owner", "front_desk")
    part_of = "client"

    def __init__(self) -> None:
        super().__init__(name=_l("Possible duplicates"), endpoint="duplicates", url="duplicates")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> str:
        audit.note_read("duplicates", target_id=None, now=page_now())
        return self.render(
            "manage/clients/duplicates.html", groups=queries.suggestions(), why=WHY_WORDS, apart=queries.said_apart()
        )

    @expose("/merge/", methods=("GET", "POST"))
    def merge(self) -> Any:
        stays, goes = _both()
        if request.method == "GET":
            for client in (stays, goes):
                audit.note_read("client", target_id=client.id, now=page_now())
            return self._side_by_side(stays, goes)
        form = PressForm(request.form)
        form.require()
        choices = {name: request.form[f"take-{name}"] for name in FIELDS if f"take-{name}" in request.form}
        try:
            moved = merge_clients(
                stays_id=stays.id, goes_id=goes.id, choices=choices, seen=form.seen.data or "", now=page_now()
            )
        except (ChangedMeanwhile, TimesOverlap, Invalid) as error:
            return self._side_by_side(*_both(), choices=choices, error=error), error.status
        flash(
            ngettext(
                "They are one client now. %(num)d booking moved here.",
                "They are one client now. %(num)d bookings moved here.",
                moved,
            )
        )
        return redirect(url_for("client.details_view", id=stays.id), 303)

    @expose("/apart/", methods=("POST",))
    def apart(self) -> Any:
        one, other = _both()
        PressForm(request.form).require()
        try:
            say_apart(one_id=one.id, other_id=other.id, now=page_now())
        except WasMerged as error:
            return self._side_by_side(*_both(), error=error), error.status
        flash(_("Remembered: they are two people."))
        return redirect(url_for(".index"), 303)

    def _side_by_side(
        self, stays: Client, goes: Client, *, choices: dict[str, str] | None = None, error: DomainError | None = None
    ) -> str:
        ours, theirs = record_of(stays), record_of(goes)
        visits = queries.visits_of([stays.id, goes.id], now=page_now())
        return self.render(
            "manage/clients/merge.html",
            stays=stays,
            goes=goes,
            visits=visits,
            rows=[
                (name, label, views.in_words(name, getattr(stays, name)), views.in_words(name, getattr(goes, name)))
                for name, label in views.FIELD_WORDS.items()
            ],
            chosen={**chosen_at_first(ours, theirs), **(choices or {})},
            seen=mark_of(*astuple(ours), *astuple(theirs)),
            error=error,
        )


def _both() -> tuple[Client, Client]:
    """Who stays (`a`) and who goes (`b`), as they are now; a record that went already leads to nothing to merge."""
    try:
        ids = UUID(request.values.get("a", "")), UUID(request.values.get("b", ""))
    except ValueError:
        raise NoSuchClient from None
    found = queries.clients_by_id(ids)
    if len(found) != 2:
        raise NoSuchClient
    return found[ids[0]], found[ids[1]]
