"""How every page of settings answers a press of Save: 303 when it is kept, 422 with the refusals beside their fields,
409 when somebody else was first. Nothing that was typed is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from saas.admin import OfficeView
from saas.errors import Conflict, Invalid
from saas.stale import ChangedMeanwhile
from saas.words import _
from tenants.settings.forms import SettingsForm

T = TypeVar("T")
KEPT, REFUSED, MEANWHILE = 303, 422, 409
Answer = str | Response | tuple[str, int]


def keep(form: SettingsForm, read: Callable[[], T], deed: Callable[[T], object]) -> int:
    """`read` the form into a value and do the deed with it; the status that follows."""
    if not form.validate():
        return REFUSED
    typed = read()
    if form.errors:
        return REFUSED
    try:
        deed(typed)
    except ChangedMeanwhile:
        return MEANWHILE
    except (Invalid, Conflict) as refused:
        form.put(refused)
        return REFUSED
    return KEPT


def kept(words: str = "", *, at: str = "settings.index") -> Response:
    """After saving: back to where settings begin, with a word about it."""
    flash(words or _("Saved."))
    return redirect(url_for(at), 303)


def show(
    view: OfficeView, template: str, form: SettingsForm, status: int, *, mark: str, shown: list[tuple[Any, Any]],
    **more: Any,
) -> Answer:  # fmt: skip
    """A page of settings. `shown`: what stands now (words, value), for who saves second; `mark`: of just that."""
    if status == MEANWHILE or not form.seen.data:
        form.seen.data = mark
    page = view.render(template, record_form=form, stands=shown if status == MEANWHILE else [], **more)
    return page, status


class SettingsPage(OfficeView):
    """A page of settings that has no place of its own in the menu."""

    roles: tuple[str, ...] = ("owner",)
    part_of = "settings"

    def is_visible(self) -> bool:
        """Reached from the page of all settings."""
        return False
