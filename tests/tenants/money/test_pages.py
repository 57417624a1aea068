"""The money pages: who sees what, what can be pressed, and that pressing twice moves money once."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.audit import Audit
from saas.db import db
from saas.links import link_for
from saas.sandbox.stripe.payouts import pay_out
from saas.tenancy import tenant_scope
from tenants.bookings.places import LINK
from tenants.payments.models import Refund
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.bookings.test_query_counts import counted
from tests.tenants.money.till_scenes import Books, at_desk, furnish
from tests.tenants.payments.test_disputes import TELL
from tests.till import Till, open_till, run_due

HOME = "/c/rowan/manage/money/"


@dataclass
class Desk:
    """Alma at the money pages, with payments in every state."""

    app: Flask
    client: FlaskClient
    clinic: Clinic
    till: Till
    books: Books

    def get(self, path: str = "", **query: Any) -> TestResponse:
        return self.client.get(HOME + path, query_string=query)

    def press(self, path: str, booking: UUID, page: TestResponse | None = None, **typed: str) -> TestResponse:
        """Press the page's button, with what it holds and what is typed over it."""
        shown = page or self.get(path, id=booking)
        return self.client.post(f"{HOME}{path}?id={booking}", data={**fields(shown), **typed})


def fields(page: TestResponse) -> dict[str, str]:
    """What the page's own form holds (the log-out's token is the same)."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page.text):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if told.get("type") != "radio" or "checked" in tag:
            found[told["name"]] = told.get("value", "")
    return found


@pytest.fixture
def desk(app: Flask, client: FlaskClient, rowan: Clinic, tmp_path: Path, now: datetime) -> Iterator[Desk]:
    with open_till(app, tmp_path, now=now) as till:
        with app.app_context(), tenant_scope(rowan.ref):
            books = furnish(till, rowan, now=now)
        log_in(client, rowan, "alma")
        yield Desk(app, client, rowan, till, books)


def names(page: TestResponse) -> list[str]:
    return re.findall(r'<td class="col-client">([^<]*)</td>', page.text)


@only_sqlite
def test_the_list_shows_how_each_payment_stands_and_is_narrowed(desk: Desk) -> None:
    page = desk.get()
    assert names(page) == ["Owen Owing", "Dina Desk", "Dov Dispute", "Rona Refund", "Paula Paid"]
    assert "5 payments" in page.text
    for query, found in {
        "search=owen": ["Owen Owing"],
        "flt_state=disputed": ["Dov Dispute"],
        "flt_state=later": ["Owen Owing"],
        "flt_state=refunded": ["Rona Refund"],
        "flt_state=paid": ["Dina Desk", "Dov Dispute", "Paula Paid"],
        "flt_mode=at_clinic": ["Owen Owing", "Dina Desk"],
        "flt_to=2026-03-23": [],
        "flt_practitioner=" + str(desk.clinic.practitioners["iris"]): [],
        "flt_state=nonsense": names(page),
    }.items():
        assert sorted(names(desk.client.get(f"{HOME}?{query}"))) == sorted(found), query
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        log_in(desk.client, desk.clinic, "alma")
        assert names(desk.client.get(f"{HOME}?flt_state=owed")) == ["Owen Owing"]


@only_sqlite
def test_one_payment_is_shown_whole_and_reading_it_is_noted(desk: Desk) -> None:
    page = desk.get("details/", id=desk.books.disputed)
    for words in ("Dov Dispute", "The bank holds the money", "I did not pay this", "Visa ending 4242", "Disputed"):
        assert words in page.text, words
    back = re.compile(r'class="back" href="([^"]*)"')
    for url, shown in {
        "https://evil.example/": HOME,
        "javascript:alert(1)": HOME,
        f"{HOME}?page=2": f"{HOME}?page=2",
    }.items():
        assert back.findall(desk.get("details/", id=desk.books.paid, url=url).text) == [shown], url
    with desk.app.app_context(), tenant_scope(desk.clinic.ref):
        read = db.session.execute(sa.select(Audit.target_id).where(Audit.deed == "read")).scalars().all()
    assert desk.books.disputed in read
    for id in ("nonsense", "00000000-0000-7000-8000-000000000000", ""):
        assert desk.get("details/", id=id).status_code == 404


@only_sqlite
def test_money_is_taken_and_taken_back(desk: Desk) -> None:
    owing = desk.books.owing
    page = desk.get("desk/", id=owing)
    assert fields(page)["amount"] == "60.00"
    for typed, sentence in {
        "60.01": "Only £60 is owed",
        "sixty": "Enter an amount like 95.00",
        "": "Enter an amount like",
        "0": "Type an amount above nothing",
        "1.001": "This could be one of two amounts. Write it out: 1.00 · 1001.00",
        "-5": "Enter an amount like",
        "9999999999999999": "Enter an amount like",
    }.items():
        answer = desk.press("desk/", owing, page, amount=typed)
        assert answer.status_code == 422, typed
        assert sentence in answer.text, typed
        assert f'value="{typed}"' in answer.text, "what was typed stays"
    for _ in range(2):  # the same page twice is the same press
        answer = desk.press("desk/", owing, page, amount="45,50", method="card")
        assert answer.status_code == 303, answer.text
    assert "£45.50 is written down as paid." in desk.get("details/", id=owing).text
    # The page again with something else typed: the press is used, and a new one is offered with what was typed.
    for other in ({"amount": "14.50", "method": "card"}, {"amount": "45.50"}):
        again = desk.press("desk/", owing, page, **other)
        assert (again.status_code, "Money has moved since" in again.text) == (409, True), other
        assert f'value="{other["amount"]}"' in again.text
        assert fields(again)["click"] not in ("", fields(page)["click"])
    assert desk.press("desk/", owing, page, amount="1", click="").status_code == 409
    shown = desk.get("details/", id=owing).text
    assert "£14.50" in shown
    undo = re.search(r'href="([^"]*desk/undo/[^"]*)"', shown)
    assert undo
    ask = desk.client.get(undo[1].replace("&amp;", "&"))
    assert "Take this back?" in ask.text
    for sentence in ("Taken back: Paid at the clinic, card, £45.50.", "That was taken back before."):
        answer = desk.client.post(undo[1].replace("&amp;", "&"), data=fields(ask))
        assert answer.status_code == 303
        assert sentence in desk.get("details/", id=owing).text
    assert desk.press("desk/waive/", owing, amount="60").status_code == 303
    assert "Nothing is owed for this booking" in desk.get("desk/", id=owing).text


def refunds(desk: Desk) -> list[int]:
    with desk.app.app_context(), tenant_scope(desk.clinic.ref):
        rows = db.session.execute(sa.select(Refund.amount_minor).where(Refund.reason == "goodwill")).scalars()
        return list(rows)


@only_sqlite
def test_a_refund_is_asked_for_in_words_and_once(desk: Desk) -> None:
    paid = desk.books.paid
    page = desk.get("refund/", id=paid)
    assert fields(page)["amount"] == "80.00"
    for typed, sentence in {"80.01": "Only £80 can go back", "x": "Enter an amount like"}.items():
        answer = desk.press("refund/", paid, page, amount=typed)
        assert (answer.status_code, sentence in answer.text) == (422, True), typed
    assert desk.press("refund/", paid, page, amount="10", reason="because").status_code == 422
    other = desk.get("refund/", id=paid)
    for _ in range(2):
        assert desk.press("refund/", paid, page, amount="30").status_code == 303
    assert refunds(desk) == [3000]
    for changed in ({"amount": "31"}, {"amount": "30", "reason": "mistake"}, {"amount": "30", "click": ""}):
        assert desk.press("refund/", paid, page, **changed).status_code == 409, changed
    assert refunds(desk) == [3000]
    # A second page, opened before: it is told what stands now, and nothing moves.
    late = desk.press("refund/", paid, other, amount="80")
    assert late.status_code == 409
    assert "Money has moved since you opened this page" in late.text
    assert 'value="80"' in late.text
    assert "£50" in late.text
    assert refunds(desk) == [3000]
    assert "and £30 on its way" in desk.get("details/", id=paid).text
    for booking in (desk.books.disputed, desk.books.refunded):
        assert "Nothing is left that could go back" in desk.get("refund/", id=booking).text
    without = {key: value for key, value in fields(other).items() if key != "csrf_token"}
    answer = desk.client.post(f"{HOME}refund/?id={paid}", data=without)
    assert answer.status_code == 422
    assert "This page had been open too long" in answer.text


@pytest.mark.parametrize("fault", ["", "lost_answers", "status_500_after_work"])
def test_a_button_pressed_by_many_hands_at_once_sends_money_back_once(desk: Desk, fault: str) -> None:
    page = desk.get("refund/", id=desk.books.paid)
    form = {**fields(page), "amount": "30"}
    cookie = desk.client.get_cookie(f"lt-{desk.clinic.ref.id8}")
    assert cookie is not None
    answers, start = [], threading.Barrier(4)

    def press() -> None:
        hand = desk.app.test_client()
        hand.set_cookie(cookie.key, cookie.value)
        start.wait()
        answers.append(hand.post(f"{HOME}refund/?id={desk.books.paid}", data=form).status_code)

    hands = [threading.Thread(target=press) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert answers == [303] * 4
    before = len(desk.till.refunds())
    if fault:
        desk.till.break_down(path="/v1/refunds", **{fault: 1})
    with desk.app.app_context(), tenant_scope(desk.clinic.ref):
        for minute in range(3):
            run_due(TELL, now=desk.till.at(NOW + timedelta(minutes=minute)))
    assert refunds(desk) == [3000]
    assert [one["amount"] for one in desk.till.refunds()][: len(desk.till.refunds()) - before] == [3000]


@only_sqlite
def test_the_front_desk_takes_money_and_sees_no_totals(desk: Desk) -> None:
    fern = desk.app.test_client()
    log_in(fern, desk.clinic, "fern")
    shown = fern.get(HOME)
    assert "Owen Owing" in shown.text
    assert "Totals" not in shown.text
    assert "Export" not in shown.text
    for path in ("totals/", "disputes/", "payouts/", "refund/", "export/csv/", "totals/export/", "desk/waive/"):
        assert fern.get(f"{HOME}{path}?id={desk.books.owing}").status_code == 403, path
    page = fern.get(f"{HOME}desk/?id={desk.books.owing}")
    assert fern.post(f"{HOME}desk/?id={desk.books.owing}", data=fields(page)).status_code == 303
    assert desk.press("desk/waive/", at_new(desk), amount="10").status_code == 303
    assert "Send money back" not in fern.get(f"{HOME}details/?id={desk.books.paid}").text
    ben = desk.app.test_client()
    log_in(ben, desk.clinic, "ben")
    assert ben.get(HOME).status_code == 403


def at_new(desk: Desk) -> UUID:
    with desk.app.app_context(), tenant_scope(desk.clinic.ref):
        return at_desk(desk.clinic, "Nora New", now=NOW, hour=10, day=2)


@only_sqlite
def test_who_owes_what_is_told_once_the_session_has_been(desk: Desk) -> None:
    assert "Nobody owes anything" in desk.get("owed/").text
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        log_in(desk.client, desk.clinic, "alma")
        page = desk.get("owed/").text
    assert "£60 is owed by 1 person" in page
    assert "Owen Owing" in page
    assert "since 24 March 2026" in page


@only_sqlite
def test_totals_are_the_ledgers_by_day_and_by_month(desk: Desk) -> None:
    page = desk.get("totals/")
    assert page.status_code == 200
    assert "<svg viewBox" in page.text
    # 3 card payments of 80 and 60 in cash; 80 sent back, 80 disputed; 1 % fee of two that stay.
    assert re.findall(r'<td class="money-num">([^<]*)</td>', page.text)[-8:] == [
        "£240", "£60", "£0", "£0", "-£80", "-£80", "-£1.60", "£138.40",
    ]  # fmt: skip
    year = desk.get("totals/", year="2026").text
    assert "March 2026" in year
    assert "£138.40" in year
    assert "No money moved" in desk.get("totals/", month="2025-01").text
    for odd in ({"month": "2026-13"}, {"year": "x"}, {"month": "9999-12"}, {"year": "0"}, {"year": "9" * 11}):
        assert "March 2026" in desk.get("totals/", **odd).text
        assert "totals_2026-03.csv" in desk.get("totals/export/", **odd).headers["Content-Disposition"]
    answer = desk.get("totals/export/")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[23] == ["2026-03-23", "240.00", "60.00", "0.00", "0.00", "-80.00", "-80.00", "-1.60", "138.40"]
    assert "totals_2026-03.csv" in answer.headers["Content-Disposition"]


@only_sqlite
def test_payouts_come_from_stripe_and_its_silence_is_said_calmly(desk: Desk) -> None:
    assert "Nothing was paid out yet" in desk.get("payouts/").text
    desk.till.at(NOW + timedelta(days=3))
    pay_out(desk.till.sandbox.world, {"account": "acct_rowan", "status": "in_transit"})
    page = desk.get("payouts/").text
    assert "On its way" in page
    assert "£78.40" in page
    desk.till.break_down(path="/v1/balance", status_500=9)
    silent = desk.get("payouts/")
    assert silent.status_code == 200
    assert "Stripe isn’t answering just now" in silent.text


@only_sqlite
def test_disputes_say_until_when_to_answer(desk: Desk) -> None:
    page = desk.get("disputes/").text
    assert "Dov Dispute" in page
    assert "Answer at Stripe before 30 March 2026" in page


@only_sqlite
def test_exports_have_the_rows_and_are_noted(desk: Desk) -> None:
    answer = desk.get("export/csv/")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode())))
    assert [(row["Client"], row["How it stands"], row["Owed"]) for row in rows[:2]] == [
        ("Owen Owing", "To pay at the session", "60.0"),
        ("Dina Desk", "Paid", "0.0"),
    ]
    assert desk.get("export/xlsx/").data[:2] == b"PK"


@only_sqlite
def test_the_pages_ask_the_database_as_often_for_many_rows_as_for_few(desk: Desk, app: Flask) -> None:
    def cost(path: str) -> int:
        desk.get(path)
        with counted(app) as said:
            assert desk.get(path).status_code == 200
        return len(said)

    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        log_in(desk.client, desk.clinic, "alma")
        few = {path: cost(path) for path in ("", "owed/", "totals/", "disputes/")}
    with desk.app.app_context(), tenant_scope(desk.clinic.ref):
        for day in (2, 3, 4):
            for hour in range(9, 16):
                at_desk(desk.clinic, f"Person{day} {hour}", now=NOW, hour=hour, day=day)
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        assert {path: cost(path) for path in few} == few
    assert max(few.values()) <= 14, few


@only_sqlite
def test_the_receipt_is_the_same_for_staff_and_client(desk: Desk) -> None:
    mine = desk.get("desk/receipt.pdf", id=desk.books.refunded)
    with desk.app.app_context(), tenant_scope(desk.clinic.ref):
        token = link_for(LINK, desk.books.refunded, 0).token
    theirs = desk.app.test_client().get(f"/c/rowan/b/{token}/receipt.pdf")
    assert mine.data[:5] == b"%PDF-"
    assert mine.data == theirs.data
    assert theirs.headers["Content-Disposition"].startswith('attachment; filename="receipt-20260323-')
    page = desk.app.test_client().get(f"/c/rowan/b/{token}").text
    assert "Receipt (PDF)" in page
    assert desk.get("desk/receipt.pdf", id=desk.books.owing).status_code == 404
