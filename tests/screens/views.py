"""The shapes public templates are given: plain values, attribute access only. Samples are made of these."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

from saas.money import Money
from tenants.bookings.letters import OnPage


@dataclass(frozen=True)
class Words:
    title: str
    text: str


@dataclass(frozen=True)
class Fact:
    label: str
    text: str


@dataclass(frozen=True)
class Clinic:
    slug: str
    name: str
    brand: str
    headline: str
    lead: str
    person: str
    first_name: str
    place: str
    address_lines: list[str]
    phone: str
    phone_href: str
    email: str
    promises: list[Words]
    facts: list[Fact]
    tz: str
    currency: str
    heading_style: str = "serif"
    logo_url: str | None = None
    map_url: str | None = None
    accepting: bool = True


@dataclass(frozen=True)
class Site:
    home: str | None
    privacy: str | None
    imprint: str | None


@dataclass(frozen=True)
class Service:
    slug: str
    name: str
    duration_minutes: int
    price: Money
    text: str
    payment_note: str
    person: str = ""


@dataclass(frozen=True)
class Choice:
    slug: str
    name: str
    href: str
    current: bool


@dataclass(frozen=True)
class NextFree:
    starts_local: dt.datetime
    href: str


@dataclass(frozen=True)
class Slot:
    value: str
    starts_local: dt.datetime
    ends_local: dt.datetime
    practitioner_name: str | None = None


class Day(NamedTuple):
    date: dt.date
    free: int
    href: str | None
    is_today: bool
    is_chosen: bool
    is_first_of_month: bool


@dataclass(frozen=True)
class Summary:
    service_name: str
    duration_minutes: int
    person: str
    starts_local: dt.datetime
    ends_local: dt.datetime
    place: str
    address_lines: list[str]
    price: Money
    policy_note: str
    other_zone_line: str | None = None


@dataclass(frozen=True)
class Hold:
    until_local: dt.datetime
    can_extend: bool
    lapsed: bool = False


@dataclass(frozen=True)
class Row:
    label: str
    value: str
    change_href: str | None
    what: str
    sub: str | None = None


@dataclass(frozen=True)
class Booking:
    first_name: str
    service_name: str
    person: str
    starts_local: dt.datetime
    ends_local: dt.datetime
    email: str
    place: str
    status: str
    sequence: int = 0
    paid: Money | None = None
    card: str | None = None
    due_later: Money | None = None
    receipt_url: str | None = None
    other_zone_line: str | None = None
    mailed: bool = True


_ASKED = OnPage(here="https://book.example/intake/t0ken")


@dataclass(frozen=True)
class Links:
    self: str = "/b/t0ken"
    page: str = "/b/t0ken"
    calendar: str | None = "/b/t0ken/calendar.ics"
    google: str | None = "https://calendar.example/render?text=Still+Water"
    change: str | None = "/b/t0ken/change"
    cancel: str | None = "/b/t0ken/cancel"
    again: str | None = "/b/t0ken/details"
    book_again: str | None = "/book/first"
    poll: str = "/b/t0ken/return"
    office: str = "https://book.example/manage/booking/1"
    pay: str = "https://book.example/b/t0ken/rest"
    questions: str = "https://book.example/intake/t0ken"
    asked: OnPage = _ASKED


@dataclass(frozen=True)
class Paid:
    label: str
    amount: Money
    when: dt.datetime


@dataclass(frozen=True)
class Page:
    """One template in one state: what it is rendered with, and what makes it a page of the walk."""

    template: str
    context: dict[str, object] = field(default_factory=dict)
    clinic: Clinic | None = None
    locale: str = "en_IE"
