"""What is known of published instruments: codes, counts, option values, rules, cut-points. Pure.

Scoring facts only: the wording of a published instrument is somebody else's and is not shipped. A clinic brings the
published form in as a FHIR file; which wordings are the published ones is told by hash (`wordings.py`).
Totals follow these facts and never an expression that a file carries: a stock engine gave a silent 0 for a full form.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tenants.intake.questions import Coding, Item
from tenants.intake.wordings import WORDINGS

LOINC = "http://loinc.org"
SCALE = "urn:longtide:scale"  # a clinic's own scale: the code "rating" on an item, "sum" on a group
INSTRUMENT = "urn:longtide:instrument"  # on a group that was brought in: its key
SELF_HARM = "44260-8"  # the ninth item of PHQ-9: it may need somebody now
_CODE = re.compile(r"(?:^|[/.|])(\d{4,6}-\d)$")


@dataclass(frozen=True)
class Choice:
    """An answer of an instrument, in the order of the published sheet: its value, and the LOINC answers that are it."""

    value: int
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Band:
    """Totals from `lo` on are called `name`: a key, whose words are the page’s."""

    lo: int
    name: str


@dataclass(frozen=True)
class Cut:
    """A total from which a screen counts as positive, and who found it."""

    at: int
    source: str


@dataclass(frozen=True)
class Cluster:
    """Items `first`..`last` (from 1), of which `need` must count as a symptom."""

    name: str
    first: int
    last: int
    need: int


@dataclass(frozen=True)
class Instrument:
    """One published instrument.

    `items`: for each item its LOINC codes, empty where none could be verified (then position tells). `gate`: the code
    of a question before the items; "no" to it makes the total 0. `skippable`: items (from 1) that need not apply to
    everybody. `may_miss`: how many may be left out, their mean standing in for them; none of ours allows it.
    `beside`: items that belong to the sheet and are not counted. `acute`: items whose answer may need somebody now.
    """

    key: str
    name: str
    panels: tuple[str, ...]
    totals: tuple[str, ...]
    items: tuple[tuple[str, ...], ...]
    choices: tuple[Choice, ...]
    cuts: tuple[Cut, ...]
    licence: str
    source: str
    bands: tuple[Band, ...] = ()
    rule: Literal["sum", "count"] = "sum"
    gate: str = ""
    skippable: tuple[int, ...] = ()
    may_miss: int = 0
    beside: tuple[str, ...] = ()
    acute: tuple[int, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    symptom_from: int = 2

    @property
    def most(self) -> int:
        """The highest total there can be."""
        return len(self.items) * max(choice.value for choice in self.choices)

    def place(self, code: str) -> int:
        """The place of the item with this LOINC code, from 1; 0 for none."""
        return next((n for n, codes in enumerate(self.items, 1) if code in codes), 0)


_PHQ_LICENCE = (
    "Copyright © Pfizer Inc. All rights reserved. Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt "
    "Kroenke and colleagues. No permission required to reproduce, translate, display or distribute."
)
_VA_LICENCE = "A measure of the National Center for PTSD, US Department of Veterans Affairs."
_VA = "https://www.ptsd.va.gov/professional/assessment/"
_PHQ = "https://www.phqscreeners.com/"
_DAYS = (
    Choice(0, ("LA6568-5",)),
    Choice(1, ("LA6569-3",)),
    Choice(2, ("LA6570-1", "LA18938-3")),
    Choice(3, ("LA6571-9",)),
)
_BOTHERED = (Choice(0, ("LA18334-5",)), Choice(1, ("LA18335-2",)), Choice(2, ("LA18336-0",)))
_YES_NO = (Choice(1, ("LA33-6",)), Choice(0, ("LA32-8",)))
_DEGREE = (Choice(0), Choice(1), Choice(2), Choice(3), Choice(4))

_PHQ2 = (("44250-9",), ("44255-8",))
_GAD2 = (("69725-0",), ("68509-9",))
_PHQ9 = (
    *_PHQ2,
    *((code,) for code in ("44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", SELF_HARM)),
)
_GAD7 = (*_GAD2, *((code,) for code in ("69733-4", "69734-2", "69735-9", "69689-8", "69736-7")))
_PHQ15 = tuple(
    (code,)
    for code in (
        "69671-6", "69672-4", "69673-2", "69674-0", "69717-7", "69675-7", "69676-5", "69677-3", "69678-1", "69679-9",
        "69680-7", "69681-5", "69682-3", "69731-8", "69732-6",
    )
)  # fmt: skip
_PTSD5 = tuple((code,) for code in ("102012-2", "102013-0", "102014-8", "102015-5", "102016-3"))

_ALL = (
    Instrument(
        key="phq-9", name="PHQ-9", panels=("44249-1",), totals=("44261-6",), items=_PHQ9, choices=_DAYS,
        beside=("69722-7",), acute=(9,), licence=_PHQ_LICENCE, source=_PHQ,
        bands=(
            Band(0, "minimal"), Band(5, "mild"), Band(10, "moderate"), Band(15, "moderately-severe"), Band(20, "severe")
        ),
        cuts=(Cut(10, "Arroll et al. 2010, Ann Fam Med 8:348-353"),),
    ),
    Instrument(
        key="phq-2", name="PHQ-2", panels=("55757-9",), totals=("55758-7",), items=_PHQ2, choices=_DAYS,
        licence=_PHQ_LICENCE, source=_PHQ, cuts=(Cut(3, "Arroll et al. 2010, Ann Fam Med 8:348-353"),),
    ),
    Instrument(
        key="gad-7", name="GAD-7", panels=("69737-5",), totals=("70274-6",), items=_GAD7, choices=_DAYS,
        beside=("69722-7",), licence=_PHQ_LICENCE, source=_PHQ,
        bands=(Band(0, "minimal"), Band(5, "mild"), Band(10, "moderate"), Band(15, "severe")),
        cuts=(Cut(10, "Spitzer et al. 2006, Arch Intern Med 166:1092-1097"),),
    ),
    Instrument(
        key="gad-2", name="GAD-2", panels=(), totals=(), items=_GAD2, choices=_DAYS, licence=_PHQ_LICENCE, source=_PHQ,
        cuts=(Cut(3, "Kroenke et al. 2007, Ann Intern Med 146:317-325"),),
    ),
    Instrument(
        key="phq-4", name="PHQ-4", panels=("69724-3",), totals=("70272-0",), items=(*_GAD2, *_PHQ2), choices=_DAYS,
        licence=_PHQ_LICENCE, source=_PHQ, cuts=(),
    ),
    Instrument(
        key="phq-15", name="PHQ-15", panels=("69728-4",), totals=("70273-8",), items=_PHQ15, choices=_BOTHERED,
        skippable=(4,), licence=_PHQ_LICENCE, source=_PHQ,
        bands=(Band(0, "minimal"), Band(5, "low"), Band(10, "medium"), Band(15, "high")),
        cuts=(Cut(10, "Kroenke et al. 2002, Psychosom Med 64:258-266"),),
    ),
    Instrument(
        key="pc-ptsd-5", name="PC-PTSD-5", panels=("102010-6",), totals=("102017-1",), items=_PTSD5, choices=_YES_NO,
        gate="102011-4", rule="count", licence=_VA_LICENCE, source=f"{_VA}screens/pc-ptsd.asp",
        cuts=(
            Cut(3, "Prins et al. 2016, J Gen Intern Med 31:1206-1211"),
            Cut(4, "Bovin et al. 2021, JAMA Netw Open 4:e2036733"),
        ),
    ),
    Instrument(
        key="pcl-5", name="PCL-5", panels=("101697-1",), totals=("101698-9",), items=((),) * 20, choices=_DEGREE,
        licence=_VA_LICENCE, source=f"{_VA}adult-sr/ptsd-checklist.asp",
        cuts=(Cut(31, "National Center for PTSD: 31 to 33"), Cut(45, "Boyd et al. 2022, outpatients in psychiatry")),
        clusters=(Cluster("B", 1, 5, 1), Cluster("C", 6, 7, 1), Cluster("D", 8, 14, 2), Cluster("E", 15, 20, 2)),
    ),
)  # fmt: skip
INSTRUMENTS = {one.key: one for one in _ALL}
_KNOWN_CODES = frozenset(
    code
    for one in _ALL
    for code in (*one.panels, *one.totals, *one.beside, one.gate, *(code for codes in one.items for code in codes))
    if code
)


def loinc_codes(codes: Iterable[Coding]) -> tuple[str, ...]:
    """The LOINC codes among these."""
    return tuple(code.code for code in codes if code.system == LOINC)


def is_known_code(code: str) -> bool:
    """Whether this is a LOINC code of an instrument that is known here, or of one of its items."""
    return code in _KNOWN_CODES


def code_in_link_id(link_id: str) -> str:
    """The LOINC code that some files keep in the link id only ("/102011-4"), when it is one of ours; else ""."""
    found = _CODE.search(link_id)
    return found.group(1) if found and found.group(1) in _KNOWN_CODES else ""


def recognised(codes: Iterable[str], *, on_top: Iterable[str] = ()) -> Instrument | None:
    """The instrument that items with these LOINC codes are; `on_top` are the codes of the whole (its panel).

    The panel decides, then the total, then the instrument of which most is there and least is missing, if that is
    more than half of it: eight of PHQ-9's nine items are PHQ-9 with one missing, its first two alone are PHQ-2.
    """
    top, below = set(on_top), set(codes)
    for one in _ALL:
        if top & set(one.panels) or below & set(one.totals) or below & set(one.panels):
            return one
    return recognised_by_items(below)


def recognised_by_items(codes: Iterable[str]) -> Instrument | None:
    """As `recognised`, where the codes of items alone decide."""
    below = set(codes)

    def found_and_missing(one: Instrument) -> int:
        there = sum(bool(below & set(codes)) for codes in one.items)
        return 2 * there - len(one.items)

    best = max(_ALL, key=found_and_missing)
    return best if found_and_missing(best) > 0 else None


def instrument_of(group: Item) -> Instrument | None:
    """The instrument that a group of items is, by what was noted when it was brought in, or by its codes."""
    kept = next((code.code for code in group.codes if code.system == INSTRUMENT), "")
    if kept in INSTRUMENTS:
        return INSTRUMENTS[kept]
    below = [code for item in group.items for code in loinc_codes(item.codes)]
    return recognised(below, on_top=loinc_codes(group.codes))


def band_of(instrument: Instrument, total: float) -> str:
    """The name of the band that `total` falls into; "" for an instrument without bands."""
    return next((band.name for band in reversed(instrument.bands) if total >= band.lo), "")


_ASIDE = re.compile(r"\[[^\]]*\]")  # LOINC writes where a term comes from behind it, in brackets


def wording_hash(text: str) -> str:
    """The SHA-256 of a wording: letters and digits only, so that a comma or a capital is no change."""
    plain = _ASIDE.sub(" ", unicodedata.normalize("NFKC", text)).casefold()
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()


def wording_is_known(instrument: Instrument, place: int, language: str, text: str) -> bool | None:
    """Whether `text` is a published wording of the item at `place` (from 1); None when none in `language` is known."""
    names = (*instrument.items[place - 1], f"{instrument.key}:{place}")
    known = [hashed for name in names for hashed in WORDINGS.get(language, {}).get(name, ())]
    return wording_hash(text) in known if known else None


_PLACE_BY_WORDING = {
    (language, hashed): (one.key, place)
    for one in _ALL
    if not any(one.items)
    for language, wordings in WORDINGS.items()
    for place in range(1, len(one.items) + 1)
    for hashed in wordings.get(f"{one.key}:{place}", ())
}


def place_worded(language: str, text: str) -> tuple[str, int]:
    """Of which instrument without verified codes this is the wording of an item, and of which; ("", 0) for none."""
    return _PLACE_BY_WORDING.get((language, wording_hash(text)), ("", 0))


def worded_as(language: str, texts: Iterable[str]) -> Instrument | None:
    """The instrument without verified codes that has most of its items among these texts."""
    found = {place_worded(language, text) for text in texts}
    counted = {one.key: sum(key == one.key for key, _place in found) for one in _ALL}
    return next((one for one in _ALL if 2 * counted[one.key] > len(one.items)), None)


_CODE_BY_WORDING = {
    (language, hashed): code
    for language, wordings in WORDINGS.items()
    for code, hashes in wordings.items()
    if code in _KNOWN_CODES
    for hashed in hashes
}


def code_of_wording(language: str, text: str) -> str:
    """The LOINC code of the item that is worded so; "" for no item of ours."""
    return _CODE_BY_WORDING.get((language, wording_hash(text)), "")


_HARM = re.compile(
    r"suicid|better off (?:if (?:you|i) (?:were|was) )?dead|(?:kill|harm|hurt|injur|cut)(?:ing)? (?:your|my|one|him|"
    r"her|them)sel(?:f|ves)|self[- ]?(?:harm|injur)|end(?:ing)? (?:your|my|their|it) (?:own )?(?:life|all)|"
    r"tak(?:e|ing) (?:your|my) (?:own )?life|(?:not|don.t) want to (?:live|be alive)|not (?:worth living|wake up)|"
    r"(?:wish|want)(?:ed|ing)? (?:that )?(?:you|i|to) (?:were|was|be) dead|"
    r"mejor (?:estar )?muert|mejor morir|quitar(?:se|te|me) la vida|acabar con (?:su|tu|mi) vida|autoles|"
    r"hacer(?:se|te|me) daño|(?:lastimar|matar|dañar|herir)(?:se|te|me)\b|"
    r"selbstverletz|selbstmord|suizid|das leben nehmen|lieber tot|leid zu(?:zu)?fügen|"
    r"sich (?:selbst )?etwas an(?:zu)?tun|(?:se|vous|te|me) faire du mal|"
    r"mieux (?:mourir|être mort)|mettre fin à (?:vos|mes|ses) jours|"
    r"meglio (?:essere )?mor|far(?:si|le|ti|mi) del male|togliersi la vita|"
    r"melhor (?:estar )?mort|se (?:ferir|machucar|matar)\b|beter dood|zelfmoord|uzelf (?:op \w+ manier )?pijn|"
    r"lepiej by(?:łoby|ć) (?:umrzeć|martw)|zrobi(?:enia|ć) sobie krzywd|samobój|odebra(?:ć|nia) sobie życi"
)


def may_ask_of_self_harm(text: str) -> bool:
    """Whether a text reads like a question about harming oneself (English, Spanish; the usual words of six others).

    It errs on the side of yes: a person decides, this only makes sure that one does.
    """
    return bool(_HARM.search(" ".join(unicodedata.normalize("NFKC", text).casefold().split())))
