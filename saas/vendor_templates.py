"""Flask-Admin's own templates, mended as they are loaded: no copy of them is kept.

What is mended: handlers in attributes and `javascript:` addresses, which a strict Content-Security-Policy blocks (and
with them the question before a deletion), and the address of its files, of which there is one copy for all consoles.
If a release of Flask-Admin no longer has what is replaced, `check` says so at start.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import flask_admin
from jinja2 import BaseLoader, Environment, TemplateNotFound

STATIC = Path(flask_admin.__file__).parent / "static"
_TEMPLATES = Path(flask_admin.__file__).parent / "templates" / "bootstrap4"
_SURE = "'{{ _gettext('Are you sure you want to delete this record?') }}'"
_NOWHERE = ('href="javascript:void(0)"', 'href="#"')

# Where, what, and how often it stands there.
_MENDED: dict[str, tuple[tuple[str, str, int], ...]] = {
    "admin/static.html": (
        (
            "get_url('{admin_endpoint}.static'.format(admin_endpoint=admin_view.admin.endpoint), *varargs, **kwargs)",
            "vendor_asset(*varargs, **kwargs)",
            1,
        ),
    ),
    "admin/actions.html": (
        (*_NOWHERE, 2),
        ("""onclick="return modelActions.execute('{{ p[0] }}');\"""", 'data-run-action="{{ p[0] }}"', 1),
    ),
    "admin/layout.html": ((*_NOWHERE, 1),),
    "admin/lib.html": ((*_NOWHERE, 5),),
    "admin/model/layout.html": ((*_NOWHERE, 4), (' onclick="return false;"', "", 1)),
    "admin/model/list.html": (
        (*_NOWHERE, 2),
        ('<th class="">&nbsp;</th>', "<th><span class=\"vh\">{{ _gettext('Actions') }}</span></th>", 1),
    ),
    "admin/model/create.html": ((*_NOWHERE, 1),),
    "admin/model/edit.html": ((*_NOWHERE, 1),),
    "admin/model/details.html": ((*_NOWHERE, 1),),
    # A row is never deleted from a list: deletion has a page of its own that asks.
    "admin/model/row_actions.html": ((f'onclick="return faHelpers.safeConfirm({_SURE});"', 'type="button"', 1),),
    "admin/model/inline_list_base.html": (
        (*_NOWHERE, 3),
        (" onclick=\"faForm.addInlineField(this, '{{ field.id }}');\"", ' data-add-inline="{{ field.id }}"', 1),
    ),
}
_AS_THEY_ARE = (
    "admin/base.html",
    "admin/index.html",
    "admin/master.html",
    "admin/model/inline_field_list.html",
    "admin/model/inline_form.html",
)


class UnknownTemplate(RuntimeError):
    """A release of Flask-Admin has changed a template that we mend: look at it, then change the table here."""


def mended(name: str) -> str:
    """The source of Flask-Admin's template `name` as we serve it. KeyError for one that we do not use."""
    source = (_TEMPLATES / name).read_text(encoding="utf-8")
    if name in _AS_THEY_ARE:
        return source
    for old, new, times in _MENDED[name]:
        if source.count(old) != times:
            msg = f"{name}: expected {times} × {old[:60]!r}"
            raise UnknownTemplate(msg)
        source = source.replace(old, new)
    if " onclick=" in source or "javascript:" in source:
        msg = f"{name}: a handler that the Content-Security-Policy would block"
        raise UnknownTemplate(msg)
    return source


def check() -> None:
    """Mend every template once; UnknownTemplate when one is not as we know it."""
    for name in _MENDED:
        mended(name)


def vendor_asset(filename: str, **_: object) -> str:
    """The address of one of Flask-Admin's files: the same for all clinics and both consoles."""
    return f"/static/admin/{filename}?v={flask_admin.__version__}"


class MendedTemplates(BaseLoader):
    """Jinja's door to all this; to be asked after our own templates and before Flask-Admin's blueprints."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The mended source. Templates that we do not use (files, Redis, pop-ups) are not found."""
        del environment
        if template not in _MENDED and template not in _AS_THEY_ARE:
            raise TemplateNotFound(template)
        return mended(template), None, lambda: True
