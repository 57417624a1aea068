"""Every public template in every state: it renders with StrictUndefined and reads well to a machine."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask

from saas import theme
from tests.browser import lint, read
from tests.screens import cases, samples
from tests.screens.preview import ROOT, STATIC, create_preview, render, render_mail

# What no mail and no title may say (architecture: discreet).
HEALTH = re.compile(
    r"cranio|somato|sacral|therap|pain|trauma|stress|health|medical|symptom|injur|anxiet|release\b|body", re.IGNORECASE
)


@pytest.fixture(scope="module")
def preview() -> Flask:
    app = create_preview()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


@pytest.mark.parametrize("name", cases.pages())
def test_a_page_renders_and_reads_well(preview: Flask, name: str) -> None:
    html = render(preview, name)
    assert lint(html) == []
    assert "!" not in re.sub(r"<[^>]*>", "", html), "calm wording has no exclamation mark"
    assert "&lt;" not in html, "markup was escaped that should not be"


def test_every_public_template_has_a_sample() -> None:
    shown = {page.template for page in cases.pages().values()}
    made = {
        path.relative_to(ROOT / "templates").as_posix()
        for folder in ("public", "errors")
        for path in (ROOT / "templates" / folder).rglob("*.html")
        if not path.name.startswith("_")
    }
    assert made <= shown


@pytest.mark.parametrize("name", [n for n, p in cases.pages().items() if "clinic" not in p.context])
def test_titles_are_discreet(preview: Flask, name: str) -> None:
    title = read(render(preview, name)).title
    assert not HEALTH.search(title.replace("Hollow Oak Bodywork", "")), title


@pytest.mark.parametrize("name", ["2g-times-gone", "3b-details-error", "3g-check-terms", "3h-check-problem"])
def test_an_error_is_told_first_and_takes_the_focus(preview: Flask, name: str) -> None:
    page = read(render(preview, name))
    summaries = [attrs for attrs in page.all("div") if attrs.get("class") == "errsum"]
    assert page.title.startswith("Error: ")
    assert [(s["role"], s["tabindex"]) for s in summaries] == [("alert", "-1")]


def test_a_wrong_answer_is_kept_and_explained_beside_its_field(preview: Flask) -> None:
    fields = {a["name"]: a for a in read(render(preview, "3b-details-error")).all("input") if "name" in a}
    assert fields["email"]["value"] == "maya"
    assert fields["email"]["aria-invalid"] == "true"
    assert fields["email"]["aria-describedby"] == "email-h email-e"
    assert fields["email"]["autocomplete"] == "email"
    assert "aria-invalid" not in fields["phone"]


def test_enter_in_a_field_continues_and_does_not_extend_the_hold(preview: Flask) -> None:
    assert "formaction" not in read(render(preview, "3-details")).all("button")[0]
    assert "formaction" not in read(render(preview, "3c-check")).all("button")[0]


def test_what_people_type_stays_text(preview: Flask) -> None:
    hostile = '"><script>x()</script>{{ 7*7 }}'
    page = cases.pages()["3-details"]
    with preview.test_request_context():
        from flask import render_template

        from tests.screens.preview import _shell

        values = {**_shell(page), **page.context, "form": samples.form(name=hostile, note="</textarea>" + hostile)}
        html = render_template(page.template, **values)
    assert "<script>x" not in html
    assert "&lt;script&gt;x()" in html
    assert lint(html.replace("&lt;", "")) == []


@pytest.mark.parametrize("kind", samples.MAILS)
def test_a_mail_is_discreet_and_whole(preview: Flask, kind: str) -> None:
    subject, text, html = render_mail(preview, kind)
    assert subject.strip() == subject
    assert "\n" not in subject
    shown = re.sub(r"<style>.*?</style>|<[^>]*>", "", html, flags=re.DOTALL)
    for part in (subject, text, shown):
        assert not HEALTH.search(part)
        assert "!" not in part
    assert "\n\n\n" not in text
    assert "None" not in text
    assert "Still Water" in text
    page = read(html)
    assert not page.problems
    assert not page.open
    assert all(a["href"].startswith(("https://", "mailto:", "tel:")) for a in page.all("a"))
    assert not page.all("img", "link", "script", "iframe")


def gz(text: str | bytes) -> float:
    return len(gzip.compress(text.encode() if isinstance(text, str) else text, 9)) / 1024


def test_pages_stay_light(preview: Flask) -> None:
    """The budgets of the design, compressed: script 25, styles 12, page 15, fonts 45 KiB (fonts only where npm is)."""
    styles = gz((STATIC / "css" / "app.css").read_bytes()) + gz(theme.css("#2f6f6b"))
    script = (STATIC / "js" / "app.js").read_bytes()
    fonts = sum(path.stat().st_size for path in (STATIC / "font").glob("*.woff2")) / 1024
    heaviest = max(gz(render(preview, name)) for name in cases.pages())
    assert styles < 12
    assert len(script) < 4096
    assert fonts < 45
    assert heaviest < 15
    assert styles + gz(script) + fonts + heaviest < 120
