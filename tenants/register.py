"""The table of contents of a clinic: what each room brings to the application, in one place and by explicit call."""

from __future__ import annotations

from saas.app import Parts
from tenants.api import public as api
from tenants.bookings import change_effects, checkout_effects
from tenants.bookings import effects as booking_effects
from tenants.bookings import jobs as booking_jobs
from tenants.bookings import public as booking_pages
from tenants.bookings import staff as booking_desk
from tenants.clients import jobs as client_jobs
from tenants.clinic import public as clinic_pages
from tenants.clinic.actions import on_clinic_created
from tenants.clinic.face import face
from tenants.payments import effects as payment_effects


def parts() -> Parts:
    """Everything the platform is handed."""
    return Parts(
        blueprints=[
            (clinic_pages.blueprint(), "anywhere"),
            (booking_pages.blueprint(), "clinic"),
            (api.blueprint(), "clinic"),
        ],
        landing=booking_pages.landing,
        face=face,
        clinic_views=[booking_desk.BookingView],
        effects={
            **booking_effects.HANDLERS,
            **change_effects.HANDLERS,
            **checkout_effects.HANDLERS,
            **payment_effects.HANDLERS,
        },
        webhooks={**checkout_effects.WEBHOOKS, **payment_effects.WEBHOOKS},
        timetable=(*booking_jobs.TIMETABLE, *client_jobs.TIMETABLE),
        on_clinic_created=on_clinic_created,
    )
