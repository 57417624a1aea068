"""The team, for owners: who works here, in which role and as which practitioner; invitations; who may come in."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request
from flask_admin import expose

from saas.accounts import invitations, seconds, staffing
from saas.accounts.forms import Press
from saas.accounts.models import OWNER, Account
from saas.accounts.queries import NoSuchAccount, account_by_id, accounts
from saas.admin import OfficeView, current_account, fresh
from saas.errors import DomainError
from saas.stale import ChangedMeanwhile
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.practitioners import logins
from tenants.practitioners.forms import InviteForm, MemberForm, RulesForm
from tenants.practitioners.queries import practitioner_names
from tenants.practitioners.rules import ROLE_WORDS

Answer = Any


def _state(account: Account) -> tuple[str, str]:
    """How an account stands: the pill's colour and its words."""
    if account.password is None and account.active:
        open_still = account.invite_until is not None and account.invite_until > page_now()
        return ("info", _("Invited")) if open_still else ("warn", _("Invitation has run out"))
    if not account.active:
        return "off", _("Switched off") if account.password else _("Invitation withdrawn")
    return "ok", _("Active")


class TeamView(OfficeView):
    """Owners look after the others. Whatever changes a role or lets somebody in asks who is there again."""

    roles = (OWNER,)

    def __init__(self) -> None:
        super().__init__(name=_l("Team"), endpoint="team", url="team")

    def _member(self) -> Account:
        try:
            return account_by_id(UUID(request.values.get("id", "")))
        except ValueError:
            raise NoSuchAccount from None

    def _done(self, sentence: str) -> Any:
        flash(sentence)
        return redirect(self.get_url(".index"), 303)

    @expose("/")
    def index(self) -> Answer:
        people, zone = practitioner_names(), ZoneInfo(current_tenant().zone)
        calendars = {account_id: name for _id, name, account_id in people if account_id}
        lines = [
            {
                "account": one,
                "role": ROLE_WORDS[one.role],
                "calendar": calendars.get(one.id, ""),
                "state": _state(one),
                "seen": one.last_login_at.astimezone(zone) if one.last_login_at else None,
            }
            for one in accounts()
        ]
        return self.render("manage/team/index.html", lines=lines)

    def _offered(self, form: MemberForm) -> MemberForm:
        form.offer([(str(person), name) for person, name, _account in practitioner_names()])
        return form

    @expose("/invite/")
    def ask_invite(self) -> Answer:
        form = self._offered(InviteForm(data={"role": "practitioner"}))
        return self.render("manage/team/invite.html", form=form)

    @expose("/invite/", methods=("POST",))
    @fresh
    def invite(self) -> Answer:
        form = InviteForm(request.form)
        self._offered(form)
        status = 422
        if form.validate():
            try:
                logins.invite_member(
                    email=form.email.data,
                    name=form.name.data,
                    role=form.role.data,
                    practitioner_id=form.practitioner_id,
                    now=page_now(),
                )
            except DomainError as refused:
                form.put(refused)
                status = refused.status
            else:
                return self._done(_("A mail with a link is on its way to %(name)s.", name=form.name.data))
        return self.render("manage/team/invite.html", form=form), status

    @expose("/edit/")
    def edit(self) -> Answer:
        member = self._member()
        calendar = logins.practitioner_of(member.id)
        given = {"role": member.role, "practitioner": str(calendar or ""), "seen": logins.mark(member)}
        return self._edit(member, MemberForm(data=given))

    def _edit(self, member: Account, form: MemberForm, *, changed: bool = False) -> str:
        calendars = {person: name for person, name, _account in practitioner_names()}
        now_stands = calendars.get(logins.practitioner_of(member.id) or UUID(int=0), "")
        me = current_account()
        return self.render(
            "manage/team/edit.html",
            member=member,
            form=self._offered(form),
            state=_state(member),
            role=ROLE_WORDS[member.role],
            calendar=now_stands,
            changed=changed,
            is_me=me is not None and me.id == member.id,
        )

    @expose("/edit/", methods=("POST",))
    @fresh
    def change(self) -> Answer:
        member, form = self._member(), MemberForm(request.form)
        member_id = member.id
        self._offered(form)
        if not form.validate():
            return self._edit(member, form), 422
        try:
            logins.change_member(
                account_id=member_id,
                role=form.role.data,
                practitioner_id=form.practitioner_id,
                seen=form.seen.data,
                now=page_now(),
            )
        except ChangedMeanwhile as refused:
            member = account_by_id(member_id)
            again = MemberForm(data={**form.data, "seen": logins.mark(member)})
            return self._edit(member, again, changed=True), refused.status
        except DomainError as refused:
            form.put(refused)
            return self._edit(account_by_id(member_id), form), refused.status
        return self._done(_("Saved. It holds from now on, also on pages that are open."))

    # What one button does, after a page that asks: question, what follows, the button's words.
    _DEEDS = {
        "deactivate": (
            _l("Switch this account off?"),
            _l("They are logged out now and cannot log in again. What they did stays as it is."),
            _l("Switch off"),
        ),
        "withdraw": (_l("Withdraw this invitation?"), _l("The link in the mail stops working."), _l("Withdraw")),
        "reactivate": (_l("Let them in again?"), _l("They log in with the password they had."), _l("Let them in")),
        "resend": (
            _l("Send a new invitation?"),
            _l("The link in the older mail stops working. The new one is good for seven days."),
            _l("Send it"),
        ),
        "forget": (
            _l("Remove their second step?"),
            _l("For the day they have lost it: app, passkeys and recovery codes are forgotten, and a mail tells them."),
            _l("Remove it"),
        ),
    }

    @expose("/ask/<deed>/")
    def ask(self, deed: str) -> Answer:
        return self._ask(deed, self._member())

    def _ask(self, deed: str, member: Account, refused: str = "") -> str:
        if deed not in self._DEEDS:
            raise NoSuchAccount
        question, follows, words = self._DEEDS[deed]
        return self.render(
            "manage/team/ask.html",
            deed=deed,
            member=member,
            question=question,
            follows=follows,
            words=words,
            refused=refused,
            form=Press(),
        )

    @expose("/ask/<deed>/", methods=("POST",))
    @fresh
    def do(self, deed: str) -> Answer:
        member = self._member()
        member_id, page = member.id, self._ask(deed, member)
        if not Press(request.form).validate():
            return page, 422
        try:
            self._carry_out(deed, member_id)
        except DomainError as refused:
            return self._ask(deed, account_by_id(member_id), refused.message), refused.status
        return self._done(_("Done."))

    def _carry_out(self, deed: str, member_id: UUID) -> None:
        now, me = page_now(), current_account()
        if deed == "deactivate" and me is not None:
            staffing.deactivate(account_id=member_id, by=me.id, now=now)
        elif deed == "withdraw":
            invitations.withdraw(account_id=member_id, now=now)
        elif deed == "reactivate":
            staffing.reactivate(account_id=member_id, now=now)
        elif deed == "resend":
            invitations.resend(account_id=member_id, now=now)
        elif deed == "forget":
            seconds.forget_seconds(account_id=member_id, now=now)

    @expose("/rules/")
    def rules(self) -> Answer:
        tenant = current_tenant()
        given = {"idle_minutes": tenant.idle_minutes, "second_required": tenant.second_required}
        return self.render("manage/team/rules.html", form=RulesForm(data=given))

    @expose("/rules/", methods=("POST",))
    @fresh
    def set_rules(self) -> Answer:
        form = RulesForm(request.form)
        if form.validate():
            try:
                staffing.set_door(
                    idle_minutes=form.idle_minutes.data, second_required=form.second_required.data, now=page_now()
                )
            except DomainError as refused:
                form.put(refused)
            else:
                return self._done(_("Saved. It holds from now on."))
        return self.render("manage/team/rules.html", form=form), 422
