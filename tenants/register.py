"""The table of contents of a clinic: what each room brings to the application, in one place and by explicit call."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint

from saas.app import Parts
from saas.web import Guard
from tenants.api import public as api
from tenants.bookings import change_effects, checkout_effects, wording
from tenants.bookings import effects as booking_effects
from tenants.bookings import jobs as booking_jobs
from tenants.bookings import public as booking_pages
from tenants.bookings import staff as booking_desk
from tenants.bookings.facts import facts
from tenants.clients import jobs as client_jobs
from tenants.clients import staff as client_lists
from tenants.clinic import public as clinic_pages
from tenants.clinic.actions import on_clinic_created
from tenants.clinic.face import face
from tenants.embed import public as embed_pages
from tenants.embed import staff as embed_desk
from tenants.hours import staff as hours_pages
from tenants.hours import staff_days as hours_days
from tenants.hours import staff_why as hours_why
from tenants.intake import alert_effects, publishing
from tenants.intake import effects as intake_effects
from tenants.intake import public as intake_pages
from tenants.money import staff as money_pages
from tenants.money import staff_desk as money_desk
from tenants.money import staff_sums as money_sums
from tenants.offers import staff as offer_lists
from tenants.offers import staff_people as offer_people
from tenants.payments import effects as payment_effects
from tenants.people import merging
from tenants.people import staff as people_desk
from tenants.practitioners import staff as team_pages
from tenants.privacy import effects as privacy_effects
from tenants.privacy import staff as privacy_pages
from tenants.privacy import staff_agreements as agreement_pages
from tenants.privacy import staff_looks as looks_pages
from tenants.questionnaires import staff as question_pages
from tenants.questionnaires import staff_answers as answer_files
from tenants.questionnaires import staff_conditions as condition_pages
from tenants.questionnaires import staff_drafts as draft_pages
from tenants.questionnaires import staff_files as form_files
from tenants.questionnaires import staff_own_rules as own_rule_pages
from tenants.questionnaires import staff_parts as part_pages
from tenants.questionnaires import staff_pieces as piece_pages
from tenants.questionnaires import staff_preview as preview_pages
from tenants.questionnaires import staff_rules as flag_rule_pages
from tenants.questionnaires import staff_texts as text_pages
from tenants.reports import staff as report_pages
from tenants.review import staff as review_pages
from tenants.review import staff_files as intake_files
from tenants.review.notice import office_notice
from tenants.settings import public as settings_feeds
from tenants.settings import staff as settings_pages
from tenants.settings import staff_brand as settings_look
from tenants.settings import staff_feeds as settings_calendars
from tenants.settings import staff_intakes as settings_intakes
from tenants.settings import staff_languages as settings_languages
from tenants.settings import staff_notices as settings_notices
from tenants.settings import staff_policy as settings_policy
from tenants.settings import staff_start as settings_start
from tenants.settings import staff_stripe as settings_stripe
from tenants.today import staff as today_page
from tenants.trail import staff as trail_pages
from tenants.week import staff as week_pages
from tenants.week import staff_add as week_adding
from tenants.week import staff_booking as week_bookings

_QUESTIONS = (  # the pages behind the list of questionnaires
    piece_pages.PiecesView,
    condition_pages.ConditionsView,
    part_pages.PartsView,
    draft_pages.DraftsView,
    preview_pages.PreviewView,
    text_pages.TextsView,
    flag_rule_pages.RulesView,
    own_rule_pages.OwnRulesView,
    form_files.FormFilesView,
    answer_files.AnswerFilesView,
    intake_files.IntakeFilesView,
)
_TIMETABLE = (
    *booking_jobs.TIMETABLE,
    *client_jobs.TIMETABLE,
    *alert_effects.TIMETABLE,
    *privacy_effects.TIMETABLE,
)
_EFFECTS = {
    **booking_effects.HANDLERS,
    **change_effects.HANDLERS,
    **checkout_effects.HANDLERS,
    **payment_effects.HANDLERS,
    **alert_effects.HANDLERS,
    **privacy_effects.HANDLERS,
    **intake_effects.HANDLERS,
}


def _pages() -> list[tuple[Blueprint, Guard]]:
    """What clients and whoever holds a link can open."""
    return [
        (clinic_pages.blueprint(), "anywhere"),
        (booking_pages.blueprint(), "clinic"),
        (api.blueprint(), "clinic"),
        (settings_feeds.blueprint(), "clinic"),
        (embed_pages.blueprint(), "clinic"),
        (intake_pages.blueprint(), "clinic"),
    ]


def _on_clinic_created(*, now: datetime) -> None:
    """What a new clinic finds: its profile and policy, and the shipped questions as a draft."""
    on_clinic_created(now=now)
    publishing.begin_once(now=now)


def parts() -> Parts:
    """Everything the platform is handed."""
    return Parts(
        blueprints=_pages(),
        landing=booking_pages.landing,
        face=face,
        clinic_home=today_page.TodayView,
        clinic_notice=office_notice,
        clinic_views=[
            week_pages.WeekView,
            hours_pages.HoursView,
            booking_desk.BookingView,
            people_desk.ClientView,
            merging.DuplicatesView,
            review_pages.IntakesView,
            privacy_pages.PrivacyView,
            privacy_pages.DueView,
            agreement_pages.OlderTextsView,
            client_lists.ImportView,
            money_pages.MoneyView,
            money_desk.DeskView,
            money_desk.RefundView,
            money_sums.OwedView,
            money_sums.TotalsView,
            money_sums.DisputesView,
            money_sums.PayoutsView,
            report_pages.ReportsView,
            offer_lists.ServiceView,
            offer_people.PractitionerView,
            offer_people.RoomView,
            question_pages.QuestionnairesView,
            settings_pages.SettingsView,
            wording.MailTextView,
            wording.PolicyView,
            team_pages.TeamView,
            trail_pages.AuditView,
            looks_pages.LooksView,
            settings_look.BrandView,
            settings_calendars.FeedView,
            settings_policy.PolicyDesk,
            settings_notices.NoticesView,
            settings_languages.LanguagesView,
            settings_stripe.StripeView,
            settings_intakes.IntakesView,
            settings_start.StartView,
            *_QUESTIONS,
            embed_desk.WebsiteView,
            hours_days.DaysView,
            hours_why.WhyView,
            week_bookings.BookingDesk,
            week_adding.AddDesk,
            week_adding.BlockDesk,
        ],
        effects=_EFFECTS,
        webhooks={**checkout_effects.WEBHOOKS, **payment_effects.WEBHOOKS},
        timetable=_TIMETABLE,
        on_clinic_created=_on_clinic_created,
        facts=facts,
    )
