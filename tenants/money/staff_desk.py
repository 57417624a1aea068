"""What can be done with one payment: money at the clinic, waiving, taking back, back to the card; and its receipt."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from saas import audit, formats
from saas.admin import NotYours, OfficeView, current_account, fresh, only
from saas.errors import NotFound
from saas.money import Money
from saas.shell import locale
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.bookings.checkout_steps import CardUnavailable, NothingToPay
from tenants.bookings.letters import mail_address
from tenants.bookings.queries import client_of
from tenants.bookings.receipts import receipt_file
from tenants.bookings.rest import NoMailToThem, ask_to_pay, owed_by_card
from tenants.money.forms import AmountForm, DeskForm, LinkForm, PressForm, RefundForm
from tenants.money.queries import Story, story_of
from tenants.money.staff import booking_asked
from tenants.money.views import Entry, entries_of
from tenants.payments.actions import BadAmount, PressUsed, RefundTooLarge
from tenants.payments.desk import MoreThanOwed, NotUndone, give_back, refund_facts, take_at_clinic, take_back, waive

Answer = str | Response | tuple[str, int]


def _story() -> Story:
    found = story_of(booking_asked())
    if found is None:
        raise NotFound
    return found


def _said(amount: Money) -> str:
    return formats.money(amount, locale())


def _back(story: Story, sentence: str) -> Response:
    flash(sentence)
    return redirect(url_for("money.details_view", id=story.booking.id), 303)


def _too_much(owed: Money) -> str:
    if owed.minor <= 0:
        return _("Nothing is owed for this booking any more")
    return _("Only %(amount)s is owed. Type that, or less", amount=_said(owed))


class _DeedView(OfficeView):
    """Pages that belong to a payment: not in the menu."""

    part_of = "money"

    def is_visible(self) -> bool:
        return False


class DeskView(_DeedView):
    """Money at the clinic, and what goes with it."""

    roles = ("owner", "front_desk")

    def __init__(self) -> None:
        super().__init__(name=_l("Money at the clinic"), endpoint="money_desk", url="money/desk")

    @expose("/", methods=("GET",))
    def take(self) -> Answer:
        story = _story()
        return self._take_page(story, DeskForm.offering(_open(story)))

    @expose("/", methods=("POST",))
    def take_now(self) -> Answer:
        story, form = _story(), DeskForm(request.form)
        amount = form.read(story.payment.currency)
        if amount is not None:
            try:
                take_at_clinic(
                    booking_id=story.booking.id, client_id=story.booking.client_id, amount=amount,
                    method=form.method.data, click=form.click.data or "", now=page_now(),
                )  # fmt: skip
                return _back(story, _("%(amount)s is written down as paid.", amount=_said(amount)))
            except PressUsed:
                return self._take_page(_story(), form.renewed(), changed=True), 409
            except (MoreThanOwed, BadAmount):
                story = _story()
                form.refuse(_too_much(story.owed))
        return self._take_page(story, form), 422

    def _take_page(self, story: Story, form: AmountForm, *, changed: bool = False) -> str:
        return self.render("manage/money/take.html", story=story, form=form, changed=changed)

    @expose("/link/", methods=("GET",))
    def link(self) -> Answer:
        story = _story()
        audit.note_read("payment", target_id=story.booking.id, now=page_now())  # it shows where they are written to
        return self._link_page(story, LinkForm.fresh())

    @expose("/link/", methods=("POST",))
    def link_now(self) -> Answer:
        story, form = _story(), LinkForm(request.form)
        if not form.validate():
            return self._link_page(story, form), 422
        try:
            ask_to_pay(booking_id=story.booking.id, click=form.click.data or "", now=page_now())
        except (NothingToPay, CardUnavailable, NoMailToThem):  # the page says which
            return self._link_page(_story(), form), 409
        return _back(story, _("The link is on its way to %(address)s.", address=_address(story)))

    def _link_page(self, story: Story, form: LinkForm) -> str:
        cards = current_tenant().stripe_account_id is not None
        owed = owed_by_card(story.booking)
        return self.render(
            "manage/money/link.html", story=story, form=form, owed=owed, cards=cards, address=_address(story)
        )

    @expose("/waive/", methods=("GET",))
    @only("owner")
    def waive(self) -> Answer:
        story = _story()
        return self._waive_page(story, AmountForm.offering(_open(story)))

    @expose("/waive/", methods=("POST",))
    @only("owner")
    def waive_now(self) -> Answer:
        story, form = _story(), AmountForm(request.form)
        amount = form.read(story.payment.currency)
        if amount is not None:
            try:
                waive(
                    booking_id=story.booking.id, client_id=story.booking.client_id, amount=amount,
                    click=form.click.data or "", now=page_now(),
                )  # fmt: skip
                return _back(story, _("%(amount)s is waived. Nobody is asked for it any more.", amount=_said(amount)))
            except PressUsed:
                return self._waive_page(_story(), form.renewed(), changed=True), 409
            except (MoreThanOwed, BadAmount):
                story = _story()
                form.refuse(_too_much(story.owed))
        return self._waive_page(story, form), 422

    def _waive_page(self, story: Story, form: AmountForm, *, changed: bool = False) -> str:
        return self.render("manage/money/waive.html", story=story, form=form, changed=changed)

    @expose("/undo/", methods=("GET",))
    def undo(self) -> Answer:
        story = _story()
        return self._undo_page(story, PressForm())

    @expose("/undo/", methods=("POST",))
    def undo_now(self) -> Answer:
        story, form = _story(), PressForm(request.form)
        entry = _entry(story)
        account = current_account()
        if entry.kind.startswith("waived") and (account is None or account.role != "owner"):
            raise NotYours
        if not form.validate():
            return self._undo_page(story, form), 422
        try:
            take_back(booking_id=story.booking.id, posting_id=_posting(), now=page_now())
        except NotUndone:
            return _back(story, _("That was taken back before. Nothing has changed."))
        return _back(story, _("Taken back: %(what)s, %(amount)s.", what=entry.words, amount=_said(entry.amount)))

    def _undo_page(self, story: Story, form: PressForm) -> str:
        return self.render("manage/money/undo.html", story=story, form=form, entry=_entry(story))

    @expose("/receipt.pdf")
    def receipt(self) -> Answer:
        story = _story()
        made = receipt_file(story.booking)
        audit.note_read("payment", target_id=story.booking.id, now=page_now())
        return made


def _open(story: Story) -> Money:
    return story.owed if story.owed.minor > 0 else Money.zero(story.payment.currency)


def _address(story: Story) -> str:
    """Where mails about the booking go; empty where none may."""
    return mail_address(story.booking, client_of(story.booking))


def _posting() -> UUID:
    try:
        return UUID(request.values.get("posting", ""))
    except ValueError:
        raise NotFound from None


def _entry(story: Story) -> Entry:
    """The entry that is to be taken back, or was."""
    wanted = _posting()
    rows = [one for one in story.entries if one.posting_id == wanted]
    found = entries_of(story, ZoneInfo(story.booking.zone), only=wanted)
    if not rows or not found:
        raise NotFound
    return found[0]


class RefundView(_DeedView):
    """Money back to the card."""

    roles = ("owner",)

    def __init__(self) -> None:
        super().__init__(name=_l("Send money back"), endpoint="money_refund", url="money/refund")

    @expose("/", methods=("GET",))
    @fresh
    def ask(self) -> Answer:
        story = _story()
        return self._page(story, RefundForm.offering(story.refundable, seen=_seen(story)))

    @expose("/", methods=("POST",))
    @fresh
    def send(self) -> Answer:
        story, form = _story(), RefundForm(request.form)
        amount = form.read(story.payment.currency)
        if amount is None:
            return self._page(story, form), 422
        try:
            give_back(
                booking_id=story.booking.id, amount=amount, reason=form.reason.data, click=form.click.data or "",
                seen=form.seen.data or "", now=page_now(),
            )  # fmt: skip
        except (ChangedMeanwhile, PressUsed):
            story = _story()
            return self._page(story, form.renewed(_seen(story)), changed=True), 409
        except (RefundTooLarge, BadAmount):
            story = _story()
            form.refuse(self._too_much(story))
            return self._page(story, form), 422
        sentence = _("%(amount)s is on its way back. It usually shows within 5 to 10 days.", amount=_said(amount))
        return _back(story, sentence)

    def _too_much(self, story: Story) -> str:
        left = story.refundable
        if not left:
            return _("Nothing is left that could go back to the card")
        return _("Only %(amount)s can go back to the card. Type that, or less", amount=_said(left))

    def _page(self, story: Story, form: RefundForm, *, changed: bool = False) -> str:
        return self.render("manage/money/refund.html", story=story, form=form, changed=changed)


def _seen(story: Story) -> str:
    return mark_of(*refund_facts(story.payment))
