"""One's own account, the same page in both consoles: name, language, password, second step, where one is logged in."""

from __future__ import annotations

import base64
import io
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import qrcode
from flask import flash, redirect, request, session
from flask_admin import expose
from flask_security import login_user, verify_password
from markupsafe import Markup
from qrcode.image.svg import SvgPathImage

from saas import ratelimit
from saas.accounts import actions, door, logins, passkeys, seconds, staffing, totp
from saas.accounts.forms import AppForm, KeyForm, OwnForm, PasswordForm, Press
from saas.accounts.models import Account
from saas.accounts.queries import account_by_id
from saas.admin import OfficeView, fresh
from saas.errors import DomainError, Invalid
from saas.sessions import LazySession, second_is_asked
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l

_NEW_SECRET = "totp_new"  # noqa: S105 - a key of the session, not a secret
Answer = Any


def device_words(device: str) -> str:
    """`Firefox|Linux` as a person says it."""
    browser, _bar, system = device.partition("|")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("A device we don’t know")


def picture(address: str) -> Markup:
    """The address as a QR code: an image in the page (data:), dark on white in every theme, for cameras."""
    code = qrcode.QRCode(border=3, box_size=8, image_factory=SvgPathImage)
    code.add_data(address)
    with io.BytesIO() as file:
        code.make_image().save(file)
        data = base64.b64encode(file.getvalue()).decode()
    return Markup("data:image/svg+xml;base64,{}").format(data)


class AccountView(OfficeView):
    """Open to everybody who logs in, and the only place for who has yet to add the second step that is asked."""

    before_second = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(name=_l("Your account"), endpoint=endpoint, url="account")

    def is_visible(self) -> bool:
        return False

    def _me(self) -> Account:
        account = door.sleeper()
        assert account is not None  # noqa: S101 - the console lets nobody else in
        return account_by_id(account.id)

    def _here(self) -> str | None:
        return session.stored.key if isinstance(session, LazySession) else None

    def _to(self, page: str) -> Any:
        return redirect(self.get_url(f".{page}"), 303)

    def _done(self, sentence: str, page: str) -> Any:
        flash(sentence)
        return self._to(page)

    @expose("/")
    def index(self) -> Answer:
        me = self._me()
        return self._index(OwnForm(data={"name": me.name, "locale": me.locale}))

    def _index(self, form: OwnForm) -> str:
        me, zone = self._me(), ZoneInfo(current_tenant().zone)
        found = logins.logins_of(me.id, here=self._here(), now=page_now())
        return self.render(
            "manage/account/index.html",
            form=form,
            me=me,
            logins=[(one, device_words(one.device), one.seen.astimezone(zone)) for one in found],
            keys=passkeys.count_keys(me.id),
            press=Press(),
        )

    @expose("/details/", methods=("POST",))
    def save(self) -> Answer:
        form = OwnForm(request.form)
        if not form.validate():
            return self._index(form), 422
        me = self._me()
        staffing.save_own(account_id=me.id, name=form.name.data, locale=form.locale.data, now=page_now())
        return self._done(_("Saved."), "index")

    @expose("/password/")
    def password(self) -> Answer:
        return self.render("manage/account/password.html", form=PasswordForm())

    @expose("/password/", methods=("POST",))
    def set_password(self) -> Answer:
        form, me = PasswordForm(request.form), self._me()
        try:
            if form.validate():
                self._change(me, form)
                return self._done(_("Your new password is set. Every other device is logged out."), "index")
        except Invalid as refused:
            form.put_errors({{"password": "new_password"}.get(k, k): v for k, v in refused.fields.items()})
        return self.render("manage/account/password.html", form=form), 422

    def _change(self, me: Account, form: PasswordForm) -> None:
        now = page_now()
        counted = door.count("again", me.id)
        if not me.password or not verify_password(form.old_password.data or "", me.password):
            sentence = _("That is not your password. Try once more")
            raise Invalid(sentence, fields={"old_password": sentence})
        actions.set_password(account_id=me.id, password=form.new_password.data or "", now=now)
        ratelimit.forget(*counted)
        login_user(account_by_id(me.id), authn_via=["password"])

    @expose("/second/")
    def second(self) -> Answer:
        me = self._me()
        return self.render(
            "manage/account/second.html",
            me=me,
            keys=passkeys.keys_of(me.id),
            codes=seconds.codes_left(me.id),
            can_have_passkeys=door.can_have_passkeys(),
            asked=second_is_asked(current_tenant()),
        )

    @expose("/second/app/")
    @fresh
    def app(self) -> Answer:
        session[_NEW_SECRET] = seconds.sealed(seconds.new_secret(), self._me().id)
        return self._app(AppForm())

    def _app(self, form: AppForm) -> str:
        me = self._me()
        secret = seconds.opened(session[_NEW_SECRET], me.id)
        address = totp.address(secret, home=door.site().name, account=me.email)
        return self.render("manage/account/app.html", form=form, picture=picture(address), spoken=totp.spoken(secret))

    @expose("/second/app/", methods=("POST",))
    @fresh
    def add_app(self) -> Answer:
        form, me = AppForm(request.form), self._me()
        if _NEW_SECRET not in session:
            return self._to("app")
        if not form.validate():
            return self._app(form), 422
        secret = seconds.opened(session[_NEW_SECRET], me.id)
        try:
            codes = seconds.add_app(account_id=me.id, secret=secret, typed=form.code.data or "", now=page_now())
        except Invalid as refused:
            form.put(refused)
            return self._app(form), 422
        session.pop(_NEW_SECRET)
        return self._added(codes, _("Your app is your second step from now on."))

    def _added(self, codes: list[str], sentence: str) -> Answer:
        if not codes:
            return self._done(sentence, "second")
        return self.render("manage/account/codes.html", codes=codes, sentence=sentence)

    @expose("/second/app/remove/")
    def ask_remove_app(self) -> Answer:
        return self._ask_remove(_("Remove the authenticator app?"))

    def _ask_remove(self, question: str, *, name: str = "", refused: str = "", status: int = 200) -> Answer:
        page = self.render("manage/account/remove.html", question=question, name=name, refused=refused, form=Press())
        return page, status

    @expose("/second/app/remove/", methods=("POST",))
    @fresh
    def remove_app(self) -> Answer:
        question = _("Remove the authenticator app?")
        if not Press(request.form).validate():
            return self._ask_remove(question, status=422)
        try:
            seconds.remove_app(account_id=self._me().id, now=page_now())
        except DomainError as refused:
            return self._ask_remove(question, refused=refused.message, status=refused.status)
        return self._done(_("The app is removed."), "second")

    @expose("/second/passkey/")
    @fresh
    def key(self) -> Answer:
        if not door.can_have_passkeys():
            return self._to("second")
        return self._key(KeyForm())

    def _key(self, form: KeyForm) -> str:
        options = passkeys.options_to_add(self._me(), door.site(), door.challenge())
        return self.render("manage/account/passkey.html", form=form, passkey=options)

    @expose("/second/passkey/", methods=("POST",))
    @fresh
    def add_key(self) -> Answer:
        form, me = KeyForm(request.form), self._me()
        if not form.validate():
            return self._key(form), 422
        try:
            codes = passkeys.add_key(
                account_id=me.id,
                answer=form.answer.data or "",
                challenge=door.given_challenge(),
                site=door.site(),
                name=form.name.data or "",
                now=page_now(),
            )
        except DomainError as refused:
            form.put(refused)
            return self._key(form), refused.status
        return self._added(codes, _("Your passkey is kept. You can log in with it from now on."))

    def _known_key(self) -> Any:
        try:
            wanted = UUID(request.values.get("id", ""))
        except ValueError:
            raise passkeys.NoSuchKey from None
        found = next((key for key in passkeys.keys_of(self._me().id) if key.id == wanted), None)
        if found is None:
            raise passkeys.NoSuchKey
        return found

    @expose("/second/passkey/remove/")
    def ask_remove_key(self) -> Answer:
        return self._ask_remove(_("Remove this passkey?"), name=self._known_key().name)

    @expose("/second/passkey/remove/", methods=("POST",))
    @fresh
    def remove_key(self) -> Answer:
        key = self._known_key()
        key_id, name = key.id, key.name
        question = _("Remove this passkey?")
        if not Press(request.form).validate():
            return self._ask_remove(question, name=name, status=422)
        try:
            passkeys.remove_key(account_id=self._me().id, key_id=key_id, now=page_now())
        except DomainError as refused:
            return self._ask_remove(question, name=name, refused=refused.message, status=refused.status)
        return self._done(_("The passkey is removed."), "second")

    @expose("/second/codes/")
    def ask_codes(self) -> Answer:
        return self.render("manage/account/ask_codes.html", form=Press(), left=seconds.codes_left(self._me().id))

    @expose("/second/codes/", methods=("POST",))
    @fresh
    def codes(self) -> Answer:
        me = self._me()
        if not Press(request.form).validate() or not me.has_second:
            return self._to("ask_codes")
        made = seconds.new_codes(account_id=me.id, now=page_now())
        return self.render("manage/account/codes.html", codes=made, sentence=_("The old codes no longer work."))

    @expose("/logins/end/", methods=("POST",))
    def end_login(self) -> Answer:
        if not Press(request.form).validate():
            return self._done(_("This page had been open too long. Press once more."), "index")
        ended = logins.end_login(account_id=self._me().id, ref=request.form.get("ref", ""), now=page_now())
        return self._done(_("That device is logged out.") if ended else _("It was logged out already."), "index")

    @expose("/logins/end-others/", methods=("POST",))
    def end_others(self) -> Answer:
        if not Press(request.form).validate():
            return self._done(_("This page had been open too long. Press once more."), "index")
        logins.end_others(account_id=self._me().id, here=self._here(), now=page_now())
        return self._done(_("Every other device is logged out."), "index")


def own_views() -> tuple[list[OfficeView], list[OfficeView]]:
    """One's own account, for the clinic's console and for the operator's."""
    return [AccountView("my")], [AccountView("operator_my")]
