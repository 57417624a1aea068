"""Whose bookings are read by which calendar: on, off, with names or without, and another link."""

from __future__ import annotations

from flask import request
from flask_admin import expose
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from saas.errors import NotFound
from saas.links import absolute, link_for
from saas.stale import mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.practitioners.models import Practitioner
from tenants.settings.actions import renew_feed, set_feed
from tenants.settings.forms import PressForm, SettingsForm
from tenants.settings.queries import FEED, FEEDS, feed_of, with_calendars
from tenants.settings.saving import KEPT, Answer, SettingsPage, keep, kept, show

FEED_WORDS = {
    "off": _l("Not at all"),
    "busy": _l("Only that you are booked"),
    "names": _l("With first name and initial, such as Cleo M."),
}


class FeedForm(SettingsForm):
    """What a calendar may read."""

    how = RadioField(choices=[SelectChoice(how, FEED_WORDS[how]) for how in FEEDS], validate_choice=False)


class FeedView(SettingsPage):
    """One line for each practitioner; the link on a page of its own."""

    def __init__(self) -> None:
        super().__init__(name=_l("Your own calendar"), endpoint="settings_feed", url="settings/calendar")

    @expose("/")
    def index(self) -> str:
        return self.render("manage/settings/feeds.html", people=with_calendars(), words=FEED_WORDS, feed_of=feed_of)

    @expose("/one/", methods=("GET", "POST"))
    def one(self) -> Answer:
        row = _chosen()
        form = FeedForm(request.form if request.method == "POST" else None, data={"how": feed_of(row)})
        status = 200
        if request.method == "POST":

            def deed(how: str) -> None:
                set_feed(practitioner_id=row.id, how=how, seen=form.seen.data or "", now=page_now())

            status = keep(form, lambda: form.how.data or "", deed)
        if status == KEPT:
            return kept(at=".index")
        row = _chosen()
        return show(
            self, "manage/settings/feed.html", form, status, mark=mark_of(feed_of(row)),
            shown=[(row.name, FEED_WORDS[feed_of(row)])], person=row, address=address_of(row),
        )  # fmt: skip

    @expose("/renew/")
    def ask_renew(self) -> str:
        row = _chosen()
        if row.feed_hash is None:
            raise NotFound
        return self.render("manage/settings/feed_renew.html", person=row)

    @expose("/renew/", methods=("POST",))
    def renew(self) -> Answer:
        row = _chosen()
        PressForm(request.form).require()
        renew_feed(practitioner_id=row.id, now=page_now())
        return kept(_("There is a new link. The old one reads nothing any more."), at=".index")


def address_of(row: Practitioner) -> str:
    """The address that a calendar subscribes to; empty where there is none."""
    if row.feed_hash is None:
        return ""
    return absolute(f"/feed/{link_for(FEED, row.id, row.feed_generation).token}.ics")


def _chosen() -> Practitioner:
    found = next((row for row in with_calendars() if row.slug == request.args.get("who")), None)
    if found is None:
        raise NotFound
    return found
