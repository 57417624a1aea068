"""What every template may rely on: pieces that are drawn once, and sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, select_autoescape

from saas import formats, shell


class Reader:
    """Whoever reads, in a language."""

    tag = "en_GB"

    def locale(self) -> str:
        return self.tag


@pytest.fixture
def reader() -> Reader:
    return Reader()


def drawn(reader: Reader, source: str, **values: object) -> str:
    env = Environment(autoescape=select_autoescape(default_for_string=True, default=True))
    env.filters.update(formats.filters(reader.locale))
    env.globals["remembered"] = shell.remembering(reader.locale)
    return env.from_string(source).render(**values)


def test_a_piece_is_told_apart_by_language_values_and_what_a_clock_shows(reader: Reader) -> None:
    env = Environment(autoescape=True)
    env.filters.update(formats.filters(reader.locale))
    piece = env.from_string("{% macro piece(x, y) %}{{ x|clock }} {{ y|long_date }}{% endmacro %}").module
    remembered = shell.remembering(reader.locale)
    instant, day = datetime(2026, 3, 24, 10, tzinfo=UTC), date(2026, 3, 24)
    assert remembered(piece.piece, instant, day) == "10:00 Tuesday 24 March"  # type: ignore[attr-defined]
    assert remembered(piece.piece, instant.astimezone(ZoneInfo("Europe/Paris")), day) == "11:00 Tuesday 24 March"  # type: ignore[attr-defined]
    assert remembered(piece.piece, instant, date(2026, 3, 25)) == "10:00 Wednesday 25 March"  # type: ignore[attr-defined]
    reader.tag = "es"
    assert remembered(piece.piece, instant, day) == "10:00 martes, 24 de marzo"  # type: ignore[attr-defined]
    again = remembered(piece.piece, instant, day)  # type: ignore[attr-defined]
    assert again is remembered(piece.piece, instant, day)  # type: ignore[attr-defined]


def test_a_piece_escapes_what_it_is_given_and_is_not_escaped_again(reader: Reader) -> None:
    page = "{% macro piece(x) %}<b>{{ x }}</b>{% endmacro %}{{ remembered(piece, who) }}{{ remembered(piece, who) }}"
    assert drawn(reader, page, who="<i>") == "<b>&lt;i&gt;</b>" * 2
