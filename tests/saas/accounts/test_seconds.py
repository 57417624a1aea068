"""Second steps, invitations and the team, as actions: on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from saas.accounts import actions, invitations, seconds, staffing, totp
from saas.accounts.models import Account, RecoveryCode
from saas.audit import Audit
from saas.crypto import NotSealedHere
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.outbox import Outbox
from saas.sessions import SessionRow
from saas.tenancy import find_by_id, tenant_scope
from tenants.practitioners import logins
from tenants.practitioners.models import Practitioner
from tests.cast import PASSWORD, Clinic

SECRET = b"12345678901234567890"
Inside = Callable[[Clinic], AbstractContextManager[Clinic]]


def code(now: datetime, steps: int = 0) -> str:
    return totp.code_at(SECRET, totp.step_of(now) + steps)


def account(at: Clinic, name: str) -> Account:
    return db.session.get_one(Account, at.accounts[name], populate_existing=True)


def mails() -> list[str]:
    rows = db.session.execute(sa.select(Outbox.payload).where(Outbox.kind == "account.mail")).scalars()
    return [str(payload["what"]) for payload in rows]


def test_an_app_is_added_by_its_code_and_its_secret_is_sealed(at_rowan: Clinic, now: datetime) -> None:
    alma = at_rowan.accounts["alma"]
    with pytest.raises(seconds.WrongCode):
        seconds.add_app(account_id=alma, secret=SECRET, typed="000000", now=now)
    codes = seconds.add_app(account_id=alma, secret=SECRET, typed=code(now), now=now)
    row = account(at_rowan, "alma")
    assert row.has_second
    assert row.totp_sealed
    assert "GEZDGNBV" not in row.totp_sealed
    assert seconds.opened(row.totp_sealed, alma) == SECRET
    with pytest.raises(NotSealedHere):
        seconds.opened(row.totp_sealed, at_rowan.accounts["ben"])
    assert len(set(codes)) == seconds.RECOVERY_CODES
    stored = " ".join(db.session.execute(sa.select(RecoveryCode.hash)).scalars())
    assert not [one for one in codes if one in stored or one.replace("-", "") in stored]
    assert mails() == ["secured"]


def test_each_code_is_good_once(at_rowan: Clinic, now: datetime) -> None:
    alma = at_rowan.accounts["alma"]
    codes = seconds.add_app(account_id=alma, secret=SECRET, typed=code(now), now=now)
    with pytest.raises(seconds.WrongCode):
        seconds.use_code(account_id=alma, typed=code(now), now=now)
    later = now + timedelta(seconds=30)
    assert seconds.use_code(account_id=alma, typed=code(later), now=later) == "app"
    assert seconds.use_code(account_id=alma, typed=codes[0].upper().replace("-", " "), now=later) == "recovery"
    with pytest.raises(seconds.WrongCode):
        seconds.use_code(account_id=alma, typed=codes[0], now=later)
    with pytest.raises(seconds.WrongCode):
        seconds.use_code(account_id=at_rowan.accounts["ben"], typed=codes[1], now=later)
    for odd in ("", "x", "\x00", "9" * 5000, "' OR 1=1 --"):
        with pytest.raises(seconds.WrongCode):
            seconds.use_code(account_id=alma, typed=odd, now=later)
    assert seconds.codes_left(alma) == seconds.RECOVERY_CODES - 1
    again = seconds.new_codes(account_id=alma, now=later)
    with pytest.raises(seconds.WrongCode):
        seconds.use_code(account_id=alma, typed=codes[1], now=later)
    assert seconds.use_code(account_id=alma, typed=again[0], now=later) == "recovery"


def test_one_code_in_two_hands_opens_once(at_rowan: Clinic, now: datetime, inside: Inside) -> None:
    alma = at_rowan.accounts["alma"]
    codes = seconds.add_app(account_id=alma, secret=SECRET, typed=code(now), now=now)
    later = now + timedelta(seconds=30)

    def use(typed: str) -> bool:
        with inside(at_rowan):
            try:
                seconds.use_code(account_id=alma, typed=typed, now=later)
            except seconds.WrongCode:
                return False
            return True

    for typed in (code(later), codes[0]):
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(use, [typed] * 4)) == 1


def test_the_last_second_step_stays_where_it_is_asked(at_rowan: Clinic, now: datetime) -> None:
    alma = at_rowan.accounts["alma"]
    seconds.add_app(account_id=alma, secret=SECRET, typed=code(now), now=now)
    staffing.set_door(idle_minutes=15, second_required=True, now=now)
    ref = find_by_id(at_rowan.ref.id)
    with tenant_scope(ref):
        with pytest.raises(seconds.LastSecond):
            seconds.remove_app(account_id=alma, now=now)
        assert db.session.get_one(Account, alma).has_second
        staffing.set_door(idle_minutes=15, second_required=False, now=now)
    seconds.remove_app(account_id=alma, now=now)
    assert not account(at_rowan, "alma").has_second
    assert seconds.codes_left(alma) == 0


def test_who_has_no_app_removes_none(at_rowan: Clinic, now: datetime) -> None:
    seconds.remove_app(account_id=at_rowan.accounts["alma"], now=now)
    told = db.session.execute(sa.select(Audit).where(Audit.deed.startswith("account.second"))).all()
    assert (told, mails()) == ([], [])


def test_an_invitation_is_void_once_a_password_was_chosen_by_reset(at_rowan: Clinic, now: datetime) -> None:
    made = invitations.invite(email="dee@x.example", name="Dee", role="owner", now=now)
    token = invitations.link_token(made)
    actions.set_password(account_id=made.id, password=PASSWORD, now=now)
    with pytest.raises(invitations.InvitationEnded):
        invitations.accept(token=token, name="Mallory", password="another long sentence", now=now)


def test_who_has_lost_everything_begins_anew(at_rowan: Clinic, now: datetime) -> None:
    ben = at_rowan.accounts["ben"]
    seconds.add_app(account_id=ben, secret=SECRET, typed=code(now), now=now)
    seconds.forget_seconds(account_id=ben, now=now)
    row = account(at_rowan, "ben")
    assert (row.has_second, row.totp_sealed, seconds.codes_left(ben)) == (False, None, 0)


def test_an_invitation_is_good_once_and_for_a_week(at_rowan: Clinic, now: datetime) -> None:
    made = invitations.invite(email="dee@x.example", name="Dee", role="front_desk", now=now)
    token, made_id = invitations.link_token(made), made.id
    assert mails() == ["invited"]
    with pytest.raises(invitations.InvitationEnded):
        invitations.invited(token, now=now + timedelta(days=7))
    with pytest.raises(Invalid):
        invitations.accept(token=token, name="Dee", password="Dee password 1", now=now)
    with pytest.raises(Invalid):
        invitations.accept(token=token, name=" ", password=PASSWORD, now=now)
    assert invitations.accept(token=token, name="Dee Quinn", password=PASSWORD, now=now) == made_id
    with pytest.raises(invitations.InvitationEnded):
        invitations.accept(token=token, name="Mallory", password=PASSWORD, now=now)
    with pytest.raises(invitations.AlreadyJoined):
        invitations.resend(account_id=made_id, now=now)
    with pytest.raises(invitations.AlreadyJoined):
        invitations.withdraw(account_id=made_id, now=now)
    assert db.session.get_one(Account, made_id, populate_existing=True).name == "Dee Quinn"


def test_a_newer_invitation_replaces_the_older_and_can_be_withdrawn(at_rowan: Clinic, now: datetime) -> None:
    made = invitations.invite(email="dee@x.example", name="Dee", role="front_desk", now=now)
    old, made_id = invitations.link_token(made), made.id
    invitations.resend(account_id=made_id, now=now)
    with pytest.raises(invitations.NoInvitation):
        invitations.invited(old, now=now)
    new = invitations.link_token(db.session.get_one(Account, made_id))
    assert invitations.invited(new, now=now).id == made_id
    invitations.withdraw(account_id=made_id, now=now)
    with pytest.raises(invitations.InvitationEnded):
        invitations.invited(new, now=now)
    invitations.resend(account_id=made_id, now=now)
    assert invitations.invited(invitations.link_token(db.session.get_one(Account, made_id)), now=now).active
    with pytest.raises(actions.AddressTaken):
        invitations.invite(email="DEE@x.example", name="Dee", role="owner", now=now)


def test_a_link_of_one_clinic_invites_nobody_next_door(
    at_rowan: Clinic, thornfield: Clinic, now: datetime, inside: Inside
) -> None:
    token = invitations.link_token(invitations.invite(email="dee@x.example", name="Dee", role="owner", now=now))
    with inside(thornfield), pytest.raises(invitations.NoInvitation):
        invitations.invited(token, now=now)


def test_a_clinic_keeps_an_owner(at_rowan: Clinic, now: datetime) -> None:
    alma, fern = at_rowan.accounts["alma"], at_rowan.accounts["fern"]
    with pytest.raises(staffing.LastOwner):
        staffing.change_role(account_id=alma, role="front_desk", now=now)
    with pytest.raises(staffing.LastOwner):
        staffing.deactivate(account_id=alma, by=fern, now=now)
    with pytest.raises(staffing.NotYourself):
        staffing.deactivate(account_id=alma, by=alma, now=now)
    invited = invitations.invite(email="dee@x.example", name="Dee", role="owner", now=now).id
    with pytest.raises(staffing.LastOwner):
        staffing.change_role(account_id=alma, role="front_desk", now=now)
    staffing.change_role(account_id=fern, role="owner", now=now)
    staffing.change_role(account_id=alma, role="front_desk", now=now)
    assert account(at_rowan, "alma").role == "front_desk"
    staffing.deactivate(account_id=invited, by=fern, now=now)
    for odd in ("king", "", "operator"):
        with pytest.raises(Invalid):
            staffing.change_role(account_id=alma, role=odd, now=now)


def test_two_owners_cannot_put_each_other_out(at_rowan: Clinic, now: datetime, inside: Inside) -> None:
    alma, fern = at_rowan.accounts["alma"], at_rowan.accounts["fern"]
    staffing.change_role(account_id=fern, role="owner", now=now)

    def put_out(pair: tuple[UUID, UUID]) -> bool:
        with inside(at_rowan):
            try:
                staffing.deactivate(account_id=pair[0], by=pair[1], now=now)
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(put_out, [(alma, fern), (fern, alma)])) == 1
    left = sa.select(sa.func.count()).select_from(Account).where(Account.role == "owner", Account.active.is_(True))
    assert db.session.execute(left).scalar() == 1


def test_switching_off_ends_sessions_and_is_told_in_the_audit(at_rowan: Clinic, now: datetime) -> None:
    ben = at_rowan.accounts["ben"]
    _begin_session(at_rowan, ben, now)
    staffing.deactivate(account_id=ben, by=at_rowan.accounts["alma"], now=now)
    assert db.session.execute(sa.select(sa.func.count()).select_from(SessionRow)).scalar() == 0
    staffing.reactivate(account_id=ben, now=now)
    deeds = sa.select(Audit.deed).where(Audit.target_id == ben).order_by(Audit.at, Audit.id)
    assert db.session.execute(deeds).scalars().all()[-2:] == ["account.deactivated", "account.reactivated"]


@action
def _begin_session(at: Clinic, account_id: UUID, now: datetime) -> None:
    row = SessionRow(
        key="k" * 64, tenant_id=at.ref.id, account_id=account_id, data="{}",
        created_at=now, last_seen_at=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    db.session.add(row)


@pytest.mark.parametrize("minutes", [-1, 0, 4, 241, 10**6])
def test_the_wait_before_a_log_off_is_bounded(at_rowan: Clinic, now: datetime, minutes: int) -> None:
    with pytest.raises(Invalid):
        staffing.set_door(idle_minutes=minutes, second_required=False, now=now)


def test_an_account_is_one_practitioner_and_a_practitioner_one_account(at_rowan: Clinic, now: datetime) -> None:
    ben, fern = at_rowan.accounts["ben"], at_rowan.accounts["fern"]
    people = at_rowan.practitioners
    assert logins.practitioner_of(ben) == people["ben"]
    logins.link_account(account_id=fern, practitioner_id=people["ben"], now=now)
    assert (logins.practitioner_of(ben), logins.practitioner_of(fern)) == (None, people["ben"])
    logins.link_account(account_id=fern, practitioner_id=people["iris"], now=now)
    linked = sa.select(Practitioner.slug).where(Practitioner.account_id == fern)
    assert db.session.execute(linked).scalars().all() == ["iris"]
    logins.link_account(account_id=fern, practitioner_id=None, now=now)
    assert logins.practitioner_of(fern) is None


def test_who_saves_a_member_second_is_told(at_rowan: Clinic, now: datetime) -> None:
    ben = account(at_rowan, "ben")
    ben_id, seen = ben.id, logins.mark(ben)
    logins.change_member(account_id=ben_id, role="front_desk", practitioner_id=None, seen=seen, now=now)
    with pytest.raises(Conflict) as refused:
        logins.change_member(account_id=ben_id, role="owner", practitioner_id=None, seen=seen, now=now)
    assert refused.value.code == "changed-meanwhile"
