import re

import pytest
import requests

from tests.saas.sandbox.stand import ROWAN, Stand


def check_html(answer: requests.Response) -> str:
    """What every page of the sandbox keeps: one heading, a title, a language, nothing inline."""
    html = answer.text
    assert len(re.findall("<h1>", html)) == 1
    assert re.search(r"<title>.+</title>", html)
    assert '<html lang="en">' in html
    assert "no money moves" in html
    assert not re.search(r"<script| style=| on[a-z]+=", html)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return html


def test_the_page_shows_what_is_paid_and_four_outcomes(shared: Stand) -> None:
    html = check_html(shared.page(shared.checkout()))
    assert "Session at Rowan Clinic" in html
    assert "€80.00" in html
    assert re.findall(r'name="outcome" value="(\w+)"', html) == ["pay", "authenticate", "decline", "cancel"]


def test_names_are_escaped(shared: Stand) -> None:
    html = check_html(shared.page(shared.checkout(name="<script>alert(1)</script>")))
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "currency, amount, shown", [("JPY", 900, "¥900"), ("GBP", 1250, "£12.50"), ("USD", 6000, "$60.00")]
)
def test_amounts_have_their_currencys_places(shared: Stand, currency: str, amount: int, shown: str) -> None:
    assert shown in shared.page(shared.checkout(currency=currency, amount=amount, application_fee=0)).text


def test_opening_the_page_changes_nothing(stand: Stand) -> None:
    session = stand.checkout()
    for _ in range(2):
        stand.page(session)
    assert stand.sandbox.state()["sessions"] == {"open": 1}
    assert stand.sandbox.state()["events"] == {}


def test_pay_leads_back_with_the_sessions_id(stand: Stand) -> None:
    session = stand.checkout()
    answer = stand.press(session, "pay")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:9/back?session={session.id}"
    html = check_html(stand.page(session))
    assert "Already paid" in html


def test_paying_twice_charges_once(stand: Stand) -> None:
    session = stand.checkout()
    assert [stand.press(session, "pay").status_code for _ in range(3)] == [303, 303, 303]
    state = stand.sandbox.state()
    assert state["charges"] == {"count": 1, "paid": {"eur": 8000}}
    assert state["by_metadata"] == {"a1": {"sessions": 1, "charges": 1, "paid": 8000, "refunded": 0}}
    assert stand.sandbox.state(by="booking")["by_metadata"]["b1"]["charges"] == 1


def test_a_decline_says_so_and_lets_try_again(stand: Stand) -> None:
    session = stand.checkout()
    html = check_html(stand.press(session, "decline"))
    assert "declined" in html
    found = stand.gateway().retrieve_checkout(account=ROWAN, session_id=session.id)
    assert (found.status, found.payment_status, found.charge) == ("open", "unpaid", None)
    stand.press(session, "pay")
    paid = stand.gateway().retrieve_checkout(account=ROWAN, session_id=session.id)
    assert paid.payment_intent == found.payment_intent
    assert stand.deliver()[0] == "payment_intent.payment_failed"


def test_an_expired_session_cancels_the_payment_that_was_tried(stand: Stand) -> None:
    session = stand.checkout()
    stand.press(session, "decline")
    stand.gateway().expire_checkout(account=ROWAN, session_id=session.id)
    assert stand.deliver() == ["payment_intent.payment_failed", "payment_intent.canceled", "checkout.session.expired"]
    html = check_html(stand.press(session, "pay"))
    assert "closed" in html
    assert stand.sandbox.state()["charges"]["count"] == 0


def test_authenticate_asks_once_more(stand: Stand) -> None:
    session = stand.checkout()
    html = check_html(stand.press(session, "authenticate"))
    assert 'value="pay"' in html
    assert stand.sandbox.state()["charges"]["count"] == 0
    assert stand.press(session, "pay").status_code == 303


def test_cancel_leads_away_and_leaves_the_session_open(stand: Stand) -> None:
    session = stand.checkout()
    answer = stand.press(session, "cancel")
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://127.0.0.1:9/cancelled")
    assert stand.sandbox.state()["sessions"] == {"open": 1}


def test_the_form_may_lead_where_the_session_says(shared: Stand) -> None:
    session = shared.checkout(success_url="https://rowan.example/x", cancel_url="http://127.0.0.1:9/y")
    policy = shared.page(session).headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:9 https://rowan.example;" in policy


@pytest.mark.parametrize("outcome", ["", "rob", "PAY", "\x00", "x" * 10_000])
def test_odd_outcomes_change_nothing(shared: Stand, outcome: str) -> None:
    session = shared.checkout()
    assert shared.press(session, outcome).status_code == 422
    assert shared.sandbox.state()["charges"]["count"] == 0


@pytest.mark.parametrize("path", ["/", "/pay/", "/pay/cs_test_nobody", "/pay/a/b", "/receipt/ch_1"])
def test_nothing_here_is_a_page_too(shared: Stand, path: str) -> None:
    answer = requests.get(shared.address + path, timeout=60)
    assert answer.status_code == 404
    check_html(answer)


def test_the_receipt_shows_what_was_paid_and_given_back(stand: Stand) -> None:
    paid = stand.paid()
    stand.gateway().refund(
        account=ROWAN, payment_intent=paid.payment_intent or "", amount=3000, idempotency_key="r", metadata={}
    )
    html = check_html(requests.get(paid.receipt_url or "", timeout=60))
    assert all(text in html for text in ("€80.00", "€30.00", "Visa •••• 4242"))


def test_the_stylesheet_is_there(shared: Stand) -> None:
    answer = requests.get(f"{shared.address}/pay.css", timeout=60)
    assert answer.headers["Content-Type"].startswith("text/css")
