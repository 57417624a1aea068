"""What an owner may change about the clinic itself. Each writes the one profile row, or a version beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, astuple, fields, replace
from datetime import datetime

from sqlalchemy import select

from saas import audit
from saas.db import action, db
from saas.errors import Invalid
from saas.outbox import wake
from saas.stale import unchanged
from saas.tenancy import current_tenant
from saas.text import Cleaner
from saas.words import _
from tenants.clinic.models import Clinic, MailText, Policy
from tenants.clinic.notices import REMINDER, Envelope, Notices, clean_envelope, clean_notices
from tenants.clinic.queries import envelope, latest_policy, notices, profile_of, terms_of
from tenants.clinic.rules import (
    MAIL_KINDS,
    SET_UP_STEPS,
    PolicyRequest,
    Profile,
    check_booking_rules,
    clean_brand,
    clean_html,
    clean_origins,
    clean_policy,
    clean_profile,
    profile_values,
    read_logo,
)

_WHOLE_PROFILE = tuple(field.name for field in fields(Profile))


def lock_clinic() -> Clinic:
    """The entered clinic's profile row, made if it was missing, locked until the action ends."""
    found = select(Clinic).with_for_update(key_share=True).execution_options(populate_existing=True)
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        row = Clinic()
        db.session.add(row)
        db.session.flush()
    return row


@action
def on_clinic_created(*, now: datetime) -> None:
    """Give a new clinic its profile row and the first version of its policy. A second call changes nothing."""
    lock_clinic()
    if latest_policy() is None:
        _add_policy(1, PolicyRequest(free_hours=24, late_fee_percent=50, no_show_percent=100), now=now)
        audit.record("clinic.set_up", target="clinic", target_id=None, now=now)


@action
def save_profile(
    *, profile: Profile, now: datetime, only: Collection[str] = _WHOLE_PROFILE, seen: str | None = None
) -> None:
    """Keep what clients read: the fields named in `only`, the rest stays. `Invalid` with a sentence for every field
    that needs another look; `ChangedMeanwhile` unless `seen` is the mark of these fields (`rules.profile_values`)."""
    row = lock_clinic()
    stands = profile_of(row)
    unchanged(seen, *profile_values(stands, only))
    wanted = replace(stands, **{name: getattr(profile, name) for name in only})
    cleaned = clean_profile(wanted, country=current_tenant().country)
    values = asdict(cleaned)
    values["promises"] = [{"title": note.title, "text": note.text} for note in cleaned.promises]
    values["facts"] = [{"label": note.title, "text": note.text} for note in cleaned.facts]
    for name, value in values.items():
        setattr(row, name, value)
    audit.record("clinic.profile", target="clinic", target_id=row.id, now=now)


@action
def save_brand(*, brand: str, heading_style: str, now: datetime, seen: str | None = None) -> None:
    """Keep the one colour (#rrggbb) and the headings' face (serif, sans). `seen`: the mark of both."""
    colour = clean_brand(brand)
    if heading_style not in ("serif", "sans"):
        raise Invalid(fields={"heading_style": _("Choose serif or sans")})
    row = lock_clinic()
    unchanged(seen, row.brand, row.heading_style)
    row.brand, row.heading_style = colour, heading_style
    audit.record("clinic.brand", target="clinic", target_id=row.id, now=now)


@action
def save_logo(*, content: bytes, now: datetime) -> str:
    """Keep a logo (PNG, JPEG, WebP; at most 512 kB) and return its version. `BadLogo` for anything else."""
    found = read_logo(content)
    row = lock_clinic()
    row.logo, row.logo_type, row.logo_hash = found.content, found.type, found.hash
    audit.record("clinic.logo", target="clinic", target_id=row.id, now=now, version=found.hash)
    return found.hash


@action
def remove_logo(*, now: datetime) -> None:
    """Show the clinic's name alone again."""
    row = lock_clinic()
    row.logo = row.logo_type = row.logo_hash = None
    audit.record("clinic.logo_removed", target="clinic", target_id=row.id, now=now)


@action
def save_texts(*, privacy: str, imprint: str, now: datetime, seen: str | None = None) -> None:
    """Keep the privacy notice and the imprint: simple HTML, made safe before they are kept. `seen`: their mark."""
    cleaner = Cleaner()
    notice, mark = clean_html(cleaner, "privacy", privacy), clean_html(cleaner, "imprint", imprint)
    cleaner.check()
    row = lock_clinic()
    unchanged(seen, row.privacy_text, row.imprint_text)
    row.privacy_text, row.imprint_text, row.texts_updated_at = notice, mark, now
    audit.record("clinic.texts", target="clinic", target_id=row.id, now=now)


@action
def save_booking_rules(
    *, min_notice_min: int, horizon_days: int | None, accepting: bool, now: datetime, seen: str | None = None
) -> None:
    """Keep how late and how far ahead clients may book (None: no end), and whether they may at all. `Invalid` when no
    time is left between the two; `seen`: the mark of all three."""
    check_booking_rules(min_notice_min, horizon_days)
    row = lock_clinic()
    unchanged(seen, row.min_notice_min, row.horizon_days, row.accepting)
    row.min_notice_min, row.horizon_days, row.accepting = min_notice_min, horizon_days, accepting
    audit.record("clinic.booking_rules", target="clinic", target_id=row.id, now=now)


@action
def save_origins(*, origins: str, loopback: bool, now: datetime, seen: str | None = None) -> None:
    """Keep whose pages may frame the times and call the API from a browser (`rules.clean_origins`). `seen`: their
    mark."""
    wanted = clean_origins(origins, loopback=loopback)
    row = lock_clinic()
    unchanged(seen, row.origins)
    row.origins = wanted
    audit.record("clinic.origins", target="clinic", target_id=row.id, now=now, count=len(wanted))


@action
def save_notices(*, wanted: Notices, now: datetime, seen: str | None = None) -> None:
    """Keep when reminders go out and when mails wait. `seen`: the mark of all of it. Reminders that were asked for
    already follow it: each is looked at again."""
    cleaned = clean_notices(wanted)
    row = lock_clinic()
    unchanged(seen, *astuple(notices()))
    for field in fields(cleaned):
        setattr(row, field.name, getattr(cleaned, field.name))
    wake(REMINDER, now=now)
    audit.record("clinic.notices", target="clinic", target_id=row.id, now=now)


@action
def save_envelope(*, wanted: Envelope, services: Iterable[str], now: datetime, seen: str | None = None) -> None:
    """Keep who mails to clients are from and how their subjects begin. `services`: the names that must not be read
    there; `seen`: the mark of both."""
    cleaned = clean_envelope(wanted, services=services)
    row = lock_clinic()
    unchanged(seen, *astuple(envelope()))
    row.sender_name, row.subject_words = cleaned.sender_name, cleaned.subject_words
    audit.record("clinic.envelope", target="clinic", target_id=row.id, now=now)


@action
def save_policy(*, policy: PolicyRequest, now: datetime, seen: str | None = None) -> Policy:
    """The policy for bookings from now on, as a new version; the same words again make none.

    Bookings keep the snapshot of the version they were made under. `seen`: the mark of the newest version's number.
    """
    cleaned = clean_policy(policy)
    lock_clinic()
    last = latest_policy()
    unchanged(seen, last.version if last else 0)
    if last is not None and terms_of(last) == cleaned:
        return last
    row = _add_policy(last.version + 1 if last else 1, cleaned, now=now)
    audit.record("clinic.policy", target="policy", target_id=row.id, now=now, version=row.version)
    return row


@action
def note_set_up(*, step: str, how: str, now: datetime) -> None:
    """Remember that this step of the guided set-up is `done` or `skipped`."""
    if step not in SET_UP_STEPS or how not in ("done", "skipped"):
        raise Invalid(_("There is no such step"))
    row = lock_clinic()
    row.set_up = {**row.set_up, step: how}
    audit.record("clinic.set_up_step", target="clinic", target_id=row.id, now=now, step=step, how=how)


@action
def end_set_up(*, now: datetime) -> None:
    """The guided set-up is over: it does not come up by itself again. A second call changes nothing."""
    row = lock_clinic()
    if row.set_up_at is None:
        row.set_up_at = now
        audit.record("clinic.set_up_ended", target="clinic", target_id=row.id, now=now)


def _add_policy(version: int, policy: PolicyRequest, *, now: datetime) -> Policy:
    row = Policy(version=version, **asdict(policy), created_at=now, created_by=audit.current_actor().account_id)
    db.session.add(row)
    db.session.flush()
    return row


@action
def save_mail_text(*, kind: str, text: str, now: datetime, seen: str | None = None) -> None:
    """Keep the clinic's own paragraph in mails of this kind; an empty one takes it away.

    `ChangedMeanwhile` when it is no longer what the form showed (`seen`, the mark of the text).
    """
    if kind not in MAIL_KINDS:
        raise Invalid(_("There is no such mail"))
    cleaner = Cleaner()
    cleaned = cleaner.block("text", text, 2000)
    cleaner.check()
    lock_clinic()
    row = db.session.execute(select(MailText).where(MailText.kind == kind)).scalar_one_or_none()
    if row is None:
        row = MailText(kind=kind)
        db.session.add(row)
    unchanged(seen, row.text or "")
    row.text = cleaned
    audit.record("clinic.mail_text", target="clinic", target_id=None, now=now, kind=kind)
