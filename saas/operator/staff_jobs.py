"""Jobs that were given up and are tried again, the worker's pulse, and Stripe's notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask_admin import expose

from saas import outbox, webhooks
from saas.accounts.forms import Press
from saas.accounts.models import OPERATOR
from saas.admin import OfficeView, fresh
from saas.errors import DomainError, NotFound
from saas.fleet.queries import slugs
from saas.operator import actions
from saas.operator.queries import pulse
from saas.web import page_now
from saas.webhooks import Taken
from saas.words import _, ngettext
from saas.words import later as _l

PAGE = 50
LATE = 10
Answer = Any


class JobsView(OfficeView):
    """What the worker could not do. Rows show kinds, ids, times and class names, which is all they hold."""

    roles = (OPERATOR,)

    def __init__(self) -> None:
        super().__init__(name=_l("Jobs"), endpoint="operator_jobs", url="jobs")

    @expose("/")
    def index(self) -> Answer:
        now, kinds = page_now(), outbox.dead_kinds()
        kind = request.args.get("kind", "")
        dead = outbox.dead(kind=kind if kind in kinds else "", limit=PAGE)
        late = outbox.overdue(now=now, limit=LATE)
        return self.render(
            "operator/jobs.html",
            pulse=pulse(now=now),
            counts=outbox.counts(now=now),
            kinds=kinds,
            chosen=kind if kind in kinds else "",
            dead=dead,
            late=late,
            names=slugs(row.tenant_id for row in (*dead, *late)),
            press=Press(),
        )

    def _back(self, sentence: str) -> Answer:
        flash(sentence)
        return redirect(self.get_url(".index"), 303)

    @expose("/retry/", methods=("POST",))
    @fresh
    def retry(self) -> Answer:
        if not Press(request.form).validate():
            return self._back(_("This page had been open too long. Press once more."))
        try:
            effect_id = UUID(request.form.get("id", ""))
        except ValueError:
            raise NotFound from None
        actions.retry(effect_id=effect_id, now=page_now())
        return self._back(_("It is tried again."))

    @expose("/retry-kind/", methods=("POST",))
    @fresh
    def retry_kind(self) -> Answer:
        if not Press(request.form).validate():
            return self._back(_("This page had been open too long. Press once more."))
        count = actions.retry_kind(kind=request.form.get("kind", "")[:60], now=page_now())
        return self._back(str(ngettext("%(num)d job is tried again.", "%(num)d jobs are tried again.", count)))


class EventsView(OfficeView):
    """What Stripe told us and what was made of it. Nothing of a notice's content is kept."""

    roles = (OPERATOR,)

    def __init__(self) -> None:
        super().__init__(name=_l("Notices"), endpoint="operator_events", url="notices")

    @expose("/")
    def index(self) -> Answer:
        notes, types = webhooks.event_kinds()
        handled, kind = request.args.get("handled", ""), request.args.get("type", "")
        wanted = Taken(handled if handled in notes else "", kind if kind in types else "", _instant("older"))
        found = webhooks.events(wanted, limit=PAGE + 1)
        kept = {name: value for name, value in (("handled", wanted.handled), ("type", wanted.type)) if value}
        older = {**kept, "older": found[PAGE - 1].received_at.isoformat()} if len(found) > PAGE else None
        return self.render(
            "operator/events.html",
            rows=found[:PAGE],
            notes=notes,
            types=types,
            kept=kept,
            first=wanted.older_than is None,
            older=older,
            names=slugs(row.tenant_id for row in found if row.tenant_id),
            press=Press(),
        )

    @expose("/again/", methods=("POST",))
    @fresh
    def again(self) -> Answer:
        if not Press(request.form).validate():
            sentence = _("This page had been open too long. Press once more.")
        else:
            try:
                noted = actions.handle_event_again(event_id=request.form.get("id", "")[:120], now=page_now())
            except DomainError as refused:
                if isinstance(refused, NotFound):
                    raise
                sentence = refused.message
            else:
                sentence = _("Handled again: %(noted)s", noted=noted)
        flash(sentence)
        return redirect(self.get_url(".index"), 303)


def _instant(name: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if found.tzinfo else None
