"""What any file of ours is read with: values of the kind that is needed, and a note of everything else. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saas.words import _
from tenants.intake.questions import Texts

LONGEST_TEXT = 900
_LANGUAGE = re.compile(r"[a-z]{2}")
_UNFIT = re.compile(r"[\0\ud800-\udfff]")  # no database keeps it, no encoding writes it


@dataclass(frozen=True)
class Fault:
    """Something wrong: in which rule or question ("" for the whole), where in it, and what to do about it."""

    at: str
    where: str
    sentence: str


def canonical(value: Any) -> str:
    """The one way to write this value as JSON: sorted keys, no blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class Reader:
    """Reads what was parsed and notes every fault on the way, with what it is in (`at`) and where in that."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.at = ""

    def fault(self, where: str, sentence: str) -> None:
        self.faults.append(Fault(self.at, where, sentence))

    def listed(self, data: Mapping[str, Any], name: str, most: int) -> list[Any]:
        found = data.get(name, [])
        if not isinstance(found, list | tuple):
            self.fault(name, _("A list is needed here"))
            return []
        if len(found) > most:
            self.fault(name, _("Use at most %(limit)d entries", limit=most))
        return list(found[:most])

    def line(self, data: Mapping[str, Any], name: str, most: int = LONGEST_TEXT) -> str:
        found = data.get(name, "")
        if not isinstance(found, str) or len(found) > most or _UNFIT.search(found):
            self.fault(name, _("A text of at most %(limit)d characters is needed here", limit=most))
            return ""
        return found

    def whole(self, data: Mapping[str, Any], name: str, lo: int, hi: int, default: int = 0) -> int:
        found = data.get(name, default)
        if not isinstance(found, int) or isinstance(found, bool) or not lo <= found <= hi:
            self.fault(name, _("Enter a whole number from %(lo)d to %(hi)d", lo=lo, hi=hi))
            return default
        return found

    def switch(self, data: Mapping[str, Any], name: str, *, default: bool) -> bool:
        found = data.get(name, default)
        if not isinstance(found, bool):
            self.fault(name, _("Yes or no is needed here"))
            return default
        return found

    def one_of(self, data: Mapping[str, Any], name: str, offered: tuple[Any, ...], default: Any) -> Any:
        found = data.get(name, default)
        if found not in offered:
            self.fault(name, _("Choose from the list"))
            return default
        return found

    def texts(self, data: Mapping[str, Any], name: str, *, needed: bool = True, most: int = LONGEST_TEXT) -> Texts:
        found = data.get(name, {})
        if not isinstance(found, Mapping) or len(found) > 20 or (needed and not found):
            self.fault(name, _("Texts by language are needed here"))
            return {}
        if not all(isinstance(code, str) and _LANGUAGE.fullmatch(code) for code in found):
            self.fault(name, _("Languages are named by two letters, such as en"))
            return {}
        return {code: self.line(found, code, most) for code in sorted(found)}
