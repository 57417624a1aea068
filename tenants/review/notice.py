"""What stands on every page of the back office while an alert did not reach somebody."""

from __future__ import annotations

from flask import url_for

from saas.admin import OfficeNotice, Someone
from saas.web import page_now
from saas.words import _, ngettext
from tenants.intake.alerts import alarm_now


def office_notice(account: Someone) -> OfficeNotice | None:
    """For owners and practitioners. It names nobody and nothing: the page behind it does."""
    if account.role == "front_desk":
        return None
    alarm = alarm_now(now=page_now())
    if alarm is None:
        return None
    if alarm.alerts:
        said = ngettext(
            "%(num)d alert did not reach somebody, and nobody has answered it.",
            "%(num)d alerts did not reach somebody, and nobody has answered them.",
            alarm.alerts,
        )
        return OfficeNotice(said, url_for("intakes.index"), _("Open it"))
    if account.role != "owner":
        return None
    return OfficeNotice(
        _("A test of the alerts did not reach everybody."), url_for("settings_intakes.index"), _("Look at it")
    )
