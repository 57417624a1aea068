"""What a page may hand on beside plain words: a file that was looked at, or a sentence about what to change. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Why this cannot be kept as the answer: a sentence for beside the field."""

    sentence: str


@dataclass(frozen=True)
class Upload:
    """A file as it is kept; its `name` ends in what it is (`files.KINDS`)."""

    name: str
    content: bytes
