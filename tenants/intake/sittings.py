"""Which answers this browser may see again: those given in this sitting, and after a second proof all of them.

Kept in a cookie of the intake's own path (HttpOnly, SameSite=Strict, two hours), signed and never stored: whoever has
nothing but the link sees no earlier answer of a sensitive section. It is set by pressing a button, never by looking.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from flask import request, url_for
from werkzeug.wrappers import Response

from saas.config import settings
from saas.crypto import keyed_hash, same
from saas.tenancy import current_tenant
from saas.web import page_now
from tenants.intake.models import Intake

LASTS = timedelta(hours=2)
NAME = "lt-intake-"


@dataclass(frozen=True)
class Sitting:
    """One browser answering. `opened`: the second proof was given."""

    id: str = ""
    opened: bool = False


def sitting_of(intake: Intake) -> Sitting:
    """The sitting this request belongs to; an empty one when it brings none that holds."""
    id, _dot, rest = request.cookies.get(_name(intake), "").partition(".")
    until, _dot, rest = rest.partition(".")
    opened, _dot, sign = rest.partition(".")
    if not sign or not same(sign, _sign(intake, id, until, opened)):
        return Sitting()
    return Sitting(id, opened == "1") if int(until, 16) > page_now().timestamp() else Sitting()


def begun(sitting: Sitting) -> Sitting:
    """The sitting, or a new one."""
    return sitting if sitting.id else replace(sitting, id=secrets.token_hex(8))


def keep(response: Response, intake: Intake, sitting: Sitting, token: str) -> None:
    """Let the browser go on with this sitting for two hours from now."""
    until = f"{int((page_now() + LASTS).timestamp()):x}"
    opened = "1" if sitting.opened else "0"
    value = ".".join((sitting.id, until, opened, _sign(intake, sitting.id, until, opened)))
    response.set_cookie(
        _name(intake), value, max_age=int(LASTS.total_seconds()), path=_path(token), httponly=True,
        samesite="Strict", secure=settings().secure,
    )  # fmt: skip


def forget(response: Response, intake: Intake, token: str) -> None:
    """From now on this browser sees no earlier answer."""
    response.delete_cookie(_name(intake), path=_path(token), httponly=True, samesite="Strict", secure=settings().secure)


def _name(intake: Intake) -> str:
    return f"{NAME}{intake.id.hex[-8:]}"


def _path(token: str) -> str:
    return urlsplit(url_for("intake.start", token=token)).path


def _sign(intake: Intake, id: str, until: str, opened: str) -> str:
    said = f"{intake.id}|{intake.link_generation}|{id}|{until}|{opened}"
    return keyed_hash("intake-sitting", current_tenant().id, said)[:32]
