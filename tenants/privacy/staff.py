"""A client's data as the owner handles it: a copy for them, what they agreed to, who read it, an end to all of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, flash, redirect, request, url_for
from flask_admin import expose

from saas import audit
from saas.admin import OfficeView, current_account, fresh, page_asked
from saas.errors import DomainError, Invalid
from saas.fields import OfficeForm
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.clients.models import Client
from tenants.clients.queries import NoSuchClient, client_by_id
from tenants.intake.agreements import agreements_of, take_back
from tenants.intake.consents import Origin
from tenants.intake.queries import consents_of, intakes_of_client
from tenants.intake.settings import JURISDICTIONS, intake_settings
from tenants.intake.who_opened import opened
from tenants.privacy.actions import coming, end_hold, erase_client, hold, look_through_due
from tenants.privacy.copy import packed, take_copy
from tenants.privacy.forms import WHY_WORDS, CopyForm, EraseForm, HoldForm
from tenants.privacy.queries import hold_of, kept_for, records_of
from tenants.privacy.rules import PERIODS, Period

CHOICE_WORDS = {"given": _l("Agreed"), "refused": _l("Did not agree"), "withdrawn": _l("Took it back")}


class PrivacyView(OfficeView):
    """One client's data."""

    roles = ("owner",)
    part_of = "client"

    def __init__(self) -> None:
        super().__init__(name=_l("Their data"), endpoint="privacy", url="privacy")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    @fresh
    def index(self) -> str:
        return self._page(_client())

    def _page(self, client: Client, form: EraseForm | None = None, holding: HoldForm | None = None) -> str:
        now, ids = page_now(), records_of(client.id)
        audit.note_read("client", target_id=client.id, now=now)
        intakes = [one.id for id in ids for one in intakes_of_client(id)]
        receipts = [row for id in ids for row in consents_of(id)]
        last = {one.receipt_id: one for id in ids for one in agreements_of(id)}
        return self.render(
            "manage/privacy/client.html",
            client=client,
            copy=CopyForm(),
            owner_reads=intake_settings().owner_reads,
            form=form or EraseForm(),
            agreements=receipts,
            holding={id: one for id, one in last.items() if one.holds},
            sentences={row.purpose: last[row.id].sentence for row in receipts if row.id in last},
            zone=ZoneInfo(current_tenant().zone),
            choices=CHOICE_WORDS,
            opened=opened([*ids, *intakes])[-50:],
            coming=coming(ids, now=now),
            hold=hold_of(ids),
            whys=WHY_WORDS,
            hold_form=holding or HoldForm(),
            kept=kept_for(ids, period) if (period := _period()) else None,
        )

    @expose("/copy/", methods=("POST",))
    @fresh
    def copy(self) -> Any:
        client = _client()
        form = CopyForm(request.form)
        form.require()
        account = current_account()
        reader = account.id if account else None
        data = packed(take_copy(client_id=client.id, reader=reader, notes=bool(form.notes.data), now=page_now()))
        headers = {"Content-Disposition": "attachment; filename=copy.zip", "Cache-Control": "no-store"}
        return Response(data, headers=headers, mimetype="application/zip")

    @expose("/hold/", methods=("POST",))
    @fresh
    def hold(self) -> Any:
        client, form = _client(), HoldForm(request.form)
        form.require()
        if request.form.get("do") != "hold":
            end_hold(client_id=client.id, now=page_now())
            return redirect(url_for(".index", id=client.id), 303)
        try:
            hold(client_id=client.id, why=form.why.data or "", now=page_now())
        except Invalid as error:
            form.put(error)
            return self._page(client, holding=form), error.status
        return redirect(url_for(".index", id=client.id), 303)

    @expose("/back/", methods=("POST",))
    @fresh
    def back(self) -> Any:
        """What a client tells the clinic that they take back, where they do not do it on their own page."""
        client, form = _client(), OfficeForm(request.form)
        form.require()
        now = page_now()
        for id in records_of(client.id):
            for one in agreements_of(id):
                if one.holds and str(one.receipt_id) == request.form.get("receipt"):
                    take_back(client_id=id, receipt_id=one.receipt_id, method="clinic", origin=Origin(), now=now)
                    flash(_("Taken back. Whoever gives their next session is told."))
        return redirect(url_for(".index", id=client.id), 303)

    @expose("/erase/", methods=("POST",))
    @fresh
    def erase(self) -> Any:
        client = _client()
        form = EraseForm(request.form)
        if not form.validate():
            return self._page(client, form), 422
        try:
            erase_client(client_id=client.id, typed=form.typed.data or "", basis=form.basis.data or "", now=page_now())
        except DomainError as error:
            form.put(error)
            return self._page(client, form), error.status
        flash(_("Erased. Bookings and payments stay in your books without the person."))
        return redirect(url_for("client.index_view"), 303)


class DueView(OfficeView):
    """Records whose period is over: nothing goes by itself, the owner erases one after the other."""

    roles = ("owner",)
    part_of = "client"

    def __init__(self) -> None:
        super().__init__(name=_l("Records due for erasing"), endpoint="records_due", url="records")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> str:
        period, place = _period(), intake_settings().jurisdiction
        page, now = page_asked(), page_now()
        lines, more = look_through_due(period, page=page, now=now) if period else ([], False)
        zone = ZoneInfo(current_tenant().zone)
        return self.render(
            "manage/privacy/due.html", period=period, place=JURISDICTIONS[place], lines=lines, page=page, more=more,
            zone=zone, today=now.astimezone(zone).date(),
        )  # fmt: skip


def _period() -> Period | None:
    """The rule the clinic has chosen; None while it decides later."""
    return PERIODS.get(intake_settings().jurisdiction)


def _client() -> Client:
    """The client this page is about; `NoSuchClient` for any other id."""
    try:
        return client_by_id(UUID(request.values.get("id", "")))
    except ValueError:
        raise NoSuchClient from None
