"""Money as it is kept: an integer of minor units and a currency. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 currencies whose minor unit is not a hundredth, of those Stripe settles in.
_ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".split())
_THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())

# What one card payment must at least be, in minor units (Stripe's page "Currencies", charge amounts).
_CARD_MINIMUM = {
    "AED": 200, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
_CARD_MAXIMUM = 99_999_999


def card_minimum(currency: str) -> int:
    """The smallest card payment in `currency`, in minor units.

    For a currency without a published minimum a careful one: better refused when a service is saved than when a
    client stands at the till.
    """
    return _CARD_MINIMUM.get(currency, 500)


def card_maximum() -> int:
    """The largest card payment in any currency, in minor units (eight digits)."""
    return _CARD_MAXIMUM


def exponent(currency: str) -> int:
    """How many decimal places one major unit of `currency` has (EUR 2, JPY 0, KWD 3)."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


@dataclass(frozen=True, order=False)
class Money:
    """An amount in minor units (cents) of one currency (upper-case ISO 4217). Two currencies never mix."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            msg = f"not a currency code: {self.currency!r}"
            raise ValueError(msg)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in `currency`."""
        return cls(0, currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            msg = f"cannot mix {self.currency} and {other.currency}"
            raise ValueError(msg)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def percent(self, percent: int | Decimal) -> Money:
        """`percent` per cent of it, rounded half up to a minor unit."""
        exact = Decimal(self.minor) * Decimal(percent) / 100
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)

    def share(self, part: Money, whole: Money) -> Money:
        """The part of this amount that corresponds to `part` of `whole` (half up); nothing when `whole` is nothing."""
        self._same(part)
        self._same(whole)
        if not whole.minor:
            return Money(0, self.currency)
        exact = Decimal(self.minor) * Decimal(part.minor) / Decimal(whole.minor)
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)

    def split(self, parts: int) -> list[Money]:
        """`parts` amounts that differ by at most one minor unit and add up to exactly this one."""
        if parts < 1:
            msg = "split needs at least one part"
            raise ValueError(msg)
        base, rest = divmod(self.minor, parts)
        return [Money(base + (1 if i < rest else 0), self.currency) for i in range(parts)]
