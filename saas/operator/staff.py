"""The clinics: found, made, changed, suspended, resumed, closed; where they are paid and their own host names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, flash, redirect, request
from flask_admin import expose

from saas.accounts import invitations
from saas.accounts.actions import clean_person
from saas.accounts.forms import Press
from saas.accounts.models import OPERATOR, OWNER
from saas.admin import OfficeForm, OfficeView, current_account, fresh, page_asked
from saas.config import settings
from saas.errors import DomainError, Invalid
from saas.fleet import actions as fleet
from saas.fleet.queries import NoSuchClinic, clinic_by_id, domains_of, find_clinics
from saas.fleet.rules import ClinicEdit, ClinicRequest
from saas.links import home_of
from saas.operator.forms import ClinicForm, DomainForm, NewClinicForm, ReasonForm, StripeForm
from saas.operator.queries import Facts, Inside, look_inside
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import Tenant, TenantRef, ref_of, tenant_scope
from saas.web import page_now
from saas.words import _
from saas.words import later as _l

PAGE = 20
Answer = Any
STATES = {
    "trial": ("info", _l("Trial")),
    "active": ("ok", _l("Active")),
    "past_due": ("warn", _l("Past due")),
    "suspended": ("warn", _l("Suspended")),
    "closed": ("off", _l("Closed")),
}
COUNTS = {"bookings": _l("Bookings")}
_LISTED, _TAKEN = ("recent",), "taken"
# What one button does, after a page that asks: question, what follows, the button's words.
ASKS = {
    "suspend": (
        _l("Suspend this clinic?"),
        _l("Its clients and staff read that it is paused. Nothing is deleted, and you can resume it."),
        _l("Suspend"),
    ),
    "resume": (_l("Resume this clinic?"), _l("Its pages answer again at once."), _l("Resume")),
    "close": (
        _l("Close this clinic?"),
        _l("Its pages say that it has closed, and nobody logs in there. Its records stay. It cannot be opened again."),
        _l("Close the clinic"),
    ),
}


def _parts() -> Any:
    return current_app.extensions["longtide"]


class ClinicsView(OfficeView):
    """Every clinic, and one clinic whole; never anything about its clients.

    The list names owners and counts the last 30 days, as it was drawn. Row-level security lets nobody look into all
    clinics at once, so each of the `PAGE` clinics on a page is entered, for one statement that reads a month of an
    index. What counts all there ever was stands on the clinic's own page.
    """

    roles = (OPERATOR,)

    def __init__(self) -> None:
        super().__init__(name=_l("Clinics"), endpoint="operator_clinics", url="clinics")

    def _ref(self) -> TenantRef:
        try:
            return ref_of(clinic_by_id(UUID(request.values.get("id", ""))))
        except ValueError:
            raise NoSuchClinic from None

    def _done(self, ref: TenantRef, sentence: str) -> Answer:
        flash(sentence)
        return redirect(self.get_url(".clinic", id=ref.id), 303)

    @expose("/")
    def index(self) -> Answer:
        search, status = request.args.get("search", "")[:100].strip(), request.args.get("status", "")
        status = status if status in STATES else ""
        page = page_asked()
        count, rows = find_clinics(search=search, status=status, skip=page * PAGE, limit=PAGE)
        found = [(ref_of(row), row.created_at) for row in rows]
        lines = [
            {"ref": ref, "made": made, "state": STATES[ref.status], "inside": _inside(ref, *_LISTED)}
            for ref, made in found
        ]
        kept = {name: value for name, value in (("search", search), ("status", status)) if value}
        return self.render(
            "operator/clinics.html",
            lines=lines,
            count=count,
            page=page,
            pages=-(-count // PAGE),
            kept=kept,
            states=STATES,
        )

    @expose("/new/")
    def new(self) -> Answer:
        return self.render("operator/new.html", form=NewClinicForm(data={"locale": "en"}))

    @expose("/new/", methods=("POST",))
    @fresh
    def make(self) -> Answer:
        form = NewClinicForm(request.form)
        if form.validate():
            try:
                ref = self._make(form)
            except DomainError as refused:
                form.put(refused)
            else:
                return self._done(ref, _("The clinic is made, and a mail is on its way to its owner."))
        return self.render("operator/new.html", form=form), 422

    def _make(self, form: NewClinicForm) -> TenantRef:
        now = page_now()
        # Looked at first: a wrong one must not leave a clinic without its owner.
        owner, known_as = _owner(form.email.data, form.owner_name.data)
        _operator()
        asked = ClinicRequest(
            form.slug.data, form.name.data, form.zone.data, form.currency.data, form.country.data, form.locale.data
        )
        ref = fleet.create_clinic(request=asked, now=now, on_created=_parts().on_clinic_created)
        with tenant_scope(ref):
            invitations.invite(email=owner, name=known_as, role=OWNER, now=now)
        return ref

    @expose("/clinic/")
    def clinic(self) -> Answer:
        return self._page(self._ref())

    def _page(self, ref: TenantRef, *, changed: bool = False, **forms: OfficeForm) -> str:
        """One clinic: `forms` are those that were sent and refused, by name."""
        inside = _inside(ref, *COUNTS)
        row = clinic_by_id(ref.id)
        given = {"name": row.name, "zone": row.zone, "country": row.country, "fee_percent": row.fee_percent}
        fresh_forms: dict[str, OfficeForm] = {
            "edit": ClinicForm(data={**given, "seen": _mark(row)}),
            "stripe": StripeForm(data={"account": row.stripe_account_id or ""}),
            "domain": DomainForm(),
        }
        return self.render(
            "operator/clinic.html",
            row=row,
            home=home_of(ref_of(row)),
            state=STATES[row.status],
            inside=inside,
            counts=[(str(COUNTS[code]), number) for code, number in inside.facts.items()],
            domains=domains_of(row.id),
            changed=changed,
            press=Press(),
            forms={**fresh_forms, **forms},
            refused=next((name for name in forms), ""),
        )

    @expose("/clinic/", methods=("POST",))
    @fresh
    def edit(self) -> Answer:
        ref, form = self._ref(), ClinicForm(request.form)
        if not form.validate():
            return self._page(ref, edit=form), 422
        wish = ClinicEdit(form.name.data, form.zone.data, form.country.data, form.fee_percent.data)
        free = not _inside(ref, _TAKEN).facts.get(_TAKEN, 0)
        try:
            fleet.edit_clinic(tenant_id=ref.id, wish=wish, zone_is_free=free, seen=form.seen.data, now=page_now())
        except ChangedMeanwhile as refused:
            again = ClinicForm(data={**form.data, "seen": _mark(clinic_by_id(ref.id))})
            return self._page(ref, changed=True, edit=again), refused.status
        except DomainError as refused:
            form.put(refused)
            return self._page(ref, edit=form), refused.status
        return self._done(ref, _("Saved."))

    @expose("/stripe/", methods=("POST",))
    @fresh
    def connect(self) -> Answer:
        ref, form = self._ref(), StripeForm(request.form)
        return self._change(
            ref, "stripe", form, _("Saved: card payments go to this account from now on."),
            lambda now: fleet.connect_stripe(tenant_id=ref.id, account=form.account.data.strip(), now=now),
        )  # fmt: skip

    @expose("/domain/", methods=("POST",))
    @fresh
    def add_domain(self) -> Answer:
        ref, form = self._ref(), DomainForm(request.form)
        ours = settings().hosts | {settings().base_domain}
        return self._change(
            ref, "domain", form, _("Added. It answers once you say that it points here."),
            lambda now: fleet.add_domain(tenant_id=ref.id, host=form.host.data, ours=ours, now=now),
        )  # fmt: skip

    def _change(self, ref: TenantRef, name: str, form: OfficeForm, sentence: str, deed: Any) -> Answer:
        status = 422
        if form.validate():
            try:
                deed(page_now())
            except DomainError as refused:
                form.put(refused)
                status = refused.status
            else:
                return self._done(ref, sentence)
        return self._page(ref, **{name: form}), status

    @expose("/domain/<deed>/")
    def ask_domain(self, deed: str) -> Answer:
        return self._ask_domain(self._ref(), deed)

    def _ask_domain(self, ref: TenantRef, deed: str) -> str:
        host = request.values.get("host", "")
        if deed not in ("remove", "prove") or host not in [one.host for one in domains_of(ref.id)]:
            raise NoSuchClinic
        return self.render("operator/domain.html", ref=ref, deed=deed, host=host, form=Press())

    @expose("/domain/<deed>/", methods=("POST",))
    @fresh
    def do_domain(self, deed: str) -> Answer:
        ref, host = self._ref(), request.values.get("host", "")
        page = self._ask_domain(ref, deed)
        if not Press(request.form).validate():
            return page, 422
        if deed == "remove":
            fleet.remove_domain(tenant_id=ref.id, host=host, now=page_now())
            return self._done(ref, _("Removed."))
        fleet.prove_domain(tenant_id=ref.id, host=host, now=page_now())
        return self._done(ref, _("It answers from now on."))

    @expose("/ask/<deed>/")
    def ask(self, deed: str) -> Answer:
        return self._ask(self._ref(), deed, ReasonForm() if deed == "suspend" else Press())

    def _ask(self, ref: TenantRef, deed: str, form: OfficeForm) -> str:
        if deed not in ASKS:
            raise NoSuchClinic
        question, follows, words = ASKS[deed]
        return self.render(
            "operator/ask.html", ref=ref, deed=deed, form=form, question=question, follows=follows, words=words
        )

    @expose("/ask/<deed>/", methods=("POST",))
    @fresh
    def do(self, deed: str) -> Answer:
        ref = self._ref()
        form = ReasonForm(request.form) if deed == "suspend" else Press(request.form)
        status = 422
        if form.validate() and deed in ASKS:
            try:
                self._carry_out(ref, deed, form)
            except DomainError as refused:
                form.put(refused)
                status = refused.status
            else:
                return self._done(ref, _("Done."))
        return self._ask(ref, deed, form), status

    def _carry_out(self, ref: TenantRef, deed: str, form: OfficeForm) -> None:
        now = page_now()
        if deed == "suspend":
            fleet.suspend(tenant_id=ref.id, reason=form.data["reason"], now=now)
        elif deed == "resume":
            fleet.resume(tenant_id=ref.id, now=now)
        elif deed == "close":
            fleet.close(tenant_id=ref.id, now=now)


def _operator() -> None:
    """The session ends inside a clinic: what the page says of who is logged in is read before."""
    account = current_account()
    if account is None or not account.name:
        raise NoSuchClinic


def _inside(ref: TenantRef, *codes: str) -> Inside:
    _operator()
    facts: Facts | None = _parts().facts
    return look_inside(ref, facts, codes, now=page_now())


def _owner(email: str | None, name: str | None) -> tuple[str, str]:
    try:
        return clean_person(email=email, name=name)
    except Invalid as refused:
        fields = {{"name": "owner_name"}.get(field, field): said for field, said in refused.fields.items()}
        raise Invalid(refused.message, fields=fields) from None


def _mark(row: Tenant) -> str:
    return mark_of(row.name, row.zone, row.country, row.fee_percent)
