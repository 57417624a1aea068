"""The owner's monthly look at who opened whose record and answers: gone through, and said so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for
from flask_admin import expose

from saas import audit
from saas.accounts.queries import account_by_id
from saas.admin import OfficeForm, OfficeView, current_account, page_asked
from saas.errors import NotFound
from saas.formats import month_year
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import later as _l
from tenants.intake.read_reviews import MonthNotOver, mark_reviewed, month_before, review_of, this_month
from tenants.practitioners.rules import ROLE_WORDS
from tenants.privacy.looks import Month

OFFERED = 24
"""How many months can be chosen."""


class LooksView(OfficeView):
    """Who opened how much, compared with the months before; and whose record, where a second look is worth it."""

    roles = ("owner",)
    part_of = "audit"

    def __init__(self) -> None:
        super().__init__(name=_l("Who opened what"), endpoint="looks", url="looks")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> str:
        return self._page(_month_asked())

    def _page(self, first: date, problem: str = "") -> str:
        running, month, review = this_month(page_now()), Month(first), review_of(first)
        return self.render(
            "manage/privacy/looks.html",
            problem=problem,
            first=first,
            is_over=first < running,
            months=[(one.isoformat()[:7], month_year(one, locale())) for one in _months(running)],
            tallies=month.tallies(),
            review=review,
            roles=ROLE_WORDS,
            reviewer=account_by_id(review.account_id).name if review else "",
            zone=ZoneInfo(current_tenant().zone),
        )

    @expose("/of/")
    def of(self) -> str:
        """One person's looks at clients in that month that are worth a second one."""
        first, account_id = _month_asked(), _account_asked()
        audit.note_read("looks", target_id=None, now=page_now())
        month, page = Month(first), page_asked()
        lines, more = month.noticed(account_id, page=page)
        return self.render(
            "manage/privacy/looks_of.html",
            first=first,
            name=month.name_of(account_id) if account_id else "",
            account_id=account_id,
            lines=lines,
            page=page,
            more=more,
            last=month_before(first, months=-1) - timedelta(days=1),
        )

    @expose("/reviewed/", methods=("POST",))
    def reviewed(self) -> Any:
        first, account = _month_asked(), current_account()
        if account is None:
            raise NotFound
        OfficeForm(request.form).require()
        try:
            mark_reviewed(month=first, account_id=account.id, now=page_now())
        except MonthNotOver as error:
            return self._page(first, problem=error.message), error.status
        return redirect(url_for(".index", m=first.isoformat()[:7]), 303)


def _months(running: date) -> list[date]:
    return [month_before(running, months=count) for count in range(OFFERED + 1)]


def _month_asked() -> date:
    """The month an address or a form names; the last one that is over for anything else."""
    running = this_month(page_now())
    text = request.values.get("m", "")
    return next((one for one in _months(running) if one.isoformat()[:7] == text), month_before(running))


def _account_asked() -> UUID | None:
    """Whose looks; None for those that name nobody."""
    try:
        return UUID(request.args.get("who", ""))
    except ValueError:
        return None
