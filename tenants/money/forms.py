"""What is typed at the desk and for a refund: an amount in the clinic's currency, and a choice."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from wtforms import HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from saas.fields import OfficeForm
from saas.languages import locale
from saas.money import Money
from saas.words import _
from saas.words import later as _l
from tenants.services.rules import NotAnAmount, amount_of, amount_text

METHOD_WORDS = {
    "cash": _l("Cash"),
    "card": _l("Card, at the clinic’s own terminal"),
    "transfer": _l("Bank transfer"),
}
REFUND_WORDS = {
    "goodwill": _l("As a kindness. Nothing more is owed for it"),
    "mistake": _l("It was taken by mistake. Nothing more is owed for it"),
    "otherwise": _l("They pay another way. The amount stays owed"),
}


class AmountForm(OfficeForm):
    """An amount; `click` is new on every page, so that one page moves money once however often it is sent."""

    amount = StringField()
    click = HiddenField()
    seen = HiddenField()

    @classmethod
    def offering(cls, amount: Money, *, seen: str = "") -> AmountForm:
        """A new page's form."""
        return cls(data={"amount": amount_text(amount), "click": uuid4().hex, "seen": seen, **cls.chosen()})

    @classmethod
    def chosen(cls) -> dict[str, str]:
        """What a new page has chosen already."""
        return {}

    def read(self, currency: str) -> Money | None:
        """The amount typed; None, with its sentence beside the field, when it is none."""
        if not self.validate():
            return None
        try:
            amount = Money(amount_of(self.amount.data or "", currency, locale()), currency)
        except NotAnAmount as error:
            self.refuse(error.sentence)
            return None
        if not amount:
            self.refuse(_("Type an amount above nothing"))
            return None
        return amount

    def refuse(self, sentence: str) -> None:
        """Say it beside the amount."""
        self.put_errors({"amount": sentence})

    def renewed(self, seen: str = "") -> Self:
        """The form of a page that is shown again with what is true now: pressing then is a new press."""
        self.click.data, self.seen.data = uuid4().hex, seen
        return self


class DeskForm(AmountForm):
    """Money taken at the clinic."""

    method = RadioField(choices=[SelectChoice(value, words) for value, words in METHOD_WORDS.items()])

    @classmethod
    def chosen(cls) -> dict[str, str]:
        return {"method": "cash"}


class RefundForm(AmountForm):
    """Money that goes back to the card."""

    reason = RadioField(choices=[SelectChoice(value, words) for value, words in REFUND_WORDS.items()])

    @classmethod
    def chosen(cls) -> dict[str, str]:
        return {"reason": "goodwill"}


class LinkForm(OfficeForm):
    """The press that sends a link; `click` is new on every page."""

    click = HiddenField()
    seen = HiddenField()

    @classmethod
    def fresh(cls) -> LinkForm:
        """A new page's form."""
        return cls(data={"click": uuid4().hex})


class PressForm(OfficeForm):
    """A button: the form's token and nothing else."""
