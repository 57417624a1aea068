"""The pages beside log-in: the second step, a passkey in place of a password, "is it still you?", and an invitation.

What somebody has proven so far lives in their session. Nothing is kept on the server for a form that came too late: its
fields ride along in the page that asks who is there, and come back with the button that sends them again.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask import Response as WholeResponse
from flask_login import current_user
from flask_security import login_user, verify_password
from flask_security.proxies import _security as security
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from saas import ratelimit
from saas.accounts import actions, invitations, passkeys, seconds
from saas.accounts.forms import AgainForm, JoinForm, SecondForm
from saas.accounts.library import as_oneself
from saas.accounts.models import Account
from saas.accounts.queries import NoSuchAccount, account_by_id
from saas.config import settings
from saas.crypto import keyed_hash, same
from saas.errors import DomainError, Gone, Invalid, NotFound
from saas.languages import asked, read_as
from saas.sessions import LazySession
from saas.tenancy import current_tenant
from saas.web import ClinicClosed, ClinicPaused, bearer_headers, check_origin, drop_foreign, host_of, page_now, visitor
from saas.words import _

SECOND_WITHIN = timedelta(minutes=10)
_PENDING, _CHALLENGE = "second", "challenge"
_NOT_KEPT = {"csrf_token", "form_token", "code", "answer", "kept"}
_MOST_KEPT = 200_000
_MOST_SENT = 64 * 1024 * 1024
Answer = str | Response | tuple[str, int]


def before() -> None:
    """What holds for every page at the door: a clinic that answers, a way back that is its own, no foreign form."""
    tenant = current_tenant()
    if tenant.status == "suspended":
        raise ClinicPaused
    if tenant.status == "closed":
        raise ClinicClosed
    if request.method == "POST":
        check_origin()  # before a body is read
    if request.endpoint == "accounts.again_kept" and sleeper() is not None:
        request.max_content_length = _MOST_SENT  # a file that another page would have taken is looked at, not kept
    drop_foreign("next")


def site() -> passkeys.Site:
    """Where this page stands, as the browser has it."""
    tenant = current_tenant()
    return passkeys.Site(
        host=host_of(request.environ),
        origin=f"{'https' if settings().secure else request.scheme}://{request.host}",
        name="Longtide" if tenant.is_platform else tenant.name,
    )


def can_have_passkeys() -> bool:
    """Whether a browser makes passkeys here: it does for a name, and not for a bare number (127.0.0.1)."""
    try:
        ipaddress.ip_address(host_of(request.environ))
    except ValueError:
        return True
    return False


def challenge() -> str:
    """A new challenge, kept in the session for the form that comes back."""
    made = passkeys.new_challenge()
    session[_CHALLENGE] = made
    return made


def given_challenge() -> str:
    """The challenge this page was made with; each is taken once."""
    return str(session.pop(_CHALLENGE, "") or passkeys.new_challenge())


def passkey_words() -> dict[str, Any]:
    """For the log-in page: what its passkey button asks the browser."""
    return {"passkey": passkeys.options_to_ask(site(), challenge()) if can_have_passkeys() else None}


def _mark(account: Account) -> str:
    return keyed_hash("second", account.tenant_id, f"{account.id.hex}|{account.fs_uniquifier}")[:32]


def begin_second(account: Account, onward: str | None) -> None:
    """Note that this account's password was right; the second step has ten minutes."""
    session[_PENDING] = {
        "account": account.id.hex,
        "mark": _mark(account),
        "at": int(page_now().timestamp()),
        "next": onward or "",
    }


def _pending() -> Account | None:
    """Whose second step is due here."""
    noted = session.get(_PENDING) or {}
    if page_now().timestamp() - noted.get("at", 0) > SECOND_WITHIN.total_seconds():
        return None
    try:
        account = account_by_id(UUID(noted["account"]))
    except NoSuchAccount:
        return None
    fits = account.active and account.has_second and same(noted["mark"], _mark(account))
    return _addressed(account) if fits else None


def count(kind: str, account_id: UUID) -> tuple[str, str]:
    """Slow down guessing. An hour at most, and a new password by mail forgets it: nobody is locked out for good."""
    now, pair, whole = page_now(), f"{kind}|pair|{account_id}|{visitor()}", actions.proof_key(kind, account_id)
    ratelimit.hit(pair, limit=8, window_seconds=600, now=now)
    ratelimit.hit(whole, limit=60, window_seconds=3600, now=now)
    return pair, whole


def _enter(account: Account, *, via: str, onward: str) -> Response:
    session.pop(_PENDING, None)
    login_user(account, authn_via=[via])
    security.datastore.commit()  # type: ignore[no-untyped-call]
    return redirect(onward or url_for("accounts.arrive"), 303)


def _second_page(account: Account, form: SecondForm, status: int = 200) -> Answer:
    keys = can_have_passkeys() and passkeys.count_keys(account.id) > 0
    page = render_template(
        "accounts/second.html",
        form=form,
        has_app=account.totp_sealed is not None,
        passkey=passkeys.options_to_ask(site(), challenge(), account.id) if keys else None,
    )
    return page, status


def _second() -> Answer:
    account = _pending()
    if account is None:
        return redirect(url_for("security.login"), 303)
    return _second_page(account, SecondForm())


def _second_check() -> Answer:
    account, form = _pending(), SecondForm()
    if account is None:
        flash(_("That took a while. Begin once more."))
        return redirect(url_for("security.login"), 303)
    onward = str(session[_PENDING]["next"])
    if not form.validate():
        return _second_page(account, form, 422)
    counted = count("second", account.id)
    now = page_now()
    try:
        if form.answer.data:
            passkeys.prove_key(
                answer=form.answer.data, challenge=given_challenge(), site=site(), account_id=account.id, now=now
            )
            via = "webauthn"
        else:
            with as_oneself(account.id):
                via = seconds.use_code(account_id=account.id, typed=form.code.data or "", now=now)
    except Invalid as refused:
        form.put(refused)
        return _second_page(account, form, refused.status)
    ratelimit.forget(*counted)
    return _enter(account_by_id(account.id), via=via, onward=onward)


def _by_passkey() -> Answer:
    form = SecondForm()
    here = visitor()
    ratelimit.hit(f"passkey|address|{here}", limit=40, window_seconds=600, now=page_now())
    onward = request.form.get("next", "")
    if form.validate():
        try:
            found = passkeys.prove_key(
                answer=form.answer.data or "", challenge=given_challenge(), site=site(), now=page_now()
            )
        except (Invalid, NoSuchAccount) as refused:
            flash(refused.message)
        else:
            return _enter(account_by_id(found), via="webauthn", onward=onward)
    return redirect(url_for("security.login", next=onward or None), 303)


def sleeper() -> Account | None:
    """Who is logged in here, asleep or not."""
    found: Account | None = current_user._get_current_object() if current_user.is_authenticated else None  # noqa: SLF001
    return found


def _addressed(account: Account) -> Account:
    """The page speaks to them: as their account says, else as the log-in page that led here was asked to, else as the
    clinic does."""
    read_as(account.locale or asked(), staff=True)
    return account


def _asked_again() -> Account | None:
    found = sleeper()
    return _addressed(found) if found else None


def _is_asleep() -> bool:
    return isinstance(session, LazySession) and session.asleep


def _onward() -> str:
    return request.values.get("next", "") or url_for("accounts.arrive")


def _again_page(account: Account, form: AgainForm, status: int = 200, *, lost: bool = False) -> Answer:
    keys = can_have_passkeys() and passkeys.count_keys(account.id) > 0
    page = render_template(
        "accounts/again.html",
        form=form,
        account=account,
        asleep=_is_asleep(),
        minutes=current_tenant().idle_minutes,
        has_app=account.totp_sealed is not None and not _is_asleep(),
        passkey=passkeys.options_to_ask(site(), challenge(), account.id) if keys else None,
        onward=_onward(),
        lost=lost,
        form_token=generate_csrf(),
    )
    return page, status


def _again() -> Answer:
    account = _asked_again()
    if account is None:
        return redirect(url_for("security.login", next=request.args.get("next")), 303)
    if not _is_asleep() and isinstance(session, LazySession) and session.is_fresh(page_now()):
        return redirect(_onward(), 303)
    return _again_page(account, AgainForm(formdata=None))


def _again_kept() -> Answer:
    """A form came to a page that must ask first (it was sent on here with all it holds): its fields are kept below."""
    account = _asked_again()
    if account is None:
        return redirect(url_for("security.login", next=request.args.get("next")), 303)
    pairs = [[name, value] for name, value in request.form.items(multi=True) if _may_keep(name)]
    kept = json.dumps(pairs)
    lost = bool(request.files) or len(kept) > _MOST_KEPT
    form = AgainForm(formdata=None, data={"kept": kept if len(kept) <= _MOST_KEPT else "[]"})
    return _again_page(account, form, lost=lost)


def _confirm() -> Answer:
    account, form = _asked_again(), AgainForm()
    if account is None:
        return redirect(url_for("security.login", next=request.form.get("next")), 303)
    if not form.validate():
        return _again_page(account, form, 422)
    counted = count("again", account.id)
    try:
        _prove(account, form)
    except Invalid as refused:
        form.put(refused)
        return _again_page(account, form, refused.status)
    ratelimit.forget(*counted)
    if isinstance(session, LazySession):
        session.prove(page_now())
    pairs = _kept_pairs(form.kept.data or "")
    if not pairs:
        return redirect(_onward(), 303)
    return render_template("accounts/go_on.html", pairs=pairs, onward=_onward(), form_token=generate_csrf())


def _prove(account: Account, form: AgainForm) -> None:
    now = page_now()
    if form.answer.data:
        passkeys.prove_key(
            answer=form.answer.data, challenge=given_challenge(), site=site(), account_id=account.id, now=now
        )
    elif form.code.data and not _is_asleep():
        with as_oneself(account.id):
            seconds.use_code(account_id=account.id, typed=form.code.data, now=now)
    elif not account.password or not verify_password(form.password.data or "", account.password):
        sentence = _("That is not your password. Try once more")
        raise Invalid(sentence, fields={"password": sentence})


def _may_keep(name: str) -> bool:
    """No password, no proof and no token rides along in a page."""
    return name not in _NOT_KEPT and "password" not in name


def _kept_pairs(text: str) -> list[tuple[str, str]]:
    try:
        found = json.loads(text or "[]")
        return [(str(name), str(value)) for name, value in found if _may_keep(str(name))]
    except (ValueError, TypeError, RecursionError):
        return []


def _invitation(token: str) -> Answer:
    account = invitations.invited(token, now=page_now())
    form = JoinForm(formdata=None, data={"name": account.name})
    return render_template("accounts/join.html", form=form, email=account.email, token=token)


def _accept(token: str) -> Answer:
    account, form = invitations.invited(token, now=page_now()), JoinForm()
    email = account.email
    if form.validate():
        try:
            with as_oneself(account.id):
                invitations.accept(
                    token=token, name=form.name.data or "", password=form.password.data or "", now=page_now()
                )
        except (Gone, NotFound):
            raise
        except DomainError as refused:
            form.put(refused)
        else:
            flash(_("Welcome. Log in with the password you have just chosen."))
            return redirect(url_for("security.login"), 303)
    return render_template("accounts/join.html", form=form, email=email, token=token), 422


def _after(response: WholeResponse) -> WholeResponse:
    """An invitation's address is told to nobody and kept nowhere."""
    return bearer_headers(response) if request.endpoint in ("accounts.invitation", "accounts.accept") else response


def add_pages(blueprint: Blueprint) -> None:
    """Register them."""
    blueprint.after_request(_after)
    pages: tuple[tuple[str, str, Callable[..., Answer], str], ...] = (
        ("/login/second", "second", _second, "GET"),
        ("/login/second", "second_check", _second_check, "POST"),
        ("/login/passkey", "by_passkey", _by_passkey, "POST"),
        ("/account/again", "again", _again, "GET"),
        ("/account/again", "again_kept", _again_kept, "POST"),
        ("/account/again/confirm", "confirm", _confirm, "POST"),
        ("/invite/<token>", "invitation", _invitation, "GET"),
        ("/invite/<token>", "accept", _accept, "POST"),
    )
    for rule, name, view, method in pages:
        blueprint.add_url_rule(rule, name, view, methods=[method])
