"""What the lists of the offer share: state, order, the form of one row, and the page that asks first."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from werkzeug.wrappers import Response

from saas.admin import ListFilter, RecordView
from saas.errors import DomainError, NotFound
from saas.stale import ChangedMeanwhile
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.offers.forms import PressForm, RecordForm
from tenants.offers.queries import What, booked_ahead

Answer = str | Response | tuple[str, int]


def late() -> str:
    """What is said of a form whose token is too old."""
    return _("This page was open for a long time. Nothing is lost: press the button again.")


def state_pill(_view: Any, _context: Any, row: Any, _name: str) -> Markup:
    """Whether it is offered."""
    kind, words = ("ok", _("Offered")) if row.active else ("off", _("Not offered"))
    return Markup('<span class="pill pill--{}">{}</span>').format(kind, words)


def state_words(_view: Any, _context: Any, row: Any, _name: str) -> str:
    """The same without markup, for exports."""
    return _("Offered") if row.active else _("Not offered")


def name_link(view: Any, _context: Any, row: Any, _name: str) -> Markup:
    """The name, leading to the row's page."""
    address = url_for(f"{view.endpoint}.details_view", id=row.id)
    return Markup('<a class="cell-name" href="{}">{}</a>').format(address, row.name)


def state_filter(column: Any) -> ListFilter:
    """Offered, or not offered any more."""
    return ListFilter(
        "state",
        _l("Shown"),
        column,
        lambda query, value: query.filter(column.is_(value == "on")),
        lambda: [("on", _l("Offered")), ("off", _l("Not offered"))],
    )


class OfferView(RecordView):
    """What the three lists share: a page that asks before something is offered no more, and one for the order.

    A subclass says what it is about (`what`) and hands over its reads and actions.
    """

    what: What
    roles = ("owner",)
    list_template = "manage/offers/list.html"
    details_template = "manage/offers/details.html"
    edit_template = ""
    column_default_sort = [("active", True), ("position", False), ("name", False)]
    column_searchable_list = ("name",)
    search_label = _l("Name")
    add_words: Any = ""
    edit_words: Any = ""

    @abstractmethod
    def find(self, key: UUID) -> Any:
        """The row; a `NotFound` of its room otherwise."""

    @abstractmethod
    def in_order(self) -> list[Any]:
        """All rows, those that are offered first."""

    @abstractmethod
    def blank(self) -> RecordForm:
        """The form for a new row."""

    @abstractmethod
    def filled(self, row: Any) -> RecordForm:
        """The form with what is kept."""

    @abstractmethod
    def typed(self) -> RecordForm:
        """The form with what was sent."""

    @abstractmethod
    def keep(self, row: Any, form: Any) -> Any:
        """Save what was typed by one action. The form carries sentences, or a refusal is raised, where it cannot be."""

    @abstractmethod
    def retire(self, key: UUID) -> None:
        """Offer it no more."""

    @abstractmethod
    def revive(self, key: UUID) -> None:
        """Offer it again."""

    @abstractmethod
    def move(self, key: UUID, step: int) -> None:
        """One place on, or back."""

    @abstractmethod
    def mark(self, row: Any) -> str:
        """The mark of what the form edits."""

    def more(self, row: Any, form: Any) -> dict[str, Any]:
        """What else the form's template needs."""
        del row, form
        return {}

    @abstractmethod
    def consequences(self, row: Any, ahead: int) -> list[str]:
        """What it means to offer it no more, sentence by sentence."""

    def count_text(self, count: int) -> str:
        return str(ngettext("%(num)d entry", "%(num)d entries", count))

    def heading(self, model: Any) -> str:
        return str(model.name)

    def _row(self) -> Any:
        try:
            return self.find(UUID(request.args.get("id", "")))
        except ValueError:
            raise NotFound from None

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Answer:
        if request.method == "POST":
            return self._sent(None)
        return self._form_page(None, self.blank())

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Answer:
        row = self._row()
        if request.method == "POST":
            return self._sent(row)
        return self._form_page(row, self.filled(row))

    def _sent(self, row: Any) -> Answer:
        form = self.typed()
        key = row.id if row is not None else None
        if not form.validate():
            return self._form_page(row, form, problem=late()), 422
        try:
            kept = self.keep(key, form)
        except ChangedMeanwhile:
            now = self.find(row.id)
            form.seen.data = self.mark(now)
            return self._form_page(now, form, stands=self.filled(now)), 409
        except DomainError as error:
            if not error.fields:
                raise
            form.put_errors(error.fields)
            kept = None
        if kept is None:
            return self._form_page(self.find(key) if key else None, form), 422
        flash(_("Saved."))
        return redirect(url_for(f"{self.endpoint}.details_view", id=kept), 303)

    def _form_page(self, row: Any, form: RecordForm, *, problem: str = "", stands: Any = None) -> str:
        return self.render(
            self.edit_template,
            row=row,
            record_form=form,
            problem=problem,
            stands=stands,
            heading_text=row.name if row is not None else str(self.add_words),
            **self.more(row, form),
        )

    @expose("/status/", methods=("GET", "POST"))
    def status(self) -> Answer:
        """Ask first; then offer it no more, or again."""
        row = self._row()
        form = PressForm(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate():
            wanted = request.form.get("do")
            if wanted == "retire":
                self.retire(row.id)
                flash(_("It is no longer offered. What was booked stays booked."))
            elif wanted == "revive":
                self.revive(row.id)
                flash(_("It is offered again."))
            return redirect(url_for(f"{self.endpoint}.details_view", id=row.id), 303)
        ahead = booked_ahead(self.what, row.id, now=page_now())
        page = self.render(
            "manage/offers/status.html",
            row=row,
            press_form=form,
            sentences=self.consequences(row, ahead) if row.active else [],
            problem=late() if request.method == "POST" else "",
        )
        return (page, 422) if request.method == "POST" else page

    @expose("/order/", methods=("GET", "POST"))
    def order(self) -> Answer:
        """Earlier and later, one press at a time."""
        form = PressForm(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate():
            verb, _colon, text = request.form.get("do", "").partition(":")
            known = {str(row.id): row.id for row in self.in_order()}
            if text not in known:
                raise NotFound
            self.move(known[text], -1 if verb == "up" else 1)
            return redirect(url_for(f"{self.endpoint}.order", moved=text), 303)
        page = self.render(
            "manage/offers/order.html",
            rows=[row for row in self.in_order() if row.active],
            press_form=form,
            moved=request.args.get("moved", ""),
            problem=late() if request.method == "POST" else "",
        )
        return (page, 422) if request.method == "POST" else page
