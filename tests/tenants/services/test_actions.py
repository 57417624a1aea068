from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest

from saas.tenancy import tenant_scope
from tenants.services.actions import SlugTaken, retire_service, revive_service, save_service
from tenants.services.queries import NoSuchService, offered, service_by_id
from tenants.services.rules import ServiceRequest
from tests.cast import Clinic

REQUEST = ServiceRequest(name="Long talk", duration_min=45, price_minor=4500, position=50)


def test_a_service_is_kept_changed_retired_and_offered_again(at_rowan: Clinic, now: datetime) -> None:
    made = save_service(service_id=None, request=REQUEST, now=now)
    assert made.slug == "long-talk"
    assert made.price.currency == "GBP"
    changed = save_service(service_id=made.id, request=replace(REQUEST, slug="talking", price_minor=5000), now=now)
    assert changed.id == made.id
    assert [row.price_minor for row in offered() if row.slug == "talking"] == [5000]
    retire_service(service_id=made.id, now=now)
    assert "talking" not in [row.slug for row in offered()]
    assert service_by_id(made.id).name == "Long talk"
    revive_service(service_id=made.id, now=now)
    assert "talking" in [row.slug for row in offered()]


def test_an_address_is_one_services_in_its_clinic(at_rowan: Clinic, thornfield: Clinic, now: datetime) -> None:
    save_service(service_id=None, request=REQUEST, now=now)
    with pytest.raises(SlugTaken) as refused:
        save_service(service_id=None, request=REQUEST, now=now)
    assert refused.value.status == 409
    assert "slug" in refused.value.fields
    with tenant_scope(thornfield.ref):
        save_service(service_id=None, request=REQUEST, now=now)


def test_the_neighbours_service_is_nobodys_here(at_rowan: Clinic, thornfield: Clinic, now: datetime) -> None:
    theirs = save_service(service_id=None, request=REQUEST, now=now).id
    with tenant_scope(thornfield.ref):
        for attempt in (
            lambda: save_service(service_id=theirs, request=REQUEST, now=now),
            lambda: retire_service(service_id=theirs, now=now),
            lambda: service_by_id(theirs),
        ):
            with pytest.raises(NoSuchService):
                attempt()
    with tenant_scope(at_rowan.ref):
        assert service_by_id(theirs).active
        with pytest.raises(NoSuchService):
            service_by_id(uuid4())
