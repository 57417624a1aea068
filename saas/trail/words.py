"""Deeds of the platform in words: accounts and clinics. A clinic's own are in its rooms, in the same form.

A deed is told as what somebody did, without a name and without a sum. What is read has no deed of its own: it is told
by what was opened (`read.<target>`) or taken out whole (`list.<target>`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saas.words import later as _l

Words = Mapping[str, Any]

ACCOUNT_DEEDS: Words = {
    "account.created": _l("Made an account"),
    "account.invited": _l("Invited somebody"),
    "account.invite.withdrawn": _l("Withdrew an invitation"),
    "account.joined": _l("Accepted an invitation"),
    "account.login": _l("Logged in"),
    "account.logout": _l("Logged a device out"),
    "account.logout.all": _l("Logged out everywhere else"),
    "account.reset": _l("Asked for a new password"),
    "account.password": _l("Chose a new password"),
    "account.saved": _l("Changed their name or language"),
    "account.role": _l("Changed somebody’s role"),
    "account.deactivated": _l("Switched an account off"),
    "account.reactivated": _l("Switched an account on again"),
    "account.door": _l("Changed what is asked when people log in"),
    "account.second.added": _l("Added a second step"),
    "account.second.removed": _l("Removed a second step"),
    "account.second.forgotten": _l("Removed somebody’s second step for them"),
    "account.codes.made": _l("Made new recovery codes"),
    "account.codes.dropped": _l("Recovery codes ended with the second step"),
    "account.code.used": _l("Logged in with a recovery code"),
}
FLEET_DEEDS: Words = {
    "clinic.created": _l("Made a clinic"),
    "clinic.edited": _l("Changed a clinic’s details"),
    "clinic.suspended": _l("Suspended a clinic"),
    "clinic.resumed": _l("Resumed a clinic"),
    "clinic.closed": _l("Closed a clinic"),
    "clinic.domain_added": _l("Added an own domain"),
    "clinic.domain_proven": _l("Let an own domain answer"),
    "clinic.domain_removed": _l("Removed an own domain"),
    "clinic.stripe_connected": _l("Connected a Stripe account"),
    "job.revived": _l("Asked for a job to be tried again"),
    "jobs.revived": _l("Asked for all jobs of a kind to be tried again"),
    "event.handled_again": _l("Had a notice of Stripe’s handled again"),
}
PLATFORM_DEEDS: Words = {**ACCOUNT_DEEDS, **FLEET_DEEDS}
LISTS: Words = {"list.audit": _l("Took out the audit")}
TARGETS: Words = {
    "account": _l("Account"),
    "tenant": _l("Clinic"),
    "audit": _l("Audit"),
    "outbox": _l("Job"),
    "inbound_event": _l("Notice"),
}
ACTORS: Words = {
    "client": _l("A client"),
    "staff": _l("Staff"),
    "operator": _l("The platform"),
    "system": _l("The system"),
}
