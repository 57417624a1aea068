"""Commands: `flask --app wsgi …`. Each is a thin skin over an action; what is wrong is one line and exit code 1."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from saas import cli_keys, clock, jobs, sessions, webhooks
from saas import doctor as checks
from saas.accounts import effects as account_effects
from saas.accounts.actions import create_account, reset_account
from saas.accounts.models import OPERATOR, OWNER
from saas.accounts.seconds import forget_seconds
from saas.audit import Actor, acting_as
from saas.config import settings
from saas.contact import normal_email
from saas.errors import DomainError
from saas.fleet import actions as fleet
from saas.fleet.queries import clinic_by_slug, clinics, domains_of
from saas.fleet.rules import PLATFORM_SLUG, ClinicRequest
from saas.home import migrated
from saas.links import home_of
from saas.stripe_gateway import gateway_settings
from saas.tenancy import TenantRef, tenant_scope
from saas.trail import jobs as trail_jobs
from saas.trail.queries import Verdict, verify
from saas.web import guard_of

WEBHOOKS = "/webhooks/stripe"

tenant = AppGroup("tenant", help="Clinics: make, list, suspend, resume, close; where they are paid, their domains.")
domain = AppGroup("domain", help="A clinic's own host names.")
tenant.add_command(domain)
operator = AppGroup("operator", help="People who operate the platform.")
account = AppGroup("account", help="Accounts of people who log in.")
audit = AppGroup("audit", help="What was done, and whether somebody tampered with it.")


def init_app(app: Flask) -> None:
    """Give the app its commands."""
    for command in (tenant, operator, account, audit, cli_keys.keys, worker, sandbox, doctor, routes_json):
        app.cli.add_command(command)


def require_database() -> None:
    """End the command with the line that mends it when the database cannot be used, or is not migrated yet."""
    try:
        ready = migrated()
    except SQLAlchemyError as error:
        why = type(error).__name__
        raise click.ClickException(f"the database cannot be used ({why}): check LONGTIDE_DATABASE_URL") from None
    if not ready:
        raise click.ClickException("the database is not at this version's migration: run flask --app wsgi db upgrade")


def _brought(app: Flask) -> Any:
    """What the clinics brought when the application was put together (`saas/app.py: Parts`)."""
    return app.extensions["longtide"]


def handlers_of(app: Flask) -> dict[str, jobs.Handler]:
    """Every effect the worker can run: the platform's own and the clinics'."""
    return {**account_effects.HANDLERS, **_brought(app).effects}


@contextmanager
def _plainly() -> Iterator[None]:
    """A refusal becomes its sentences on standard error; no trace of the machine's insides."""
    try:
        yield
    except DomainError as refused:
        lines = [f"{field}: {sentence}" for field, sentence in refused.fields.items()]
        raise click.ClickException("\n".join(lines or [refused.message or refused.code])) from None


@contextmanager
def _platform() -> Iterator[TenantRef]:
    require_database()
    ref = fleet.ensure_platform(now=clock.now())
    with _plainly(), tenant_scope(ref), acting_as(Actor("operator")):
        yield ref


@tenant.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="What clients read.")
@click.option("--zone", required=True, help="IANA time zone, such as Europe/Dublin.")
@click.option("--currency", required=True, help="ISO 4217, such as EUR.")
@click.option("--country", required=True, help="Two letters, such as IE.")
@click.option("--locale", default="en", show_default=True, help="Such as en_IE.")
@click.option("--owner", "owner_email", help="E-mail of the owner, who gets a mail to choose a password.")
@click.option("--stripe-account", help="The clinic's own Stripe account, acct_…")
def tenant_create(
    *,
    slug: str,
    name: str,
    zone: str,
    currency: str,
    country: str,
    locale: str,
    owner_email: str | None,
    stripe_account: str | None,
) -> None:
    """Make a clinic."""
    now = clock.now()
    request = ClinicRequest(slug, name, zone, currency, country, locale)
    with _plainly():
        owner = normal_email(owner_email)  # looked at first: a wrong one must not leave a clinic without its owner
    with _platform():
        ref = fleet.create_clinic(request=request, now=now, on_created=_brought(current_app).on_clinic_created)
        if stripe_account:
            fleet.connect_stripe(tenant_id=ref.id, account=stripe_account, now=now)
    if owner:
        with _plainly(), tenant_scope(ref), acting_as(Actor("operator")):
            create_account(email=owner, name=name, role=OWNER, now=now)
            reset_account(email=owner, now=now)
    click.echo(f"{ref.slug}: {home_of(ref)}/")


@tenant.command("list")
def tenant_list() -> None:
    """Every clinic: address, state, name, time zone, Stripe account."""
    with _platform():
        for ref in clinics():
            click.echo("\t".join((ref.slug, ref.status, ref.name, ref.zone, ref.stripe_account_id or "-")))


@tenant.command("suspend")
@click.argument("slug")
@click.option("--reason", default="", help="A note for operators; no client sees it.")
def tenant_suspend(slug: str, reason: str) -> None:
    """Stop answering a clinic's clients and staff."""
    with _platform():
        ref = fleet.suspend(tenant_id=clinic_by_slug(slug).id, reason=reason, now=clock.now())
    click.echo(f"{ref.slug}: {ref.status}")


@tenant.command("resume")
@click.argument("slug")
def tenant_resume(slug: str) -> None:
    """Answer again."""
    with _platform():
        ref = fleet.resume(tenant_id=clinic_by_slug(slug).id, now=clock.now())
    click.echo(f"{ref.slug}: {ref.status}")


@tenant.command("close")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask. A closed clinic cannot be opened again.")
def tenant_close(slug: str, *, yes: bool) -> None:
    """End a clinic: its pages say so, its records stay."""
    with _platform():
        ref = clinic_by_slug(slug)
        if not yes:
            click.confirm(f"Close {ref.name} ({ref.slug}) for good?", abort=True)
        closed = fleet.close(tenant_id=ref.id, now=clock.now())
    click.echo(f"{closed.slug}: {closed.status}")


@tenant.command("stripe")
@click.argument("slug")
@click.argument("account_id", metavar="ACCT_…")
def tenant_stripe(slug: str, account_id: str) -> None:
    """Let a clinic be paid on its own Stripe account."""
    with _platform():
        fleet.connect_stripe(tenant_id=clinic_by_slug(slug).id, account=account_id, now=clock.now())
    click.echo(f"{slug}: {account_id}")


@domain.command("list")
@click.argument("slug")
def domain_list(slug: str) -> None:
    """A clinic's own host names, and whether they answer."""
    with _platform():
        for one in domains_of(clinic_by_slug(slug).id):
            click.echo(f"{one.host}\t{'answers' if one.verified_at else 'does not answer yet'}")


@domain.command("add")
@click.argument("slug")
@click.argument("host")
@click.option("--answers", is_flag=True, help="Its name server points here already.")
def domain_add(slug: str, host: str, *, answers: bool) -> None:
    """Note a host name of a clinic's own; it answers once somebody says that it points here."""
    ours = settings().hosts | {settings().base_domain}
    with _platform():
        key = clinic_by_slug(slug).id
        kept = fleet.add_domain(tenant_id=key, host=host, ours=ours, now=clock.now())
        if answers:
            fleet.prove_domain(tenant_id=key, host=kept, now=clock.now())
    click.echo(f"{slug}: {kept}")


@domain.command("answer")
@click.argument("slug")
@click.argument("host")
def domain_answer(slug: str, host: str) -> None:
    """Let a host name answer that was noted before."""
    with _platform():
        fleet.prove_domain(tenant_id=clinic_by_slug(slug).id, host=host, now=clock.now())
    click.echo(f"{slug}: {host} answers")


@domain.command("remove")
@click.argument("slug")
@click.argument("host")
def domain_remove(slug: str, host: str) -> None:
    """Forget a host name; the clinic answers at its own address as before."""
    with _platform():
        fleet.remove_domain(tenant_id=clinic_by_slug(slug).id, host=host, now=clock.now())
    click.echo(f"{slug}: {host} removed")


@operator.command("create")
@click.argument("email")
@click.option("--name", default="Operator", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def operator_create(email: str, name: str, *, password_stdin: bool) -> None:
    """Make an account that operates the platform."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with _platform():
        made = create_account(email=email, name=name, role=OPERATOR, password=password, now=clock.now())
        click.echo(f"{made.email}: operator")


@account.command("reset")
@click.argument("slug")
@click.argument("email")
@click.option("--second", is_flag=True, help="Also forget app, passkeys and recovery codes, for who has lost them.")
def account_reset(slug: str, email: str, *, second: bool) -> None:
    """Let a person of a clinic (or of `platform`) back in: ends their sessions, mails a link for a new password."""
    with _platform() as platform:
        ref = platform if slug == PLATFORM_SLUG else clinic_by_slug(slug)
    with _plainly(), tenant_scope(ref), acting_as(Actor("operator")):
        found = reset_account(email=email, now=clock.now())
        if second:
            forget_seconds(account_id=found.id, now=clock.now())
        click.echo(f"{found.email}: a mail with a link is on its way")


@audit.command("verify")
@click.argument("slug", required=False)
@click.option("--all", "everywhere", is_flag=True, help="Every clinic, and the platform itself.")
@click.option("--expect", metavar="HASH", help="A head noted earlier: shows whether the end of a chain was cut off.")
def audit_verify(slug: str | None, expect: str | None, *, everywhere: bool) -> None:
    """Check a clinic's audit (or that of `platform`): names the first row that was altered, taken away or put in."""
    if everywhere == bool(slug) or (everywhere and expect):
        raise click.UsageError("name one clinic, or say --all (a head belongs to one clinic)")
    with _platform() as platform:
        own = {PLATFORM_SLUG: platform}
        asked = [platform, *clinics()] if slug is None else [own.get(slug) or clinic_by_slug(slug)]
    sound = True
    for ref in asked:
        with tenant_scope(ref):
            verdict = verify(expect=expect)
        sound = sound and verdict.sound
        click.echo(f"{ref.slug}: {_told(verdict)}")
    if not sound:
        sys.exit(1)


def _told(verdict: Verdict) -> str:
    walk = verdict.walk
    found = walk.finding or verdict.inserted
    if found is not None:
        words = {
            "altered": f"row {found.audit_id} ({found.deed}) was altered",
            "missing": f"row {found.audit_id} is missing",
            "cut": "its link is missing",
            "inserted": f"row {found.audit_id} ({found.deed}, {found.at}) was put in afterwards",
        }
        place = f" at link {found.seq}" if found.seq else ""
        return f"NOT sound{place}: {words[found.kind]}; {walk.links} links before it hold"
    if not walk.expected:
        return f"NOT sound: the head that was noted is not in the chain; it ends at link {walk.links}"
    return f"sound, {walk.links} links, head {walk.head}, {verdict.waiting} rows not chained yet"


@click.command("worker")
@click.pass_obj
@with_appcontext
def worker(info: ScriptInfo) -> None:
    """Send mails, move refunds, end holds: everything that is due. Runs until it is stopped."""
    app = info.load_app()
    require_database()
    fleet.ensure_platform(now=clock.now())
    tidy = jobs.Job("purge-sessions", sessions.purge, every=timedelta(hours=1))
    timetable = (*jobs.OWN_TIMETABLE, tidy, *webhooks.TIMETABLE, *trail_jobs.TIMETABLE, *_brought(app).timetable)
    gc.freeze()  # what is loaded stays: searching it for garbage would double the time it takes to stop
    jobs.run_worker(app, handlers_of(app), timetable, stop=jobs.stop_on_signals())


@click.command("sandbox")
@with_appcontext
def sandbox() -> None:
    """Stand in for Stripe on this machine: no money moves. Runs until it is stopped."""
    from saas.sandbox.stripe.serve import serve  # noqa: PLC0415 - a production process never loads the sandbox

    config = settings()
    if config.payments != "sandbox":
        raise click.ClickException("LONGTIDE_PAYMENTS is not sandbox: there is nothing to stand in for")
    address = urlsplit(config.stripe_api_base or config.sandbox_url)
    shared = gateway_settings()
    with _platform():
        accounts = [ref.stripe_account_id for ref in clinics() if ref.stripe_account_id]
    gc.freeze()  # as in the worker
    serve(
        host=address.hostname or "127.0.0.1",
        port=address.port or 80,
        data_file=config.data / "sandbox.db",
        webhook_url=config.base_url.rstrip("/") + WEBHOOKS,
        # The same secrets as the web process will check with, also where none are set.
        webhook_secret=shared.connect_webhook_secret,
        account_webhook_secret=shared.account_webhook_secret,
        seed_accounts=accounts,
        public_url=config.sandbox_url,
    )


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Look a production installation over: one line for everything that is missing, exit code 1 if anything is."""
    found = checks.problems(settings(), now=clock.now())
    for line in found:
        click.echo(line)
    if found:
        sys.exit(1)
    click.echo("all is well")


@click.command("routes-json")
@click.pass_obj
@with_appcontext
def routes_json(info: ScriptInfo) -> None:
    """Every rule with its methods, endpoint and guard, as JSON."""
    app = info.load_app()
    rules = [
        {
            "rule": rule.rule,
            "methods": sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}),
            "endpoint": rule.endpoint,
            "guard": guard_of(app, rule.endpoint),
        }
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    ]
    click.echo(json.dumps(rules, indent=1))
