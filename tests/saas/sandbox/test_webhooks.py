import json

import pytest
import stripe

from saas.stripe_values import InvalidSignature
from tests.saas.sandbox.stand import ROWAN, Stand

PAID = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed", "application_fee.created"]


def deliveries(stand: Stand) -> dict[str, int]:
    found: dict[str, int] = stand.sandbox.state()["deliveries"]
    return found


def test_a_payment_tells_its_events_to_both_endpoints(stand: Stand) -> None:
    paid = stand.paid()
    assert stand.deliver() == PAID
    *connect, platform = stand.events()
    assert {event.account for event in connect} == {ROWAN}
    assert platform.account is None
    completed = connect[-1].object
    assert (completed["id"], completed["payment_status"], completed["amount_total"]) == (paid.id, "paid", 8000)
    assert completed["metadata"]["payment_attempt"] == "a1"
    assert not any(name.startswith("_") for name in completed)
    assert stand.deliver() == []


def test_events_can_be_asked_for_again(stand: Stand) -> None:
    stand.paid()
    v1 = stand.client().v1
    listed = v1.events.list({"type": "checkout.session.completed"}, {"stripe_account": ROWAN}).data
    assert len(listed) == 1
    event = v1.events.retrieve(listed[0].id, {}, {"stripe_account": ROWAN})
    assert event.api_version == stripe.api_version
    assert event.pending_webhooks == 1
    assert v1.events.list({"type": "checkout.session.completed"}).data == []


def test_a_changed_body_is_not_signed(stand: Stand) -> None:
    stand.paid()
    stand.deliver()
    body, signature = stand.inbox.posts[0]
    with pytest.raises(InvalidSignature):
        stand.gateway().read_event(payload=body.replace(b"8000", b"9000"), signature=signature)


def test_what_is_refused_is_sent_again_later_and_later(stand: Stand) -> None:
    session = stand.checkout()
    stand.inbox.statuses = [500, 404, 302]
    stand.gateway().expire_checkout(account=ROWAN, session_id=session.id)
    for offset, arrived in ((0, 1), (0, 0), (1.5, 1), (1.5, 0), (5, 1), (5, 0), (16, 1), (60, 0)):
        stand.sandbox.shift_clock(offset)
        assert len(stand.deliver()) == arrived, offset
    assert len({event.id for event in stand.events()}) == 1
    assert deliveries(stand) == {"delivered": 1}


def test_a_receiver_that_is_away_gets_it_later(stand: Stand) -> None:
    url = stand.inbox.url
    with stand.sandbox.world.store.transaction() as books:
        endpoint = books.get("webhook_endpoint", "we_sandbox_connect", account="") or {}
        books.save(endpoint | {"url": "http://127.0.0.1:9/"})
    stand.paid(application_fee=0)
    assert stand.deliver() == []
    assert deliveries(stand) == {"pending": 3}
    with stand.sandbox.world.store.transaction() as books:
        books.save(endpoint | {"url": url})
    stand.sandbox.shift_clock(2)
    assert stand.deliver() == PAID[:3]


def test_doubled(stand: Stand) -> None:
    stand.sandbox.faults.switch({"webhooks": {"double": True, "types": "checkout."}})
    stand.paid(application_fee=0)
    assert stand.deliver() == [*PAID[:2], PAID[2], PAID[2]]
    assert stand.inbox.posts[2][0] == stand.inbox.posts[3][0]


def test_reordered(stand: Stand) -> None:
    stand.sandbox.faults.switch({"webhooks": {"reorder": True}})
    stand.paid(application_fee=0)
    assert stand.deliver() == PAID[2::-1]


def test_late(stand: Stand) -> None:
    stand.sandbox.faults.switch({"webhooks": {"delay_seconds": 90}})
    stand.paid(application_fee=0)
    assert stand.deliver() == []
    stand.sandbox.shift_clock(91)
    assert stand.deliver() == PAID[:3]


def test_lost(stand: Stand) -> None:
    stand.sandbox.faults.switch({"webhooks": {"lose": 2}})
    stand.paid(application_fee=0)
    assert stand.deliver() == PAID[2:3]
    stand.sandbox.faults.switch({"webhooks": {"lose": "all"}})
    stand.paid(key="again", application_fee=0)
    assert stand.deliver() == []
    assert deliveries(stand) == {"delivered": 1, "lost": 5}


def test_the_background_courier_delivers_by_itself(stand: Stand) -> None:
    stand.sandbox.start()
    stand.paid()
    assert all(stand.inbox.arrived.acquire(timeout=60) for _ in PAID)
    assert [event.type for event in stand.events()] == PAID


def test_an_endpoint_of_ones_own(stand: Stand) -> None:
    v1 = stand.client().v1
    made = v1.webhook_endpoints.create(
        {"url": stand.inbox.url, "enabled_events": ["checkout.session.expired"], "connect": True}
    )
    assert made.secret
    assert not v1.webhook_endpoints.retrieve(made.id).to_dict().get("secret")
    assert len(v1.webhook_endpoints.list().data) == 3
    session = stand.checkout()
    stand.gateway().expire_checkout(account=ROWAN, session_id=session.id)
    stand.sandbox.courier.deliver_due()
    bodies = [json.loads(body) for body, _ in stand.inbox.posts]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    body, signature = stand.inbox.posts[1]
    assert stripe.Webhook.construct_event(body, signature, made.secret).id == bodies[0]["id"]
