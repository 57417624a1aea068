from __future__ import annotations

from datetime import datetime

import pytest

from saas.errors import Invalid
from saas.tenancy import tenant_scope
from tenants.practitioners import actions, queries
from tenants.practitioners.rules import PractitionerRequest, RoomRequest
from tenants.services.actions import save_service
from tenants.services.queries import NoSuchService
from tenants.services.rules import ServiceRequest
from tests.cast import Clinic

UNA = PractitionerRequest(name="Úna Byrne", email="Una@Example.com", position=90)
TALK = ServiceRequest(name="Long talk", duration_min=45, price_minor=4500)


def test_a_practitioner_is_kept_and_retired(at_rowan: Clinic, now: datetime) -> None:
    made = actions.save_practitioner(practitioner_id=None, request=UNA, now=now)
    assert (made.slug, made.first_name, made.email) == ("una-byrne", "Úna", "una@example.com")
    assert made.id in [row.id for row in queries.practitioners()]
    actions.retire_practitioner(practitioner_id=made.id, now=now)
    assert made.id not in [row.id for row in queries.practitioners()]
    with pytest.raises(actions.SlugTaken):
        actions.save_practitioner(practitioner_id=None, request=UNA, now=now)


def test_a_practitioners_problems_are_told_at_once(at_rowan: Clinic, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        actions.save_practitioner(
            practitioner_id=None,
            request=PractitionerRequest(name=" ", email="x", text="y" * 1001, position=-1),
            now=now,
        )
    assert set(refused.value.fields) == {"name", "email", "text", "position"}


def test_who_offers_what_is_exactly_what_was_said(at_rowan: Clinic, now: datetime) -> None:
    una = actions.save_practitioner(practitioner_id=None, request=UNA, now=now).id
    one = save_service(service_id=None, request=TALK, now=now).id
    two = save_service(service_id=None, request=ServiceRequest("Short talk", 20, payment="free"), now=now).id
    actions.set_services(practitioner_id=una, service_ids=[one, two, one], now=now)
    assert queries.services_of(una) == {one, two}
    actions.set_services(practitioner_id=una, service_ids=[two], now=now)
    assert queries.services_of(una) == {two}
    assert queries.offers_by_service().get(one, []) == []
    assert queries.offers_by_service()[two] == [queries.practitioner_by_id(una).slug]
    actions.retire_practitioner(practitioner_id=una, now=now)
    assert queries.offers_by_service().get(two, []) == []


def test_a_neighbours_service_or_person_is_refused(at_rowan: Clinic, thornfield: Clinic, now: datetime) -> None:
    una = actions.save_practitioner(practitioner_id=None, request=UNA, now=now).id
    theirs_person = theirs = None
    with tenant_scope(thornfield.ref):
        theirs = save_service(service_id=None, request=TALK, now=now).id
        theirs_person = actions.save_practitioner(practitioner_id=None, request=UNA, now=now).id
        with pytest.raises(queries.NoSuchPractitioner):
            actions.set_services(practitioner_id=una, service_ids=[theirs], now=now)
    with tenant_scope(at_rowan.ref):
        with pytest.raises(NoSuchService):
            actions.set_services(practitioner_id=una, service_ids=[theirs], now=now)
        with pytest.raises(queries.NoSuchPractitioner):
            actions.retire_practitioner(practitioner_id=theirs_person, now=now)
        assert queries.services_of(una) == set()


def test_a_room_is_kept_renamed_and_retired(at_rowan: Clinic, now: datetime) -> None:
    made = actions.save_room(room_id=None, request=RoomRequest("Garden room"), now=now)
    assert made.slug == "garden-room"
    actions.save_room(room_id=made.id, request=RoomRequest("Garden", slug="garden-room"), now=now)
    assert queries.room_by_id(made.id).name == "Garden"
    with pytest.raises(actions.SlugTaken):
        actions.save_room(room_id=None, request=RoomRequest("Garden room"), now=now)
    actions.retire_room(room_id=made.id, now=now)
    assert made.id not in [row.id for row in queries.rooms()]
