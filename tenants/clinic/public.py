"""The clinic's own documents and files: privacy notice, imprint, stylesheet, logo."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from saas import theme
from saas.errors import NotFound
from saas.tenancy import current_tenant
from saas.words import _
from tenants.clinic import queries
from tenants.clinic.face import page_clinic

_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_NOW = "public, max-age=60"


def blueprint() -> Blueprint:
    """The pages; to be guarded "anywhere": the page of a paused clinic needs its colours and its privacy notice too."""
    made = Blueprint("clinic", __name__)
    made.add_url_rule("/privacy", "privacy", _privacy)
    made.add_url_rule("/imprint", "imprint", _imprint)
    made.add_url_rule("/theme/<version>.css", "theme", _theme)
    made.add_url_rule("/logo/<version>", "logo", _logo)
    return made


def _privacy() -> str:
    return _document("privacy", _("Privacy notice"), _("This clinic has not written its privacy notice yet."))


def _imprint() -> str:
    return _document("imprint", _("Imprint"), _("This clinic has not written its imprint yet."))


def _document(which: str, title: str, none_yet: str) -> str:
    page_clinic()
    found = queries.document(which)
    zone = ZoneInfo(current_tenant().zone)
    return render_template(
        "public/clinic/document.html",
        title=title,
        body_html=Markup(found.html) if found.html else Markup("<p>{}</p>").format(none_yet),  # noqa: S704 (cleaned when saved)
        updated=found.updated_at.astimezone(zone).date() if found.html and found.updated_at else None,
    )


def _theme(version: str) -> Response:
    clinic = page_clinic()
    response = Response(theme.css(clinic.brand, clinic.heading_style), mimetype="text/css")
    # A page that was open while the owner changed the colour asks for the old version: it gets today's, briefly.
    response.headers["Cache-Control"] = _FOR_GOOD if version == clinic.theme_version else _FOR_NOW
    return response


def _logo(version: str) -> Response:
    page_clinic()
    found = queries.logo(version)
    if found is None:
        raise NotFound
    response = Response(found[0], mimetype=found[1])
    response.headers["Cache-Control"] = _FOR_GOOD
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # A name of our own, for whoever saves it: the one it was sent under is never kept.
    response.headers["Content-Disposition"] = f"inline; filename=logo.{found[1].rpartition('/')[2]}"
    return response
