from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas.errors import Invalid
from saas.money import Money, card_minimum
from tenants.services.rules import ServiceRequest, clean_service, due_online, slug_of

PLAIN = ServiceRequest(name="Full session", duration_min=60, price_minor=8000)


def refused(**changes: object) -> set[str]:
    with pytest.raises(Invalid) as error:
        clean_service(replace(PLAIN, **changes), currency="GBP")  # type: ignore[arg-type]
    return set(error.value.fields)


@pytest.mark.parametrize(
    "name, slug",
    [
        ("SomatoEmotional Release", "somatoemotional-release"),
        ("Première séance", "premiere-seance"),
        ("  ../../etc ", "etc"),
        ("頭蓋", ""),
        ("a" * 90, "a" * 60),
    ],
)
def test_an_address_is_made_of_plain_letters(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_plain_service_is_kept_with_an_address_made_from_its_name() -> None:
    kept = clean_service(PLAIN, currency="GBP")
    assert (kept.slug, kept.name, kept.price_minor) == ("full-session", "Full session", 8000)


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"name": " \x00"}, "name"),
        ({"name": "x" * 10_240}, "name"),
        ({"name": "頭蓋"}, "slug"),
        ({"text": "x" * 1001}, "text"),
        ({"duration_min": 0}, "duration_min"),
        ({"duration_min": -60}, "duration_min"),
        ({"duration_min": 10**12}, "duration_min"),
        ({"step_min": 0}, "step_min"),
        ({"buffer_before_min": -1}, "buffer_before_min"),
        ({"duration_min": 720, "buffer_before_min": 360, "buffer_after_min": 361}, "buffer_after_min"),
        ({"payment": "barter"}, "payment"),
        ({"price_minor": -1}, "price_minor"),
        ({"price_minor": 10**12}, "price_minor"),
        ({"price_minor": 0}, "price_minor"),
        ({"price_minor": 29}, "price_minor"),
        ({"payment": "free"}, "price_minor"),
        ({"payment": "deposit"}, "deposit"),
        ({"payment": "deposit", "deposit_minor": 100, "deposit_percent": 10}, "deposit"),
        ({"payment": "deposit", "deposit_minor": 8001}, "deposit"),
        ({"payment": "deposit", "deposit_minor": 29}, "deposit"),
        ({"payment": "deposit", "deposit_percent": 0}, "deposit"),
        ({"payment": "deposit", "deposit_percent": 101}, "deposit"),
        ({"payment": "deposit", "deposit_percent": 1, "price_minor": 2000}, "deposit"),
    ],
)
def test_what_cannot_be_sold_is_told_beside_its_field(changes: dict[str, object], field: str) -> None:
    assert field in refused(**changes)


def test_every_problem_is_told_at_once() -> None:
    assert {"name", "duration_min", "step_min", "price_minor"} <= refused(
        name="", duration_min=0, step_min=0, price_minor=0
    )


def test_a_deposit_of_a_service_that_is_paid_in_full_is_forgotten() -> None:
    kept = clean_service(replace(PLAIN, deposit_minor=5), currency="GBP")
    assert kept.deposit_minor is None


def test_what_is_paid_at_the_clinic_may_cost_less_than_a_card_can_pay() -> None:
    kept = clean_service(replace(PLAIN, price_minor=10, payment="at_clinic", or_at_clinic=True), currency="GBP")
    assert kept.price_minor == 10
    assert not kept.or_at_clinic


@settings(max_examples=200, deadline=None)
@given(
    price=st.integers(-5, 20_000),
    payment=st.sampled_from(["free", "at_clinic", "deposit", "full"]),
    minor=st.none() | st.integers(-5, 20_000),
    percent=st.none() | st.integers(-5, 110),
    currency=st.sampled_from(["EUR", "GBP", "USD", "JPY", "CZK", "KWD"]),
)
def test_whatever_is_kept_asks_a_card_for_nothing_or_for_enough(
    price: int, payment: str, minor: int | None, percent: int | None, currency: str
) -> None:
    request = replace(PLAIN, price_minor=price, payment=payment, deposit_minor=minor, deposit_percent=percent)
    try:
        kept = clean_service(request, currency=currency)
    except Invalid:
        return
    due = due_online(
        mode=kept.payment,
        price=Money(kept.price_minor, currency),
        deposit_minor=kept.deposit_minor,
        deposit_percent=kept.deposit_percent,
    ).minor
    assert due == 0 or due >= card_minimum(currency)
    assert due <= kept.price_minor
    assert (payment in ("free", "at_clinic")) == (due == 0)


@pytest.mark.parametrize(
    "mode, deposit_minor, deposit_percent, due",
    [
        ("free", None, None, 0),
        ("at_clinic", 500, None, 0),
        ("deposit", 2500, None, 2500),
        ("deposit", None, 30, 2700),
        ("deposit", 20000, None, 9000),
        ("deposit", 0, 50, 0),
        ("full", None, None, 9000),
    ],
)
def test_what_is_due_when_booking(mode: str, deposit_minor: int | None, deposit_percent: int | None, due: int) -> None:
    price = Money(9000, "GBP")
    asked = due_online(mode=mode, price=price, deposit_minor=deposit_minor, deposit_percent=deposit_percent)
    assert asked == Money(due, "GBP")
