"""The guided set-up of a new clinic: four questions, each of which can be left for later, and then the page is open."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice

from saas import theme
from saas.admin import Console, current_account
from saas.errors import NotFound
from saas.languages import locale
from saas.links import absolute
from saas.tenancy import current_or_none, current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.availability.hours import DAYS, Week
from tenants.availability.rules import day_name
from tenants.clinic.actions import end_set_up, note_set_up
from tenants.clinic.queries import clinic_view
from tenants.clinic.rules import SET_UP_STEPS, Profile
from tenants.practitioners.queries import practitioners
from tenants.services.rules import NotAnAmount, ServiceRequest, amount_of
from tenants.settings.actions import BRAND_FIELDS, start_brand, start_hours, start_payments, start_service
from tenants.settings.forms import PressForm, SettingsForm
from tenants.settings.queries import Progress, hours_stand, is_new, progress
from tenants.settings.saving import KEPT, Answer, SettingsPage, keep
from tenants.settings.staff_brand import tried

STEP_WORDS = {
    "brand": _l("How your page looks"),
    "service": _l("Your first session"),
    "hours": _l("When you work"),
    "payments": _l("How you are paid"),
}
_WORKDAYS = DAYS[:5]


class BrandStep(SettingsForm):
    """A colour, a line and a place: enough for a page that is yours."""

    brand = StringField()
    headline = StringField()
    place = StringField()
    phone = StringField()
    email = StringField()


class ServiceStep(SettingsForm):
    """One session, paid at the clinic until it is said otherwise."""

    name = StringField()
    duration_min = StringField(default="60")
    price = StringField()
    person = StringField()

    def request(self, currency: str) -> ServiceRequest:
        """The session as typed; where a field cannot be read, its sentence is beside it."""
        minutes = self.whole("duration_min")
        text, minor = (self.price.data or "").strip(), 0
        try:
            minor = amount_of(text, currency, locale()) if text else 0
        except NotAnAmount as error:
            self.refuse("price", error.sentence)
        return ServiceRequest(
            name=self.name.data or "",
            duration_min=minutes,
            buffer_after_min=15,
            price_minor=minor,
            payment="at_clinic" if minor else "free",
        )


class HoursStep(SettingsForm):
    """The same hours on each day that is ticked."""

    days = SelectMultipleField(validate_choice=False, default=list(_WORKDAYS))
    start = StringField(default="09:00")
    end = StringField(default="17:00")

    def request(self) -> Week:
        """The week as typed."""
        window = ((self.start.data or "").strip()[:5], (self.end.data or "").strip()[:5])
        return {day: [window] for day in DAYS if day in (self.days.data or ())}


class PaymentStep(SettingsForm):
    """Where clients pay."""

    how = RadioField(
        choices=[
            SelectChoice("at_clinic", _l("At the clinic, in cash or by your own card terminal")),
            SelectChoice("online", _l("Online by card, when they book")),
        ],
        default="at_clinic",
        validate_choice=False,
    )


class StartView(SettingsPage):
    """One page for each step, and one that says how far it is."""

    def __init__(self) -> None:
        super().__init__(name=_l("Set-up"), endpoint="settings_start", url="start")

    def create_blueprint(self, admin: Console) -> Blueprint:
        blueprint = super().create_blueprint(admin)
        # The first page of the office leads here while a new clinic has nothing to book. Asked before that page's own
        # guard; this page has the same one.
        blueprint.before_app_request(_lead_here)
        return blueprint

    @expose("/")
    def index(self) -> str:
        found = progress()
        states = [(step, STEP_WORDS[step], found.state(step)) for step in SET_UP_STEPS]
        return self.render("manage/settings/start.html", steps=states, found=found, home=absolute("/"))

    @expose("/brand/", methods=("GET", "POST"))
    def brand(self) -> Answer:
        clinic = clinic_view()
        data = {**{name: getattr(clinic, name) for name in BRAND_FIELDS}, "brand": clinic.brand}
        form = BrandStep(request.form if request.method == "POST" else None, data=data)
        status = 200
        if request.method == "POST":
            status = keep(
                form,
                lambda: _brand_of(form),
                lambda typed: start_brand(brand=typed[0], profile=typed[1], now=page_now()),
            )
        return _onward("brand") if status == KEPT else self._step("brand", form, status, tried=_look(form, clinic))

    @expose("/service/", methods=("GET", "POST"))
    def service(self) -> Answer:
        currency = current_tenant().currency
        account = current_account()
        people = practitioners()
        # Whoever made the clinic has named the account after it: that is nobody's name.
        named = account is not None and account.name != current_tenant().name
        data = {"person": account.name if account is not None and named else ""}
        form = ServiceStep(request.form if request.method == "POST" else None, data=data)
        status = 200
        if request.method == "POST" and account is not None:

            def deed(typed: ServiceRequest) -> None:
                start_service(request=typed, person=form.person.data or "", account_id=account.id, now=page_now())

            status = keep(form, lambda: form.request(currency), deed)
        return _onward("service") if status == KEPT else self._step("service", form, status, people=people)

    @expose("/hours/", methods=("GET", "POST"))
    def hours(self) -> Answer:
        form = HoursStep(request.form if request.method == "POST" else None)
        if request.method == "POST" and "days" not in request.form:
            form.days.data = []
        status = 200
        if request.method == "POST":
            status = keep(form, form.request, lambda week: start_hours(week=week, now=page_now()))
        if status == KEPT:
            return _onward("hours")
        if hours_stand():  # whoever comes back here: the same hours on each day would wipe out what was set since
            page = self.render("manage/settings/start_hours_stand.html", step_words=STEP_WORDS["hours"])
            return page, 409 if request.method == "POST" else 200
        days = [(day, day_name(day), day in (form.days.data or ())) for day in DAYS]
        problems = list(dict.fromkeys([*form.form_errors, *form.refused.values()]))
        return self._step("hours", form, status, days=days, problems=problems, ready="service" in progress().has)

    @expose("/payments/", methods=("GET", "POST"))
    def payments(self) -> Answer:
        form = PaymentStep(request.form if request.method == "POST" else None)
        status = 200
        if request.method == "POST":
            status = keep(form, lambda: form.how.data or "", lambda how: start_payments(how=how, now=page_now()))
        if status == KEPT:
            return _onward("payments")
        return self._step("payments", form, status, connected=current_tenant().stripe_account_id is not None)

    def _step(self, step: str, form: SettingsForm, status: int, **more: Any) -> Answer:
        page = self.render(
            f"manage/settings/start_{step}.html",
            record_form=form,
            stands=[],
            step=step,
            step_words=STEP_WORDS[step],
            number=SET_UP_STEPS.index(step) + 1,
            count=len(SET_UP_STEPS),
            **more,
        )
        return page, status

    @expose("/skip/", methods=("POST",))
    def skip(self) -> Answer:
        PressForm(request.form).require()
        step = request.form.get("step", "")
        if step not in SET_UP_STEPS:
            raise NotFound
        note_set_up(step=step, how="skipped", now=page_now())
        return _onward(step)

    @expose("/end/", methods=("POST",))
    def end(self) -> Answer:
        PressForm(request.form).require()
        end_set_up(now=page_now())
        return redirect(url_for("manage.index"), 303)


def _lead_here() -> Response | None:
    if request.endpoint != "manage.index" or request.method != "GET":
        return None
    tenant, account = current_or_none(), current_account()
    if tenant is None or tenant.is_platform or account is None or account.role != "owner" or not is_new():
        return None
    return redirect(url_for("settings_start.index"), 303)


def _onward(step: str) -> Response:
    """To the next step that is open after this one, else to the page that says how far it is."""
    found: Progress = progress()
    later = SET_UP_STEPS[SET_UP_STEPS.index(step) + 1 :]
    following = next((one for one in later if found.state(one) == "open"), None)
    if following is None:
        flash(_("That was the last question."))
    return redirect(url_for(f"settings_start.{following or 'index'}"), 303)


def _brand_of(form: BrandStep) -> tuple[str, Profile]:
    contact = {name: str(form[name].data or "") for name in BRAND_FIELDS}
    return form.brand.data or "", Profile(**contact)  # type: ignore[arg-type]


def _look(form: BrandStep, clinic: Any) -> Any:
    typed = (form.brand.data or "").strip().lower()
    return tried(typed if theme.is_colour(typed) else clinic.brand, clinic.heading_style)
