"""Who agreed to words that have changed since, for the owner: how many, who, and when they are asked again."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_admin import expose

from saas import audit
from saas.admin import OfficeView, page_asked
from saas.errors import NotFound
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import later as _l
from tenants.privacy.older_texts import agreed_to, older_texts


class OlderTextsView(OfficeView):
    """Agreements to older words. Nothing is to be done: they hold for their time, and the next booking asks anew."""

    roles = ("owner",)
    part_of = "client"

    def __init__(self) -> None:
        super().__init__(name=_l("Agreed to older words"), endpoint="older_texts", url="agreements")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> str:
        return self.render("manage/privacy/older_texts.html", lines=older_texts(locale()))

    @expose("/of/")
    def of(self) -> Any:
        wanted = request.args.get("to", ""), request.args.get("version", "")
        older = next((one for one in older_texts(locale()) if (one.purpose, one.version) == wanted), None)
        if older is None:
            raise NotFound
        page, now = page_asked(), page_now()
        audit.note_read("agreements", target_id=None, now=now)
        lines, more = agreed_to(older, page=page, now=now)
        return self.render(
            "manage/privacy/older_texts_of.html", older=older, lines=lines, page=page, more=more,
            zone=ZoneInfo(current_tenant().zone),
        )  # fmt: skip
