"""The clinic's clients: the list, one client whole, and their record to edit. Whoever gives sessions sees their own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_admin.helpers import get_redirect_target

from saas import audit, formats
from saas.admin import NotYours, current_account, only
from saas.errors import Invalid
from saas.fields import ListFilter
from saas.owner_lists import OwnerExports
from saas.shell import locale
from saas.stale import ChangedMeanwhile
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.bookings.queries import is_own_client, own_clients
from tenants.clients.actions import AlreadyKnown, add_note, mark_of_record, record_of, remove_note, save_client
from tenants.clients.models import Client
from tenants.clients.queries import NoSuchClient, NoSuchNote, client_by_id, matching, note_by_id
from tenants.people import lines, queries, views
from tenants.people.actions import settle_typed
from tenants.people.forms import REACH_WORDS, ClientForm, NoteForm, PressForm, languages

AT_THE_DESK = ("owner", "front_desk")


def own_account() -> UUID | None:
    """The account whose own clients alone are shown; None for those who see everybody's."""
    reader = current_account()
    return reader.id if reader is not None and reader.role == "practitioner" else None


def shown_client(id_: str) -> Client:
    """The client this page is about, of whoever was merged the survivor; `NoSuchClient` also for a colleague's."""
    try:
        found = client_by_id(UUID(id_))
    except ValueError:
        raise NoSuchClient from None
    account_id = own_account()
    if account_id is not None and not is_own_client(found.id, account_id=account_id):
        raise NoSuchClient
    return found


def _is_new(query: Any, value: str) -> Any:
    come = queries.has_come(page_now())
    return query.filter(come if value == "returning" else ~come)


class ClientView(OwnerExports):
    """Everybody who comes, found by part of the name, or by the whole of an e-mail address or a number."""

    column_list = ("name", "contact", "last", "next", "owes")
    column_export_list = (
        "name", "known_as", "discreet_name", "email", "phone", "reach", "no_calls", "locale", "since", "visits",
        "last", "next", "owes",
    )  # fmt: skip
    column_default_sort = ("name_key", False)
    column_labels = {
        "name": _l("Name"),
        "known_as": _l("Known as"),
        "discreet_name": _l("Discreet name"),
        "contact": _l("Contact"),
        "email": _l("Email"),
        "phone": _l("Telephone"),
        "reach": _l("How to reach them"),
        "no_calls": _l("Do not ring"),
        "locale": _l("Language"),
        "since": _l("Client since"),
        "visits": _l("Visits"),
        "last": _l("Last visit"),
        "next": _l("Next visit"),
        "owes": _l("Owes"),
    }
    column_formatters = {
        "name": lines.name,
        "contact": lines.contact,
        "last": lines.day("last"),
        "next": lines.day("next"),
        "owes": lines.owes,
    }
    column_formatters_export = {
        "reach": lambda _view, _context, line, _column: str(REACH_WORDS[line.reach]),
        "no_calls": lines.no_calls,
        "since": lines.iso("since"),
        "last": lines.iso("last"),
        "next": lines.iso("next"),
        "owes": lines.owes,
    }
    column_filters = (
        ListFilter(
            "kind",
            _l("New or returning"),
            Client.id,
            _is_new,
            lambda: [("new", _l("Not been here yet")), ("returning", _l("Been here before"))],
        ),
        ListFilter(
            "owes",
            _l("Money"),
            Client.id,
            lambda query, _value: query.filter(queries.owes(page_now(), account_id=own_account())),
            lambda: [("yes", _l("Owes for a visit"))],
        ),
        ListFilter(
            "reach",
            _l("Reached"),
            Client.reach,
            lambda query, value: query.filter(Client.reach == value),
            lambda: list(REACH_WORDS.items()),
        ),
    )
    list_template = "manage/clients/list.html"
    simple_list_pager = True  # Flask-Admin counts nothing: `get_list` does
    counts_to = 1_000
    export_max_rows = 50_000
    search_label = _l("Name, email or telephone")
    empty_text = _l("Nobody here yet. Clients appear when they book; you can also add them, or bring a list.")
    narrowed_text = _l("Nobody matches. An email address or a number must be typed whole, a name in part.")

    def __init__(self) -> None:
        super().__init__(Client, name=_l("Clients"), endpoint="client", url="clients")

    def get_sortable_columns(self) -> dict[str, Any]:
        return {"name": Client.name_key}

    def init_search(self) -> bool:
        return True

    def count_text(self, count: int) -> str:
        if count > self.counts_to:
            return _("More than %(number)s clients", number=formats.number(self.counts_to, locale()))
        return str(ngettext("%(num)d client", "%(num)d clients", count))

    def get_query(self) -> Any:
        return self._own(super().get_query())

    def _own(self, query: Any) -> Any:
        account_id = own_account()
        living = query.filter(Client.merged_into_id.is_(None))
        return living if account_id is None else living.filter(Client.id.in_(own_clients(account_id)))

    def _apply_search(self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str) -> Any:
        return query.filter(matching(search)), count_query, joins, count_joins

    def _apply_sorting(self, query: Any, *args: Any) -> Any:
        query, joins = super()._apply_sorting(query, *args)
        return query.order_by(Client.name_key, Client.id), joins  # the same order on every page

    def get_list(self, page: int, *args: Any, page_size: int, **_more: Any) -> tuple[int, list[lines.Line]]:
        _none, found = super().get_list(page, *args, execute=False, page_size=0)
        # To count everybody would be most of what the page costs a clinic with years of clients behind it.
        enough = max(self.counts_to, (page + 1) * page_size) + 1
        count = found.order_by(None).with_entities(Client.id).limit(enough).count()
        rows = self._apply_pagination(found, page, page_size).all()
        return count, lines.lines_of(rows, account_id=own_account())

    @expose("/details/")
    def details_view(self) -> Any:
        client = shown_client(request.args.get("id", ""))
        if str(client.id) != request.args["id"]:
            return redirect(url_for(".details_view", id=client.id), 303)
        audit.note_read("client", target_id=client.id, now=page_now())
        return self._page(client)

    def _page(self, client: Client, form: NoteForm | None = None) -> str:
        return self.render(
            "manage/clients/client.html",
            page=views.client_page(client, account_id=own_account(), clinical=_reads_clinical()),
            form=form or NoteForm(),
            back=get_redirect_target() or url_for(".index_view"),
        )

    @expose("/new/", methods=("GET", "POST"))
    @only(*AT_THE_DESK)
    def create_view(self) -> Any:
        if request.method == "POST":
            return self._save(ClientForm(request.form), None)
        return self._form(ClientForm(), None)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        client = shown_client(request.args.get("id", ""))
        if request.method == "POST":
            return self._save(ClientForm(request.form), client)
        audit.note_read("client", target_id=client.id, now=page_now())
        record = record_of(client)
        return self._form(ClientForm(None, data={**asdict(record), "seen": mark_of_record(record)}), client)

    def _form(self, form: ClientForm, client: Client | None, *, status: int = 200, known: Any = None) -> Any:
        form.offer(languages(client.locale if client else ""), locale())
        stands = views.record_rows(client) if client is not None and status == 409 else []
        page = self.render("manage/clients/edit.html", form=form, client=client, stands=stands, known=known)
        return page, status

    def _save(self, form: ClientForm, client: Client | None) -> Any:
        if not form.validate():
            return self._form(form, client, status=422)
        try:
            client_id = save_client(
                client_id=client.id if client else None,
                record=form.request(),
                locales=languages(client.locale if client else ""),
                seen=(form.seen.data or "") if client else None,
                now=page_now(),
            )
        except Invalid as error:
            form.put_errors(error.fields)
            return self._form(form, client, status=422)
        except AlreadyKnown as error:
            form.put_errors({"name": error.message})
            return self._form(form, None, status=422, known=client_by_id(error.client_id))
        except ChangedMeanwhile:
            now_there = client_by_id(client.id) if client else None
            form.seen.data = mark_of_record(record_of(now_there)) if now_there else ""
            return self._form(form, now_there, status=409)
        flash(_("Saved."))
        return redirect(url_for(".details_view", id=client_id), 303)

    @expose("/note/", methods=("POST",))
    def note(self) -> Any:
        client, form = shown_client(request.form.get("id", "")), NoteForm(request.form)
        if not form.validate():
            return self._page(client, form), 422
        clinical = bool(form.clinical.data) and _reads_clinical()
        try:
            add_note(
                client_id=client.id, account_id=_reader(), text=form.text.data or "", clinical=clinical, now=page_now()
            )
        except Invalid as error:
            form.put_errors(error.fields)
            return self._page(client, form), 422
        flash(_("The note is kept."))
        return redirect(url_for(".details_view", id=client.id, _anchor="notes"), 303)

    @expose("/note/remove/", methods=("GET", "POST"))
    def remove(self) -> Any:
        client = shown_client(request.values.get("id", ""))
        try:
            note = note_by_id(UUID(request.values.get("note", "")), client_id=client.id)
        except ValueError:
            raise NoSuchNote from None
        owner = _role() == "owner"
        if (note.clinical and not _reads_clinical()) or not (owner or note.account_id == _reader()):
            raise NoSuchNote
        if request.method == "GET":
            return self.render("manage/clients/remove_note.html", client=client, note=note)
        PressForm(request.form).require()
        remove_note(client_id=client.id, note_id=note.id, account_id=_reader(), anybodys=owner, now=page_now())
        flash(_("The note is gone."))
        return redirect(url_for(".details_view", id=client.id, _anchor="notes"), 303)

    @expose("/settle/", methods=("POST",))
    def settle(self) -> Any:
        client = shown_client(request.form.get("id", ""))
        PressForm(request.form).require()
        try:
            booking_id = UUID(request.form.get("booking", ""))
        except ValueError:
            raise NoSuchClient from None
        try:
            settle_typed(
                client_id=client.id, booking_id=booking_id, take=request.form.getlist("take"), account_id=own_account(),
                now=page_now(),
            )  # fmt: skip
        except Invalid as error:
            flash(" ".join([*error.fields.values()] or [error.message]))
        else:
            flash(_("Saved."))
        return redirect(url_for(".details_view", id=client.id), 303)


def _reader() -> UUID:
    reader = current_account()
    if reader is None:
        raise NotYours
    found: UUID = reader.id
    return found


def _role() -> str:
    reader = current_account()
    return reader.role if reader is not None else ""


def _reads_clinical() -> bool:
    return _role() in ("owner", "practitioner")
