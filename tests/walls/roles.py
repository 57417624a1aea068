"""Who may open what in the back offices: role by role, view by view, deed by deed, one line for each.

A page with a new address fails until it has its line here. `row(method, endpoint, who, **things)`:
`who` names the roles that may; `practitioner*` may only with what is their own (their calendar, their clients).
`things` are the ids (in the path, the query or the form) that the address takes, by kind: see `THINGS`; a value that
begins with `=` is sent as it is. `nothing=True`: who may is told that there is no such thing (404); tests of the page
itself ask for what is there. `again=True`: the page asks who is there again when the log-in is ten minutes old.
`.venv/bin/python -m tests.walls.test_roles > docs/roles.md` writes the page that people read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from saas.accounts.invitations import invite
from saas.db import db
from saas.money import Money
from tenants.availability.actions import add_time_off
from tenants.bookings.changes import cancel_by_staff
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.clients.actions import keep_file
from tenants.clinic.queries import latest_policy
from tenants.clinic.rules import SET_UP_STEPS
from tenants.intake.instruments import bring_in
from tenants.intake.publishing import begin_from_shipped
from tenants.intake.registry import INSTRUMENTS
from tenants.payments.desk import take_at_clinic
from tenants.payments.queries import desk_lines
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked
from tests.tenants.intake.made import packed, sheet_file
from tests.tenants.review.scenes import an_intake

EVERYBODY = "owner practitioner front_desk"
OWN = "owner practitioner* front_desk"
DESK = "owner front_desk"
OWNER = "owner"
OPERATOR = "operator"
READERS = "owner practitioner"
NO_ID = "=00000000-0000-7000-8000-000000000000"
SETTINGS = ("texts", "contact", "documents", "booking", "place")
NOBODY = ""  # the library registers the address; nothing is behind it


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    endpoint: str
    who: tuple[str, ...]
    own_only: bool
    again: bool
    nothing: bool
    things: tuple[tuple[str, str], ...]


def row(method: str, endpoint: str, who: str, /, *, again: bool = False, nothing: bool = False, **things: str) -> Row:
    """One line: see the head of this file."""
    roles = tuple(who.replace("*", "").split())
    return Row(method, endpoint, roles, "*" in who, again, nothing, tuple(things.items()))


def _form(clinic: Clinic, person: str) -> str:
    """A published form, brought in."""
    key = sorted(INSTRUMENTS)[sorted(clinic.practitioners).index(person) + 1]
    return str(bring_in(data=packed(sheet_file(key)), positions=False, harm={}, now=NOW).questionnaire_id)


def _draft(_clinic: Clinic, _person: str) -> str:
    """A questionnaire that is being written."""
    return str(begin_from_shipped(now=NOW))


def _own_account(endpoint: str, who: str) -> tuple[Row, ...]:
    """One's own account is the same in both consoles; whose it is, is never asked of the request."""
    odd = {"nothing": True, "id": "=00000000-0000-7000-8000-000000000000"}
    return (
        row("GET", f"{endpoint}.index", who),
        row("POST", f"{endpoint}.save", who),
        row("GET", f"{endpoint}.password", who),
        row("POST", f"{endpoint}.set_password", who),
        row("GET", f"{endpoint}.second", who),
        row("GET", f"{endpoint}.app", who, again=True),
        row("POST", f"{endpoint}.add_app", who, again=True),
        row("GET", f"{endpoint}.ask_remove_app", who),
        row("POST", f"{endpoint}.remove_app", who, again=True),
        row("GET", f"{endpoint}.key", who, again=True),
        row("POST", f"{endpoint}.add_key", who, again=True),
        row("GET", f"{endpoint}.ask_remove_key", who, **odd),  # type: ignore[arg-type]
        row("POST", f"{endpoint}.remove_key", who, again=True, **odd),  # type: ignore[arg-type]
        row("GET", f"{endpoint}.ask_codes", who),
        row("POST", f"{endpoint}.codes", who, again=True),
        row("POST", f"{endpoint}.end_login", who, ref="=none"),
        row("POST", f"{endpoint}.end_others", who),
    )


def _booking(clinic: Clinic, person: str) -> str:
    hours = 1 + sorted(clinic.practitioners).index(person)
    return str(booked(clinic, "desk", TUESDAY_TEN + timedelta(hours=24 + hours), person=person).id)


def _owing(clinic: Clinic, person: str) -> str:
    slot = TUESDAY_TEN + timedelta(hours=24 * 7 + sorted(clinic.practitioners).index(person))
    made = booked(clinic, "desk", slot, person=person)
    take_at_clinic(
        booking_id=made.id, client_id=made.client_id, amount=Money(1000, "GBP"), method="cash", click=person, now=NOW
    )
    return str(made.id)


def _taken(clinic: Clinic, person: str) -> str:
    """What the desk took for that booking."""
    slot = TUESDAY_TEN + timedelta(hours=24 * 7 + sorted(clinic.practitioners).index(person))
    booking = db.session.execute(select(Booking.id).where(Booking.starts_at == slot)).scalar_one()
    return str(desk_lines(booking)[0].posting_id)


def _account(clinic: Clinic, person: str) -> str:
    new = f"new.{person}@{clinic.ref.slug}.example"
    return str(invite(email=new, name="New", role="front_desk", now=NOW).id)


def _client(clinic: Clinic, person: str, *, hours: int = 48) -> str:
    hours += 1 + sorted(clinic.practitioners).index(person)
    who = Details(name=f"Client of {person} {hours}", email=f"of-{person}-{hours}@example.com")
    return str(booked(clinic, "desk", TUESDAY_TEN + timedelta(hours=hours), who=who, person=person).client_id)


def _shared(clinic: Clinic, person: str) -> str:
    """A client who comes to Ben, and to this practitioner."""
    own = "ben" if "ben" in clinic.practitioners else person
    return str(_of_shared(clinic, person, own, days=14).client_id)


def _shared_booking(clinic: Clinic, person: str) -> str:
    """That client's booking with this practitioner."""
    return str(_of_shared(clinic, person, person, days=15).id)


def _of_shared(clinic: Clinic, person: str, giver: str, *, days: int) -> Booking:
    slot = TUESDAY_TEN + timedelta(days=days, hours=sorted(clinic.practitioners).index(person))
    who = Details(name=f"Shared {person}", email=f"shared-{person}@example.com")
    return booked(clinic, "desk", slot, who=who, person=giver)


def _intake(clinic: Clinic, person: str) -> str:
    """What a client of this practitioner has begun to answer."""
    slot = TUESDAY_TEN + timedelta(days=16, hours=sorted(clinic.practitioners).index(person))
    who = Details(name=f"Asked {person}", email=f"asked-{person}@example.com")
    return str(an_intake(clinic, booked(clinic, "desk", slot, who=who, person=person)))


def _twin(clinic: Clinic, person: str) -> str:
    return _client(clinic, person, hours=72)


def _file(_clinic: Clinic, person: str) -> str:
    content = f"Name,Email\nNew {person},new-{person}@example.com\n".encode()
    return str(keep_file(content=content, skip_known=False, now=NOW))


def _pending(clinic: Clinic, person: str) -> str:
    """A cancel that can still be taken back."""
    slot = TUESDAY_TEN + timedelta(hours=24 * 8 + sorted(clinic.practitioners).index(person))
    made = booked(clinic, "desk", slot, person=person)
    return str(cancel_by_staff(booking_id=made.id, reason="other", keep_fee=False, seen=None, now=NOW))


def _blocked(clinic: Clinic, person: str) -> str:
    begins = TUESDAY_TEN + timedelta(days=9)
    who = clinic.practitioners[person]
    return str(add_time_off(practitioner_id=who, starts_at=begins, ends_at=begins + timedelta(hours=1), now=NOW))


def _policy(_clinic: Clinic, _person: str) -> str:
    last = latest_policy()
    assert last is not None
    return str(last.id)


# Kind to what makes one, inside the clinic, for the practitioner with this slug: called for Ben (own), for Iris (a
# colleague's) and for Max of the clinic next door.
def _day_off(clinic: Clinic, person: str) -> str:
    span = {"starts_at": NOW + timedelta(days=50), "ends_at": NOW + timedelta(days=51)}
    return str(add_time_off(practitioner_id=clinic.practitioners[person], **span, now=NOW))


def _offer(what: str) -> tuple[Row, ...]:
    """The pages of one list of what is offered."""
    return (
        row("GET", f"{what}.index_view", OWNER),
        row("GET", f"{what}.details_view", OWNER, id=what),
        row("GET", f"{what}.create_view", OWNER),
        row("POST", f"{what}.create_view", OWNER),
        row("GET", f"{what}.edit_view", OWNER, id=what),
        row("POST", f"{what}.edit_view", OWNER, id=what),
        row("GET", f"{what}.status", OWNER, id=what),
        row("POST", f"{what}.status", OWNER, id=what),
        row("GET", f"{what}.order", OWNER),
        row("POST", f"{what}.order", OWNER, do=f"up_{what}"),
        row("GET", f"{what}.export", OWNER, export_type="=csv"),
        row("POST", f"{what}.delete_view", NOBODY, id=what),
        row("POST", f"{what}.action_view", NOBODY, action="=delete", rowid=what),
        row("GET", f"{what}.ajax_lookup", NOBODY, name="=client", query="=quill"),
        row("POST", f"{what}.ajax_update", NOBODY, list_form_pk=what),
    )


THINGS: dict[str, Callable[[Clinic, str], str]] = {
    "who": lambda _clinic, person: person,
    "day_off": _day_off,
    "service": lambda clinic, _person: str(clinic.services["desk"]),
    "practitioner": lambda clinic, person: str(clinic.practitioners[person]),
    "room": lambda clinic, _person: str(clinic.rooms["quiet"]),
    "up_service": lambda clinic, _person: f"up:{clinic.services['desk']}",
    "up_practitioner": lambda clinic, person: f"up:{clinic.practitioners[person]}",
    "up_room": lambda clinic, _person: f"up:{clinic.rooms['quiet']}",
    "booking": _booking,
    "owing": _owing,
    "taken": _taken,
    "client": _client,
    "twin": _twin,
    "shared": _shared,
    "shared_booking": _shared_booking,
    "file": _file,
    "policy": _policy,
    "pending": _pending,
    "blocked": _blocked,
    "intake": _intake,
    "form": _form,
    "draft": _draft,
    "account": _account,
    "tenant": lambda clinic, _person: str(clinic.ref.id),
}

ROWS = (
    row("GET", "manage.index", EVERYBODY),
    row("POST", "manage.turn", OWN, id="booking", verb="=arrive"),
    row("GET", "hours.index", "owner practitioner*", who="who"),
    row("POST", "hours.index", "owner practitioner*", who="who"),
    row("GET", "hours.outside", "owner practitioner*"),
    row("GET", "hours_days.index", "owner practitioner*", off="day_off"),
    row("POST", "hours_days.index", "owner practitioner*", off="day_off"),
    row("GET", "hours_days.remove", "owner practitioner*", off="day_off"),
    row("POST", "hours_days.remove", "owner practitioner*", nothing=True, off="day_off"),
    row("GET", "hours_why.index", OWN, who="who"),
    *_offer("service"),
    *_offer("practitioner"),
    *_offer("room"),
    row("GET", "week.index", EVERYBODY),
    row("POST", "week.undo", OWN, change="pending"),
    row("GET", "week_booking.index", OWN, id="booking"),
    row("POST", "week_booking.turn", OWN, id="booking", verb="=arrive"),
    row("GET", "week_booking.move", OWN, id="booking"),
    row("POST", "week_booking.move_now", OWN, id="booking", do="=move", day="=2026-03-27", time="=12:00"),
    row("GET", "week_booking.cancel", OWN, id="booking"),
    row("POST", "week_booking.cancel_now", OWN, id="booking", reason="=other"),
    row("GET", "week_add.index", EVERYBODY),
    row("POST", "week_add.book", EVERYBODY, do="=book"),
    row("GET", "week_block.index", EVERYBODY),
    row("POST", "week_block.block", EVERYBODY, day="=2026-03-27"),
    row("GET", "week_block.remove", OWN, id="blocked"),
    row("POST", "week_block.remove_now", OWN, nothing=True, id="blocked"),
    row("GET", "booking.index_view", EVERYBODY),
    row("GET", "booking.details_view", OWN, id="booking"),
    row("GET", "booking.export", EVERYBODY, again=True, export_type="=csv"),
    row("GET", "booking.create_view", NOBODY),
    row("POST", "booking.create_view", NOBODY),
    row("GET", "booking.edit_view", NOBODY, id="booking"),
    row("POST", "booking.edit_view", NOBODY, id="booking"),
    row("POST", "booking.delete_view", NOBODY, id="booking"),
    row("POST", "booking.action_view", NOBODY, action="=delete", rowid="booking"),
    row("GET", "booking.ajax_lookup", NOBODY, name="=client", query="=quill"),
    row("POST", "booking.ajax_update", NOBODY, list_form_pk="booking"),
    row("GET", "client.index_view", EVERYBODY),
    row("GET", "client.details_view", OWN, id="client"),
    row("GET", "client.create_view", DESK),
    row("POST", "client.create_view", DESK),
    row("GET", "client.edit_view", OWN, id="client"),
    row("POST", "client.edit_view", OWN, id="client"),
    row("POST", "client.note", OWN, id="client"),
    row("GET", "client.remove", OWN, nothing=True, id="client", note=NO_ID),
    row("POST", "client.remove", OWN, nothing=True, id="client", note=NO_ID),
    row("GET", "privacy.index", OWNER, again=True, id="client"),
    row("POST", "privacy.copy", OWNER, again=True, id="client"),
    row("POST", "privacy.hold", OWNER, again=True, id="client"),
    row("GET", "records_due.index", OWNER),
    row("GET", "looks.index", OWNER),
    row("GET", "older_texts.index", OWNER),
    row("GET", "older_texts.of", OWNER, nothing=True),
    row("GET", "looks.of", OWNER),
    row("POST", "looks.reviewed", OWNER),
    row("POST", "privacy.back", OWNER, again=True, id="client"),
    row("POST", "privacy.erase", OWNER, again=True, id="client"),
    row("POST", "client.settle", OWN, id="shared", booking="shared_booking"),
    row("GET", "client.export", OWNER, again=True, export_type="=csv"),
    row("POST", "client.delete_view", NOBODY, id="client"),
    row("POST", "client.action_view", NOBODY, action="=delete", rowid="client"),
    row("GET", "client.ajax_lookup", NOBODY, name="=client", query="=quill"),
    row("POST", "client.ajax_update", NOBODY, list_form_pk="client"),
    row("GET", "intakes.index", EVERYBODY),
    row("GET", "intakes.summary", "owner practitioner*", id="intake"),
    row("GET", "intakes.answers", "owner practitioner*", id="intake"),
    row("GET", "intakes.file", "owner practitioner*", nothing=True, id="intake", file=NO_ID),
    row("POST", "intakes.look_again", "owner practitioner*", id="intake"),
    row("POST", "intakes.decide", "owner practitioner*", id="intake"),
    row("POST", "intakes.acknowledge", "owner practitioner*", id="intake"),
    row("GET", "intakes.touch", "owner practitioner*", client="client"),
    row("POST", "intakes.touch", "owner practitioner*", client="client"),
    row("GET", "duplicates.index", DESK),
    row("GET", "duplicates.merge", DESK, a="client", b="twin"),
    row("POST", "duplicates.merge", DESK, a="client", b="twin"),
    row("POST", "duplicates.apart", DESK, a="client", b="twin"),
    row("GET", "client_import.index", OWNER),
    row("POST", "client_import.index", OWNER),
    row("GET", "client_import.check", OWNER, id="file"),
    row("POST", "client_import.check", OWNER, id="file"),
    row("GET", "client_import.sample", OWNER),
    row("GET", "money.index_view", DESK),
    row("GET", "money.details_view", DESK, id="booking"),
    row("GET", "money.export", OWNER, again=True, export_type="=csv"),
    row("GET", "money.create_view", NOBODY),
    row("POST", "money.create_view", NOBODY),
    row("GET", "money.edit_view", NOBODY, id="booking"),
    row("POST", "money.edit_view", NOBODY, id="booking"),
    row("POST", "money.delete_view", NOBODY, id="booking"),
    row("POST", "money.action_view", NOBODY, action="=delete", rowid="booking"),
    row("GET", "money.ajax_lookup", NOBODY, name="=client", query="=quill"),
    row("POST", "money.ajax_update", NOBODY, list_form_pk="booking"),
    row("GET", "money_desk.take", DESK, id="booking"),
    row("POST", "money_desk.take_now", DESK, id="booking"),
    row("GET", "money_desk.link", DESK, id="booking"),
    row("POST", "money_desk.link_now", DESK, id="booking"),
    row("GET", "money_desk.receipt", DESK, id="owing"),
    row("GET", "money_desk.undo", DESK, id="owing", posting="taken"),
    row("POST", "money_desk.undo_now", DESK, id="owing", posting="taken"),
    row("GET", "money_desk.waive", OWNER, id="booking"),
    row("POST", "money_desk.waive_now", OWNER, id="booking"),
    row("GET", "money_refund.ask", OWNER, again=True, id="booking"),
    row("POST", "money_refund.send", OWNER, again=True, id="booking"),
    row("GET", "money_owed.index", DESK),
    row("GET", "money_totals.index", OWNER),
    row("GET", "money_totals.export", OWNER, again=True),
    row("GET", "reports.index", OWNER),
    row("GET", "reports.export", OWNER, again=True),
    row("GET", "money_disputes.index", OWNER),
    row("GET", "money_payouts.index", OWNER),
    row("GET", "settings.index", OWNER),
    *(row(method, f"settings.{page}", OWNER) for page in SETTINGS for method in ("GET", "POST")),
    row("GET", "settings_brand.index", OWNER),
    row("POST", "settings_brand.index", OWNER),
    row("GET", "settings_brand.sheet", OWNER, brand="=#2f6f6b"),
    row("POST", "settings_brand.logo", OWNER),
    row("GET", "settings_brand.ask_remove", OWNER, nothing=True),
    row("POST", "settings_brand.remove", OWNER),
    row("GET", "settings_feed.index", OWNER),
    row("GET", "settings_feed.one", OWNER, who="who"),
    row("POST", "settings_feed.one", OWNER, who="who"),
    row("GET", "settings_feed.ask_renew", OWNER, nothing=True, who="who"),
    row("POST", "settings_feed.renew", OWNER, who="who"),
    row("GET", "settings_stripe.index", OWNER, again=True),
    row("POST", "settings_stripe.begin", OWNER, again=True),
    row("POST", "settings_stripe.use", OWNER, again=True),
    row("GET", "settings_languages.index", OWNER),
    row("POST", "settings_languages.index", OWNER),
    *(row(method, f"settings_notices.{page}", OWNER) for page in ("index", "wording") for method in ("GET", "POST")),
    *(
        row(method, f"settings_intakes.{page}", OWNER)
        for page in ("index", "asking", "numbers")
        for method in ("GET", "POST")
    ),
    row("POST", "settings_intakes.try_it", OWNER),
    row("POST", "settings_intakes.seen", OWNER, nothing=True, id=NO_ID),
    row("GET", "settings_policy.index", OWNER),
    row("POST", "settings_policy.index", OWNER),
    row("GET", "questionnaires.index", READERS),
    row("POST", "questionnaires.begin", OWNER),
    row("GET", "questionnaires.one", READERS, id="draft"),
    row("POST", "questionnaires.move", OWNER, id="draft", go="=item|g.sleep|-1"),
    row("GET", "questionnaires.changes", READERS, id="draft"),
    row("GET", "questionnaires.publish_page", OWNER, id="draft"),
    row("POST", "questionnaires.publish", OWNER, id="draft"),
    row("GET", "questionnaires.ask", OWNER, deed="=item", id="draft", piece="=g.work"),
    row("POST", "questionnaires.do", OWNER, deed="=item", id="draft", piece="=g.work"),
    row("GET", "question_pieces.item", OWNER, id="draft", piece="=g.sleep"),
    row("POST", "question_pieces.save_item", OWNER, id="draft", piece="=g.sleep"),
    row("GET", "question_pieces.new_item", OWNER, id="draft", section="=g"),
    row("POST", "question_pieces.add_item", OWNER, id="draft", section="=g"),
    row("GET", "question_pieces.section", OWNER, id="draft", piece="=g"),
    row("POST", "question_pieces.save_section", OWNER, id="draft", piece="=g"),
    row("GET", "question_conditions.index", OWNER, id="draft", piece="=g.sleep"),
    row("POST", "question_conditions.save", OWNER, id="draft", piece="=g.sleep"),
    row("GET", "question_parts.index", OWNER, id="draft", piece="=comfort"),
    row("POST", "question_parts.save", OWNER, id="draft", piece="=comfort"),
    row("GET", "question_parts.languages", OWNER, id="draft"),
    row("POST", "question_parts.add_language", OWNER, id="draft"),
    row("GET", "question_parts.ask_remove", OWNER, id="draft", code="=es"),
    row("POST", "question_parts.remove_language", OWNER, id="draft", code="=es"),
    row("GET", "question_drafts.ask_discard", OWNER, id="draft"),
    row("POST", "question_drafts.discard", OWNER, id="draft"),
    row("POST", "question_drafts.bring_back", OWNER, id="draft"),
    row("GET", "question_drafts.newer", OWNER, id="draft"),
    row("POST", "question_drafts.take_newer", OWNER, id="draft"),
    row("GET", "question_texts.index", OWNER, id="draft"),
    row("POST", "question_texts.save", OWNER, id="draft"),
    row("GET", "question_preview.index", READERS, id="draft"),
    row("POST", "question_preview.try_out", READERS, id="draft"),
    row("GET", "flag_rules.index", OWNER),
    row("GET", "flag_rules.edit", OWNER, id="=P-HEART"),
    row("POST", "flag_rules.save", OWNER, id="=P-HEART"),
    row("GET", "flag_rules.ask_off", OWNER, id="=C-CSF"),
    row("POST", "flag_rules.switch_off", OWNER, again=True, id="=C-CSF"),
    row("POST", "flag_rules.switch_on", OWNER, id="=C-CSF"),
    row("GET", "flag_rules.bands", OWNER),
    row("POST", "flag_rules.save_bands", OWNER),
    row("GET", "flag_rules.publish_page", OWNER),
    row("POST", "flag_rules.dry_run", OWNER),
    row("POST", "flag_rules.publish", OWNER),
    row("GET", "flag_rules.ask", OWNER, deed="=forget"),
    row("POST", "flag_rules.do", OWNER, again=True, deed="=forget"),
    row("GET", "form_files.index", OWNER),
    row("POST", "form_files.index", OWNER),
    row("POST", "form_files.bring_now", OWNER),
    row("GET", "form_files.export", OWNER, id="form"),
    row("GET", "form_files.place", OWNER, id="form"),
    row("POST", "form_files.place", OWNER, nothing=True, id="form"),
    row("GET", "form_files.remove", OWNER, id="form"),
    row("POST", "form_files.remove", OWNER, id="form"),
    row("GET", "answer_files.index", "practitioner*", client="client"),
    row("POST", "answer_files.index", "practitioner*", client="client"),
    row("POST", "answer_files.keep", "practitioner*", client="client"),
    row("GET", "intake_files.index", "practitioner*", again=True, id="intake"),
    row("GET", "intake_files.fhir", "practitioner*", again=True, id="intake"),
    row("GET", "own_rules.index", OWNER),
    row("GET", "own_rules.compose", OWNER, q="=d.lp"),
    row("POST", "own_rules.add", OWNER, q="=d.lp"),
    row("GET", "settings_start.index", OWNER),
    *(row(method, f"settings_start.{step}", OWNER) for step in SET_UP_STEPS for method in ("GET", "POST")),
    row("POST", "settings_start.skip", OWNER, step="=brand"),
    row("POST", "settings_start.end", OWNER),
    row("GET", "website.index", OWNER),
    row("POST", "website.index", OWNER),
    row("GET", "mail_text.index", OWNER),
    row("GET", "mail_text.edit", OWNER, kind="=confirmed"),
    row("POST", "mail_text.edit", OWNER, kind="=confirmed", do="=preview", text="=Bring socks"),
    row("GET", "policy.index_view", OWNER),
    row("GET", "policy.details_view", OWNER, id="policy"),
    row("GET", "policy.create_view", NOBODY),
    row("POST", "policy.create_view", NOBODY),
    row("GET", "policy.edit_view", NOBODY, id="policy"),
    row("POST", "policy.edit_view", NOBODY, id="policy"),
    row("POST", "policy.delete_view", NOBODY, id="policy"),
    row("POST", "policy.action_view", NOBODY, action="=delete", rowid="policy"),
    row("GET", "policy.export", NOBODY, export_type="=csv"),
    row("GET", "policy.ajax_lookup", NOBODY, name="=client", query="=quill"),
    row("POST", "policy.ajax_update", NOBODY, list_form_pk="policy"),
    row("GET", "team.index", OWNER),
    row("GET", "team.ask_invite", OWNER),
    row("POST", "team.invite", OWNER, again=True),
    row("GET", "team.edit", OWNER, id="account"),
    row("POST", "team.change", OWNER, again=True, id="account"),
    row("GET", "team.ask", OWNER, deed="=withdraw", id="account"),
    row("POST", "team.do", OWNER, again=True, deed="=withdraw", id="account"),
    row("GET", "team.rules", OWNER),
    row("POST", "team.set_rules", OWNER, again=True),
    row("GET", "audit.index", OWNER),
    row("GET", "audit.export", OWNER, again=True, export_type="=csv"),
    *_own_account("my", EVERYBODY),
    row("GET", "operator.index", OPERATOR),
    row("GET", "operator_clinics.index", OPERATOR),
    row("GET", "operator_clinics.new", OPERATOR),
    row("POST", "operator_clinics.make", OPERATOR, again=True),
    row("GET", "operator_clinics.clinic", OPERATOR, id="tenant"),
    row("POST", "operator_clinics.edit", OPERATOR, again=True, id="tenant"),
    row("POST", "operator_clinics.connect", OPERATOR, again=True, id="tenant"),
    row("POST", "operator_clinics.add_domain", OPERATOR, again=True, id="tenant"),
    row("GET", "operator_clinics.ask_domain", OPERATOR, nothing=True, id="tenant", deed="=remove", host="=a.example"),
    row(
        "POST",
        "operator_clinics.do_domain",
        OPERATOR,
        again=True,
        nothing=True,
        id="tenant",
        deed="=remove",
        host="=a.example",
    ),
    row("GET", "operator_clinics.ask", OPERATOR, id="tenant", deed="=suspend"),
    row("POST", "operator_clinics.do", OPERATOR, again=True, id="tenant", deed="=resume"),
    row("GET", "operator_jobs.index", OPERATOR),
    row("POST", "operator_jobs.retry", OPERATOR, again=True, id=NO_ID),
    row("POST", "operator_jobs.retry_kind", OPERATOR, again=True, kind="=job.none"),
    row("GET", "operator_events.index", OPERATOR),
    row("POST", "operator_events.again", OPERATOR, again=True, nothing=True, id="=evt_none"),
    row("GET", "operator_audit.index", OPERATOR),
    row("GET", "operator_audit.export", OPERATOR, again=True, export_type="=csv"),
    *_own_account("operator_my", OPERATOR),
)
