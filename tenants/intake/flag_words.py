"""What flags say: a rule's explanation with the client's own answers put in, in each of its languages. Pure.

These sentences stand in stored flags, which outlive any page; so they are data by language, as questionnaires are, and
not gettext's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date, format_skeleton

from tenants.intake.flags import Facts, Flag, Input, Label, Labels, Rule, Source
from tenants.intake.questions import NOT_SURE, Answer, Texts, in_language

LONGEST_QUOTE = 160
_PLACE = re.compile(r"\{([^{}]+)\}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"\d{4}-\d{2}")

SAID: Mapping[str, Texts] = {
    "declined": {"en": "would rather not say", "es": "prefiere no decirlo"},
    "in-person": {"en": "prefers to talk about it in person", "es": "prefiere hablarlo en persona"},
    "not-asked": {"en": "no answer", "es": "sin respuesta"},
    "not-put": {"en": "not asked", "es": "no se preguntó"},
    NOT_SURE: {"en": "not sure", "es": "no lo sabe"},
    "yes": {"en": "yes", "es": "sí"},
    "no": {"en": "no", "es": "no"},
    "no-session": {"en": "no date yet", "es": "sin fecha todavía"},
    "no-score": {"en": "cannot be scored", "es": "no se puede puntuar"},
}
OURS = Source(
    "own",
    {
        "en": "Our own rule: what was not said never counts as no.",
        "es": "Regla propia: lo que no se ha dicho nunca cuenta como un no.",
    },
)


@dataclass(frozen=True)
class Words:
    """The answers at hand, ready to be quoted."""

    facts: Facts
    labels: Labels
    rows: Mapping[str, tuple[str, ...]]

    def explained(self, template: Texts) -> Texts:
        """The template with every place filled, in each of its languages."""
        return {
            language: _PLACE.sub(lambda found: self._place(found[1], language), words)  # noqa: B023 - used at once
            for language, words in template.items()
        }

    def _place(self, name: str, language: str) -> str:
        facts = self.facts
        if name == "age":
            return _in(language, "not-asked") if facts.age is None else str(facts.age)
        if name == "session_date":
            return _day(facts.session_date, language) if facts.session_date else _in(language, "no-session")
        if name.startswith("score:"):
            return self._score(name.partition(":")[2], language)
        keys = self.rows.get(name, ())
        if not keys:
            return _in(language, "not-asked" if name.partition("@")[0] in facts.asked else "not-put")
        label = self.labels.get(name) or self.labels.get(name.partition("@")[0]) or Label({})
        said = dict.fromkeys(quoted(facts.answers[key], label, language) for key in keys)
        return "; ".join(said)

    def _score(self, name: str, language: str) -> str:
        scores = self.facts.scores
        if name not in scores:
            return _in(language, "not-put")
        score = scores[name]
        return _in(language, "no-score") if score is None else f"{score:g}"


def quoted(answer: Answer | None, label: Label, language: str) -> str:
    """An answer as the client saw it: the words of its choices, their own words in quotation marks."""
    if answer is None or answer.absent or answer.value in (None, "", ()):
        return _in(language, answer.absent or "not-asked" if answer else "not-asked")
    value = answer.value
    if isinstance(value, bool):
        return _in(language, "yes" if value else "no")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return ", ".join(_choice(code, label, language) for code in value)
    return _choice(value, label, language)


def _choice(code: str, label: Label, language: str) -> str:
    if code in label.options:
        return in_language(label.options[code], language)
    if code in SAID:
        return _in(language, code)
    if _DAY.fullmatch(code) or _MONTH.fullmatch(code):
        return written_day(code, language)
    if label.options or code.isdecimal():
        return code
    shown = code if len(code) <= LONGEST_QUOTE else f"{code[: LONGEST_QUOTE - 1].rstrip()}…"
    return f"“{shown}”" if language != "es" else f"«{shown}»"


def written_day(text: str, language: str) -> str:
    """A day or a month as an answer holds it, as people write it; anything else as it is."""
    try:
        if _DAY.fullmatch(text):
            return _day(date.fromisoformat(text), language)
        if _MONTH.fullmatch(text):
            return str(format_skeleton("yMMMM", date.fromisoformat(f"{text}-01"), locale=language))
    except ValueError:  # a thirteenth month
        return text
    return text


def _day(day: date, language: str) -> str:
    return str(format_date(day, "long", locale=language))


def _in(language: str, key: str) -> str:
    return in_language(SAID[key], language)


def confirm_recovered(rule: Rule) -> tuple[Texts, Texts]:
    """Title and next step of a dated rule whose time is over on the session's day."""
    title = {"en": "Confirm recovered: {title}", "es": "Confirmar la recuperación: {title}"}
    step = {
        "en": "On the day of the session the usual waiting time is over. Ask how they are now, and whether a doctor has"
        " said that all is well.",
        "es": "El día de la sesión ya ha pasado el tiempo de espera habitual. Pregunte cómo está ahora y si un médico"
        " ha dicho que todo va bien.",
    }
    titles = {
        language: in_language(title, language).replace("{title}", words) for language, words in rule.title.items()
    }
    return titles, {language: in_language(step, language) for language in rule.title}


def about_item(id: str, label: Label, answer: Answer | None, *, acute: bool = False, talk: bool = False) -> Flag:
    """A safety item without an answer (axis unknown); with `talk`, a line of the talk-list (T-TALK)."""
    languages = tuple(label.text) or tuple(SAID[NOT_SURE])
    asked = {language: in_language(label.text, language) or id for language in languages}
    title = (
        {"en": "To talk about: {asked}", "es": "Para hablar: {asked}"}
        if talk
        else {"en": "Ask in person: {asked}", "es": "Preguntar en persona: {asked}"}
    )
    explained = {"en": "The client's answer: {said}.", "es": "Respuesta del cliente: {said}."}
    why = (
        {"en": "The client asked to speak about this in person.", "es": "El cliente ha pedido hablarlo en persona."}
        if talk
        else {
            "en": "Safety questions without an answer are asked before hands-on work.",
            "es": "Las preguntas de seguridad sin respuesta se hacen antes del trabajo con las manos.",
        }
    )
    step = (
        {"en": "Offer a quiet moment for it.", "es": "Ofrezca un momento tranquilo para ello."}
        if talk
        else {"en": "Ask before hands-on work begins.", "es": "Pregunte antes de empezar el trabajo con las manos."}
    )
    return Flag(
        id=f"{'T-TALK' if talk else 'U'}:{id}",
        axis="talk" if talk else "unknown",
        severity="info" if talk else "high" if acute else "moderate",
        title={one: in_language(title, one).replace("{asked}", asked[one]) for one in languages},
        explanation={
            one: in_language(explained, one).replace("{said}", quoted(answer, label, one)) for one in languages
        },
        why=why,
        source=OURS,
        next_step=step,
        inputs=(Input("q", id, answer),),
    )


def about_unknown_age() -> Flag:
    """Nobody knows how old the client is, and a rule asks."""
    return Flag(
        id="U:age",
        axis="unknown",
        severity="moderate",
        title={"en": "Ask in person: date of birth", "es": "Preguntar en persona: fecha de nacimiento"},
        explanation={"en": "The age is not known.", "es": "No se sabe la edad."},
        why={
            "en": "Babies and children need a practitioner with the training for it.",
            "es": "Los bebés y los niños necesitan un profesional con formación para ello.",
        },
        source=OURS,
        next_step={"en": "Ask how old the client is.", "es": "Pregunte qué edad tiene el cliente."},
        inputs=(Input("age", "years", None),),
    )


def about_score(name: str) -> Flag:
    """An instrument was asked, and what was answered is not enough to score it."""
    return Flag(
        id=f"U:{name}",
        axis="unknown",
        severity="moderate",
        title={"en": f"Cannot be scored: {name.upper()}", "es": f"No se puede puntuar: {name.upper()}"},
        explanation={
            "en": "Some of its questions have no answer, so there is no total.",
            "es": "Algunas de sus preguntas no tienen respuesta, así que no hay total.",
        },
        why={
            "en": "A rule would look at the total. A missing one is not a low one.",
            "es": "Una regla miraría el total. Si falta, no significa que sea bajo.",
        },
        source=OURS,
        next_step={"en": "Ask in person.", "es": "Pregunte en persona."},
        inputs=(Input("score", name, None),),
    )
