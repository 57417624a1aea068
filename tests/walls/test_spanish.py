"""Whoever reads Spanish reads Spanish: every page of a clinic and of its back office, and no English sentence on it."""

from __future__ import annotations

import html
import re
from functools import cache

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.accounts.models import Account
from saas.db import action, db
from tests import words
from tests.cast import Clinic
from tests.house.tree import report
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.walls.belongings import Belongings
from tests.walls.test_gets import addresses

HIDDEN = re.compile(r"<(script|style|svg|pre|textarea)\b.*?</\1>", re.DOTALL)
SPOKEN = re.compile(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"')
ENGLISH = re.compile(
    r"\b(?:the|and|your|you|with|this|that|are|from|when|which|what|not|be|of|to|for)\b", re.IGNORECASE
)
# What the cast's clinic says itself, in its own language; and what programs call things.
OWN = ("Quiet work", "One to one.", "Quiet room", "Talk", "Rowan", "CSV UTF-8")


@action
def _speak_spanish(*, name: str) -> None:
    account = db.session.execute(select(Account).where(Account.email.startswith(name))).scalar_one()
    account.locale = "es"


@cache
def _sentences() -> frozenset[str]:
    """The English texts that are said otherwise in Spanish."""
    return frozenset(
        message.id
        for message in words.messages(words.read("es"))
        if isinstance(message.id, str) and message.string != message.id and "%(" not in message.id
    )


def said(page: str) -> set[str]:
    """Each piece of text of a page by itself: what stands between tags, and what is read out."""
    shown = HIDDEN.sub(" ", page)
    pieces = [*re.findall(r">([^<>]+)<", shown), *SPOKEN.findall(shown)]
    return {" ".join(html.unescape(piece).split()) for piece in pieces} - {""}


def english(page: str) -> list[str]:
    """The pieces that are a sentence of the source, or read like one."""
    found = []
    for piece in said(page):
        if piece in _sentences():
            found.append(piece)
            continue
        rest = piece
        for own in OWN:
            rest = rest.replace(own, "")
        if len(ENGLISH.findall(rest)) > 1:
            found.append(piece)
    return found


def _pages(app: Flask, client: FlaskClient, mine: Belongings) -> dict[str, tuple[str, str]]:
    shown = {}
    for endpoint, address in addresses(app, mine):
        spoken = address if "/manage" in address else f"{address}{'&' if '?' in address else '?'}lang=es"
        answer = client.get(spoken)
        if answer.mimetype == "text/html" and not 300 <= answer.status_code < 400:
            shown[endpoint] = (spoken, answer.text)
    return shown


@only_sqlite
def test_every_page_speaks_spanish_to_whoever_reads_it(
    app: Flask, client: FlaskClient, neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    mine = neighbours[0]
    clinic: Clinic = mine.clinic
    with inside(clinic):
        _speak_spanish(name="alma")
    log_in(client, clinic, "alma")
    pages = _pages(app, client, mine)
    assert (
        len(english(client.get(f"{clinic.home}/login?lang=en").text) + english(client.get(f"{clinic.home}/").text)) > 5
    )
    assert len([name for name in pages if not name.startswith("bookings")]) > 50
    silent = [where for where, page in pages.values() if '<html lang="es' not in page and "sandbox" not in where]
    assert not silent, report(silent, "These pages do not say that they are in Spanish:")
    left = [f"{where}: {piece}" for where, page in pages.values() for piece in english(page)]
    assert not left, report(sorted(set(left)), "English on a Spanish page:")
