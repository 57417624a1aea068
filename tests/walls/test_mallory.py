"""Mallory at every address: with Rowan's ids, links, slugs, tokens and cookies she is a stranger, and vice versa.

Each endpoint has its place in `ASKS` (what she puts there) or in `NOTHING` (why there is nothing to put). A new one
without a place fails.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.saas.accounts.pages import Enter, log_in
from tests.walls.belongings import Belongings, everything

OWNERS = {"rowan": "alma", "thornfield": "mallory"}


@dataclass(frozen=True)
class Ask:
    """One request at the asker's own clinic, with something of the neighbour's in it."""

    method: str
    path: str
    status: tuple[int, ...] = (404,)
    more: dict[str, Any] = field(default_factory=dict)


def get(path: str, *status: int, **more: Any) -> Ask:
    return Ask("GET", path, status or (404,), more)


def post(path: str, *status: int, **more: Any) -> Ask:
    return Ask("POST", path, status or (404,), more)


Asks = Callable[[Belongings, Belongings], list[Ask]]


def _link(tail: str) -> Asks:
    return lambda _mine, theirs: [get(f"/b/{token}{tail}") for token in (theirs.booked, theirs.held)]


def _press(tail: str) -> Asks:
    def asks(mine: Belongings, theirs: Belongings) -> list[Ask]:
        form = {"form_token": theirs.booking_token, "terms": "on", "start": "2026-03-24T12:00:00+00:00", "name": "x"}
        return [
            post(f"/b/{theirs.booked}{tail}", data=form),
            post(f"/b/{theirs.held}{tail}", data=form),
            # My own link with the neighbour's form token: made elsewhere.
            post(f"/b/{mine.held}{tail}", 400, data=form),
        ]

    return asks


def _questions(tail: str) -> Asks:
    return lambda _mine, theirs: [get(f"/intake/{theirs.intake}{tail}")]


def _answer(tail: str) -> Asks:
    def asks(mine: Belongings, theirs: Belongings) -> list[Ask]:
        form = {"form_token": theirs.intake_token, "k": "c.goal", "c.goal": "x", "code": "123456"}
        return [
            post(f"/intake/{theirs.intake}{tail}", data=form),
            # My own link with the neighbour's form token: made elsewhere.
            post(f"/intake/{mine.intake}{tail}", 400, data=form),
        ]

    return asks


def _wish(service: str, **more: Any) -> dict[str, Any]:
    return {
        "service": service,
        "starts_at": "2026-03-25T14:00:00+00:00",
        "accept_policy": True,
        "client": {"name": "M", "email": "m@example.com"},
        **more,
    }


def _book(mine: Belongings, theirs: Belongings) -> list[Ask]:
    ids = {
        "tenant_id": str(theirs.clinic.ref.id),
        "tenant": theirs.clinic.ref.slug,
        "client_id": str(theirs.client_id),
        "service_id": str(theirs.clinic.services[theirs.service]),
        "practitioner_id": str(theirs.person_id),
        "booking_id": str(theirs.booked_id),
        "id": str(theirs.booked_id),
        "token": theirs.booked,
        "price_minor": 0,
    }
    return [
        post("/api/v1/bookings", json=_wish(theirs.service)),
        post("/api/v1/bookings", json=_wish("desk", practitioner=theirs.person)),
        post("/api/v1/bookings", json=_wish("desk", practitioner=str(theirs.person_id))),
        post("/api/v1/bookings", json=_wish(str(theirs.clinic.services[theirs.service]))),
        # Unknown members are ignored and never authority: this is a booking at my own clinic.
        post("/api/v1/bookings", 201, json=_wish("desk", **ids), headers={"Idempotency-Key": f"same-{theirs.held}"}),
    ]


def _move_by_api(mine: Belongings, theirs: Belongings) -> list[Ask]:
    start = {"starts_at": "2026-03-25T15:00:00+00:00"}
    return [
        post(f"/api/v1/bookings/{theirs.booked}/reschedule", json=start),
        post(f"/api/v1/bookings/{mine.booked}/reschedule", json={**start, "practitioner": theirs.person}),
        post(f"/api/v1/bookings/{mine.booked}/reschedule", json={**start, "practitioner": str(theirs.person_id)}),
    ]


def _openings(_mine: Belongings, theirs: Belongings) -> list[Ask]:
    days = "from=2026-03-24&to=2026-03-27"
    return [
        get(f"/api/v1/openings?service={theirs.service}&{days}"),
        get(f"/api/v1/openings?service=desk&practitioner={theirs.person}&{days}", 404, 200),
        get(
            f"/api/v1/openings?service=desk&{days}&tenant_id={theirs.clinic.ref.id}&practitioner_id={theirs.person_id}",
            200,
        ),
    ]


def _times(mine: Belongings, theirs: Belongings) -> list[Ask]:
    return [
        get(f"/book/{theirs.service}"),
        get(f"/book/desk?p={theirs.person}&tenant_id={theirs.clinic.ref.id}&token={theirs.booked}", 200),
        get(f"/book/{mine.service}?p={theirs.person_id}", 200),
    ]


def _frame(mine: Belongings, theirs: Belongings) -> list[Ask]:
    return [
        get(f"/embed/{theirs.service}"),
        get(f"/embed/desk?p={theirs.person}&tenant_id={theirs.clinic.ref.id}", 200),
        get(f"/embed/{mine.service}?p={theirs.person_id}", 200),
    ]


def _hold(_mine: Belongings, theirs: Belongings) -> list[Ask]:
    form = {"form_token": theirs.hold_token, "start": "2026-03-24T12:00:00+00:00"}
    return [post(f"/book/{theirs.service}", 400, 404, data=form), post("/book/desk", 400, data=form)]


def _office(path: str, *status: int) -> Asks:
    return lambda _mine, theirs: [
        get(path.format(id=theirs.booked_id, who=theirs.person_id), *(status or (200, 302, 303, 404)))
    ]


def _desk(path: str) -> Asks:
    return lambda _mine, theirs: [get(f"{path}?id={found}") for found in (theirs.booked_id, theirs.person_id)]


def _press_desk(path: str) -> Asks:
    def asks(_mine: Belongings, theirs: Belongings) -> list[Ask]:
        form = {"id": str(theirs.booked_id), "change": str(theirs.booked_id), "verb": "arrive", "reason": "other",
                "do": "move", "day": "2026-03-27", "time": "12:00"}  # fmt: skip
        return [post(path, data=form), post(f"{path}?id={theirs.booked_id}", data={"reason": "other"})]

    return asks


def _an_intake(path: str) -> Asks:
    return lambda _mine, theirs: [get(f"{path}?id={theirs.intake_id}"), get(f"{path}?id={theirs.booked_id}")]


def _any_row(path: str, *methods: str, name: str = "id") -> Asks:
    """The neighbour's client, booking and intake, whichever the page takes; not a role's page is 403 before that."""

    def asks(_mine: Belongings, theirs: Belongings) -> list[Ask]:
        ids = (theirs.client_id, theirs.booked_id, theirs.intake_id)
        gets = [get(f"{path}?{name}={id_}", 403, 404) for id_ in ids if "G" in methods]
        posts = [post(f"{path}?{name}={id_}", 403, 404, data={name: str(id_)}) for id_ in ids if "P" in methods]
        return [*gets, *posts]

    return asks


def _press_intake(path: str) -> Asks:
    def asks(_mine: Belongings, theirs: Belongings) -> list[Ask]:
        form = {"id": str(theirs.intake_id), "seen": "1", "outcome": "proceed", "done": "spoke"}
        return [post(path, data=form), post(f"{path}?id={theirs.intake_id}", data={"outcome": "proceed"})]

    return asks


def _touch(_mine: Belongings, theirs: Belongings) -> list[Ask]:
    path = "/manage/intakes/touch/"
    return [
        get(f"{path}?client={theirs.client_id}"),
        post(path, data={"client": str(theirs.client_id), "do": "clear"}),
    ]


def _lists(_mine: Belongings, theirs: Belongings) -> list[Ask]:
    slug = theirs.clinic.ref.slug
    return [
        get(f"/manage/bookings/?search={word}&flt_from=2020-01-01", 200)
        for word in ("Quillfeather", f"Quill{slug}", "%25")
    ] + [
        get(f"/manage/bookings/?flt_practitioner={theirs.person_id}", 200),
        get(f"/manage/bookings/?flt_status=confirmed&tenant_id={theirs.clinic.ref.id}&page=0&sort=1&desc=1", 200),
    ]


def _writes(path: str) -> Asks:
    def asks(_mine: Belongings, theirs: Belongings) -> list[Ask]:
        form = {
            "id": str(theirs.booked_id),
            "rowid": str(theirs.booked_id),
            "action": "delete",
            "list_form_pk": str(theirs.booked_id),
            "status": "cancelled",
        }
        return [
            post(path, 200, 302, 303, 400, 403, 404, 405, data=form),
            post(f"{path}?id={theirs.booked_id}", 200, 302, 303, 400, 403, 404, 405, data=form),
        ]

    return asks


def _passkey(method: str) -> Asks:
    return lambda _mine, theirs: [
        Ask(method, f"/manage/account/second/passkey/remove/?id={theirs.passkey_id}", (404,), {})
    ]


def _member(path: str, method: str) -> Asks:
    return lambda _mine, theirs: [Ask(method, f"{path}?id={theirs.invited_id}", (404,), {})]


def _clients(_mine: Belongings, theirs: Belongings) -> list[Ask]:
    slug = theirs.clinic.ref.slug
    searched = ("Quillfeather", f"Quill{slug}", f"quill@{slug}-private.example", "+441132000007", "%25")
    return [get(f"/manage/clients/?search={word}", 200) for word in searched] + [
        get(f"/manage/clients/?tenant_id={theirs.clinic.ref.id}&flt_kind=new&sort=0&desc=1", 200)
    ]


def _a_client(method: str, path: str, *status: int) -> Asks:
    def asks(mine: Belongings, theirs: Belongings) -> list[Ask]:
        form = {"id": str(theirs.client_id), "booking": str(theirs.booked_id), "take": "name", "text": "x", "name": "M"}
        mixed = {**form, "id": str(mine.client_id), "note": str(theirs.client_id)}
        more = {"data": form} if method == "POST" else {}
        found = [Ask(method, f"{path}?id={theirs.client_id}&note={theirs.client_id}", status or (404,), more)]
        if method == "POST":
            found.append(Ask(method, path, (400, 404, 422), {"data": mixed}))
        return found

    return asks


def _pairs(method: str, page: str = "merge") -> Asks:
    def asks(mine: Belongings, theirs: Belongings) -> list[Ask]:
        pairs = ((mine, theirs), (theirs, mine), (theirs, theirs))
        return [
            Ask(method, f"/manage/duplicates/{page}/?a={one.client_id}&b={other.client_id}", (404,), {})
            for one, other in pairs
        ]

    return asks


def _payment(method: str, path: str, *status: int) -> Asks:
    """With the neighbour's booking at my own money pages."""

    def asks(_mine: Belongings, theirs: Belongings) -> list[Ask]:
        typed = {"amount": "1", "method": "cash", "reason": "goodwill", "click": "c", "posting": str(theirs.booked_id)}
        sent = {"id": str(theirs.booked_id), **typed}
        return [
            Ask(method, f"{path}?id={theirs.booked_id}", status or (404,), {"data": sent} if method == "POST" else {})
        ]

    return asks


def _payments(_mine: Belongings, theirs: Belongings) -> list[Ask]:
    return [
        get(f"/manage/money/?{query}", 200)
        for query in (
            "search=Quillfeather&flt_from=2020-01-01", f"flt_practitioner={theirs.person_id}",
            f"flt_state=owed&tenant_id={theirs.clinic.ref.id}&id={theirs.booked_id}",
        )
    ]  # fmt: skip


def _offers(what: str, url: str, key: Callable[[Belongings], object]) -> dict[str, Asks]:
    """The pages of a list of what is offered, asked with an id of the neighbour's."""
    path = f"/manage/{url}/"

    def one(page: str, *status: int) -> Asks:
        return lambda _mine, theirs: [
            get(f"{path}{page}?id={key(theirs)}", *(status or (404,))),
            post(f"{path}{page}?id={key(theirs)}", *(status or (404,)), 405, data={"name": "M", "do": "retire"}),
        ]

    return {
        f"{what}.index_view": lambda _mine, theirs: [
            get(f"{path}?search=Only&flt_state=on&tenant_id={theirs.clinic.ref.id}", 200)
        ],
        f"{what}.details_view": one("details/", 302, 303, 404),
        f"{what}.edit_view": one("edit/"),
        f"{what}.status": one("status/"),
        f"{what}.create_view": lambda _mine, theirs: [get(f"{path}new/?id={key(theirs)}", 200)],
        f"{what}.order": lambda _mine, theirs: [post(f"{path}order/", 422, data={"do": f"up:{key(theirs)}"})],
        f"{what}.export": lambda _mine, _theirs: [get(f"{path}export/csv/?search=Only", 200)],
        f"{what}.ajax_lookup": _office(f"{path}ajax/lookup/?name=client&query=Quill", 404, 400),
        f"{what}.ajax_update": _writes(f"{path}ajax/update/"),
        f"{what}.action_view": _writes(f"{path}action/"),
        f"{what}.delete_view": _writes(f"{path}delete/"),
    }


def _why(_mine: Belongings, theirs: Belongings) -> list[Ask]:
    path, when = "/manage/hours/why/", "day=2026-03-24&time=10:00"
    service = theirs.clinic.services[theirs.service]
    return [get(f"{path}?service={service}&{when}", 422), get(f"{path}?who={theirs.person}&{when}", 404)]


def _days(page: str) -> Asks:
    def asks(_mine: Belongings, theirs: Belongings) -> list[Ask]:
        named = (f"off={theirs.away_id}", f"day=2026-03-31&of={theirs.person_id}", f"pause={theirs.pause_id}")
        found = [ask(f"/manage/hours/days/{page}?{query}", 404) for query in named[:2] for ask in (get, post)]
        return found + ([get(f"/manage/hours/days/{page}?{named[2]}", 404)] if page else [])

    return asks


ASKS: dict[str, Asks] = {
    "audit.index": lambda _mine, theirs: [
        get(f"/manage/audit/?target={target}&target_id={key}&who={theirs.invited_id}&older={key}", 200)
        for target, key in (("booking", theirs.booked_id), ("client", theirs.client_id))
    ],
    "looks.of": lambda _mine, theirs: [
        get(f"/manage/looks/of/?m=2026-03&who={who}", 200)
        for who in (theirs.invited_id, *theirs.clinic.accounts.values())
    ],
    "audit.export": lambda _mine, theirs: [
        get(f"/manage/audit/export/{kind}/?target=client&target_id={theirs.client_id}", 200) for kind in ("csv", "xlsx")
    ],
    **_offers("service", "services", lambda theirs: theirs.clinic.services[theirs.service]),
    **_offers("practitioner", "practitioners", lambda theirs: theirs.person_id),
    **_offers("room", "rooms", lambda theirs: theirs.clinic.rooms["quiet"]),
    "hours.index": lambda _mine, theirs: [ask(f"/manage/hours/?who={theirs.person}", 404) for ask in (get, post)],
    "hours.outside": lambda _mine, theirs: [get(f"/manage/hours/outside/?move={theirs.booked_id}", 200)],
    "hours_days.index": _days(""),
    "hours_days.remove": _days("remove/"),
    "hours_why.index": _why,
    "bookings.receipt": _link("/receipt.pdf"),
    "feeds.calendar": lambda _mine, theirs: [get(f"/feed/{theirs.feed}.ics")],
    "settings_feed.one": lambda _mine, theirs: [
        ask(f"/manage/settings/calendar/one/?who={theirs.person}") for ask in (get, post)
    ],
    "settings_feed.ask_renew": lambda _mine, theirs: [get(f"/manage/settings/calendar/renew/?who={theirs.person}")],
    "settings_feed.renew": lambda _mine, theirs: [post(f"/manage/settings/calendar/renew/?who={theirs.person}")],
    "money.index_view": _payments,
    "money.details_view": _payment("GET", "/manage/money/details/"),
    "money.export": lambda _mine, _theirs: [
        get(f"/manage/money/export/{kind}/?search=Quillfeather&flt_from=2020-01-01", 200) for kind in ("csv", "xlsx")
    ],
    "money.edit_view": _office("/manage/money/edit/?id={id}", 302, 303, 404),
    "money.create_view": _office("/manage/money/new/?id={id}"),
    "money.ajax_lookup": _office("/manage/money/ajax/lookup/?name=client&query=Quill", 404, 400),
    "money.ajax_update": _writes("/manage/money/ajax/update/"),
    "money.action_view": _writes("/manage/money/action/"),
    "money.delete_view": _writes("/manage/money/delete/"),
    "money_desk.take": _payment("GET", "/manage/money/desk/"),
    "money_desk.take_now": _payment("POST", "/manage/money/desk/"),
    "money_desk.link": _payment("GET", "/manage/money/desk/link/"),
    "money_desk.link_now": _payment("POST", "/manage/money/desk/link/"),
    "money_desk.waive": _payment("GET", "/manage/money/desk/waive/"),
    "money_desk.waive_now": _payment("POST", "/manage/money/desk/waive/"),
    "money_desk.undo": _payment("GET", "/manage/money/desk/undo/"),
    "money_desk.undo_now": _payment("POST", "/manage/money/desk/undo/"),
    "money_desk.receipt": _payment("GET", "/manage/money/desk/receipt.pdf"),
    "money_refund.ask": _payment("GET", "/manage/money/refund/"),
    "money_refund.send": _payment("POST", "/manage/money/refund/"),
    "intakes.index": lambda _mine, theirs: [
        get(f"/manage/intakes/?which={which}&id={theirs.intake_id}", 200) for which in ("due", "waiting", "done", "all")
    ],
    **{
        f"form_files.{page}": _any_row(f"/manage/questionnaires/files/{page}/", *methods)
        for page, methods in {"export": "G", "place": "GP", "remove": "GP"}.items()
    },
    **{
        f"questionnaires.{page}": _any_row(f"/manage/questionnaires/{path}/", *methods)
        for page, path, methods in (
            ("one", "one", "G"),
            ("move", "move", "P"),
            ("changes", "changes", "G"),
            ("publish_page", "publish", "G"),
            ("publish", "publish", "P"),
            ("ask", "ask/item", "G"),
            ("do", "ask/archive", "P"),
        )
    },
    **{
        f"question_{page}": _any_row(f"/manage/questionnaires/{path}/", *methods)
        for page, path, methods in (
            ("pieces.item", "pieces", "G"),
            ("pieces.save_item", "pieces", "P"),
            ("pieces.new_item", "pieces/new-question", "G"),
            ("pieces.add_item", "pieces/new-question", "P"),
            ("pieces.section", "pieces/section", "G"),
            ("pieces.save_section", "pieces/section", "P"),
            ("conditions.index", "pieces/condition", "G"),
            ("conditions.save", "pieces/condition", "P"),
            ("parts.index", "parts", "G"),
            ("parts.save", "parts", "P"),
            ("parts.languages", "parts/languages", "G"),
            ("parts.add_language", "parts/languages", "P"),
            ("parts.ask_remove", "parts/languages/remove", "G"),
            ("parts.remove_language", "parts/languages/remove", "P"),
            ("drafts.ask_discard", "draft", "G"),
            ("drafts.discard", "draft", "P"),
            ("drafts.bring_back", "draft/bring-back", "P"),
            ("drafts.newer", "draft/newer", "G"),
            ("drafts.take_newer", "draft/newer", "P"),
            ("texts.index", "texts", "G"),
            ("texts.save", "texts", "P"),
            ("preview.index", "preview", "G"),
            ("preview.try_out", "preview", "P"),
        )
    },
    "answer_files.index": _any_row("/manage/questionnaires/answers/", "G", "P", name="client"),
    "answer_files.keep": _any_row("/manage/questionnaires/answers/keep/", "P", name="client"),
    "intake_files.index": _any_row("/manage/intakes/files/", "G"),
    "intake_files.fhir": _any_row("/manage/intakes/files/fhir/", "G"),
    "intakes.summary": _an_intake("/manage/intakes/open/"),
    "intakes.answers": _an_intake("/manage/intakes/answers/"),
    "intakes.file": lambda mine, theirs: [
        get(f"/manage/intakes/file/?id={one.intake_id}&file={theirs.intake_id}") for one in (mine, theirs)
    ],
    "intakes.look_again": _press_intake("/manage/intakes/look-again/"),
    "intakes.decide": _press_intake("/manage/intakes/review/"),
    "intakes.acknowledge": _press_intake("/manage/intakes/seen/"),
    "intakes.touch": _touch,
    "settings_intakes.seen": lambda _mine, theirs: [
        post("/manage/settings/intakes/seen/", 400, 404, data={"id": str(theirs.intake_id)})
    ],
    "settings_intakes.asking": lambda _mine, theirs: [
        post("/manage/settings/intakes/asking/", 303, 422, data={"services": str(theirs.person_id), "which": "some"})
    ],
    "client.index_view": _clients,
    "client.details_view": _a_client("GET", "/manage/clients/details/"),
    "client.edit_view": lambda mine, theirs: [
        *_a_client("GET", "/manage/clients/edit/")(mine, theirs),
        post(f"/manage/clients/edit/?id={theirs.client_id}", data={"name": "M"}),
    ],
    "client.note": _a_client("POST", "/manage/clients/note/"),
    "client.settle": _a_client("POST", "/manage/clients/settle/"),
    "privacy.index": _a_client("GET", "/manage/privacy/"),
    "privacy.copy": _a_client("POST", "/manage/privacy/copy/"),
    "privacy.hold": _a_client("POST", "/manage/privacy/hold/"),
    "privacy.back": _a_client("POST", "/manage/privacy/back/"),
    "privacy.erase": _a_client("POST", "/manage/privacy/erase/"),
    "client.remove": lambda mine, theirs: [
        *_a_client("GET", "/manage/clients/note/remove/")(mine, theirs),
        *_a_client("POST", "/manage/clients/note/remove/")(mine, theirs),
    ],
    "client.export": lambda _mine, _theirs: [
        get(f"/manage/clients/export/{kind}/?search=Quillfeather", 200) for kind in ("csv", "xlsx")
    ],
    "client.ajax_lookup": _office("/manage/clients/ajax/lookup/?name=client&query=Quill", 404, 400),
    "client.ajax_update": _writes("/manage/clients/ajax/update/"),
    "client.action_view": _writes("/manage/clients/action/"),
    "client.delete_view": _writes("/manage/clients/delete/"),
    "duplicates.apart": _pairs("POST", "apart"),
    "duplicates.merge": lambda mine, theirs: [*_pairs("GET")(mine, theirs), *_pairs("POST")(mine, theirs)],
    "policy.details_view": lambda _mine, theirs: [
        get(f"/manage/policies/details/?id={theirs.policy_id}", 302, 303, 404)
    ],
    "policy.edit_view": lambda _mine, theirs: [get(f"/manage/policies/edit/?id={theirs.policy_id}", 302, 303, 404)],
    "policy.create_view": _office("/manage/policies/new/?id={id}"),
    "policy.export": _office("/manage/policies/export/csv/"),
    "policy.ajax_lookup": _office("/manage/policies/ajax/lookup/?name=client&query=Quill", 404, 400),
    "policy.ajax_update": _writes("/manage/policies/ajax/update/"),
    "policy.action_view": _writes("/manage/policies/action/"),
    "policy.delete_view": _writes("/manage/policies/delete/"),
    "client_import.check": lambda _mine, theirs: [
        get(f"/manage/clients/import/check/?id={theirs.file_id}"),
        post("/manage/clients/import/check/", data={"id": str(theirs.file_id), "hash": "0" * 64}),
    ],
    "api.book": _book,
    "api.booking": lambda _mine, theirs: [
        get(f"/api/v1/bookings/{t}") for t in (theirs.booked, theirs.held, theirs.booked_id)
    ],
    "api.cancel": lambda _mine, theirs: [post(f"/api/v1/bookings/{t}/cancel") for t in (theirs.booked, theirs.held)],
    "api.reschedule": _move_by_api,
    "api.openings": _openings,
    "intake.start": _questions(""),
    "intake.again": _answer(""),
    "intake.part": _questions("/part/comfort"),
    "intake.save_part": _answer("/part/comfort"),
    "intake.save": _answer("/save"),
    "intake.review": _questions("/review"),
    "intake.send": _answer("/review"),
    "intake.code": _questions("/code"),
    "intake.open": _answer("/code"),
    "intake.yours": _questions("/yours"),
    "intake.take_back": _answer("/yours"),
    "intake.take_along": _questions("/yours/answers.pdf"),
    "intake.leave": _questions("/leave"),
    "bookings.page": _link(""),
    "bookings.calendar": _link("/calendar.ics"),
    "bookings.cancel": _link("/cancel"),
    "bookings.cancel_now": _press("/cancel"),
    "bookings.change": _link("/change"),
    "bookings.move": _press("/change"),
    "bookings.details": _link("/details"),
    "bookings.save_details": _press("/details"),
    "bookings.extend": _press("/extend"),
    "bookings.give_up": _press("/give-up"),
    "bookings.check": _link("/pay"),
    "bookings.pay": _press("/pay"),
    "bookings.pay_at_clinic": _press("/pay/at-clinic"),
    "bookings.rest": _link("/rest"),
    "bookings.pay_rest": _press("/rest"),
    "bookings.returned": _link("/return"),
    "bookings.times": _times,
    "embed.frame": _frame,
    "bookings.hold": _hold,
    "clinic.logo": lambda _mine, theirs: [get(f"/logo/{theirs.logo}")],
    "booking.index_view": _lists,
    "manage.turn": _press_desk("/manage/turn/"),
    "week.index": lambda _mine, theirs: [get(f"/manage/week/?p={theirs.person}&p=all&d=2026-03-24", 200)],
    "week.undo": _press_desk("/manage/week/undo/"),
    "week_booking.index": _desk("/manage/week/booking/"),
    "week_booking.turn": _press_desk("/manage/week/booking/turn/"),
    "week_booking.move": _desk("/manage/week/booking/move/"),
    "week_booking.move_now": _press_desk("/manage/week/booking/move/"),
    "week_booking.cancel": _desk("/manage/week/booking/cancel/"),
    "week_booking.cancel_now": _press_desk("/manage/week/booking/cancel/"),
    "week_add.index": lambda _mine, theirs: [
        get(f"/manage/week/add/?p={theirs.person}&client={theirs.client_id}&d=2026-03-24", 200)
    ],
    "week_add.book": lambda _mine, theirs: [
        post("/manage/week/add/", 422, data={"do": "book", "client_id": theirs.client_id, "q": "Quillfeather"})
    ],
    "week_block.index": lambda _mine, theirs: [get(f"/manage/week/block/?p={theirs.person}", 200)],
    "week_block.block": lambda _mine, theirs: [
        post("/manage/week/block/", 422, data={"practitioner": theirs.person_id, "day": "2026-03-27"})
    ],
    "week_block.remove": _desk("/manage/week/block/remove/"),
    "week_block.remove_now": _press_desk("/manage/week/block/remove/"),
    "booking.details_view": _office("/manage/bookings/details/?id={id}", 302, 303, 404),
    "booking.edit_view": _office("/manage/bookings/edit/?id={id}", 302, 303, 404),
    "booking.create_view": _office("/manage/bookings/new/?id={id}"),
    "booking.export": lambda _mine, theirs: [
        get(f"/manage/bookings/export/{kind}/?search=Quillfeather&flt_from=2020-01-01", 200) for kind in ("csv", "xlsx")
    ],
    "booking.ajax_lookup": _office("/manage/bookings/ajax/lookup/?name=client&query=Quill", 404, 400),
    "booking.ajax_update": _writes("/manage/bookings/ajax/update/"),
    "booking.action_view": _writes("/manage/bookings/action/"),
    "booking.delete_view": _writes("/manage/bookings/delete/"),
    "security.reset_password": lambda _mine, theirs: [
        get(f"/reset/{theirs.reset}", 302, 303, 404),
        post(
            f"/reset/{theirs.reset}",
            302,
            303,
            400,
            404,
            422,
            data={"password": "another long sentence", "password_confirm": "another long sentence"},
        ),
    ],
    "security.login": lambda _mine, theirs: [
        post(
            "/login",
            302,
            400,
            422,
            data={"email": f"{OWNERS[theirs.clinic.ref.slug]}@{theirs.clinic.ref.slug}.example", "password": "x"},
        ),
        get(f"/login?next={theirs.home}/manage/", 200, 302, 303),
    ],
    "accounts.invitation": lambda _mine, theirs: [get(f"/invite/{theirs.invite}")],
    "accounts.accept": lambda _mine, theirs: [
        post(f"/invite/{theirs.invite}", data={"name": "M", "password": "quite another one"})
    ],
    "my.ask_remove_key": _passkey("GET"),
    "my.remove_key": _passkey("POST"),
    "team.edit": _member("/manage/team/edit/", "GET"),
    "team.change": _member("/manage/team/edit/", "POST"),
    "team.ask": _member("/manage/team/ask/deactivate/", "GET"),
    "team.do": _member("/manage/team/ask/withdraw/", "POST"),
    "team.invite": lambda _mine, theirs: [
        post("/manage/team/invite/", 422, data={"name": "M", "email": "m@x.example", "practitioner": theirs.person_id})
    ],
    "mailbox.index": lambda _mine, _theirs: [get("/mailbox")],
    "mailbox.show": lambda _mine, theirs: [get(f"/mailbox/{theirs.booked_id}")],
    "mailbox.file": lambda _mine, theirs: [get(f"/mailbox/{theirs.booked_id}/1")],
    "mailbox.html": lambda _mine, theirs: [get(f"/mailbox/{theirs.booked_id}/html")],
    "operator.index": lambda _mine, _theirs: [get("/operator/")],
    "platform.theme": lambda _mine, _theirs: [get("/platform-theme/x.css")],
    "webhooks.stripe": lambda _mine, theirs: [
        post("/webhooks/stripe", json={"account": f"acct_{theirs.clinic.ref.slug}"})
    ],
}
NOTHING = {
    "questionnaires.index": "names no row",
    "questionnaires.begin": "names no row: it begins as shipped",
    "form_files.index": "names no row: the file is the sender's",
    "form_files.bring_now": "names no row: the file is the sender's",
    "client.create_view": "names no row",
    "duplicates.index": "names no row",
    "records_due.index": "names no row",
    "looks.index": "names no row",
    "older_texts.index": "names no row",
    "older_texts.of": "names a purpose and a version of the sender's clinic",
    "looks.reviewed": "names no row: a month of the sender's clinic",
    "client_import.index": "names no row: whom the clinic knows is looked up in its own (tests/tenants/clients)",
    "client_import.sample": "names no row",
    **{
        f"settings{page}": "names no row"
        for page in (
            ".index",
            "_intakes.index",
            "_intakes.numbers",
            "_intakes.try_it",
            ".texts",
            ".contact",
            ".documents",
            ".booking",
            ".place",
            "_languages.index",
            "_stripe.index",
            "_stripe.begin",
            "_stripe.use",
            "_notices.index",
            "_notices.wording",
            "_brand.index",
            "_brand.sheet",
            "_brand.logo",
            "_brand.ask_remove",
            "_brand.remove",
            "_policy.index",
            "_feed.index",
            "_start.index",
            "_start.brand",
            "_start.service",
            "_start.hours",
            "_start.payments",
            "_start.skip",
            "_start.end",
        )
    },
    **{
        f"flag_rules.{page}": "rules are named by what they say, in the clinic's own set"
        for page in (
            "index",
            "edit",
            "save",
            "ask_off",
            "switch_off",
            "switch_on",
            "bands",
            "save_bands",
            "publish_page",
            "dry_run",
            "publish",
            "ask",
            "do",
        )
    },
    **{f"own_rules.{page}": "questions are named by the clinic's own form" for page in ("index", "compose", "add")},
    "mail_text.index": "names no row",
    "mail_text.edit": "names a kind of mail",
    "policy.index_view": "names no row",
    "start.page": "names no row",
    "accounts.arrive": "names no row",
    "accounts.again": "names no row",
    "accounts.again_kept": "names no row",
    "accounts.confirm": "the account is the session's",
    "accounts.second": "the account is the session's",
    "accounts.second_check": "the account is the session's",
    "accounts.by_passkey": "a passkey of the neighbour's is found nowhere (tests/saas/accounts)",
    **{
        f"{console}.{page}": "one's own account: whose it is, is never asked of the request"
        for console in ("my", "operator_my")
        for page in (
            "index",
            "save",
            "password",
            "set_password",
            "second",
            "app",
            "add_app",
            "ask_remove_app",
            "remove_app",
            "key",
            "add_key",
            "ask_codes",
            "codes",
            "end_login",
            "end_others",
        )
    },
    **{
        f"operator_{page}": "not at a clinic: the address is nobody's there"
        for page in (
            *(f"clinics.{name}" for name in ("index", "new", "make", "clinic", "edit", "connect", "add_domain")),
            *(f"clinics.{name}" for name in ("ask_domain", "do_domain", "ask", "do")),
            *("jobs.index", "jobs.retry", "jobs.retry_kind", "events.index", "events.again"),
            *("audit.index", "audit.export"),
        )
    },
    "operator_my.ask_remove_key": "not at a clinic",
    "operator_my.remove_key": "not at a clinic",
    "money_owed.index": "names no row",
    "reports.index": "names no row",
    "reports.export": "names no row",
    "money_totals.index": "names no row",
    "money_totals.export": "names no row",
    "money_disputes.index": "names no row",
    "money_payouts.index": "names no row",
    "team.index": "names no row",
    "website.index": "names no row",
    "team.ask_invite": "names no row",
    "team.rules": "names no row",
    "team.set_rules": "names no row",
    "api.document": "names no row",
    "api.services": "names no row",
    "bookings.terms": "names no row",
    "intake.blank": "names no row",
    "clinic.imprint": "names no row",
    "clinic.privacy": "names no row",
    "clinic.theme": "the version only names what is the clinic's own",
    "manage.index": "names no row",
    "security.logout": "ends one's own session",
    "security.forgot_password": "tells nobody who is known (tests/saas/accounts)",
    "healthz": "before tenants",
    "readyz": "before tenants",
    "metrics": "before tenants: counts only",
}


def test_every_address_has_a_place_here(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ASKS) | set(NOTHING)


@pytest.fixture(params=["Mallory at Thornfield", "Alma at Rowan"])
def pair(request: pytest.FixtureRequest, neighbours: tuple[Belongings, Belongings]) -> tuple[Belongings, Belongings]:
    """(who asks, whose things are asked for)"""
    rowan, thornfield = neighbours
    return (thornfield, rowan) if request.param.startswith("Mallory") else (rowan, thornfield)


def said(answer: TestResponse) -> str:
    """All that somebody could read: status line, headers, body (a workbook's parts unpacked)."""
    body = answer.data
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    return f"{answer.headers}{body.decode('utf-8', 'replace')}"


def test_nobody_sees_or_moves_the_neighbours_things(
    client: FlaskClient, pair: tuple[Belongings, Belongings], inside: Enter
) -> None:
    mine, theirs = pair
    with inside(theirs.clinic):
        before = everything()
    assert log_in(client, mine.clinic, OWNERS[mine.clinic.ref.slug]).status_code == 302
    wrong = []
    for endpoint, asks in ASKS.items():
        for ask in asks(mine, theirs):
            answer = client.open(mine.home + ask.path, method=ask.method, **ask.more)
            if answer.status_code not in ask.status:
                wrong.append(f"{endpoint}: {ask.method} {ask.path} answered {answer.status_code}")
            # What was typed may come back in the search field; nothing else of the neighbour's may.
            leaks = [word for word in theirs.words if word in said(answer) and word not in ask.path]
            wrong += [f"{endpoint}: {ask.method} {ask.path} tells {word!r}" for word in leaks]
    assert not wrong, "\n".join(wrong)
    with inside(theirs.clinic):
        assert everything() == before


def test_the_owner_does_find_them(client: FlaskClient, pair: tuple[Belongings, Belongings]) -> None:
    """The same questions asked at home are answered: the test above looks for what is there."""
    mine, _theirs = pair
    log_in(client, mine.clinic, OWNERS[mine.clinic.ref.slug])
    shown = {
        f"/b/{mine.booked}": mine.words[6],
        f"/book/{mine.service}": mine.words[6],
        "/privacy": mine.words[4],
        "/imprint": mine.words[5],
        "/manage/bookings/?search=Quillfeather": mine.words[0],
        f"/manage/bookings/details/?id={mine.booked_id}": mine.words[3],
        "/manage/bookings/export/csv/?search=Quillfeather": mine.words[0],
        "/manage/bookings/export/xlsx/?search=Quillfeather": mine.words[0],
        "/manage/clients/?search=Quillfeather": mine.words[0],
        f"/manage/clients/details/?id={mine.client_id}": f"{mine.clinic.ref.slug} left shoulder",
        f"/manage/clients/import/check/?id={mine.file_id}": f"Filed at {mine.clinic.ref.slug}",
        "/api/v1/services": mine.words[6],
        f"/b/{mine.held}/details": "",
        f"/logo/{mine.logo}": "",
    }
    for path, word in shown.items():
        answer = client.get(mine.home + path)
        assert answer.status_code == 200, path
        assert word in said(answer), path


def test_a_cookie_of_one_clinic_opens_nothing_at_the_other(
    client: FlaskClient, app: Flask, pair: tuple[Belongings, Belongings]
) -> None:
    mine, theirs = pair
    log_in(client, mine.clinic, OWNERS[mine.clinic.ref.slug])
    cookie = client.get_cookie(f"lt-{mine.clinic.ref.id8}")
    assert cookie is not None
    stranger = app.test_client()
    for tenant in (theirs.clinic.ref, mine.clinic.ref):
        stranger.set_cookie(f"lt-{tenant.id8}", cookie.value)
    for path in (
        "/manage/",
        "/manage/bookings/",
        f"/manage/bookings/details/?id={theirs.booked_id}",
        "/manage/bookings/export/csv/",
    ):
        answer = stranger.get(theirs.home + path)
        assert answer.status_code == 303, path
        assert answer.location.startswith(f"{theirs.home}/login")
        assert not [word for word in theirs.words if word in said(answer)]
    assert stranger.get("/operator/").status_code == 303
    assert stranger.get(mine.home + "/manage/").status_code == 200


def test_one_key_at_two_clinics_is_two_bookings(client: FlaskClient, pair: tuple[Belongings, Belongings]) -> None:
    mine, theirs = pair
    key = {"Idempotency-Key": str(uuid4())}
    made = [client.post(f"{one.home}/api/v1/bookings", json=_wish("desk"), headers=key) for one in (theirs, mine)]
    assert [answer.status_code for answer in made] == [201, 201]
    first, second = (answer.json or {} for answer in made)
    assert first["id"] != second["id"]
    assert f"/c/{mine.clinic.ref.slug}/" in second["manage_url"]
    again = client.post(f"{mine.home}/api/v1/bookings", json=_wish("desk"), headers=key)
    assert (again.json or {})["id"] == second["id"]


def test_the_same_person_at_two_clinics_is_two_clients(
    client: FlaskClient, neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    """Whoever books at both is told by neither that the other knows them, and may be at both at the same hour."""
    for one in neighbours:
        answer = client.post(f"{one.home}/api/v1/bookings", json=_wish("desk"))
        assert answer.status_code == 201
    counts = []
    for one in neighbours:
        with inside(one.clinic):
            counts.append(len(everything()["client"]))
    assert counts == [3, 3]
