from __future__ import annotations

import colorsys
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas import theme

# foreground, ground, the least contrast WCAG 2.2 AA asks for
PAIRS = (
    ("ink", "tint", 7),
    ("ink", "tint-2", 4.5),
    ("ink-2", "tint", 4.5),
    ("ink-2", "bg", 4.5),
    ("brand-ink", "tint", 4.5),
    ("brand-ink", "surface", 4.5),
    ("on-brand", "brand", 4.5),
    ("on-brand", "brand-hover", 4.5),
    ("error", "error-soft", 4.5),
    ("error", "surface", 4.5),
    ("error", "bg", 4.5),
    ("ok", "ok-soft", 4.5),
    ("accent-ink", "accent-soft", 4.5),
    ("line-strong", "surface", 3),
    ("line-strong", "tint", 3),
)
HEX = re.compile(r"#[0-9a-f]{6}")


def weak(brand: str, *, dark: bool) -> list[str]:
    t = theme.tokens(brand, dark=dark)
    return [
        f"{brand} dark={dark}: {front} on {ground} is {found:.2f}, needs {need}"
        for front, ground, need in PAIRS
        if (found := theme.contrast(t[front], t[ground])) < need
    ]


def wheel(step: int) -> list[str]:
    """Brands of every hue: `step` degrees apart, four saturations, four values."""
    colours = product(range(0, 360, step), (0.05, 0.3, 0.6, 1.0), (0.15, 0.5, 0.85, 1.0))
    made = (colorsys.hsv_to_rgb(hue / 360, s, v) for hue, s, v in colours)
    return ["#" + "".join(f"{round(255 * c):02x}" for c in rgb) for rgb in made]


def test_no_brand_of_the_wheel_makes_a_text_hard_to_read() -> None:
    # Sixteen brands every five degrees here; the whole wheel of 5,760 was walked when the tokens were designed.
    found = [line for brand in wheel(5) for dark in (False, True) for line in weak(brand, dark=dark)]
    assert not found


@given(brand=st.integers(0, 0xFFFFFF).map("#{:06x}".format), dark=st.booleans())
def test_any_colour_at_all_is_readable(brand: str, dark: bool) -> None:  # noqa: FBT001
    assert not weak(brand, dark=dark)
    assert all(HEX.fullmatch(value) for value in theme.tokens(brand, dark=dark).values())


def test_the_tokens_of_the_default_brand_are_those_of_the_design() -> None:
    light, dark = theme.tokens("#2f6f6b"), theme.tokens("#2f6f6b", dark=True)
    assert (light["bg"], light["brand"], light["ink"]) == ("#f5faf9", "#266763", "#173332")
    assert (dark["bg"], dark["brand"], dark["ink"]) == ("#101918", "#97c9c5", "#d9e4e3")
    assert light.keys() == dark.keys()
    assert len(light) == 21


@pytest.mark.parametrize("text", ["", "2f6f6b", "#2f6f6", "#2f6f6b;}", "red", "#2f6f6b\n", "#ＦＦ6f6b"])
def test_anything_but_a_plain_colour_is_refused(text: str) -> None:
    assert not theme.is_colour(text)
    with pytest.raises(ValueError, match="#rrggbb"):
        theme.css(text)


def test_a_clinic_with_plain_headings_sets_them_in_the_text_face() -> None:
    assert "--display:var(--font)" in theme.css("#2f6f6b", "sans")
    assert "--display" not in theme.css("#2f6f6b")


def test_the_version_follows_the_stylesheet() -> None:
    versions = {theme.version(brand, face) for brand in ("#2f6f6b", "#7d4a78") for face in ("serif", "sans")}
    assert len(versions) == 4


def test_black_against_white_is_twenty_one() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#ffffff", "#000000") == pytest.approx(21)
