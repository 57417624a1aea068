"""How somebody may be reached, kept by what is sent and told to who might ring."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from saas.audit import Audit
from saas.db import db
from saas.errors import Invalid
from saas.mail import outgoing, written_for
from saas.outbox import Effect
from tenants.bookings import letters
from tenants.bookings.effects import HANDLERS, _how_to_reach
from tenants.clients.actions import add_note, mark_of_record, record_of, save_client
from tenants.clients.models import Client
from tenants.clients.rules import Record, called, clean_record
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import booked, effects

SAFE = Record(
    "Cleo Marsh", "Clee", "cleo@example.com", "+441132000001", "text", discreet_name="C.", no_calls=True, locale="es"
)


def test_a_discreet_name_goes_before_every_other() -> None:
    assert called("Cleo Marsh", "Clee", "C.") == "C."
    assert called("Cleo Marsh", "Clee", "") == "Clee"
    assert called("Cleo Marsh", "", "") == "Cleo"


def test_what_is_kept_is_what_mails_and_notices_keep_to(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    assert booking.client_id
    save_client(client_id=booking.client_id, record=SAFE, locales=("es",), seen=None, now=NOW)
    client = db.session.get_one(Client, booking.client_id)
    with written_for("en"):
        assert letters.words_of(booking, client, place="Leeds", locale="en").first_name == "C."
        assert letters.mail_address(booking, client) == ""
        assert "do not ring" in str(_how_to_reach(booking, client))
    by_mail = Record("Cleo Marsh", "", "cleo@example.com", discreet_name="C.")
    save_client(client_id=client.id, record=by_mail, locales=(), seen=mark_of_record(SAFE), now=NOW)
    assert record_of(db.session.get_one(Client, client.id)) == by_mail
    (due,) = effects("booking.confirmed")
    HANDLERS["booking.confirmed"](Effect(due.id, at_rowan.ref.id, due.kind, due.payload, 1), now=NOW)
    (sent,) = outgoing()
    assert sent.to_name == "C."
    assert "Hello C.," in sent.text
    assert "Marsh" not in sent.text + sent.html


@pytest.mark.parametrize(
    "wrong,field",
    [
        (Record(""), "name"),
        (Record("A", email="a@"), "email"),
        (Record("A", phone="12", reach="text"), "phone"),
        (Record("A", email="a@example.com", reach="fax"), "reach"),
        (Record("A", phone="0113 200 0001", reach="phone", no_calls=True), "no_calls"),
        (Record("A", email="a@example.com", locale="xx"), "locale"),
        (Record("A" * 201, email="a@example.com"), "name"),
    ],
)
def test_a_record_that_does_not_hold_together_is_refused_beside_its_field(wrong: Record, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_record(wrong, country="GB", locales=("en", "es"))
    assert field in refused.value.fields


def test_notes_are_in_one_table_and_in_no_other_place(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    assert booking.client_id
    note = {"client_id": booking.client_id, "account_id": at_rowan.accounts["ben"], "now": NOW}
    add_note(text="left shoulder", clinical=True, **note)  # type: ignore[arg-type]
    audits = db.session.execute(sa.select(Audit.facts)).scalars().all()
    assert not re.search("shoulder", str(audits))
