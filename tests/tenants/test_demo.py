from __future__ import annotations

import json
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_security import verify_password
from sqlalchemy import func, select

from saas.accounts.models import Account
from saas.audit import Audit
from saas.db import db
from saas.tenancy import TenantRef, find_by_slug, find_platform, tenant_scope
from tenants.availability.models import WeeklyHours
from tenants.bookings import openings
from tenants.bookings.models import Booking
from tenants.clinic.queries import clinic_view, document, latest_policy
from tenants.demo.command import build
from tenants.intake.models import Intake
from tenants.practitioners.queries import practitioners, rooms
from tenants.services.queries import offered


def ref(slug: str) -> TenantRef:
    found = find_by_slug(slug)
    assert found is not None
    return found


def told(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_the_demo_says_where_everything_is(app: Flask, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        path = build(tmp_path, now=now)
        demo = told(path)
        assert path == tmp_path / "demo.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert set(demo) == {
            "base_url", "clinics", "operator", "mailbox_url", "sandbox_url", "webhook_secret",
        }  # fmt: skip
        assert set(demo["clinics"]) == {"still-water", "hollow-oak"}
        for slug, clinic in demo["clinics"].items():
            assert clinic["url"] == f"{demo['base_url']}/c/{slug}/"
            assert set(clinic["logins"]) == {"owner", "practitioner", "front_desk"}
            with tenant_scope(ref(slug)):
                for role, login in clinic["logins"].items():
                    account = db.session.execute(select(Account).where(Account.email == login["email"])).scalar_one()
                    assert account.role == role
                    assert verify_password(login["password"], account.password or "")
        with tenant_scope(find_platform()):
            operator = db.session.execute(select(Account)).scalar_one()
            assert (operator.email, operator.role) == (demo["operator"]["email"], "operator")
        passwords = [login["password"] for one in demo["clinics"].values() for login in one["logins"].values()]
        assert len({*passwords, demo["operator"]["password"]}) == 7


def test_still_water_is_as_it_was_drawn(app: Flask, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        build(tmp_path, now=now)
        with tenant_scope(ref("still-water")):
            view = clinic_view()
            assert (view.name, view.tz, view.currency, view.brand) == ("Still Water", "Europe/Dublin", "EUR", "#2f6f6b")
            assert view.phone_href == "tel:+35391555014"
            assert [p.first_name for p in practitioners()] == ["Aoife"]
            assert practitioners()[0].account_id is not None
            assert [(s.slug, s.duration_min, s.price_minor, s.payment) for s in offered()] == [
                ("first", 90, 9500, "full"), ("cst", 60, 7500, "full"), ("ser", 75, 9000, "deposit"),
                ("short", 40, 5500, "at_clinic"), ("call", 20, 0, "free"),
            ]  # fmt: skip
            assert "fictional" in document("privacy").html
            assert "fictional" in document("imprint").html
        assert ref("still-water").stripe_account_id == "acct_demo_still_water"


def test_hollow_oak_has_three_people_two_rooms_and_an_evening_past_midnight(
    app: Flask, now: datetime, tmp_path: Path
) -> None:
    with app.app_context():
        build(tmp_path, now=now)
        with tenant_scope(ref("hollow-oak")):
            view = clinic_view()
            assert (view.tz, view.currency, view.brand) == ("America/Los_Angeles", "USD", "#7d4a78")
            assert [p.slug for p in practitioners()] == ["dana", "luis", "mei"]
            assert len(rooms()) == 2
            assert [s.slug for s in offered() if not s.needs_room] == ["call"]
            late = select(WeeklyHours).where(WeeklyHours.end < WeeklyHours.start)
            assert db.session.execute(late).scalars().one().start == "18:00"
            policy = latest_policy()
            assert policy is not None
            assert (policy.free_hours, policy.late_fee_percent) == (24, 50)


def test_both_have_times_to_choose_and_bookings_to_look_at(app: Flask, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        build(tmp_path, now=now)
        for slug in ("still-water", "hollow-oak"):
            with tenant_scope(ref(slug)):
                bookings = db.session.execute(select(Booking)).scalars().all()
                assert len(bookings) == 5
                assert {row.status for row in bookings} == {"confirmed"}
                asked = db.session.execute(select(Intake.status).order_by(Intake.session_at)).scalars().all()
                assert asked == ["submitted", "open", "requested", "requested", "requested"]
                assert all(now < row.starts_at < now + timedelta(days=28) for row in bookings)
                for service in offered():
                    offer = openings.find_service(slug=service.slug)
                    first, last = now.date(), now.date() + timedelta(days=14)
                    loaded = openings.load(offer, date_from=first, date_to=last, now=now)
                    assert openings.list_openings(loaded, date_from=first, date_to=last, now=now)


def test_a_second_run_changes_nothing_and_keeps_the_passwords(app: Flask, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        first = told(build(tmp_path, now=now))
        counts = _counts()
        assert told(build(tmp_path, now=now + timedelta(days=1))) == first
        assert _counts() == counts


def test_a_lost_demo_file_gets_new_passwords_that_work(app: Flask, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        first = told(build(tmp_path, now=now))
        (tmp_path / "demo.json").write_text("{broken")
        second = told(build(tmp_path, now=now))
        login = second["clinics"]["still-water"]["logins"]["owner"]
        assert login["password"] != first["clinics"]["still-water"]["logins"]["owner"]["password"]
        with tenant_scope(ref("still-water")):
            account = db.session.execute(select(Account).where(Account.email == login["email"])).scalar_one()
            assert verify_password(login["password"], account.password or "")


def _counts() -> list[int]:
    found = []
    for slug in ("still-water", "hollow-oak"):
        with tenant_scope(ref(slug)):
            rows = [select(func.count()).select_from(model) for model in (Audit, Booking, Account, WeeklyHours)]
            found += [db.session.execute(statement).scalar_one() for statement in rows]
    return found
