"""The addresses of the house are a tracked file: a new one shows in the review, with its methods and its guard.

`.venv/bin/python -m tests.house.test_routes > tests/house/routes.txt` writes it anew.
"""

from __future__ import annotations

import sys
import tempfile
from functools import cache
from pathlib import Path

from flask import Flask

from saas.web import guard_of
from tests import databases
from tests.house.tree import ROOT, report
from wsgi import create_app

LISTED = ROOT / "tests" / "house" / "routes.txt"
BEFORE_TENANTS = {"healthz", "readyz", "metrics"}
GUARDS = {"clinic", "platform", "anywhere", "staff", "operator"}
WRITES_ONLY = {
    "form_files.bring_now", "answer_files.keep", "flag_rules.dry_run", "flag_rules.switch_on",
    "intakes.decide",
    "intakes.look_again",
    "intakes.acknowledge",
    "questionnaires.begin",
    "question_drafts.bring_back",
    "questionnaires.move",
    "privacy.copy",
    "privacy.back",
    "privacy.hold",
    "privacy.erase",
    "looks.reviewed",
    "settings_intakes.try_it",
    "settings_intakes.seen",
    "manage.turn", "week.undo", "week_booking.turn", "settings_brand.logo", "settings_start.end", "settings_start.skip",
    "settings_stripe.begin", "settings_stripe.use", "duplicates.apart",
    "money.action_view", "money.ajax_update", "money.delete_view",
    "policy.action_view", "policy.ajax_update", "policy.delete_view",
    "client.action_view", "client.ajax_update", "client.delete_view", "client.note", "client.settle",
    "api.book", "api.cancel", "api.reschedule", "bookings.extend", "bookings.give_up", "bookings.pay_at_clinic",
    "intake.save",
    "accounts.by_passkey", "accounts.confirm", "my.end_login", "my.end_others", "my.save",
    "operator_my.end_login", "operator_my.end_others", "operator_my.save",
    "operator_clinics.add_domain", "operator_clinics.connect", "operator_events.again",
    "operator_jobs.retry", "operator_jobs.retry_kind",
    "booking.action_view", "booking.ajax_update", "booking.delete_view", "security.logout", "webhooks.stripe",
    *(f"{what}.{deed}" for what in ("service", "practitioner", "room")
      for deed in ("action_view", "ajax_update", "delete_view")),
}  # fmt: skip
ASK_AND_WRITE = {
    "hours.index",
    "hours_days.index",
    "hours_days.remove",
    *(
        f"{what}.{page}"
        for what in ("service", "practitioner", "room")
        for page in ("create_view", "edit_view", "status", "order")
    ),
    "money.create_view",
    "money.edit_view",
    "client.create_view",
    "client.edit_view",
    "client.remove",
    "client_import.check",
    "client_import.index",
    "form_files.index",
    "form_files.place",
    "form_files.remove",
    "answer_files.index",
    "duplicates.merge",
    "mail_text.edit",
    *(f"settings.{page}" for page in ("texts", "contact", "documents", "booking", "place")),
    *(f"settings_start.{step}" for step in ("brand", "service", "hours", "payments")),
    "settings_brand.index",
    "settings_feed.one",
    "settings_intakes.index",
    "settings_intakes.asking",
    "settings_intakes.numbers",
    "intakes.touch",
    "settings_languages.index",
    "settings_notices.index",
    "settings_notices.wording",
    "settings_policy.index",
    "website.index",
    "policy.create_view",
    "policy.edit_view",
    "security.login",
    "security.forgot_password",
    "security.reset_password",
    "booking.create_view",
    "booking.edit_view",
}


@cache
def _app() -> Flask:
    with tempfile.TemporaryDirectory() as folder:
        return create_app(databases.test_settings(data=Path(folder)))


def lines(app: Flask) -> list[str]:
    """A line for each rule: methods, address, endpoint, guard."""
    return [
        f"{','.join(sorted((rule.methods or set()) - {'HEAD', 'OPTIONS'})):<9} {rule.rule:<42} "
        f"{rule.endpoint:<25} {guard_of(app, rule.endpoint)}"
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    ]


def test_the_addresses_are_the_tracked_ones() -> None:
    found, listed = lines(_app()), LISTED.read_text(encoding="utf-8").splitlines()
    changed = [f"- {line}" for line in listed if line not in found] + [
        f"+ {line}" for line in found if line not in listed
    ]
    assert not changed, report(changed, "Look at each, then write the file anew (the command is above):")
    assert found == listed


def test_every_address_has_a_guard() -> None:
    app = _app()
    bare = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if guard_of(app, rule.endpoint) not in GUARDS and rule.endpoint not in BEFORE_TENANTS
    ]
    assert not bare, report(bare, "Register the blueprint through saas.web.guard:")


def test_a_guard_is_more_than_a_word() -> None:
    """The attribute that `routes-json` shows and the function that refuses come from one call."""
    app = _app()
    hollow = []
    for name, blueprint in app.blueprints.items():
        hooks = [hook.__qualname__ for hook in app.before_request_funcs.get(name, [])]
        own = {"guard.<locals>.refuse", "_before_security"} if name == "security" else {"guard.<locals>.refuse"}
        if getattr(blueprint, "guard", None) is None or not own & set(hooks):
            hollow.append(f"{name}: {hooks}")
    assert not hollow, report(hollow, "These blueprints let everybody in:")


def test_what_writes_has_a_post_address_of_its_own() -> None:
    """A view that answers GET and POST alike may write on GET by mistake. Ours are two views; libraries' are listed."""
    both, posts = set(), set()
    for rule in _app().url_map.iter_rules():
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert methods <= {"GET", "POST"}, rule
        if methods == {"GET", "POST"}:
            both.add(rule.endpoint)
        siblings = [r for r in _app().url_map.iter_rules() if r.rule == rule.rule and "GET" in (r.methods or set())]
        if methods == {"POST"} and not siblings:
            posts.add(rule.endpoint)
    assert both == ASK_AND_WRITE
    assert posts == WRITES_ONLY


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines(_app())) + "\n")
