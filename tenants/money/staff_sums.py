"""What it all adds up to: who owes what, totals by day and month, disputes, payouts."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from flask_admin import expose

from saas import audit, formats
from saas.admin import OfficeView, fresh, page_asked
from saas.chart import Series, bars
from saas.exports import safe_cell
from saas.money import Money
from saas.shell import locale
from saas.stripe_gateway import gateway
from saas.stripe_values import Balance, GatewayError, Payout
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.money import views
from tenants.money.queries import debts, disputes, to_give_back
from tenants.money.rules import Period, period_asked
from tenants.payments.queries import Totals, totals_between

COLUMNS = {
    "by_card": _l("Card, when booking"),
    "cash": _l("Cash"),
    "reader": _l("Card, at the clinic"),
    "transfer": _l("Transfer"),
    "refunded": _l("Sent back"),
    "disputed": _l("Disputes"),
    "fees": _l("Longtide’s fee"),
    "net": _l("Left"),
}
_TAKEN_OFF = ("refunded", "disputed", "fees")
_PAYOUT_WORDS = {
    "paid": _l("Arrived"),
    "pending": _l("Waiting"),
    "in_transit": _l("On its way"),
    "canceled": _l("Stopped"),
    "failed": _l("Your bank did not take it. Please look at Stripe"),
}


def zone_here() -> ZoneInfo:
    """The clinic's clock."""
    return ZoneInfo(current_tenant().zone)


class _SumView(OfficeView):
    """A page beside the payments: reached from there, not from the menu."""

    part_of = "money"

    def is_visible(self) -> bool:
        return False

    def tabs(self) -> list[tuple[str, str, bool]]:
        """The money pages of this reader."""
        return views.tabs(self.endpoint.removeprefix("money_"))


class OwedView(_SumView):
    """Who owes what for sessions that have been, and whom the clinic owes."""

    roles = ("owner", "front_desk")

    def __init__(self) -> None:
        super().__init__(name=_l("Who owes what"), endpoint="money_owed", url="money/owed")

    @expose("/")
    def index(self) -> str:
        page = page_asked()
        return self.render(
            "manage/money/owed.html",
            debts=debts(now=page_now(), page=page),
            back=to_give_back(),
            page=page,
            zone=zone_here(),
        )


@dataclass(frozen=True)
class TotalsRow:
    """A line of the table: what happened on a day, or in a month. What left counts as minus."""

    label: str
    cells: tuple[Money, ...]
    empty: bool


def cells_of(totals: Totals) -> tuple[Money, ...]:
    """The table's cells: added up they are the last one."""
    return tuple(-getattr(totals, name) if name in _TAKEN_OFF else getattr(totals, name) for name in COLUMNS)


def together(parts: list[Totals]) -> Totals:
    """The sum of all parts."""
    zero = Money.zero(current_tenant().currency)
    return Totals(**{one.name: sum((getattr(part, one.name) for part in parts), zero) for one in fields(Totals)})


class TotalsView(_SumView):
    """Totals by day of a month, or by month of a year."""

    roles = ("owner",)

    def __init__(self) -> None:
        super().__init__(name=_l("Totals"), endpoint="money_totals", url="money/totals")

    def _asked(self) -> Period:
        today = page_now().astimezone(zone_here()).date()
        return period_asked(month=request.args.get("month", ""), year=request.args.get("year", ""), today=today)

    @expose("/")
    def index(self) -> str:
        period = self._asked()
        parts = totals_between(period.edges(zone_here()))
        whole = together(parts)
        return self.render(
            "manage/money/totals.html",
            period=period,
            title=period_words(period),
            chart=_chart(period, parts),
            columns=list(COLUMNS.values()),
            rows=[row for row in rows_of(period, parts) if not row.empty],
            whole=whole,
            sums=cells_of(whole),
        )

    @expose("/export/")
    @fresh
    def export(self) -> Response:
        period = self._asked()
        audit.note_read("totals", target_id=None, now=page_now())
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([safe_cell(str(words)) for words in (_("From"), *COLUMNS.values())])
        for day, totals in zip(period.days, totals_between(period.edges(zone_here())), strict=True):
            writer.writerow([day.isoformat(), *(str(cell.major) for cell in cells_of(totals))])
        name = f"totals_{period.first.isoformat()[: 4 if period.of_year else 7]}.csv"
        headers = {"Content-Disposition": f"attachment; filename={name}"}
        return Response(out.getvalue(), headers=headers, mimetype="text/csv")


def period_words(period: Period) -> str:
    """Like "March 2026", or "2026"."""
    return str(period.first.year) if period.of_year else formats.month_year(period.first, locale())


def rows_of(period: Period, parts: list[Totals]) -> list[TotalsRow]:
    """A line for each column of the period."""
    found = []
    for day, totals in zip(period.days, parts, strict=True):
        cells = cells_of(totals)
        label = formats.month_year(day, locale()) if period.of_year else formats.short_date(day, locale())
        found.append(TotalsRow(label, cells, empty=not any(cells)))
    return found


def _chart(period: Period, parts: list[Totals]) -> Any:
    currency, tag = current_tenant().currency, locale()
    labels = [formats.month_short(day, tag) if period.of_year else str(day.day) for day in period.days]
    series = [
        Series(_("Card, when booking"), [one.by_card.minor for one in parts]),
        Series(_("At the clinic"), [one.at_clinic.minor for one in parts]),
        Series(_("Sent back and disputed"), [-(one.refunded + one.disputed).minor for one in parts]),
    ]
    return bars(labels, series, lambda minor: formats.money(Money(minor, currency), tag))


class DisputesView(_SumView):
    """Disputes, newest first. They are answered at Stripe."""

    roles = ("owner",)

    def __init__(self) -> None:
        super().__init__(name=_l("Disputes"), endpoint="money_disputes", url="money/disputes")

    @expose("/")
    def index(self) -> str:
        page = page_asked()
        lines, more = disputes(page=page)
        return self.render(
            "manage/money/disputes.html", lines=lines, more=more, page=page, zone=zone_here(), words=views
        )


@dataclass(frozen=True)
class PayoutLine:
    """A payout as the page shows it."""

    created: datetime
    arrives: datetime
    amount: Money
    words: str


class PayoutsView(_SumView):
    """What the clinic has at Stripe, and what went to its bank: asked of Stripe as the page is made."""

    roles = ("owner",)

    def __init__(self) -> None:
        super().__init__(name=_l("Payouts"), endpoint="money_payouts", url="money/payouts")

    @expose("/")
    def index(self) -> str:
        account = current_tenant().stripe_account_id
        state, balance, payouts = _ask(account) if account else ("none", None, [])
        return self.render(
            "manage/money/payouts.html",
            state=state,
            available=_sums(balance.available) if balance else [],
            pending=_sums(balance.pending) if balance else [],
            payouts=[_payout_line(one) for one in payouts],
        )


def _ask(account: str) -> tuple[str, Balance | None, list[Payout]]:
    try:
        return "here", gateway().balance(account=account), gateway().payouts(account=account, limit=20)
    except GatewayError:
        return "silent", None, []


def _sums(parts: tuple[tuple[int, str], ...]) -> list[Money]:
    return [Money(minor, currency) for minor, currency in parts]


def _payout_line(payout: Payout) -> PayoutLine:
    def day(seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone_here())

    words = str(_PAYOUT_WORDS.get(payout.status) or _("See at Stripe"))
    return PayoutLine(day(payout.created), day(payout.arrives), Money(payout.amount, payout.currency), words)
