"""The truth tables of the shipped rules: for each, what makes it fire, what does not, and what missing answers do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tenants.intake.flags import LICENCE, YEARS, Facts
from tenants.intake.questions import Answer, Value

Told = Mapping[str, Any]
MISSING: Mapping[str, Answer] = {
    "declined": Answer(absent="declined"),
    "in-person": Answer(absent="in-person"),
    "not-sure": Answer("not-sure"),
    "not-asked": Answer(absent="not-asked"),
    "nothing": Answer(),
}
ALL = frozenset(MISSING)
YES_NO_ITEMS = (
    "d.bleed", "d.aneurysm", "d.skull", "d.headinj", "d.headspine_op", "d.lp", "d.icp", "d.chiari", "d.tumour",
    "d.seizure", "d.clot", "d.thinner", "d.heart", "d.infection", "d.preg", "d.bones", "d.implants",
)  # fmt: skip
ACUTE = frozenset(("d.neuroflag", "f.ongoing_danger", "j.harm", "j.safe_now"))
SAFETY = (*YES_NO_ITEMS, "d.neuroflag", "f.ongoing_danger", "j.harm", "j.safe_now")
# Not answers of their own: `facts_with` puts them where they belong.
AGE, LICENSED, ON = "age", "licensed", "on"


@dataclass(frozen=True)
class Case:
    """`item`: the one whose missing answers are tried, beside `beside`; `missing`: those for which the rule fires."""

    fires: tuple[Told, ...]
    rests: tuple[Told, ...]
    item: str = ""
    missing: frozenset[str] = frozenset()
    beside: Told = field(default_factory=dict)


def facts_with(told: Told) -> Facts:
    """Facts in which just this was said: items by id, `score:…`, `age`, `licensed`, `on` (the session's day)."""
    answers: dict[str, Answer] = {}
    facts = Facts(answers, free=frozenset(("c.goal", "d.other")), age=40)
    for name, said in told.items():
        if name.startswith("score:"):
            facts = replace(facts, scores={**facts.scores, name.partition(":")[2]: said})
        elif name == AGE:
            facts = replace(facts, age=said)
        elif name == LICENSED:
            facts = replace(facts, practitioner=frozenset((LICENCE,)) if said else frozenset())
        elif name == ON:
            facts = replace(facts, session_date=date.fromisoformat(said))
        else:
            answers[name] = said if isinstance(said, Answer) else Answer(_value(said))
    asked = frozenset((YEARS, *(id.partition("@")[0] for id in answers)))
    return replace(
        facts, answers=answers, asked=asked, safety=tuple(id for id in SAFETY if id in asked), acute=ACUTE & asked
    )


def _value(said: Any) -> Value:
    return tuple(said) if isinstance(said, list) else said


def _yes(item: str) -> Case:
    return Case(({item: "yes"},), ({item: "no"}, {}), item)


CASES: Mapping[str, Case] = {
    "X-SELFHARM-3": Case(
        ({"j.harm": "might-act"}, {"j.harm": "passing", "j.safe_now": "no"}),
        ({"j.harm": "no"}, {"j.harm": "often"}, {"j.harm": "passing", "j.safe_now": "yes"}),
        "j.harm",
    ),
    "X-SELFHARM-2": Case(
        (
            {"j.harm": "often"},
            {"j.harm": "passing", "j.safe_now": "not-sure"},
            {"score:phq-9.9": 2},
            {"score:phq-9.9": 3},
        ),
        ({"j.harm": "no"}, {"score:phq-9.9": 1}, {"score:phq-9.9": None}, {"j.harm": "passing", "j.safe_now": "yes"}),
        "j.harm",
    ),
    "X-SELFHARM-1": Case(
        ({"j.harm": "passing"}, {"score:phq-9.9": 1}),
        ({"j.harm": "no"}, {"score:phq-9.9": 0}, {"score:phq-9.9": None}),
        "j.harm",
    ),
    "X-DANGER": Case(
        ({"f.ongoing_danger": "yes"}, {"f.ongoing_danger": "not-sure"}),
        ({"f.ongoing_danger": "no"}, {}),
        "f.ongoing_danger",
        frozenset(("not-sure",)),
    ),
    "X-CHILD": Case(
        (
            {"f.ongoing_danger": "yes", AGE: 17},
            {"f.ongoing_danger": "not-sure", "a.who": "guardian"},
            {"f.ongoing_danger": "yes", "b.age": "teen", AGE: None},
            {"f.ongoing_danger": "yes", "a.who": "young", AGE: None},
        ),
        (
            {"f.ongoing_danger": "yes", AGE: 18},
            {"f.ongoing_danger": "no", AGE: 9},
            {"f.ongoing_danger": "yes", AGE: None},
        ),
        "f.ongoing_danger",
        frozenset(("not-sure",)),
        {AGE: 12},
    ),
    "X-NEURO": Case(
        tuple({"d.neuroflag": [code]} for code in ("headache", "weakness", "speech", "fainting", "vision", "bladder")),
        ({"d.neuroflag": ["none"]}, {}),
        "d.neuroflag",
    ),
    "C-BLEED": Case(
        ({"d.bleed": "yes"}, {"d.bleed": "yes", "d.bleed_when": "1998", ON: "2026-03-23"}),
        ({"d.bleed": "no"}, {"d.bleed_when": "2026-03"}, {}),
        "d.bleed",
        ALL,
    ),
    "C-ANEUR": Case(({"d.aneurysm": "yes"},), ({"d.aneurysm": "no"}, {}), "d.aneurysm", ALL),
    "C-SKULL": _yes("d.skull"),
    "C-CSF": _yes("d.lp"),
    "C-ICP": _yes("d.icp"),
    "C-NEUROSURG": _yes("d.headspine_op"),
    "C-CHIARI": _yes("d.chiari"),
    "P-PSYCH": Case(
        (
            {"i.reality": "yes"},
            {"i.mh_dx": ["psychosis"], "i.mh_now": "crisis", "i.reality": "no"},
            {"i.mh_dx": ["anxiety", "bipolar"], "i.mh_now": "difficult"},
            {"i.mh_dx": ["bipolar"], "i.mh_now": Answer(absent="declined")},
        ),
        (
            {"i.reality": "no"},
            {"i.reality": "no", "i.mh_dx": ["depression"], "i.mh_now": "crisis"},
            {"i.reality": "no", "i.mh_dx": ["psychosis"], "i.mh_now": "settled"},
            {"i.reality": "no", "i.mh_dx": ["bipolar"], "i.mh_now": "up-down"},
        ),
        "i.reality",
        ALL,
    ),
    "P-PSYCH-CST": Case(({"i.reality": "yes"},), ({"i.reality": "no"},), "i.reality", ALL),
    "P-TBI": _yes("d.headinj"),
    "P-TUMOUR": _yes("d.tumour"),
    "P-SEIZURE": _yes("d.seizure"),
    "P-BLOOD": Case(
        ({"d.clot": "yes"}, {"d.thinner": "yes"}, {"d.clot": "yes", "d.clot_current": "no"}),
        ({"d.clot": "no", "d.thinner": "no"}, {}),
        "d.clot",
    ),
    "P-HEART": _yes("d.heart"),
    "P-INFECT": _yes("d.infection"),
    "P-PREG": Case(({"d.preg": "yes"},), ({"d.preg": "no"}, {"d.preg": "na"}, {}), "d.preg"),
    "P-ACUTEINJ": Case(({"e.recent": True},), ({"e.recent": False}, {}), "e.recent"),
    "P-BONES": _yes("d.bones"),
    "P-IMPLANTS": _yes("d.implants"),
    "P-INFANT": Case(({AGE: 0}, {"b.age": "infant", AGE: None}), ({AGE: 1}, {AGE: None}, {"b.age": "child"}), "b.age"),
    "P-YOUNG": Case(
        ({"a.who": "young"}, {"a.who": "me", AGE: 17}),
        ({"a.who": "me"}, {"a.who": "me", AGE: None}, {"a.who": "guardian", AGE: 9}),
        "a.who",
        beside={AGE: 17},
    ),
    "P-NOTSEEN": Case(
        tuple({"c.duration": code, "c.checked": "not-yet"} for code in ("6w-3m", "3-12m", "gt1y", "years")),
        ({"c.duration": "lt6w", "c.checked": "not-yet"}, {"c.duration": "gt1y", "c.checked": "no-cause"}),
        "c.checked",
        beside={"c.duration": "years"},
    ),
    "P-DISSOC": Case(
        (
            {"i.away": "often"},
            {"i.away": "daily"},
            {"i.mh_dx": ["dissociative"]},
            {"f.effect": ["numb", "sudden"]},
        ),
        ({"i.away": "sometimes"}, {"i.away": "never"}, {"f.effect": ["numb"]}, {"f.effect": ["sudden", "tension"]}),
        "i.away",
    ),
    "P-PTSD": Case(
        ({"score:pc-ptsd-5": 3}, {"score:pc-ptsd-5": 5}, {"score:pcl-5": 31}, {"i.mh_dx": ["ptsd"]}),
        ({"score:pc-ptsd-5": 2}, {"score:pcl-5": 30}, {"score:pcl-5": None}, {"i.mh_dx": ["none"]}),
        "i.mh_dx",
    ),
    "P-NOSUPPORT": Case(
        ({"f.hard": "yes", "f.support": ["nobody"]},),
        ({"f.hard": "yes", "f.support": ["family"]}, {"f.hard": "no", "f.support": ["nobody"]}, {"f.hard": "yes"}),
        "f.support",
        beside={"f.hard": "yes"},
    ),
    "P-THERAPIST": Case(
        ({"f.therapist_ok": "not-yet"}, {"f.therapist_ok": "separate"}),
        ({"f.therapist_ok": "yes"}, {}),
        "f.therapist_ok",
    ),
    "P-SUBST": Case(({"i.subst": "yes"},), ({"i.subst": "little"}, {"i.subst": "no"}), "i.subst"),
    "P-HOSP": Case(({"i.hosp": "yes"}, {"i.meds_mh": "yes"}), ({"i.hosp": "no", "i.meds_mh": "no"},), "i.hosp"),
    "P-TOUCH": Case(
        ({"h.touch": ["neck"]}, {"h.touch": ["ask-each-time"]}, {"h.touch": Answer(absent="declined")}),
        ({"h.touch": []}, {"h.touch": ["none"]}, {}),
        "h.touch",
        frozenset(("declined", "in-person")),
    ),
    "P-SCOPE": Case(
        ({"i.mh_dx": ["ptsd"]}, {"i.away": "often"}, {"i.reality": "yes"}),
        ({"i.mh_dx": ["ptsd"], LICENSED: True}, {"i.mh_dx": ["anxiety"]}, {"i.reality": "no"}),
        "i.reality",
        ALL,
    ),
    "R-DIALOGUE": Case(({"h.dialogue": "quiet"},), ({"h.dialogue": "fine"}, {"h.dialogue": "little"}), "h.dialogue"),
    "R-INTENSITY": Case(
        ({"h.emotion": "not-sure"}, {"h.after": ["driving"]}, {"h.after": ["quiet", "plans"]}),
        ({"h.emotion": "talking"}, {"h.after": ["collected"]}),
        "h.emotion",
        frozenset(("not-sure",)),
    ),
    "R-READY": Case(
        ({"h.interest": "open"}, {"h.interest": "ser"}),
        ({"h.interest": "cst"}, {"h.interest": "not-sure"}),
        "h.interest",
    ),
    "R-CST-ONLY": Case(({"h.interest": "cst"},), ({"h.interest": "ser"}, {"h.interest": "not-sure"}), "h.interest"),
    "F-INJURY": Case(
        ({"e.any": ["fall"]}, {"e.any": ["work"]}, {"e.any": ["operation", "injury"]}),
        ({"e.any": ["vehicle"]}, {"e.any": ["none"]}),
        "e.any",
    ),
    "F-CRASH": Case(({"e.any": ["vehicle"]},), ({"e.any": ["fall"]}, {"e.any": ["none"]}), "e.any"),
    "F-SURGERY": Case(({"e.any": ["operation"]},), ({"e.any": ["dental"]}, {"e.any": ["none"]}), "e.any"),
    "F-LIFE": Case(({"f.hard": "yes"},), ({"f.hard": "no"}, {"f.hard": "not-sure"}), "f.hard"),
    "F-TIMING": Case(
        ({"f.when": ["childhood"]}, {"e.item.when@operation": "1-5y"}), ({"f.when": []}, {"f.hard": "yes"}), "f.when"
    ),
    "F-CHRONIC": Case(
        ({"c.duration": "3-12m", "c.cause_known": "no"}, {"c.duration": "years", "c.cause_known": "partly"}),
        ({"c.duration": "6w-3m", "c.cause_known": "no"}, {"c.duration": "gt1y", "c.cause_known": "yes"}),
        "c.cause_known",
        beside={"c.duration": "gt1y"},
    ),
    "F-AFTERINJ": Case(
        ({"e.item.still@operation": "no", "e.item.still@fall": "sometimes"}, {"e.item.still@fall": "yes"}),
        ({"e.item.still@fall": "no"}, {}),
        "e.item.still@fall",
    ),
    "F-LINKED": Case(({"c.linked": "yes"}, {"c.linked": "maybe"}), ({"c.linked": "no"},), "c.linked"),
    "F-STRESS": Case(
        ({"c.stress_worse": "often"}, {"g.stress": 7}, {"g.tension": 8}, {"g.worry": 10}),
        ({"c.stress_worse": "sometimes", "g.stress": 6, "g.tension": 0, "g.worry": 6}, {}),
        "c.stress_worse",
    ),
    "F-RESIDUE": Case(
        ({"f.stuck": "maybe"}, {"f.stuck": "yes"}, {"f.effect": ["tension"]}),
        ({"f.stuck": "no"}, {"f.effect": ["none"]}),
        "f.stuck",
    ),
}

# rule, item with the day, the answer to the rule's own item: within on the last day, past one day later.
DATED = (
    ("C-BLEED", "d.bleed", "d.bleed_when", "2026-01-31", "2026-07-31", "2026-08-01"),
    ("C-BLEED", "d.bleed", "d.bleed_when", "2025", "2026-06-30", "2026-07-01"),
    ("C-SKULL", "d.skull", "d.skull_when", "2026-02", "2026-08-28", "2026-08-29"),
    ("C-CSF", "d.lp", "d.lp_when", "2026-01-10", "2026-04-10", "2026-04-11"),
    ("C-CSF", "d.lp", "d.lp_when", "2025-11", "2026-02-28", "2026-03-01"),
    ("C-NEUROSURG", "d.headspine_op", "d.headspine_op_when", "2026-01-01", "2026-04-01", "2026-04-02"),
)

# rule, what was said, the axis, severity or points it then has.
TURNS: tuple[tuple[str, Told, str], ...] = (
    ("X-DANGER", {"f.ongoing_danger": "yes"}, "high"),
    ("X-DANGER", {"f.ongoing_danger": "yes", "j.safe_now": "yes"}, "high"),
    ("X-DANGER", {"f.ongoing_danger": "yes", "j.safe_now": "no"}, "critical"),
    ("X-DANGER", {"f.ongoing_danger": "yes", "j.safe_now": Answer(absent="declined")}, "critical"),
    ("P-SEIZURE", {"d.seizure": "yes", "d.seizure_controlled": "yes"}, "moderate"),
    ("P-SEIZURE", {"d.seizure": "yes", "d.seizure_controlled": "no"}, "high"),
    ("P-SEIZURE", {"d.seizure": "yes", "d.seizure_controlled": Answer(absent="in-person")}, "high"),
    ("P-BLOOD", {"d.clot": "yes"}, "caution"),
    ("P-BLOOD", {"d.clot": "yes", "d.clot_current": "yes"}, "contra"),
    ("P-PREG", {"d.preg": "yes", "d.preg_risk": "no"}, "moderate"),
    ("P-PREG", {"d.preg": "yes", "d.preg_risk": "yes"}, "high"),
    ("P-PTSD", {"i.mh_dx": ["ptsd"], "i.mh_now": "settled"}, "moderate"),
    ("P-PTSD", {"i.mh_dx": ["ptsd"], "i.mh_now": "difficult"}, "high"),
    ("P-HOSP", {"i.meds_mh": "yes"}, "moderate"),
    ("P-HOSP", {"i.hosp": "yes"}, "high"),
    ("F-LINKED", {"c.linked": "yes"}, "2 points"),
    ("F-LINKED", {"c.linked": "maybe"}, "1 points"),
)
