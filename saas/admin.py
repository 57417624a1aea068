"""Both back offices: the clinic's at /manage and the operator's at /operator, on Flask-Admin and in one shell.

Every view of either console begins with one of the classes here. They let in only accounts of this console that are
awake (`saas/sessions.py`) and have the second step that is asked of them, ask again before a deed marked `@fresh`,
keep ids typed, never delete, write nothing by themselves (a view that changes something calls an action), and export
cells that a spreadsheet does not run. Lists are plain pages: no script is needed, and none is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, abort, g, redirect, request, session, url_for
from flask_admin import Admin, AdminIndexView, BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.theme import Bootstrap4Theme
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from jinja2 import ChoiceLoader
from whitenoise import WhiteNoise

from saas import audit, vendor_templates
from saas.audit import Actor, acting_as
from saas.closed import ListOnly
from saas.db import db
from saas.errors import Forbidden, NotFound
from saas.exports import safe_cell, workbook
from saas.fields import ListFilter, OfficeForm
from saas.languages import read_as
from saas.sessions import LazySession, second_is_asked
from saas.shell import NoticeFor, OfficeNotice, Someone
from saas.tenancy import current_tenant
from saas.web import Guard, check_origin, csp_nonce, drop_foreign, guard, page_now
from saas.words import later as _l
from saas.words import ngettext

F = TypeVar("F", bound=Callable[..., Any])
_MAX_PAGE = 10_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SEARCH_LENGTH = 100
__all__ = [
    "Console",
    "Home",
    "ListFilter",
    "NotYours",
    "OfficeForm",
    "OfficeNotice",
    "OfficeView",
    "RecordView",
    "Someone",
    "add_static",
    "current_account",
    "fresh",
    "init_app",
    "only",
    "page_asked",
]


def page_asked() -> int:
    """The page of a list that the address names, counted from 0; the first for anything else."""
    return max(0, min(request.args.get("page", 0, type=int), _MAX_PAGE))


class NotYours(Forbidden):
    """The account belongs to this console, but its role does not open this page."""

    code = "not-your-role"


def current_account() -> Someone | None:
    """Who is logged in at the entered tenant, if anybody is, and awake."""
    if not current_user.is_authenticated or _is_asleep():
        return None
    found: Someone = current_user._get_current_object()  # noqa: SLF001
    return found


def _is_asleep() -> bool:
    return isinstance(session, LazySession) and session.asleep


def _ask_again() -> NoReturn:
    """Send somebody to the page that asks who is there, and from there back. What a form holds goes along (307)."""
    here = request.script_root + request.full_path.rstrip("?")
    abort(redirect(url_for("accounts.again", next=here), 303 if request.method in ("GET", "HEAD") else 307))


def only(*roles: str) -> Callable[[F], F]:
    """Mark one page or deed of a view (below `@expose`) as these roles' alone; the view itself is open to more."""

    def mark(fn: F) -> F:
        fn.only_roles = roles  # type: ignore[attr-defined]
        return fn

    return mark


def fresh(fn: F) -> F:
    """Mark one page or deed of a view (below `@expose`) as one that asks who is there again when the log-in is ten
    minutes old: money, exports, roles, keys. A form that meets the question keeps what was typed."""
    fn.asks_again = True  # type: ignore[attr-defined]
    return fn


class Console(Admin):
    """One of the two back offices: for whom it is (`who`), and the roles that may enter. `notice`: what stands on
    every page for this account, if anything does."""

    def __init__(
        self, app: Flask, *, name: str, endpoint: str, who: Guard, roles: Sequence[str],
        home: type[Home] | None = None, notice: NoticeFor | None = None,
    ) -> None:  # fmt: skip
        self.who = who
        self.notice = notice
        self.roles = frozenset(roles)
        self.own = "my" if who == "staff" else "operator_my"  # the endpoint of one's own account (saas/accounts)
        url = f"/{endpoint}"
        super().__init__(
            app,
            name=name,
            endpoint=endpoint,
            url=url,
            index_view=(home or Home)(endpoint=endpoint, url=url),
            theme=Bootstrap4Theme(base_template="layouts/office.html"),
            csp_nonce_generator=csp_nonce,
        )

    def let_in(self, view: OfficeView) -> None:
        """Strangers are sent to the log-in, who was away is asked again, accounts of another kind see nothing, who
        lacks the second step is led to it, everybody else acts as themselves."""
        if request.method not in ("GET", "HEAD"):
            check_origin()
        account = current_account()
        if account is None and current_user.is_authenticated:
            _ask_again()
        if account is None:
            wanted = request.script_root + request.full_path.rstrip("?") if request.method == "GET" else None
            abort(redirect(url_for("security.login", next=wanted), 303))
        read_as(account.locale, staff=True)
        if account.role not in self.roles:
            raise NotFound
        if not (view.before_second or account.has_second) and second_is_asked(current_tenant()):
            abort(redirect(url_for(self.second_page), 303))
        drop_foreign("url")
        scope = acting_as(Actor("operator" if self.who == "operator" else "staff", account.id))
        scope.__enter__()
        g.actor_scope = scope

    @property
    def second_page(self) -> str:
        """The endpoint of the page where one adds a second step."""
        return f"{self.own}.second"

    def places(self, here: BaseView) -> list[tuple[str, str, bool]]:
        """The menu: name, address, whether we are there. Flask-Admin's own remembers the first clinic's address."""
        inside = getattr(here, "part_of", "") or here.endpoint
        views = [view for view in self._views if view.is_visible() and view.is_accessible()]
        return [
            (str(view.name), url_for(f"{view.endpoint}.{view._default_view}"), view.endpoint == inside)  # noqa: SLF001
            for view in views
        ]


def _leave(_error: BaseException | None) -> None:
    scope = g.pop("actor_scope", None)
    if scope is not None:
        scope.__exit__(None, None, None)


class OfficeView(BaseView):
    """The base of every page of a console. `roles`: who may open it; empty means everybody of the console.

    `part_of`: the endpoint of the view in the menu that this one belongs to, where it has no place of its own there.
    """

    roles: tuple[str, ...] = ()
    part_of = ""
    before_second = False  # whether it opens to somebody who has yet to add the second step that is asked
    form_scripts = False

    def create_blueprint(self, admin: Console) -> Blueprint:
        """Flask-Admin's blueprint behind our guard, with its templates and files from the one place that mends them."""
        self.static_folder = None
        blueprint: Blueprint = super().create_blueprint(admin)
        blueprint.template_folder = None
        blueprint.teardown_request(_leave)
        return guard(blueprint, admin.who, partial(admin.let_in, self))

    def is_accessible(self) -> bool:
        """Whether the account's role opens this page."""
        account = current_account()
        return account is not None and (not self.roles or account.role in self.roles)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        """Refuse calmly."""
        del name, kwargs
        raise NotYours

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        roles = getattr(fn, "only_roles", ())
        account = current_account()
        if roles and (account is None or account.role not in roles):
            raise NotYours
        if getattr(fn, "asks_again", False) and not (isinstance(session, LazySession) and session.is_fresh(page_now())):
            _ask_again()
        # Flask-Admin calls a view again when it raises TypeError: that would hide a mistake and do its work twice.
        return fn(self, *args, **kwargs)

    def render(self, template: str, **kwargs: Any) -> str:
        """A page in the shell."""
        admin: Console = self.admin
        account = current_account()
        kwargs["shell"] = {
            "operator": admin.who == "operator",
            "home": url_for(f"{admin.endpoint}.index"),
            "mine": url_for(f"{admin.own}.index"),
            "account": account,
            "notice": admin.notice(account) if admin.notice and account else None,
            "places": admin.places(self),
            "form_token": generate_csrf(),
        }
        return str(super().render(template, **kwargs))


class Home(OfficeView, AdminIndexView):
    """Where a console begins. A console that has a first page of its own hands in a class over this one."""

    title: Any = _l("Home")

    def __init__(self, *, endpoint: str, url: str) -> None:
        super().__init__(name=self.title, endpoint=endpoint, url=url, template="manage/home.html")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Any:
        return self.render(self._template)


class RecordView(ListOnly, OfficeView, ModelView):
    """The base of every list: read only until a subclass says otherwise, and then through its actions.

    Nothing is ever deleted from a list: deletion is a page of its own that asks.
    """

    can_create = False
    can_edit = False
    can_delete = False
    can_view_details = True
    can_export = True
    can_set_page_size = False
    column_display_actions = False
    action_disallowed_list = ("delete",)
    export_types = ("csv", "xlsx")
    export_max_rows = 10_000
    page_size = 25
    form_base_class = OfficeForm
    form_excluded_columns = ("tenant_id",)
    list_template = "manage/list.html"
    details_template = "manage/details.html"
    # What the list is a list of, for its heading and its search field; and what an empty one says.
    search_label: Any = _l("Search")
    empty_text: Any = _l("Nothing here yet.")

    def __init__(self, model: type[Any], **kwargs: Any) -> None:
        if self.can_delete:
            msg = "deletion has a page of its own: leave can_delete off"
            raise ValueError(msg)
        super().__init__(model, db, **kwargs)

    def get_one(self, id: Any) -> Any:
        """The row with this id; None for one that is not there, is another clinic's, or is no id at all."""
        column = sa.inspect(self.model).primary_key[0]
        try:
            key = column.type.python_type(id)
        except (ValueError, TypeError, AttributeError):
            return None
        return self.fetch(key)

    def fetch(self, key: Any) -> Any:
        """The row with this typed id, or None."""
        return db.session.get(self.model, key)

    def get_filter_arg(self, index: int, flt: ListFilter) -> str:
        """Filters are named in addresses."""
        del index
        return flt.key

    def _get_list_filter_args(self) -> list[tuple[int, str, str]]:
        found: dict[int, tuple[int, str, str]] = {}
        asked = {arg.partition("_")[2]: value for arg, value in request.args.items() if arg.startswith("flt")}
        for key, value in (self.default_filters() | asked).items():
            index, flt = (self._filter_args or {}).get(key, (None, None))
            if flt is not None and value and flt.validate(value):
                found[index] = (index, str(flt.name), value)
        return list(found.values())

    def _get_list_extra_args(self) -> Any:
        args = super()._get_list_extra_args()
        args.page = max(0, min(args.page, _MAX_PAGE))
        args.search = (args.search or "")[:_SEARCH_LENGTH].strip() or None
        args.extra_args = {}  # else they come back in every link, `_scheme` and `_external` as url_for's own
        return args

    def default_filters(self) -> dict[str, str]:
        """Filters that hold until something else is chosen, by key."""
        return {}

    def narrowed(self) -> bool:
        """Whether the visitor has asked for less than everything."""
        return any(value and (arg.startswith("flt") or arg == "search") for arg, value in request.args.items())

    def count_text(self, count: int) -> str:
        """How many rows the list has, in words."""
        return str(ngettext("%(num)d row", "%(num)d rows", count))

    def heading(self, model: Any) -> str:
        """The heading of one row's page."""
        del model
        return str(self.name)

    def filter_fields(self) -> list[tuple[ListFilter, str]]:
        """The filters with what is chosen now."""
        chosen = {index: value for index, _, value in self._get_list_filter_args()}
        return [(flt, chosen.get(index, "")) for index, flt in enumerate(self._filters or [])]

    def export_links(self) -> list[tuple[str, str]]:
        """Name and address of each export of what the list shows."""
        args = self._get_list_extra_args()
        kept = self._get_filters(args.filters) | {"search": args.search, "sort": args.sort, "desc": args.sort_desc}
        return [(kind.upper(), self.get_url(".export", export_type=kind, **kept)) for kind in self.export_types]

    def get_export_value(self, model: Any, name: str) -> Any:
        """The cell, made safe."""
        return safe_cell(super().get_export_value(model, name))

    def get_export_name(self, export_type: str = "csv") -> str:
        """`bookings_2026-03-23.csv`."""
        return f"{self.endpoint}_{page_now().date().isoformat()}.{export_type}"

    def _export_csv(self, return_url: Any) -> Any:
        # Flask-Admin streams it, and the rows' session would be gone before the last line is read.
        response = super()._export_csv(return_url)
        response.make_sequence()
        return response

    def _export_tablib(self, export_type: str, return_url: Any) -> Response:
        # Written here: Flask-Admin's way to XLSX needs a library for what are five small files in an archive.
        del return_url
        _count, rows = self._export_data()
        columns = self._export_columns
        cells = [[self.get_export_value(row, name) for name, _ in columns] for row in rows]
        headers = {"Content-Disposition": f"attachment; filename={self.get_export_name(export_type)}"}
        data = workbook(str(self.name), [str(label) for _, label in columns], cells)
        return Response(data, headers=headers, mimetype=XLSX)

    def _export_data(self) -> tuple[int, list[Any]]:
        audit.note_read(self.endpoint, target_id=None, now=page_now())
        count, rows = super()._export_data()
        return count, rows


def _offices(
    app: Flask, clinic_views: Sequence[BaseView], operator_views: Sequence[BaseView], clinic_home: type[Home] | None,
    clinic_notice: NoticeFor | None,
) -> None:  # fmt: skip
    clinic = Console(
        app, name="Longtide", endpoint="manage", who="staff", roles=("owner", "practitioner", "front_desk"),
        home=clinic_home, notice=clinic_notice,
    )  # fmt: skip
    clinic.add_views(*clinic_views)
    operator = Console(app, name="Longtide", endpoint="operator", who="operator", roles=("operator",))
    operator.add_views(*operator_views)


def add_static(files: WhiteNoise) -> None:
    """Serve Flask-Admin's files, one copy for all clinics and both consoles."""
    files.add_files(str(vendor_templates.STATIC), prefix="static/admin/")


def init_app(
    app: Flask,
    *,
    clinic_views: Sequence[BaseView],
    operator_views: Sequence[BaseView],
    clinic_home: type[Home] | None = None,
    clinic_notice: NoticeFor | None = None,
) -> None:
    """Open both consoles with these views. Raises when Flask-Admin's templates are not the ones we know."""
    vendor_templates.check()
    app.jinja_loader = ChoiceLoader([app.jinja_loader, vendor_templates.MendedTemplates()])  # type: ignore[list-item]
    app.jinja_env.globals["vendor_asset"] = vendor_templates.vendor_asset
    _offices(app, clinic_views, operator_views, clinic_home, clinic_notice)
