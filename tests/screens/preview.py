"""A tiny application that shows every public template with sample values: for the eye, axe and the lint."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort, g, render_template
from flask_babel import Babel
from jinja2 import StrictUndefined
from markupsafe import Markup

from saas import formats, theme, tide
from saas.languages import Tongue
from saas.shell import remembering
from tests.screens import cases, questions, samples
from tests.screens.views import Page, Site

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "saas" / "static"
CSP = (
    "default-src 'none'; script-src 'self' 'nonce-n0nce'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)


@cache
def asset(path: str) -> str:
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]
    return f"/static/{path}?v={digest}"


def _shell(page: Page) -> dict[str, object]:
    clinic = page.context.get("clinic", page.clinic)
    brand = page.clinic.brand if clinic and page.clinic else theme.PLATFORM_BRAND
    face = page.clinic.heading_style if clinic and page.clinic else "serif"
    return {
        "clinic": clinic,
        "site": Site("/", "/privacy", "/imprint") if clinic else Site("/", None, None),
        "theme_url": f"/theme/{brand[1:]}-{face}.css",
        "tongues": [Tongue("es", "Español", "?lang=es")],
        "lang": page.locale.replace("_", "-"),
        "dir": "ltr",
        "demo_banner": page.locale == "en_US",
        "webfonts": (STATIC / "font" / "fonts.css").is_file(),
        "csp_nonce": "n0nce",
    }


def create_preview() -> Flask:
    app = Flask("preview", template_folder=str(ROOT / "templates"), static_folder=str(STATIC))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    for name, path in questions.PATHS.items():
        app.add_url_rule(path, f"intake.{name}")
    Babel(app)

    def locale() -> str:
        return str(g.get("locale", "en_IE"))

    app.jinja_env.filters.update(formats.filters(locale, lambda: "IE"))
    app.jinja_env.globals.update(asset=asset, tide=tide, remembered=remembering(locale))
    pages = cases.pages()

    @app.get("/preview/<name>")
    def preview(name: str) -> str:
        return show(name)

    @app.get("/theme/<brand>-<face>.css")
    def theme_css(brand: str, face: str) -> Response:
        sheet = theme.css(f"#{brand}", "sans" if face == "sans" else "serif")
        return Response(sheet, mimetype="text/css")

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP
        return response

    def show(name: str) -> str:
        page = pages.get(name)
        if page is None:
            abort(404)
        g.locale = page.locale
        values = {**_shell(page), **page.context}
        if "body_html" in values:
            values["body_html"] = Markup(values["body_html"])  # noqa: S704
        return render_template(page.template, **values)

    return app


def render(app: Flask, name: str) -> str:
    """One sample page as HTML."""
    answer = app.test_client().get(f"/preview/{name}")
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.get_data(as_text=True)


def render_mail(app: Flask, kind: str) -> tuple[str, str, str]:
    """Subject, text and HTML of one sample mail."""
    with app.test_request_context():
        app.jinja_env.trim_blocks = False
        values = {"clinic": samples.STILL_WATER, "lang": "en-IE", "dir": "ltr", **samples.MAIL}
        text = render_template(f"mail/{kind}.txt", **values)
        html = render_template(f"mail/{kind}.html", **values)
    subject, _, body = text.partition("\n\n")
    return subject, body, html
