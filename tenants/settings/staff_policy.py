"""The cancellation policy: what it says now, another version of it, and the last 90 days played again under that."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_admin import expose
from markupsafe import Markup

from saas.stale import mark_of
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.clinic.actions import save_policy
from tenants.clinic.models import Policy
from tenants.clinic.queries import latest_policy, terms_of
from tenants.clinic.rules import PolicyRequest, clean_policy
from tenants.settings.forms import PolicyForm
from tenants.settings.queries import MOST_PLAYED, endings
from tenants.settings.rules import Played, Sums, replay, sums_of
from tenants.settings.saving import KEPT, MEANWHILE, REFUSED, Answer, SettingsPage, keep, kept
from tenants.settings.staff import policy_words

MOST_SHOWN = 100
"""How many of a replay's lines are shown; the totals count all of them."""
_START = PolicyRequest(free_hours=24, late_fee_percent=50, no_show_percent=100)


class PolicyDesk(SettingsPage):
    """One form; "Play the last 90 days" changes nothing, "Save as a new version" does."""

    def __init__(self) -> None:
        super().__init__(name=_l("Cancellation policy"), endpoint="settings_policy", url="settings/policy")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        if request.method == "GET":
            return self._page(None, 200)
        form = PolicyForm(request.form)
        if request.form.get("do") == "replay":
            return self._replay(form)
        status = keep(form, form.request, lambda typed: _save(form, typed))
        if status == KEPT:
            return kept(_("Saved. Bookings from now on are made under it; those that stand keep theirs."), at=".index")
        return self._page(form, status)

    def _replay(self, form: PolicyForm) -> Answer:
        typed: list[PolicyRequest] = []
        status = keep(form, form.request, lambda policy: typed.append(clean_policy(policy)))
        return self._page(form, 200, typed[0]) if status == KEPT else self._page(form, REFUSED)

    def _page(self, form: PolicyForm | None, status: int, policy: PolicyRequest | None = None) -> Answer:
        last = latest_policy()
        form = form or _filled(last)
        if status == MEANWHILE or not form.seen.data:
            form.seen.data = _mark(last)
        page = self.render(
            "manage/settings/policy.html",
            record_form=form,
            stands=[(_("Policy"), policy_words(last))] if status == MEANWHILE else [],
            last=last,
            last_terms=Markup(last.terms) if last else "",  # noqa: S704 (made safe when it was saved)
            words=policy_words(last),
            played=_play(policy) if policy is not None else None,
        )
        return page, status


def _save(form: PolicyForm, policy: PolicyRequest) -> None:
    save_policy(policy=policy, seen=form.seen.data or "", now=page_now())


def _mark(last: Policy | None) -> str:
    return mark_of(last.version if last else 0)


def _filled(last: Policy | None) -> PolicyForm:
    stands = terms_of(last) if last is not None else _START
    names = ("free_hours", "late_fee_percent", "no_show_percent")
    numbers = {name: str(getattr(stands, name)) for name in names}
    return PolicyForm(None, data={**numbers, "terms": stands.terms})


def _play(policy: PolicyRequest) -> dict[str, Any]:
    """The replay as the page shows it: totals of all, the newest lines, those that differ first."""
    found = endings(now=page_now())
    zone = ZoneInfo(current_tenant().zone)
    lines: list[Played] = replay([one.ended for one in found], policy)
    sums: Sums = sums_of(lines, current_tenant().currency)
    named = [(one, ending.client) for one, ending in zip(lines, found, strict=True)]
    first = sorted(named, key=lambda pair: not pair[0].differs)[:MOST_SHOWN]
    rows = [
        {
            "id": one.ended.id,
            "client": client,
            "starts": one.ended.starts_at.astimezone(zone),
            "how": _("Did not come") if one.ended.how == "no_show" else _("Cancelled"),
            "ended": one.ended.ended_at.astimezone(zone) if one.ended.how == "cancelled" else None,
            "before": one.before,
            "after": one.after,
            "differs": one.differs,
        }
        for one, client in first
    ]
    return {"sums": sums, "rows": rows, "count": len(lines), "more": len(lines) >= MOST_PLAYED}
