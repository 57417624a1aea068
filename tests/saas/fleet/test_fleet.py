from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from saas.audit import Audit
from saas.db import db
from saas.errors import Invalid
from saas.fleet import actions
from saas.fleet.queries import NoSuchClinic, clinic_by_slug, clinics, domains_of
from saas.fleet.rules import ClinicRequest, clean_clinic, clean_host
from saas.tenancy import TenantRef, current_tenant, find_by_account, find_by_host, find_platform, tenant_scope
from tests.cast import Clinic

REED = ClinicRequest("reed-house", " Reed  House ", "Europe/Lisbon", "eur", "pt", "pt-PT")


@pytest.fixture
def platform(app: Flask, now: datetime) -> Iterator[TenantRef]:
    with app.app_context():
        ref = actions.ensure_platform(now=now)
        with tenant_scope(ref):
            yield ref


def nothing(*, now: datetime) -> None:
    del now


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "ab",
        "-abc",
        "abc-",
        "a--b",
        "xn--abc",
        "Ab c",
        "a" * 64,
        "a_b_c",
        "äbc",
        "www",
        "platform",
        "../x",
        "a\x00bc",
    ],
)
def test_a_slug_that_misleads_or_breaks_is_refused(slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_clinic(replace(REED, slug=slug))
    assert set(refused.value.fields) == {"slug"}


@pytest.mark.parametrize("slug", ["abc", "still-water", "a1-b2", "a" * 63])
def test_a_plain_slug_is_kept(slug: str) -> None:
    assert clean_clinic(replace(REED, slug=slug)).slug == slug


def test_everything_wrong_with_a_clinic_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        clean_clinic(ClinicRequest("x", " ", "Mars/Base", "XXQ", "ZQ", "qq_QQ"))
    assert set(refused.value.fields) == {"slug", "name", "zone", "currency", "country", "locale"}


@pytest.mark.parametrize(
    "typed, kept",
    [("Book.Clinic.Example.", "book.clinic.example"), ("bücher.example", "xn--bcher-kva.example")],
)
def test_a_host_has_one_form(typed: str, kept: str) -> None:
    assert clean_host(typed) == kept


@pytest.mark.parametrize(
    "host", ["", "localhost", "1.2.3.4", "a b.example", "a.example:80", "https://a.example", "-a.b"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(Invalid):
        clean_host(host)


def test_the_platform_is_made_once_however_many_start(app: Flask, now: datetime) -> None:
    gate = threading.Barrier(4)
    seen: list[object] = []

    def start() -> None:
        with app.app_context():
            gate.wait()
            seen.append(actions.ensure_platform(now=now).id)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1


def test_a_clinic_is_made_and_handed_over_inside_its_scope(platform: TenantRef, now: datetime) -> None:
    entered: list[str] = []
    ref = actions.create_clinic(request=REED, now=now, on_created=lambda *, now: entered.append(current_tenant().slug))
    assert entered == ["reed-house"]
    assert (ref.name, ref.currency, ref.country, ref.locale, ref.status) == (
        "Reed House", "EUR", "PT", "pt_PT", "active",
    )  # fmt: skip
    assert current_tenant().is_platform
    assert clinic_by_slug("reed-house").id == ref.id
    assert "reed-house" in [one.slug for one in clinics()]
    deeds = db.session.execute(select(Audit.deed).where(Audit.target_id == ref.id)).scalars().all()
    assert deeds == ["clinic.created"]


def test_an_address_is_one_clinics(platform: TenantRef, now: datetime) -> None:
    actions.create_clinic(request=REED, now=now, on_created=nothing)
    with pytest.raises(actions.SlugTaken):
        actions.create_clinic(request=REED, now=now, on_created=nothing)


def test_a_clinic_is_suspended_resumed_and_closed(platform: TenantRef, now: datetime) -> None:
    ref = actions.create_clinic(request=REED, now=now, on_created=nothing)
    paused = actions.suspend(tenant_id=ref.id, reason="unpaid\r\nsince May", now=now)
    assert (paused.status, paused.status_reason) == ("suspended", "unpaid since May")
    with pytest.raises(actions.WrongStatus):
        actions.suspend(tenant_id=ref.id, reason="", now=now)
    assert actions.resume(tenant_id=ref.id, now=now).status == "active"
    with pytest.raises(actions.WrongStatus):
        actions.resume(tenant_id=ref.id, now=now)
    assert actions.close(tenant_id=ref.id, now=now).status == "closed"
    too_late: tuple[Callable[[], object], ...] = (
        lambda: actions.close(tenant_id=ref.id, now=now),
        lambda: actions.resume(tenant_id=ref.id, now=now),
        lambda: actions.suspend(tenant_id=ref.id, reason="", now=now),
    )
    for attempt in too_late:
        with pytest.raises(actions.WrongStatus):
            attempt()


def test_a_host_name_answers_only_when_proven_and_is_one_clinics(platform: TenantRef, now: datetime) -> None:
    ref = actions.create_clinic(request=REED, now=now, on_created=nothing)
    ours = frozenset({"book.example", "longtide.example"})
    assert actions.add_domain(tenant_id=ref.id, host="Reed.Example", ours=ours, now=now) == "reed.example"
    assert [one.host for one in domains_of(ref.id)] == ["reed.example"]
    assert find_by_host("reed.example") is None
    for host in ("reed.example", "longtide.example", "x.longtide.example"):
        with pytest.raises(actions.HostTaken):
            actions.add_domain(tenant_id=ref.id, host=host, ours=ours, now=now)


def test_a_stripe_account_is_one_clinics(platform: TenantRef, now: datetime) -> None:
    one = actions.create_clinic(request=REED, now=now, on_created=nothing)
    two = actions.create_clinic(request=replace(REED, slug="reed-two"), now=now, on_created=nothing)
    actions.connect_stripe(tenant_id=one.id, account="acct_reed0001", now=now)
    found = find_by_account("acct_reed0001")
    assert found is not None
    assert found.id == one.id
    with pytest.raises(actions.AccountTaken):
        actions.connect_stripe(tenant_id=two.id, account="acct_reed0001", now=now)
    with pytest.raises(Invalid):
        actions.connect_stripe(tenant_id=two.id, account="sk_live_x", now=now)


def test_a_clinic_cannot_make_or_pause_clinics(at_rowan: Clinic, thornfield: Clinic, now: datetime) -> None:
    with tenant_scope(at_rowan.ref):
        for attempt in (
            lambda: actions.create_clinic(request=REED, now=now, on_created=nothing),
            lambda: actions.suspend(tenant_id=thornfield.ref.id, reason="", now=now),
            lambda: actions.close(tenant_id=thornfield.ref.id, now=now),
            lambda: actions.connect_stripe(tenant_id=thornfield.ref.id, account="acct_mallory1", now=now),
            lambda: actions.add_domain(tenant_id=thornfield.ref.id, host="a.example", ours=frozenset(), now=now),
        ):
            with pytest.raises(actions.PlatformOnly):
                attempt()


def test_the_platform_itself_is_no_clinic(platform: TenantRef, now: datetime) -> None:
    for tenant_id in (platform.id, uuid4()):
        with pytest.raises(NoSuchClinic):
            actions.suspend(tenant_id=tenant_id, reason="", now=now)
    with pytest.raises(NoSuchClinic):
        clinic_by_slug("platform")
    assert find_platform() is not None
