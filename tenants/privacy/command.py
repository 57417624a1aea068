"""`flask consent verify`: whether anybody altered, took away or moved a receipt."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from saas.fleet.queries import clinic_by_slug, clinics
from saas.tenancy import tenant_scope
from tenants.intake.receipts import Verdict, verify

consent = AppGroup("consent", help="Receipts of what clients agreed to.")
_FAULTS = {
    "altered": "was altered, or put in",
    "missing": "is missing",
    "words": "points at words that are missing or were altered",
    "details": "has other details than it was written with",
}


def init_app(app: Flask) -> None:
    """Give the app its commands."""
    app.cli.add_command(consent)


@consent.command("verify")
@click.argument("slug", required=False)
@click.option("--all", "everywhere", is_flag=True, help="Every clinic.")
@click.option("--expect", metavar="HASH", help="A head noted earlier: shows whether the end of a chain was cut off.")
@with_appcontext
def consent_verify(slug: str | None, expect: str | None, *, everywhere: bool) -> None:
    """Check a clinic's consent receipts: names the first that was altered, taken away or moved."""
    if everywhere == bool(slug) or (everywhere and expect):
        raise click.UsageError("name one clinic, or say --all (a head belongs to one clinic)")
    sound = True
    for ref in clinics() if slug is None else [clinic_by_slug(slug)]:
        with tenant_scope(ref):
            verdict = verify(expect=expect)
        sound = sound and verdict.sound
        click.echo(f"{ref.slug}: {_told(verdict)}")
    if not sound:
        sys.exit(1)


def _told(verdict: Verdict) -> str:
    if verdict.fault is not None:
        return f"NOT sound: receipt {verdict.number} {_FAULTS[verdict.fault]}; {verdict.receipts} before it hold"
    if not verdict.expected:
        return f"NOT sound: the head that was noted is not in the chain; it ends at receipt {verdict.receipts}"
    return f"sound, {verdict.receipts} receipts, head {verdict.head or 'none'}"
