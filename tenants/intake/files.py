"""A file that a client hands in: looked at by its content alone, and rid of what it says on the side. Pure.

A picture is drawn anew, so that no place, time or device of the camera is left in it, and nothing hidden behind it. A
PDF is kept as it is: it must be one from its first byte to its last. Neither is ever shown by a page of ours.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from threading import Lock

from PIL import Image, ImageOps

from saas.text import TooLong, clean_line
from saas.words import _
from tenants.intake.sent import Fault, Upload

MOST_BYTES = 10 * 1024 * 1024
MOST_TOGETHER = 30 * 1024 * 1024
"""All files of one intake."""
MOST_PIXELS = 25_000_000
_MOST_SCANS = 200
"""A progressive JPEG has about ten, and each costs a pass over the whole picture however little is in it."""
_READABLE = (4000, 3000)
"""As large a photo's writing can be read; larger ones are read at half the size or less, which takes a quarter of the
memory."""
KINDS: Mapping[str, str] = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
"""What is taken, by the ending it is kept under."""
_LONGEST_NAME = 80
_PICTURES = {"JPEG": "jpg", "PNG": "png"}
_SCAN = b"\xff\xda"
_HEIC = (b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1")
_ZIP_END = b"PK\x05\x06"
_ZIP_TAIL = 65_557
"""So far from the end a ZIP archive's last record can begin."""
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|\?xml)", re.IGNORECASE)
_HEAD = 1024
_ONE_AT_A_TIME = Lock()
"""Drawing the largest picture takes 200 MB for a second: a process has room for one."""


def looked_at(name: str, content: bytes) -> Upload | Fault:
    """What of a file is kept, or what to do about it. What it is called and said to be counts for nothing."""
    if not content:
        return Fault(_("This file is empty. Choose another one"))
    if len(content) > MOST_BYTES:
        return Fault(_("This file is larger than 10 MB. Choose a smaller one, or bring it to the session"))
    if content.startswith(b"%PDF-"):
        return Upload(_named(name, "pdf"), content) if _is_whole_pdf(content) else Fault(_unlike())
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return Fault(
            _("This photo is in the HEIC format. Save it as JPEG, or take a picture of the screen, and choose that")
        )
    return _drawn_anew(name, content)


def kind_of(name: str) -> str:
    """What a file that is kept under this name is (MIME type)."""
    return KINDS.get(name.rpartition(".")[2], "application/octet-stream")


def _unlike() -> str:
    return _("This file cannot be taken. Choose a PDF, or a JPEG or PNG picture")


def _is_whole_pdf(content: bytes) -> bool:
    """Whether it ends where a PDF ends, and is no page or archive at the same time."""
    ends = content.rstrip(b"\0\t\n\f\r ").endswith(b"%%EOF")
    return ends and _ZIP_END not in content[-_ZIP_TAIL:] and _MARKUP.search(content[:_HEAD]) is None


def _drawn_anew(name: str, content: bytes) -> Upload | Fault:
    made = io.BytesIO()
    try:
        with _ONE_AT_A_TIME, Image.open(io.BytesIO(content), formats=tuple(_PICTURES)) as image:
            in_scans = "progressive" in image.info
            if in_scans and content.count(_SCAN) > _MOST_SCANS:
                return Fault(_unlike())
            if not in_scans:  # those in scans lie whole in memory, however small they are read
                image.draft(None, _READABLE)
            if image.width * image.height > MOST_PIXELS:
                return Fault(_("This picture has too many pixels. Choose a smaller one"))
            ending = _PICTURES[str(image.format)]
            _write(ImageOps.exif_transpose(image), ending, made)
    except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError):
        return Fault(_unlike())
    if len(made.getbuffer()) > MOST_BYTES:
        return Fault(_("This picture is too large. Choose a smaller one, or save it as JPEG"))
    return Upload(_named(name, ending), made.getvalue())


def _write(image: Image.Image, ending: str, made: io.BytesIO) -> None:
    """The picture alone: no profile, no comment, nothing of what came with it."""
    grey, see_through = image.mode in ("1", "L"), ending == "png" and image.has_transparency_data
    plain = image.convert("RGBA" if see_through else "L" if grey else "RGB")
    plain.info.clear()
    plain.save(made, "JPEG" if ending == "jpg" else "PNG", quality=88)


def _named(name: str, ending: str) -> str:
    """The client's own name for it, without folders and without what is invisible, under its true ending."""
    try:
        stem = clean_line(re.split(r"[/\\]", name[-400:])[-1], 400).rpartition(".")
    except TooLong:
        stem = ("", "", "")
    words = " ".join(re.sub(r'[<>:"|?*%]', " ", stem[0] or stem[2]).split())
    plain = words.strip(" .")[:_LONGEST_NAME].strip(" .")
    return f"{plain or _('File')}.{ending}"
