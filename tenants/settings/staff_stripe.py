"""Cards online: the clinic's account at Stripe, from nothing to paid."""

from __future__ import annotations

from flask import request
from flask_admin import expose

from saas.admin import fresh
from saas.errors import Conflict
from saas.stripe_values import AccountState, GatewayError
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.settings.connecting import begin, begun_state, take_into_use
from tenants.settings.forms import PressForm
from tenants.settings.queries import tenant_row
from tenants.settings.saving import Answer, SettingsPage, kept


class StripeView(SettingsPage):
    """How far it is, and the next step. Stripe sends people back to the first page, which asks Stripe itself."""

    def __init__(self) -> None:
        super().__init__(name=_l("Cards online"), endpoint="settings_stripe", url="settings/cards")

    @expose("/")
    @fresh
    def index(self) -> Answer:
        return self._page()

    @expose("/begin/", methods=("POST",))
    @fresh
    def begin(self) -> Answer:
        PressForm(request.form).require()
        try:
            # Shown as a link: it is good for one visit, and kept nowhere.
            return self._page(onward=begin(now=page_now()))
        except (GatewayError, Conflict) as error:
            return self._failed(error)

    @expose("/use/", methods=("POST",))
    @fresh
    def use(self) -> Answer:
        PressForm(request.form).require()
        try:
            if take_into_use(now=page_now()):
                return kept(_("Your account is connected: sessions can be paid by card from now on."), at=".index")
        except (GatewayError, Conflict) as error:
            return self._failed(error)
        return self._page(status=409)

    def _failed(self, error: GatewayError | Conflict) -> Answer:
        if isinstance(error, Conflict):
            return self._page(_("Something has changed since you opened this page. This is how it stands now."), 409)
        return self._page(_silent(), 503)

    def _page(self, problem: str = "", status: int = 200, *, onward: str = "") -> Answer:
        state: AccountState | None = None
        connected = tenant_row().stripe_account_id
        begun = tenant_row().stripe_begun_id
        if connected is None and not onward and not problem:
            try:
                state = begun_state()
            except GatewayError:
                problem = _silent()
        page = self.render(
            "manage/settings/cards.html",
            connected=connected,
            begun=begun is not None,
            state=state,
            onward=onward,
            problem=problem,
        )
        return page if status == 200 else (page, status)


def _silent() -> str:
    return _("Stripe isn’t answering just now. Nothing has changed; please try again in a moment.")


def cards_words() -> str:
    """Where it stands, in a line."""
    row = tenant_row()
    if row.stripe_account_id is not None:
        return _("Connected to Stripe")
    return _("Begun, not finished") if row.stripe_begun_id is not None else _("Not connected yet")
