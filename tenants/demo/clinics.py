"""The two fictional clinics: who they are, what they offer and when. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from saas.fleet.rules import ClinicRequest
from tenants.availability.hours import Week
from tenants.clinic.rules import Note, PolicyRequest, Profile
from tenants.practitioners.rules import PractitionerRequest, RoomRequest
from tenants.services.rules import ServiceRequest

PEOPLE = (
    ("Maya Lindqvist", "Maya"), ("Ruairí Keane", ""), ("Grace Okafor", ""), ("Tomás Duarte", "Tom"),
    ("Hana Vesely", ""),
)  # fmt: skip
_RELEASE = "The same gentle contact, with room to follow what comes up. You choose how far it goes."
_STILL = "Light, still contact at the head, back or feet while you lie or sit clothed on the table."


@dataclass(frozen=True)
class Plan:
    """One fictional clinic. `weeks` and `people` by the practitioner's slug; `booked`: (days ahead, service)."""

    clinic: ClinicRequest
    account: str
    brand: str
    heading: str
    profile: Profile
    rules: tuple[int, int]
    policy: PolicyRequest
    services: tuple[ServiceRequest, ...]
    people: tuple[PractitionerRequest, ...]
    weeks: Mapping[str, Week]
    rooms: tuple[RoomRequest, ...]
    logins: Mapping[str, tuple[str, str]]
    booked: tuple[tuple[int, str], ...]


def privacy_notice(name: str, person: str, email: str) -> str:
    return f"""
<p>{name} is a fictional clinic made to show Longtide. Nobody is treated here and no money moves. A real clinic
writes its own notice in this place; these are the questions it answers.</p>
<h2>Who is responsible</h2><p>{person}, {name}. Write to <a href="mailto:{email}">{email}</a>.</p>
<h2>What we keep, and why</h2><p>Your name, how we may reach you, and your bookings, so that we can keep our side
of them. What was paid, because the law asks us to. None of it is used for advertising.</p>
<h2>Who works for us</h2><p>Longtide runs this booking page. Card payments go through Stripe, which sees the amount and
your card; we never see your card number.</p>
<h2>How long</h2><p>Bookings and receipts for as long as the law asks. A time that you chose and did not book is
forgotten after thirty days.</p>
<h2>Your rights</h2><p>You can ask what we know of you, have it corrected or erased, and take it with you. You can also
complain to the data protection authority of your country.</p>
<h2>Cookies</h2><p>The booking pages set none.</p>"""


def imprint_text(name: str, person: str, address: str, email: str) -> str:
    lines = "<br>".join(address.splitlines())
    return f"""
<p>{name} is a fictional clinic made to show Longtide. A real clinic says here who it is.</p>
<address>{person}<br>{name}<br>{lines}</address>
<p>Email: <a href="mailto:{email}">{email}</a></p>
<p>Registration and insurance: a real clinic names its professional body and its insurer here.</p>"""


def _promises(name: str, her: str) -> tuple[Note, ...]:
    where = f"The contact is light and still. {name} says where {her} hands will be, and asks first."
    said = (
        ("You keep your clothes on", where),
        (
            "You can stop at any moment",
            "Say it, raise a hand, or agree a signal beforehand. You never have to explain.",
        ),
        ("You needn’t tell your story", "The work does not depend on it. Questions about your history are optional."),
        (
            "You can bring someone",
            "A friend can sit in the room or wait next door. There is a comfortable chair for them.",
        ),
    )
    return tuple(Note(title, text) for title, text in said)


STILL_WATER = Plan(
    clinic=ClinicRequest("still-water", "Still Water", "Europe/Dublin", "EUR", "IE", "en_IE"),
    account="acct_demo_still_water",
    brand="#2f6f6b",
    heading="serif",
    profile=Profile(
        headline="Unhurried craniosacral therapy in Galway",
        lead="One-to-one sessions with Aoife Brennan, for pain, tension and the long after-effects of stress. Gentle "
        "contact, fully clothed, at your pace.",
        person="Aoife Brennan",
        first_name="Aoife",
        place="Galway",
        address="2 Nun’s Island\nGalway H91 W2K7",
        phone="091 555 014",
        email="hello@stillwater.example",
        promises=_promises("Aoife", "her"),
        facts=(
            Note("Getting in", "Ground floor, no steps. Doorway 82 cm wide."),
            Note("The room", "Quiet, low light, no scents. The table can be raised, or you can stay seated."),
        ),
    ),
    rules=(720, 42),
    policy=PolicyRequest(free_hours=24, late_fee_percent=50, no_show_percent=100),
    services=(
        ServiceRequest(
            "First visit", 90, "first", "Time to talk, ask questions and feel out what suits you, then a full session. "
            "Nothing is expected of you.", buffer_after_min=15, price_minor=95_00, position=1,
        ),
        ServiceRequest(
            "CranioSacral Therapy", 60, "cst", _STILL, buffer_after_min=15, price_minor=75_00, position=2,
        ),
        ServiceRequest(
            "SomatoEmotional Release", 75, "ser", _RELEASE, buffer_after_min=15, price_minor=90_00,
            payment="deposit", deposit_percent=30, position=3,
        ),
        ServiceRequest(
            "Short follow-up", 40, "short", "For people already seeing Aoife who want to stay with one area.",
            buffer_after_min=15, price_minor=55_00, payment="at_clinic", position=4,
        ),
        ServiceRequest(
            "Phone call", 20, "call", "Twenty minutes on the telephone to ask whatever you like before you decide.",
            step_min=20, payment="free", position=5,
        ),
    ),
    people=(PractitionerRequest("Aoife Brennan", "Aoife", "aoife", email="aoife@stillwater.example"),),
    weeks={
        "aoife": {
            "mon": [("14:00", "17:30")], "tue": [("09:00", "13:00"), ("14:00", "18:30")], "wed": [("10:30", "13:00")],
            "thu": [("09:00", "12:00"), ("14:00", "19:30")], "fri": [("09:00", "13:30")],
        },
    },
    rooms=(),
    logins={
        "owner": ("owner@stillwater.example", "Aoife Brennan"),
        "practitioner": ("aoife@stillwater.example", "Aoife Brennan"),
        "front_desk": ("desk@stillwater.example", "Nora Walsh"),
    },
    booked=((2, "short"), (4, "call"), (6, "short"), (9, "short"), (11, "call")),
)  # fmt: skip

HOLLOW_OAK = Plan(
    clinic=ClinicRequest("hollow-oak", "Hollow Oak Bodywork", "America/Los_Angeles", "USD", "US", "en_US"),
    account="acct_demo_hollow_oak",
    brand="#7d4a78",
    heading="sans",
    profile=Profile(
        headline="Quiet bodywork for busy nervous systems",
        lead="CranioSacral Therapy and SomatoEmotional Release in the south-east of Portland. You set the "
        "pace, and you can stop at any moment.",
        person="Dana Whitfield",
        first_name="Dana",
        place="Portland",
        address="1418 SE Alder Street\nPortland, OR 97214",
        phone="(503) 555-0142",
        email="hello@hollowoak.example",
        promises=_promises("Your practitioner", "their"),
        facts=(
            Note("Getting in", "One step at the front, a ramp at the side door. Ring and we come down."),
            Note("The rooms", "Two quiet rooms with low light and no scents. The tables can be raised."),
        ),
    ),
    rules=(240, 60),
    policy=PolicyRequest(free_hours=24, late_fee_percent=50, no_show_percent=100),
    services=(
        ServiceRequest(
            "First session", 90, "first", "Time to arrive and to ask, then a full session. Nothing is expected of you.",
            buffer_after_min=15, price_minor=140_00, needs_room=True, position=1,
        ),
        ServiceRequest(
            "CranioSacral Therapy", 60, "cst", _STILL, buffer_after_min=15, price_minor=110_00, or_at_clinic=True,
            needs_room=True, position=2,
        ),
        ServiceRequest(
            "SomatoEmotional Release", 75, "ser", _RELEASE, buffer_after_min=15, price_minor=130_00,
            payment="deposit", deposit_minor=40_00,
            needs_room=True, position=3,
        ),
        ServiceRequest(
            "Short session", 45, "short", "For people we know, to stay with one area.", step_min=15,
            buffer_after_min=15, price_minor=80_00, payment="at_clinic", needs_room=True, position=4,
        ),
        ServiceRequest(
            "Phone call", 15, "call", "A quarter of an hour on the telephone before you decide.", step_min=15,
            payment="free", position=5,
        ),
    ),
    people=(
        PractitionerRequest("Dana Whitfield", "Dana", "dana", email="dana@hollowoak.example", position=1),
        PractitionerRequest("Luis Ortega", "Luis", "luis", email="luis@hollowoak.example", position=2),
        PractitionerRequest("Mei Tanaka", "Mei", "mei", email="mei@hollowoak.example", position=3),
    ),
    weeks={
        "dana": {day: [("09:00", "12:30"), ("13:30", "17:00")] for day in ("mon", "tue", "wed", "thu")},
        "luis": {"tue": [("11:00", "19:00")], "wed": [("11:00", "19:00")], "fri": [("10:00", "16:00")],
                 "sat": [("09:00", "13:00")]},
        # Friday evenings run past midnight: people who work at night come afterwards.
        "mei": {"mon": [("08:00", "12:00")], "thu": [("14:00", "20:00")], "fri": [("18:00", "00:30")]},
    },
    rooms=(RoomRequest("Alder room", "alder", 1), RoomRequest("Birch room", "birch", 2)),
    logins={
        "owner": ("owner@hollowoak.example", "Dana Whitfield"),
        "practitioner": ("luis@hollowoak.example", "Luis Ortega"),
        "front_desk": ("desk@hollowoak.example", "Robin Hale"),
    },
    booked=((1, "short"), (3, "cst"), (5, "call"), (8, "cst"), (12, "short")),
)  # fmt: skip
