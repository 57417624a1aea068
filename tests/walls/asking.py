"""What the tests of misuse ask with, and what every answer must be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.test import TestResponse

from saas.links import link_for
from saas.web import _token
from tenants.bookings.places import LINK
from tests.cast import Clinic
from tests.saas.test_web import INSIDES, unsafe
from tests.tenants.bookings.scenes import held

API = "/c/rowan/api/v1/bookings"
START = "2026-03-25T10:00:00+00:00"


def fine(answer: TestResponse, *status: int) -> TestResponse:
    """A clear answer: one of these states, or any below 500; nothing of our insides; safe headers; no cookie."""
    assert answer.status_code in status if status else answer.status_code < 500, answer.text[:300]
    assert not INSIDES.search(answer.text), answer.text[:300]
    assert unsafe(answer) == []
    assert "Set-Cookie" not in answer.headers
    return answer


def wish(**more: Any) -> dict[str, Any]:
    client = {"name": "Cleo", "email": "cleo@example.com", **more.pop("client", {})}
    return {"service": "desk", "starts_at": START, "accept_policy": True, "client": client, **more}


class Page:
    """A held booking's link and the token of its forms."""

    def __init__(self, clinic: Clinic, now: datetime, **more: Any) -> None:
        booking = held(clinic, **more)
        self.id = booking.id
        self.token = link_for(LINK, booking.id, booking.link_generation).token
        self.home = f"{clinic.home}/b/{self.token}"
        day = int(now.timestamp()) // 86_400
        self.form = {"form_token": _token("booking", self.token, day)}
