"""What can be sold: the checks a service passes before it is kept. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from saas.formats import signs
from saas.money import Money, card_maximum, card_minimum, exponent
from saas.text import Cleaner
from saas.words import _

PAYMENTS = ("free", "at_clinic", "deposit", "full")
A_DAY_MIN = 1440
_LONGEST_MIN = 720


@dataclass(frozen=True)
class ServiceRequest:
    """A service as somebody wants it kept. Minutes; amounts in minor units of the clinic's currency.

    `slug` "" is made from the name. A deposit is an amount or a per cent of the price, never both.
    """

    name: str
    duration_min: int
    slug: str = ""
    text: str = ""
    step_min: int = 30
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    price_minor: int = 0
    payment: str = "full"
    deposit_minor: int | None = None
    deposit_percent: int | None = None
    or_at_clinic: bool = False
    needs_room: bool = False
    position: int = 0


def slug_of(text: str) -> str:
    """A word for addresses: "SomatoEmotional Release" becomes somatoemotional-release; "" when no letter is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


class NotAnAmount(ValueError):
    """What was typed is no amount, or could be two of them. `sentence`: what to say beside its field."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def amount_of(text: str, currency: str, locale: str) -> int:
    """What somebody types for an amount (95, 95.00, 95,00, 1.250,50, € 95) in minor units; `NotAnAmount` for all else.

    A lone sign with three digits behind it parts the thousands where `locale` writes them so, and begins the decimals
    of a currency that has three where it is a point, as our fields write it, or what `locale` writes. Anything else it
    could mean is refused: "1.001" dollars are one or a thousand.
    """
    places = exponent(currency)
    tidy = re.sub(r"[\s\u00a0\u202f'’]", "", text).strip("€$£")
    tidy = tidy.removeprefix(currency).removesuffix(currency)
    if lone := re.fullmatch(r"(\d{1,12})([.,])(\d{3})", tidy):
        return _with_lone_sign(lone, currency, locale)
    plain = re.fullmatch(r"(\d{1,12})(?:[.,](\d{1,3}))?", tidy)
    parted = re.fullmatch(r"(\d{1,3}(?:(?P<by>[.,])\d{3})(?:(?P=by)\d{3}){0,3})(?:(?!(?P=by))[.,](\d{1,3}))?", tidy)
    if parted is not None:
        number, decimals = parted[1], parted[3] or ""
    elif plain is not None:
        number, decimals = plain[1], plain[2] or ""
    else:
        raise NotAnAmount(_no_amount(currency))
    if len(decimals) > places and decimals.strip("0"):
        raise NotAnAmount(_no_amount(currency))
    return int(re.sub(r"\D", "", number) + (decimals + "000")[:places])


def _with_lone_sign(typed: re.Match[str], currency: str, locale: str) -> int:
    before, sign, behind = typed.groups()
    parts, begins = signs(locale)
    unit: int = 10 ** exponent(currency)
    has_three = exponent(currency) == len(behind)
    if has_three and sign in (".", begins):
        return int(before + behind)
    if not has_three and sign == parts and re.fullmatch(r"[1-9]\d{0,2}", before):
        return int(before + behind) * unit
    meant = int(before + behind) if has_three else int(before) * unit, int(before + behind) * unit
    either = " · ".join(amount_text(Money(minor, currency)) for minor in meant)
    raise NotAnAmount(_("This could be one of two amounts. Write it out: %(amounts)s", amounts=either))


def _no_amount(currency: str) -> str:
    return _("Enter an amount like %(example)s", example=amount_text(Money(9500, currency)))


def amount_text(amount: Money) -> str:
    """An amount as a field shows it: 95.00."""
    return f"{amount.major:.{exponent(amount.currency)}f}"


def moved(ids: Sequence[UUID], one: UUID, step: int) -> list[UUID]:
    """The order after `one` has gone `step` places on (negative: back); unchanged where there is no such place."""
    order = list(ids)
    if one not in order:
        return order
    place = order.index(one)
    onto = place + step
    if 0 <= onto < len(order):
        order.insert(onto, order.pop(place))
    return order


def clean_service(request: ServiceRequest, *, currency: str) -> ServiceRequest:
    """The service as it is kept; `Invalid` with a sentence for every field that needs another look.

    A session with its buffers fits in a day, and what is paid by card is an amount that a card payment can have
    (Stripe's minimum for the currency), so that no client meets the refusal.
    """
    cleaner = Cleaner()
    name = cleaner.line("name", request.name, 120, missing=_("Give the service a name"))
    slug = slug_of(request.slug or name)
    if name and not slug:
        cleaner.refuse("slug", _("Give it a short address in the letters a to z"))
    text = cleaner.block("text", request.text, 1000)
    _check_times(cleaner, request)
    cleaned = _clean_price(cleaner, request, currency)
    cleaner.check()
    return replace(cleaned, name=name, slug=slug, text=text)


def due_online(
    *, mode: str, price: Money, deposit_minor: int | None = None, deposit_percent: int | None = None
) -> Money:
    """What is due by card when booking: nothing, the deposit (an amount, else a per cent of the price; never more than
    the price), or all of it."""
    if mode == "full":
        return price
    if mode != "deposit":
        return Money.zero(price.currency)
    deposit = price.percent(deposit_percent or 0) if deposit_minor is None else Money(deposit_minor, price.currency)
    return min(deposit, price, key=lambda money: money.minor)


def _check_times(cleaner: Cleaner, request: ServiceRequest) -> None:
    cleaner.whole("duration_min", request.duration_min, 5, _LONGEST_MIN)
    cleaner.whole("step_min", request.step_min, 5, _LONGEST_MIN)
    cleaner.whole("buffer_before_min", request.buffer_before_min, 0, 360)
    cleaner.whole("buffer_after_min", request.buffer_after_min, 0, 360)
    if request.duration_min + request.buffer_before_min + request.buffer_after_min > A_DAY_MIN:
        cleaner.refuse("duration_min", _("A session and its buffers must fit in a day"))
    cleaner.whole("position", request.position, 0, 9999)


def _clean_price(cleaner: Cleaner, request: ServiceRequest, currency: str) -> ServiceRequest:
    if request.payment not in PAYMENTS:
        cleaner.refuse("payment", _("Choose how it is paid"))
        return request
    if request.price_minor < 0:
        cleaner.refuse("price_minor", _("A price is not below nothing"))
    elif request.price_minor > card_maximum():
        most = Money(card_maximum(), currency).major
        cleaner.refuse("price_minor", _("This is more than a card can pay. Enter at most %(most)s", most=most))
    if request.payment == "free":
        if request.price_minor:
            cleaner.refuse("price_minor", _("A free service has no price"))
        return replace(request, deposit_minor=None, deposit_percent=None, or_at_clinic=False)
    if not request.price_minor:
        cleaner.refuse("price_minor", _("Enter a price, or offer it free of charge"))
    if request.payment != "deposit":
        cleaned = replace(request, deposit_minor=None, deposit_percent=None)
    else:
        cleaned = request
        _check_deposit(cleaner, request)
    if request.payment == "at_clinic":
        return replace(cleaned, or_at_clinic=False)
    field = "deposit" if request.payment == "deposit" else "price_minor"
    due = due_online(
        mode=cleaned.payment,
        price=Money(cleaned.price_minor, currency),
        deposit_minor=cleaned.deposit_minor,
        deposit_percent=cleaned.deposit_percent,
    )
    if field not in cleaner.fields and due.minor < card_minimum(currency):
        cleaner.refuse(field, _("This is less than the smallest amount a card can pay"))
    return cleaned


def _check_deposit(cleaner: Cleaner, request: ServiceRequest) -> None:
    if (request.deposit_minor is None) == (request.deposit_percent is None):
        cleaner.refuse("deposit", _("Enter the deposit as an amount or as a part of the price, not both"))
    elif request.deposit_percent is not None and not 1 <= request.deposit_percent <= 100:
        cleaner.refuse("deposit", _("Enter a whole number from %(low)d to %(high)d", low=1, high=100))
    elif request.deposit_minor is not None and not 0 < request.deposit_minor <= request.price_minor:
        cleaner.refuse("deposit", _("The deposit is at most the price"))
