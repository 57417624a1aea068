"""A file that was handed in, as a FHIR Attachment, and back. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from tenants.intake.fhir_json import Node, line, raw_text
from tenants.intake.files import kind_of, looked_at
from tenants.intake.sent import Fault, Upload

_LONGEST_NAME = 100


def attachment(id: str, upload: Upload) -> dict[str, Any]:
    """The file whole, under the id that it is kept by here."""
    return {
        "id": id,
        "contentType": kind_of(upload.name),
        "data": base64.b64encode(upload.content).decode(),
        "size": len(upload.content),
        "title": upload.name,
    }


def attachments_in(resource: Any) -> Iterator[Upload]:
    """Every file that was handed in with the answers of a resource or a bundle of ours, in order."""
    inside = resource.items() if isinstance(resource, dict) else ()
    for name, one in inside:
        if name == "valueAttachment":
            yield Upload(one["title"], base64.b64decode(one["data"]))
        else:
            yield from attachments_in(one)
    for one in resource if isinstance(resource, list) else ():
        yield from attachments_in(one)


def read_attachment(said: Any) -> tuple[str, Upload] | None:
    """(id, the file as it stands there); None for one that is not in the FHIR file, or that no client could hand in."""
    if not isinstance(said, dict) or not isinstance(said.get("data"), str):
        return None
    try:
        content = base64.b64decode(said["data"], validate=True)
    except (binascii.Error, ValueError):
        return None
    looked = looked_at(line(raw_text(said, "title"), _LONGEST_NAME), content)
    return None if isinstance(looked, Fault) else (_id_of(said, content), Upload(looked.name, content))


def _id_of(said: Node, content: bytes) -> str:
    try:
        return str(UUID(raw_text(said, "id")))
    except ValueError:
        return str(uuid5(NAMESPACE_OID, content.hex()))
