"""Who gives sessions and where, checked and cleaned. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from saas.contact import BadEmail, normal_email
from saas.text import Cleaner
from saas.words import _
from saas.words import later as _l
from tenants.services.rules import slug_of

ROLE_WORDS = {"owner": _l("Owner"), "practitioner": _l("Practitioner"), "front_desk": _l("Front desk")}


@dataclass(frozen=True)
class PractitionerRequest:
    """A practitioner as somebody wants them kept. `slug` "" is made from the name; `email` gets the notices."""

    name: str
    first_name: str = ""
    slug: str = ""
    text: str = ""
    email: str = ""
    account_id: UUID | None = None
    position: int = 0
    mental_health_licence: bool = False


@dataclass(frozen=True)
class RoomRequest:
    """A room as somebody wants it kept."""

    name: str
    slug: str = ""
    position: int = 0


def clean_practitioner(request: PractitionerRequest) -> PractitionerRequest:
    """The practitioner as kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    name = cleaner.line("name", request.name, 120, missing=_("Enter a name"))
    first = cleaner.line("first_name", request.first_name or name.partition(" ")[0], 60)
    text = cleaner.block("text", request.text, 1000)
    email = ""
    try:
        email = normal_email(request.email)
    except BadEmail as error:
        cleaner.refuse("email", error.message)
    slug = _clean_slug(cleaner, request.slug or name)
    cleaner.whole("position", request.position, 0, 9999)
    cleaner.check()
    return replace(request, name=name, first_name=first, slug=slug, text=text, email=email)


def clean_room(request: RoomRequest) -> RoomRequest:
    """The room as kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    name = cleaner.line("name", request.name, 120, missing=_("Enter a name"))
    slug = _clean_slug(cleaner, request.slug or name)
    cleaner.whole("position", request.position, 0, 9999)
    cleaner.check()
    return RoomRequest(name, slug, request.position)


def _clean_slug(cleaner: Cleaner, text: str) -> str:
    slug = slug_of(text)
    if not slug and text:
        cleaner.refuse("slug", _("Give it a short address in the letters a to z"))
    return slug
