"""The owner's page of the clinic's own website: the code to copy, a look at it, and which sites may use it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from saas.admin import OfficeView
from saas.config import settings
from saas.errors import Invalid
from saas.links import absolute
from saas.stale import ChangedMeanwhile, mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.clinic.actions import save_origins
from tenants.clinic.queries import allowed_origins
from tenants.embed.forms import OriginsForm
from tenants.embed.rules import newest
from tenants.services.queries import offered


class WebsiteView(OfficeView):
    """One page, reached from the settings."""

    roles = ("owner",)
    part_of = "settings"

    def __init__(self) -> None:
        super().__init__(name=_l("On your own website"), endpoint="website", url="embed")

    def is_visible(self) -> bool:
        """Reached from the page of all settings."""
        return False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> str | Response | tuple[str, int]:
        stands = allowed_origins()
        if request.method == "GET":
            return self._page(OriginsForm(None, data={"origins": "\n".join(stands), "seen": mark_of(list(stands))}))
        form = OriginsForm(request.form)
        if not form.validate():
            return self._page(form), 422
        loopback = settings().env == "demo"
        try:
            save_origins(origins=form.origins.data or "", loopback=loopback, seen=form.seen.data or "", now=page_now())
        except ChangedMeanwhile:
            stands = allowed_origins()
            form.seen.data = mark_of(list(stands))
            return self._page(form, stands=stands or (_("None"),)), 409
        except Invalid as refused:
            form.put(refused)
            return self._page(form), 422
        flash(_("Saved."))
        return redirect(url_for(".index"), 303)

    def _page(self, form: OriginsForm, *, stands: tuple[str, ...] = ()) -> str:
        services = offered()
        chosen = next((s for s in services if s.slug == request.args.get("service")), services[0] if services else None)
        return self.render(
            "manage/embed/index.html",
            record_form=form,
            stands=stands,
            services=[(s.name, url_for(".index", service=s.slug), s is chosen) for s in services],
            code=_code(chosen.slug, chosen.name) if chosen else "",
            preview=url_for("embed.frame", service=chosen.slug) if chosen else None,
            allowed=allowed_origins(),
        )


def _code(slug: str, name: str) -> str:
    """What is copied into the website: the script with its hash, and a link for where the script is not run."""
    file, integrity = newest()
    home = urlsplit(absolute("/"))
    return render_template(
        "manage/embed/code.html",
        script=f"{home.scheme}://{home.netloc}/embed/{file}",
        integrity=integrity,
        frame=absolute(url_for("embed.frame", service=slug).removeprefix(request.script_root)),
        page=absolute(url_for("bookings.times", service=slug).removeprefix(request.script_root)),
        name=name,
    )
