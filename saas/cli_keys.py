"""`flask keys …`: the master keys and the key store of sealed records."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup, with_appcontext

from saas.keystore import KeysUnavailable
from saas.sealing import keyring

keys = AppGroup("keys", help="The keys of sealed records: a new master key, and whether all of them open.")


@keys.command("rotate")
@with_appcontext
def rotate() -> None:
    """Put every clinic's key under the newest of LONGTIDE_MASTER_KEYS. Every process must know that one already."""
    try:
        turned = keyring().rotate()
    except KeysUnavailable as error:
        raise click.ClickException(error.why) from None
    click.echo(f"{turned} keys of clinics were put under {keyring().newest}; no data was touched")


@keys.command("check")
@with_appcontext
def check() -> None:
    """Open every key there is: one line for each that does not, exit code 1 if there is any."""
    try:
        found = list(keyring().check())
        tenants, clients, erased = keyring().store.counts()
    except KeysUnavailable as error:
        raise click.ClickException(error.why) from None
    for line in found:
        click.echo(line)
    if found:
        sys.exit(1)
    click.echo(f"sound: {tenants} clinics, {clients} keys of clients, {erased} erased")
