"""What one look of the rules found otherwise than the one before. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tenants.intake.flags import Flag, Look


@dataclass(frozen=True)
class Difference:
    """A flag that came, went, or stands on another list or at another severity."""

    what: Literal["new", "gone", "changed"]
    flag: Flag


def differences(before: Look, after: Look) -> tuple[Difference, ...]:
    """What came and what changed, in the order of the later look; what is gone comes last."""
    was, now = {flag.id: flag for flag in before.flags}, {flag.id for flag in after.flags}
    found = [
        Difference("changed" if flag.id in was else "new", flag)
        for flag in after.flags
        if flag.id not in was or (was[flag.id].axis, was[flag.id].severity) != (flag.axis, flag.severity)
    ]
    return (*found, *(Difference("gone", flag) for flag in before.flags if flag.id not in now))
