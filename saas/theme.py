"""Tenant theming: one colour in, a full contrast-checked token set out. Pure.

The clinic picks one colour. We keep its hue (and a capped part of its chroma) and fix the lightness
of every token ourselves, so no clinic can choose its way into unreadable text. The result is a small
stylesheet served from our own origin, so pages need no inline style and the CSP stays strict.

Colours are worked on in OKLCH (Björn Ottosson's Oklab, 2020); contrast is WCAG 2's.
"""

from __future__ import annotations

import hashlib
import math
import re
from functools import lru_cache
from typing import Literal

PLATFORM_BRAND = "#3d5a80"  # slate: the platform's own pages and the operator's console

Heading = Literal["serif", "sans"]

_WARM = 62.0  # the dawn accent's hue, the same for every clinic
_BRICK = 28.0  # errors: brick, never alarm red
_GREEN = 150.0


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _rgb(colour: str) -> tuple[float, float, float]:
    r, g, b = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return r, g, b


def is_colour(text: str) -> bool:
    """Whether `text` is a colour a clinic may give: #rrggbb and nothing else."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def hex_to_oklch(colour: str) -> tuple[float, float, float]:
    """Lightness 0..1, chroma and hue (degrees) of `colour` (#rrggbb); ValueError for anything else."""
    if not is_colour(colour):
        raise ValueError("a brand colour is written #rrggbb")
    r, g, b = _rgb(colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b_ = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b_), math.degrees(math.atan2(b_, a)) % 360


def _oklch_to_linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def oklch_hex(lightness: float, chroma: float, hue: float) -> str:
    """The colour as #rrggbb; chroma is given up until it fits what a screen can show."""
    while True:
        channels = _oklch_to_linear(lightness, chroma, hue)
        if chroma <= 0.0005 or all(-0.0005 <= c <= 1.0005 for c in channels):
            return "#" + "".join(f"{round(255 * _gamma(min(1, max(0, c)))):02x}" for c in channels)
        chroma *= 0.96


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours (#rrggbb), 1 to 21, in either order."""

    def luminance(colour: str) -> float:
        r, g, b = _rgb(colour)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _darker(start: tuple[float, float, float], ground: str, ratio: float) -> str:
    return _reach(start, ground, ratio, -0.01)


def _lighter(start: tuple[float, float, float], ground: str, ratio: float) -> str:
    return _reach(start, ground, ratio, 0.01)


def _reach(start: tuple[float, float, float], ground: str, ratio: float, step: float) -> str:
    """Walk the lightness of `start` by `step` until the colour reaches `ratio` against `ground`."""
    lightness, chroma, hue = start
    while 0 < lightness < 1:
        colour = oklch_hex(lightness, chroma, hue)
        if contrast(colour, ground) >= ratio:
            return colour
        lightness += step
    return oklch_hex(min(1, max(0, lightness)), 0, hue)


def _light(chroma: float, hue: float) -> dict[str, str]:
    n = min(chroma, 0.06) / 0.06  # how much of the hue the neutrals may carry
    tint = oklch_hex(0.954, 0.011 * n, hue)  # the darkest ground that text is set on
    brand = _darker((0.48, chroma, hue), tint, 5.6)
    accent_soft = oklch_hex(0.957, 0.026, _WARM + 15)
    return {
        "bg": oklch_hex(0.980, 0.005 * n, hue),
        "surface": oklch_hex(0.996, 0.002 * n, hue),
        "tint": tint,
        "tint-2": oklch_hex(0.918, 0.022 * n, hue),
        "line": oklch_hex(0.888, 0.012 * n, hue),
        "line-strong": _darker((0.64, 0.03 * n, hue), tint, 3.1),
        "ink": _darker((0.30, 0.035 * n, hue), tint, 11),
        "ink-2": _darker((0.50, 0.03 * n, hue), tint, 6.0),
        "brand": brand,
        "brand-ink": brand,
        "on-brand": "#ffffff",
        "brand-hover": _darker((0.44, chroma, hue), tint, 7.6),
        "wave-1": oklch_hex(0.86, 0.045 * max(n, 0.5), hue),
        "wave-2": oklch_hex(0.72, 0.06 * max(n, 0.5), hue),
        "accent": oklch_hex(0.82, 0.085, _WARM),
        "accent-soft": accent_soft,
        "accent-ink": _darker((0.48, 0.085, _WARM - 8), accent_soft, 5.6),
        "error": _darker((0.50, 0.13, _BRICK), tint, 5.6),
        "error-soft": oklch_hex(0.96, 0.018, _BRICK),
        "ok": _darker((0.48, 0.08, _GREEN), tint, 5.4),
        "ok-soft": oklch_hex(0.955, 0.028, _GREEN),
    }


def _dark(chroma: float, hue: float) -> dict[str, str]:
    n = min(chroma, 0.06) / 0.06
    tint = oklch_hex(0.275, 0.02 * n, hue)  # the lightest ground that text is set on
    return {
        "bg": oklch_hex(0.205, 0.014 * n, hue),
        "surface": oklch_hex(0.235, 0.016 * n, hue),
        "tint": tint,
        "tint-2": oklch_hex(0.33, 0.03 * n, hue),
        "line": oklch_hex(0.35, 0.018 * n, hue),
        "line-strong": _lighter((0.56, 0.025 * n, hue), tint, 3.1),
        "ink": oklch_hex(0.91, 0.012 * n, hue),
        "ink-2": _lighter((0.70, 0.018 * n, hue), tint, 6.0),
        "brand": oklch_hex(0.80, chroma * 0.8, hue),
        "brand-ink": _lighter((0.74, chroma * 0.9, hue), tint, 5.6),
        "on-brand": oklch_hex(0.19, 0.02, hue),
        "brand-hover": oklch_hex(0.86, chroma * 0.7, hue),
        "wave-1": oklch_hex(0.36, 0.04, hue),
        "wave-2": oklch_hex(0.50, 0.05, hue),
        "accent": oklch_hex(0.76, 0.085, _WARM),
        "accent-soft": oklch_hex(0.30, 0.03, _WARM + 10),
        "accent-ink": oklch_hex(0.86, 0.06, _WARM),
        "error": oklch_hex(0.80, 0.09, _BRICK),
        "error-soft": oklch_hex(0.29, 0.035, _BRICK),
        "ok": oklch_hex(0.82, 0.08, _GREEN),
        "ok-soft": oklch_hex(0.29, 0.03, _GREEN),
    }


def tokens(brand: str, *, dark: bool = False) -> dict[str, str]:
    """The 21 colour tokens (name without dashes in front -> #rrggbb) for `brand` (#rrggbb, else ValueError).

    Every pair that text or a control is set in passes WCAG 2.2 AA, whatever the brand
    (tests/saas/test_theme.py walks 5,760 brands in both modes).
    """
    _, chroma, hue = hex_to_oklch(brand)
    chroma = min(max(chroma, 0.035), 0.115)  # quiet by construction: no neon, no grey
    return _dark(chroma, hue) if dark else _light(chroma, hue)


@lru_cache(maxsize=2048)
def css(brand: str, heading: Heading = "serif") -> str:
    """The clinic's stylesheet: its tokens, light and dark, and its heading face. ValueError for a bad `brand`."""

    def block(values: dict[str, str]) -> str:
        return "".join(f"--{name}:{value};" for name, value in values.items())

    face = "--display:var(--font);" if heading == "sans" else ""
    return (
        f":root{{color-scheme:light dark;{face}{block(tokens(brand))}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{block(tokens(brand, dark=True))}}}}}"
        "@media print{:root{color-scheme:light;"
        "--bg:#fff;--surface:#fff;--tint:#fff;--ink:#000;--ink-2:#333;--brand-ink:#000}}\n"
    )


@lru_cache(maxsize=2048)
def version(brand: str, heading: Heading = "serif") -> str:
    """Ten hex digits that change when the stylesheet does: for its address, so that it may be kept for a year."""
    return hashlib.sha256(css(brand, heading).encode()).hexdigest()[:10]
