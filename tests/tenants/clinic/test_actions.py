from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event, func, select

from saas.audit import Audit
from saas.db import db
from saas.errors import Invalid
from saas.tenancy import tenant_scope
from tenants.clinic import actions, queries
from tenants.clinic.models import Clinic, Policy
from tenants.clinic.rules import Note, PolicyRequest, Profile
from tests.cast import Clinic as Cast

PNG = io.BytesIO()
Image.new("RGB", (8, 8)).save(PNG, "PNG")


def deeds() -> list[str]:
    return list(db.session.execute(select(Audit.deed)).scalars())


def test_a_new_clinic_gets_its_rows_once(at_rowan: Cast, now: datetime) -> None:
    before = db.session.execute(select(func.count()).select_from(Policy)).scalar_one()
    actions.on_clinic_created(now=now)
    assert db.session.execute(select(func.count()).select_from(Clinic)).scalar_one() == 1
    assert db.session.execute(select(func.count()).select_from(Policy)).scalar_one() == before >= 1


def test_what_the_owner_writes_is_what_pages_read(at_rowan: Cast, now: datetime) -> None:
    profile = Profile(
        headline="Quiet hours", phone="020 7946 0018", address="1 Green\nLondon", promises=(Note("A", "B"),),
        facts=(Note("Getting in", "No steps"),),
    )  # fmt: skip
    actions.save_profile(profile=profile, now=now)
    actions.save_brand(brand="#7D4A78", heading_style="sans", now=now)
    view = queries.clinic_view()
    assert (view.headline, view.brand, view.heading_style) == ("Quiet hours", "#7d4a78", "sans")
    assert view.name == at_rowan.ref.name
    assert view.phone == "020 7946 0018"
    assert view.phone_href == "tel:+442079460018"
    assert view.address_lines == ["1 Green", "London"]
    assert [(p.title, p.text) for p in view.promises] == [("A", "B")]
    assert [(f.label, f.text) for f in view.facts] == [("Getting in", "No steps")]
    assert {"clinic.profile", "clinic.brand"} <= set(deeds())


def test_a_view_costs_one_query(at_rowan: Cast) -> None:
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        queries.clinic_view()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    reads = [s for s in seen if s.startswith("SELECT")]
    assert len(reads) == 1
    assert "logo_hash" in reads[0]
    assert "privacy_text" not in reads[0]


def test_a_clinic_that_has_said_nothing_has_only_its_name(app: Flask, at_rowan: Cast, now: datetime) -> None:
    db.session.delete(db.session.execute(select(Clinic)).scalar_one())
    db.session.flush()
    view = queries.clinic_view()
    assert view.headline == at_rowan.ref.name
    assert not view.accepting
    db.session.rollback()


def test_the_neighbour_sees_and_changes_nothing(at_rowan: Cast, thornfield: Cast, now: datetime) -> None:
    actions.save_profile(profile=Profile(headline="Rowan only"), now=now)
    with tenant_scope(thornfield.ref):
        actions.save_profile(profile=Profile(headline="Next door"), now=now)
        assert queries.clinic_view().headline == "Next door"
    with tenant_scope(at_rowan.ref):
        assert queries.clinic_view().headline == "Rowan only"


def test_a_logo_is_found_by_its_version_only(at_rowan: Cast, thornfield: Cast, now: datetime) -> None:
    version = actions.save_logo(content=PNG.getvalue(), now=now)
    assert queries.logo(version) == (PNG.getvalue(), "image/png")
    assert queries.logo("0" * 16) is None
    assert queries.clinic_view().logo_url == f"/logo/{version}"
    with tenant_scope(thornfield.ref):
        assert queries.logo(version) is None
    with tenant_scope(at_rowan.ref):
        actions.remove_logo(now=now)
        assert queries.logo(version) is None
        assert queries.clinic_view().logo_url is None


def test_texts_are_safe_before_they_are_written(at_rowan: Cast, now: datetime) -> None:
    actions.save_texts(privacy="<p>We keep little.</p><script>x()</script>", imprint="<p>Rowan</p>", now=now)
    notice = queries.document("privacy")
    assert notice.html == "<p>We keep little.</p>"
    assert notice.updated_at == now
    assert queries.document("imprint").html == "<p>Rowan</p>"


def test_a_policy_is_a_new_version_only_when_it_differs(at_rowan: Cast, now: datetime) -> None:
    terms = PolicyRequest(free_hours=48, late_fee_percent=30, no_show_percent=80)
    first = actions.save_policy(policy=terms, now=now).version
    assert actions.save_policy(policy=terms, now=now + timedelta(days=1)).version == first
    second = actions.save_policy(policy=PolicyRequest(12, 30, 80), now=now + timedelta(days=2)).version
    assert second == first + 1
    latest = queries.latest_policy()
    assert latest is not None
    assert latest.free_hours == 12


def test_booking_rules_keep_their_bounds(at_rowan: Cast, now: datetime) -> None:
    actions.save_booking_rules(min_notice_min=60, horizon_days=None, accepting=True, now=now)
    view = queries.clinic_view()
    assert (view.min_notice_min, view.horizon_days, view.accepting) == (60, None, True)
    with pytest.raises(Invalid) as refused:
        actions.save_booking_rules(min_notice_min=-1, horizon_days=0, accepting=True, now=now)
    assert set(refused.value.fields) == {"min_notice_min", "horizon_days"}


def test_a_mails_paragraph_is_kept_for_its_kind(at_rowan: Cast, now: datetime) -> None:
    actions.save_mail_text(kind="confirmed", text=" Bring socks.\x00 ", now=now)
    actions.save_mail_text(kind="confirmed", text="Bring warm socks.", now=now)
    assert queries.mail_text("confirmed") == "Bring warm socks."
    assert queries.mail_text("changed") == ""
    with pytest.raises(Invalid):
        actions.save_mail_text(kind="advert", text="x", now=now)


def test_a_refused_change_leaves_no_trace(at_rowan: Cast, now: datetime) -> None:
    before = len(deeds())
    with pytest.raises(Invalid):
        actions.save_brand(brand="blue", heading_style="serif", now=now)
    with pytest.raises(Invalid):
        actions.save_brand(brand="#2f6f6b", heading_style="comic", now=now)
    assert len(deeds()) == before
