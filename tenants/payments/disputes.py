"""Disputes as Stripe tells them: a row each, and what they do to the money. Nothing is decided here."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db
from saas.money import Money
from saas.outbox import emit
from saas.stripe_values import DisputeNews
from tenants.payments import rules
from tenants.payments.ledger import post
from tenants.payments.models import Dispute, LedgerEntry, Payment, PaymentAttempt


@action
def note_dispute(*, attempt_id: UUID, news: DisputeNews, told_at: datetime, now: datetime) -> str | None:
    """Keep what Stripe says of a dispute, in whatever order and however often it is told: the ledger holds the amount
    from when the bank took it until it is decided. Tells the clinic once. Answers None, or "known", or "mismatch"."""
    attempt = db.session.get_one(PaymentAttempt, attempt_id)
    fresh = {"populate_existing": True}
    locked = select(Payment).where(Payment.id == attempt.payment_id).with_for_update().execution_options(**fresh)
    payment = db.session.execute(locked).scalar_one()
    if news.currency != payment.currency or not 0 < news.amount <= attempt.amount_minor:
        audit.record("payment.mismatch", target="booking", target_id=payment.booking_id, now=now, amount=news.amount)
        return "mismatch"
    same = select(Dispute).where(Dispute.stripe_dispute_id == news.id[:120]).execution_options(**fresh)
    dispute = db.session.execute(same).scalar_one_or_none()
    stage = rules.dispute_stage(news.status)
    before: rules.Stage = "asked"
    if dispute is None:
        dispute = _opened(attempt, payment, news, told_at, now=now)
    else:
        before = rules.dispute_stage(dispute.status)
        if not rules.is_news(known=before, known_at=dispute.told_at, told=stage, told_at=told_at):
            return "known"
    dispute.status = news.status[:30]
    dispute.told_at = told_at
    dispute.answer_by = datetime.fromtimestamp(news.answer_by, UTC) if news.answer_by else None
    if stage in ("won", "lost") or news.status == "warning_closed":
        dispute.closed_at = told_at
    _move_money(dispute, payment, before=before, stage=stage, now=now)
    audit.record(
        "payment.disputed",
        target="booking",
        target_id=payment.booking_id,
        now=now,
        status=dispute.status,
        amount=dispute.amount_minor,
    )
    return None


def _opened(
    attempt: PaymentAttempt, payment: Payment, news: DisputeNews, told_at: datetime, *, now: datetime
) -> Dispute:
    dispute = Dispute(
        payment_id=payment.id,
        attempt_id=attempt.id,
        stripe_dispute_id=news.id[:120],
        amount_minor=news.amount,
        reason=news.reason[:40],
        status=news.status[:30],
        answer_by=None,
        told_at=told_at,
        opened_at=datetime.fromtimestamp(news.created, UTC),
        closed_at=None,
    )
    db.session.add(dispute)
    db.session.flush()
    emit(
        "booking.notice",
        run_at=now,
        dedupe=f"notice-dispute:{dispute.id}",
        booking_id=payment.booking_id,
        what="disputed",
    )
    return dispute


def _move_money(dispute: Dispute, payment: Payment, *, before: rules.Stage, stage: rules.Stage, now: datetime) -> None:
    amount = Money(dispute.amount_minor, payment.currency)
    paid = select(LedgerEntry.client_id).where(LedgerEntry.reference == f"card-{dispute.attempt_id}").limit(1)
    client = db.session.execute(paid).scalar_one_or_none()
    happened = rules.dispute_postings(
        dispute.id, amount, stage=stage, was_held=before == "held", won=dispute.status == "won"
    )
    for posting in happened:
        post(posting, booking_id=payment.booking_id, client_id=client, now=now)
    payment.held_minor += amount.minor * ((stage == "held") - (before == "held"))
    payment.lost_minor += amount.minor * ((stage == "lost") - (before == "lost"))
