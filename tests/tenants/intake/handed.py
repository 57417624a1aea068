"""A questionnaire that asks for files, and files that a client might hand in: good ones and bad ones."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from tenants.intake.questions import Item, Part, Questionnaire, Section

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n% canary-of-a-letter\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PAPERS = Questionnaire(
    key="papers",
    title={"en": "Questions", "es": "Preguntas"},
    languages=("en",),
    parts=(
        Part("about", {"en": "About you"}, (
            Section("p", {"en": "Papers"}, (
                Item("p.goal", "short", {"en": "What brings you?"}),
                Item("p.born", "date", {"en": "Born"}),
                Item("p.letter", "file", {"en": "A letter from your doctor"}, help={"en": "Only if you have one."}),
                Item("p.scan", "file", {"en": "A picture"}, required=True),
            )),
        )),
    ),
)  # fmt: skip


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (40, 30)) -> bytes:
    """A photo that says where, when and with what it was taken, with a page hidden behind it."""
    image, made = Image.new("RGB", size, "navy"), io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "canary-of-a-camera"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 16.0, 12.0)})
    more: dict[str, Any] = {"comment": b"canary-of-a-comment"} if kind == "JPEG" else {}
    image.save(made, kind, exif=exif, icc_profile=b"canary-of-a-profile" * 10, **more)
    return made.getvalue() + b"<script>canary-of-a-page</script>"
