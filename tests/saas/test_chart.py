from __future__ import annotations

from flask import Flask, render_template_string
from hypothesis import given, settings
from hypothesis import strategies as st

from saas.chart import HEIGHT, WIDTH, Chart, Series, bars, nice_step
from tests.browser import lint

VALUES = st.integers(-(10**8), 10**8)


def drawn(*columns: tuple[int, ...]) -> Chart:
    rows = zip(*columns, strict=True)
    return bars([f"day {n}" for n in range(len(columns))], [Series(f"s{n}", row) for n, row in enumerate(rows)], str)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=40))
def test_every_bar_is_inside_and_as_tall_as_its_value(columns: list[tuple[int, ...]]) -> None:
    chart = drawn(*columns)
    assert len(chart.bars) == sum(bool(value) for column in columns for value in column)
    high, low = (int(tick.text) for tick in (chart.ticks[-1], chart.ticks[0]))
    scale = (chart.ticks[0].y - chart.ticks[-1].y) / (high - low)
    for bar in chart.bars:
        assert chart.left <= bar.x
        assert bar.x + bar.width <= WIDTH + 0.1
        assert bar.y >= 0
        assert bar.y + bar.height <= HEIGHT
        value = abs(int(bar.says.rpartition(" ")[2]))
        assert abs(bar.height - max(0.5, value * scale)) <= 0.51
    assert len(chart.ticks) <= 8


def test_bars_of_a_column_stand_on_each_other_and_minus_hangs_below() -> None:
    chart = drawn((300, 200, -100))
    first, second, below = chart.bars
    assert second.y + second.height == first.y
    assert first.y + first.height == chart.zero == below.y


def test_nothing_at_all_is_an_empty_grid() -> None:
    assert drawn((0, 0), (0, 0)).bars == ()
    assert bars([], [], str).bars == ()


@given(st.integers(0, 10**12))
def test_the_grid_has_round_steps_and_few_lines(span: int) -> None:
    step = nice_step(span)
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert span <= step * 5


def test_many_columns_name_some() -> None:
    assert len(drawn(*[(1,)] * 31).labels) == 31
    assert len([one for one in drawn(*[(1,)] * 31).labels if not one.minor]) <= 8
    assert len(drawn(*[(1,)] * 52).labels) <= 8


def test_the_drawing_needs_no_script_and_no_style(app: Flask) -> None:
    page = (
        "{% from 'components/chart.html' import chart %}<title>x</title><h1>x</h1>"
        "{{ chart(c, 'm', 'March', 'Most on Tuesday.') }}"
    )
    with app.test_request_context():
        html = render_template_string(page, c=drawn((3, 2, -1), (0, 5, 0)))
    assert lint(html) == []
    assert "day 0, s0: 3" in html
    assert 'role="img" aria-labelledby="m-t"' in html
