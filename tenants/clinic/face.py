"""How the clinic of this request looks: what every room's pages are drawn with, read once a request."""

from __future__ import annotations

from flask import g, url_for

from saas.errors import NotFound
from saas.shell import Face, Site
from saas.tenancy import current_or_none
from tenants.clinic import queries
from tenants.clinic.queries import ClinicView


def page_clinic() -> ClinicView:
    """The clinic this request is for, read once; 404 where there is none."""
    tenant = current_or_none()
    if tenant is None or tenant.is_platform:
        raise NotFound
    if "clinic_view" not in g:
        g.clinic_view = queries.clinic_view(logo_at=lambda version: url_for("clinic.logo", version=version))
    view: ClinicView = g.clinic_view
    return view


def face() -> Face | None:
    """How the entered clinic looks; None on the platform and at nobody's address."""
    tenant = current_or_none()
    if tenant is None or tenant.is_platform:
        return None
    clinic = page_clinic()
    site = Site(url_for("start.page"), url_for("clinic.privacy"), url_for("clinic.imprint"))
    return Face(clinic, url_for("clinic.theme", version=clinic.theme_version), site)
