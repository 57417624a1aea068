"""The hosted pay page: a plain form whose buttons post `outcome`, for a person, a test or a script."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from saas.money import exponent
from saas.sandbox.stripe.accounts import fill_in
from saas.sandbox.stripe.events import lapse
from saas.sandbox.stripe.paying import decline, pay
from saas.sandbox.stripe.world import Call, World

_TEMPLATES = Path(__file__).resolve().parents[3] / "templates" / "sandbox"


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return made


_JINJA = _environment()


def answer(world: World, request: Request) -> Response:
    """GET shows the session; POST does what the pressed button says. Nothing changes on GET but time's passing."""
    if request.path == "/pay.css":
        css = (_TEMPLATES / "pay.css").read_bytes()
        return Response(css, content_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=300"})
    if request.path == "/favicon.ico":
        return Response(status=204)
    kind, _, name = request.path.strip("/").partition("/")
    if kind == "receipt":
        return _receipt(world, name)
    if kind == "onboarding":
        return _onboarding(world, request, name)
    if kind != "pay" or request.method not in ("GET", "HEAD", "POST"):
        return _page("missing.html", 404 if kind != "pay" else 405)
    session = _session(world, name)
    if session is None:
        return _page("missing.html", 404)
    if request.method != "POST":
        return _shown(session)
    return _pressed(world, session, request.form.get("outcome", ""))


def _session(world: World, id: str) -> dict[str, Any] | None:
    with world.store.transaction() as books:
        lapse(world, books)
        account = books.owner("checkout.session", id)
        return None if account is None else books.get("checkout.session", id, account=account)


def _pressed(world: World, session: dict[str, Any], outcome: str) -> Response:
    if outcome == "cancel":
        return redirect(session["cancel_url"], 303) if session["cancel_url"] else _shown(session)
    if outcome == "authenticate" and session["status"] == "open":
        return _page("authenticate.html", 200, session)
    if outcome not in ("pay", "decline"):
        return _shown(session, 200 if outcome == "authenticate" else 422)
    with world.store.transaction() as books:
        account = books.owner("checkout.session", session["id"]) or ""
        call = Call(world, books, account, int(world.now()), id=session["id"])
        session = pay(call) if outcome == "pay" else decline(call)
    world.rouse()
    if session["status"] == "complete":
        # A second press of Pay lands where the first one did.
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)
    return _shown(session, declined=outcome == "decline")


def _shown(session: dict[str, Any], status: int = 200, *, declined: bool = False) -> Response:
    if session["status"] == "expired":
        return _page("expired.html", 410, session)
    if session["status"] == "complete":
        back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
        return _page("complete.html", 200, session, back=back)
    return _page("pay.html", status, session, declined=declined)


def _onboarding(world: World, request: Request, id: str) -> Response:
    """What Stripe asks the owner of a new account, as two buttons."""
    with world.store.transaction() as books:
        account = books.get("account", id, account="")
        if account is None or "_back" not in account:
            return _page("missing.html", 404)
        if request.method == "POST":
            back = fill_in(books, id, ready=request.form.get("outcome") == "finish")
            return redirect(back or "/", 303)
    return _page("onboarding.html", 200, account=id, back=_origin(account["_back"]))


def _receipt(world: World, id: str) -> Response:
    with world.store.transaction() as books:
        account = books.owner("charge", id)
        charge = None if account is None else books.get("charge", id, account=account)
    if charge is None:
        return _page("missing.html", 404)
    card = charge["payment_method_details"]["card"]
    values: dict[str, Any] = {
        "amount": _money(charge["amount"], charge["currency"], None),
        "refunded": _money(charge["amount_refunded"], charge["currency"], None) if charge["amount_refunded"] else None,
        "card": f"{card['brand'].title()} •••• {card['last4']}",
    }
    return _page("receipt.html", 200, **values)


def _page(name: str, status: int, session: dict[str, Any] | None = None, **more: Any) -> Response:
    values: dict[str, Any] = {"lang": "en", **more}
    actions = ["'self'"]
    if session is not None:
        values["session"] = session
        values["amount"] = _money(session["amount_total"], session["currency"], session["locale"])
        values["lines"] = [
            (line["description"], _money(line["amount_total"], line["currency"], session["locale"]))
            for line in session["_line_items"]["data"]
        ]
        # Browsers hold the redirect after a form to form-action too.
        actions += sorted({_origin(session[url]) for url in ("success_url", "cancel_url") if session[url]})
    if "back" in more:
        actions.append(_origin(more["back"]))
    policy = f"default-src 'none'; style-src 'self'; form-action {' '.join(actions)}; base-uri 'none'"
    headers = {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    html = _JINJA.get_template(name).render(values)
    return Response(html, status, content_type="text/html; charset=utf-8", headers=headers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _money(minor: int, currency: str, locale: str | None) -> str:
    code = currency.upper()
    try:
        where = Locale.parse((locale or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        where = Locale("en")
    return format_currency(Decimal(minor).scaleb(-exponent(code)), code, locale=where)
