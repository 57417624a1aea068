"""Parts of the back offices' forms and lists: the form with its token, and the fields above a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import g
from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from flask_admin.form import BaseForm
from flask_wtf import FlaskForm

from saas.errors import DomainError, StaleForm
from saas.words import later as _l

_FIRST_YEAR, _LAST_YEAR = 2000, 2199
Choices = Callable[[], list[tuple[str, Any]]]


class Refusing:
    """Mixin of a form with Flask-WTF's token: whether that is too old, and places for an action's refusals."""

    _fields: Any
    csrf_token: Any
    form_errors: list[Any]

    @property
    def stale(self) -> bool:
        """Whether the form's token is too old, or from another log-in: pressing once more is all it takes."""
        return bool(self.csrf_token.errors)

    def put_errors(self, fields: Mapping[str, str]) -> None:
        """Place an action's refusals beside their fields."""
        for name, sentence in fields.items():
            field = self._fields.get(name)
            if field is not None:
                field.errors = [*field.errors, sentence]

    def put(self, refused: DomainError) -> None:
        """Place a refusal: beside its fields, and what has no field above the form (`form_errors`)."""
        self.put_errors(refused.fields)
        if not refused.fields.keys() & self._fields.keys():
            self.form_errors.append(refused.message)


class OfficeForm(Refusing, BaseForm):
    """The base of the consoles' forms: Flask-WTF's form token, kept in the session."""

    class Meta(FlaskForm.Meta):
        pass

    def require(self) -> None:
        """Raise `StaleForm` when the form was made elsewhere or too long ago: for buttons with nothing to lose."""
        if not self.validate():
            raise StaleForm


def _once(make: Choices) -> Choices:
    """The same, asked once a request: the library looks at them for every link of a page."""

    def choices() -> list[tuple[str, Any]]:
        kept = g.setdefault("choices", {})
        if make not in kept:
            kept[make] = make()
        found: list[tuple[str, Any]] = kept[make]
        return found

    return choices


class ListFilter(BaseSQLAFilter):
    """One field above a list: a choice (`choices` gives values and words when the page is made), or a date without.

    `key` names it in the address (`flt_<key>`); `narrow(query, value)` applies it.
    """

    def __init__(
        self,
        key: str,
        label: Any,
        column: Any,
        narrow: Callable[[Any, Any], Any],
        choices: Choices | None = None,
    ) -> None:
        super().__init__(column, label)
        self.key = key
        self.narrow = narrow
        self.choices = _once(choices) if choices else None

    def clean(self, value: str) -> Any:
        """The typed value; ValueError for one that was not offered."""
        if self.choices is None:
            day = date.fromisoformat(value)
            if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
                raise ValueError(value)
            return day
        if value not in [offered for offered, _ in self.choices()]:
            raise ValueError(value)
        return value

    def validate(self, value: str) -> bool:
        """Whether `clean` takes it; what it does not take narrows nothing."""
        try:
            self.clean(value)
        except ValueError:
            return False
        return True

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        del alias
        return self.narrow(query, value)

    def operation(self) -> Any:
        return _l("is")
