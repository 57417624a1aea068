"""The words that every questionnaire shares: yes and no, the two opt-outs, the areas of the body. Pure.

They are data by language, as questionnaires are: answers are read with them for as long as they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from tenants.intake.questions import BODY_AREAS, NO, NOT_SURE, YES, Absent, Option, Texts

_YES = Option(YES, {"en": "Yes", "es": "Sí"})
_NO = Option(NO, {"en": "No", "es": "No"})
YES_NO_OPTIONS = (_YES, _NO)
YN4_OPTIONS = (_YES, _NO, Option(NOT_SURE, {"en": "Not sure", "es": "No lo sé"}))
OPT_OUT_TEXTS: Mapping[Absent, Texts] = {
    "declined": {"en": "I’d rather not say", "es": "Prefiero no decirlo"},
    "in-person": {"en": "I’d prefer to talk about this in person", "es": "Prefiero hablarlo en persona"},
}
_AREAS: Mapping[str, tuple[str, str]] = {
    "head": ("Head", "Cabeza"),
    "face": ("Face", "Cara"),
    "jaw": ("Jaw or mouth", "Mandíbula o boca"),
    "neck": ("Neck", "Cuello y nuca"),
    "throat": ("Throat", "Garganta"),
    "shoulder": ("Shoulders", "Hombros"),
    "arm": ("Arms", "Brazos"),
    "hand": ("Hands", "Manos"),
    "chest": ("Chest", "Pecho"),
    "upper-back": ("Upper back", "Parte alta de la espalda"),
    "belly": ("Belly", "Vientre"),
    "lower-back": ("Lower back", "Parte baja de la espalda"),
    "pelvis": ("Pelvis", "Pelvis"),
    "hip": ("Hips", "Caderas"),
    "leg": ("Legs", "Piernas"),
    "knee": ("Knees", "Rodillas"),
    "foot": ("Feet", "Pies"),
}
BODY_OPTIONS = tuple(Option(code, dict(zip(("en", "es"), _AREAS[code], strict=True))) for code in BODY_AREAS)
