"""What the pages about flag rules send, each as one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from saas.admin import OfficeForm
from saas.errors import Invalid
from saas.languages import LANGUAGES
from saas.words import _
from saas.words import later as _l
from tenants.intake.flags import RULE_AXES, SEVERITIES, Ask, Clause, Either, Every, Rule, Severity, Source, rank
from tenants.intake.questions import NOT_SURE, Item, Option
from tenants.intake.reading import choices
from tenants.intake.rule_editing import WORDS, RuleChange, own_id, thresholds_of
from tenants.questionnaires.rule_words import AXIS_WORDS, SEVERITY_WORDS

UNKNOWN = "~unknown"
"""The tick for an answer that is not known."""
MOST_QUESTIONS = 4
CHOSEN_KINDS = ("yn4", "bool", "single", "multi", "bodymap")
RULE_KINDS = (*CHOSEN_KINDS, "scale")
"""The kinds of question that a rule of the clinic's own may look at."""
_OURS = Source(
    "own", {"en": "A rule of the clinic’s own.", "es": "Una regla propia de la consulta."}
)  # kept with the flags: by language, not gettext's
_WHY = {"en": "The clinic has decided to look at this.", "es": "La consulta ha decidido mirar esto."}


class PressForm(OfficeForm):
    """A button on a page that asks: nothing but its token."""


class ReasonForm(OfficeForm):
    """Why a locked rule is switched off."""

    reason = TextAreaField()


class RuleForm(OfficeForm):
    """What every rule has; `form_for` adds its texts by language and its numbers."""

    severity = SelectField(validate_choice=False)
    weight = StringField()
    enabled = BooleanField()
    seen = HiddenField()

    def whole(self, name: str) -> int:
        """A whole number as typed; -1, with a sentence beside the field, for what is none."""
        typed = (self._fields[name].data or "").strip()
        if typed.isascii() and typed.isdecimal() and len(typed) < 6:
            return int(typed)
        self.put_errors({name: _("Enter a whole number, such as 3")})
        return -1

    def request(self, rule: Rule) -> RuleChange:
        """The rule as typed; where a number cannot be read, its sentence is beside it."""
        texts = {
            name: {code: self._fields[f"{name}-{code}"].data or "" for code in LANGUAGES}
            for name in WORDS
        }  # fmt: skip
        return RuleChange(
            severity=self.severity.data or "",
            weight=self.whole("weight") if rule.axis == "fit" else 0,
            enabled=rule.enabled if rule.locked else bool(self.enabled.data),
            thresholds={one.key: self.whole(one.key) for one in thresholds_of(rule)},
            texts=texts,
        )


def form_for(rule: Rule, first: Rule) -> type[RuleForm]:
    """The form of one rule: its own numbers, its texts in each language, and the severities it may have."""
    fields: dict[str, Any] = {one.key: StringField() for one in thresholds_of(rule)}
    for name in WORDS:
        kind = StringField if name == "title" else TextAreaField
        fields |= {f"{name}-{code}": kind() for code in LANGUAGES}
    lowest = rank(first.severity) if rule.locked else 0
    fields["severity"] = SelectField(
        choices=[SelectChoice(one, SEVERITY_WORDS[one]) for one in SEVERITIES[lowest:]], validate_choice=False
    )
    return type("OneRuleForm", (RuleForm,), fields)


def rule_data(rule: Rule) -> dict[str, Any]:
    """What the form of a rule shows at first."""
    texts = {f"{name}-{code}": getattr(rule, name).get(code, "") for name in WORDS for code in LANGUAGES}
    numbers = {one.key: str(one.value) for one in thresholds_of(rule)}
    return {"severity": rule.severity, "weight": str(rule.weight), "enabled": rule.enabled, **numbers, **texts}


def bands_form(count: int) -> type[RuleForm]:
    """Where each band begins; the first is 0 and has no field."""
    return type("BandsForm", (RuleForm,), {f"band-{place}": StringField() for place in range(1, count)})


class OwnRuleForm(OfficeForm):
    """A rule of the clinic's own; what is asked of each question comes beside the fields here."""

    title = StringField()
    explain = TextAreaField()
    next_step = TextAreaField()
    axis = SelectField(
        choices=[SelectChoice(one, AXIS_WORDS[one]) for one in ("caution", "fit", "contra", "acute")],
        validate_choice=False,
    )
    severity = SelectField(
        choices=[SelectChoice(one, SEVERITY_WORDS[one]) for one in SEVERITIES], validate_choice=False
    )
    weight = StringField()
    match = RadioField(
        choices=[SelectChoice("all", _l("All of them hold")), SelectChoice("any", _l("At least one holds"))],
        validate_choice=False,
    )


def ticks_of(item: Item) -> list[tuple[str, Option]]:
    """The answers to a question that can be ticked, by code."""
    return [(option.code, option) for option in choices(item) if option.code != NOT_SURE]


def own_rule(
    form: OwnRuleForm, asked: Sequence[Item], typed: Mapping[str, list[str]], *, taken: Iterable[str], language: str
) -> Rule:
    """The rule as put together; `Invalid` with a sentence for each field. `typed`: the whole form."""
    faults: dict[str, str] = {}
    tests: list[Clause] = []
    for place, item in enumerate(asked):
        test = _test(item, typed.get(f"c-{place}", []), typed.get(f"n-{place}", []), typed.get(f"d-{place}", []))
        if test is None:
            faults[f"q{place}"] = _("Choose at least one answer to look for")
        else:
            tests.append(test)
    title = " ".join((form.title.data or "").split())
    step = " ".join((form.next_step.data or "").split())
    if not 0 < len(title) <= 120:
        faults["title"] = _("Enter a title of at most %(limit)d characters", limit=120)
    if not 0 < len(step) <= 900:
        faults["next_step"] = _("Say what the practitioner should do, in at most %(limit)d characters", limit=900)
    axis = next((one for one in RULE_AXES if one == form.axis.data), None)
    severity: Severity | None = next((one for one in SEVERITIES if one == form.severity.data), None)
    weight = (form.weight.data or "0").strip() or "0"
    if axis is None or severity is None:
        faults["axis" if axis is None else "severity"] = _("Choose from the list")
    if not (weight.isascii() and weight.isdecimal() and int(weight[:4]) <= 20):
        faults["weight"] = _("Enter a whole number from %(lo)d to %(hi)d", lo=0, hi=20)
    told = " ".join((form.explain.data or "").split()) or " ".join(
        f"{_quoted(item, language)}: {{{item.id}}}." for item in asked
    )
    if len(told) > 900:
        faults["explain"] = _("A text of at most %(limit)d characters is needed here", limit=900)
    if faults or axis is None or severity is None:
        raise Invalid(_("Some answers need another look"), fields=faults)
    whole = Every(tuple(tests)) if form.match.data != "any" else Either(tuple(tests))
    return Rule(
        id=own_id(title, frozenset(taken)),
        axis=axis,
        severity=severity,
        title={language: title},
        when=tests[0] if len(tests) == 1 else whole,
        explain={language: told},
        why=_WHY,
        source=_OURS,
        next_step={language: step},
        weight=int(weight) if axis == "fit" else 0,
        own=True,
    )


def _quoted(item: Item, language: str) -> str:
    asks = item.text.get(language) or next(iter(item.text.values()), item.id)
    return asks.rstrip(" ?:.").replace("{", "").replace("}", "")


def _test(item: Item, ticked: list[str], number: list[str], way: list[str]) -> Clause | None:
    """What is looked for in one question; None when nothing is."""
    parts: list[Clause] = [Ask("q", item.id, "unknown")] if UNKNOWN in ticked else []
    if item.kind == "scale":
        typed = (number[0] if number else "").strip()
        if typed.isascii() and typed.isdecimal() and len(typed) < 4:
            parts.insert(0, Ask("q", item.id, "<=" if way[:1] == ["<="] else ">=", int(typed)))
    else:
        codes = tuple(code for code, _option in ticks_of(item) if code in ticked)
        if item.kind == "bool":
            parts = [*(Ask("q", item.id, "=", code == "yes") for code in codes), *parts]
        elif codes:
            parts.insert(0, Ask("q", item.id, "has" if item.kind in ("multi", "bodymap") else "in", codes))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Either(tuple(parts))
