"""Everything a client answered, in words: for the page on which they look it over before they send it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from saas.words import _
from tenants.intake.answer_rows import Said
from tenants.intake.asking import Paper, Typed, asked_now, is_given
from tenants.intake.flag_words import written_day
from tenants.intake.forms import drawn_of
from tenants.intake.questions import Answer, Item, Part
from tenants.intake.reading import choices
from tenants.intake.sent import Upload
from tenants.intake.standard import OPT_OUT_TEXTS
from tenants.intake.views import Reader, locks_of

_BLANK = Answer()


@dataclass(frozen=True)
class Line:
    """One answer in words, for the page on which everything is looked over. `refused`: an agreement that is needed, and
    that the client has said no to."""

    key: str
    words: str
    answer: str
    part: str
    drawn: str = ""
    missing: bool = False
    refused: bool = False


def lines_of(
    paper: Paper, said: Mapping[str, Said], reader: Reader, lacking: Collection[str]
) -> list[tuple[Part, str, list[Line], list[str]]]:
    """Everything that was answered, by part: (part, its title, its lines, titles of its sections that stay shut)."""
    locks = locks_of(paper, said, reader)
    answers = locks.seen(paper, said)
    asked = [key for key in asked_now(paper, answers) if not locks.shut(paper, key)]
    # What only a locked answer brings up is no line of its own: its section is named among those that stay shut.
    behind = {at.section.id for key in lacking if key not in asked and (at := paper.place(key)) is not None}
    shut_ids = locks.sections | locks.partly | behind
    found = []
    for part in paper.form.parts:
        lines = []
        for key in asked:
            if paper.places[key.partition("@")[0]].part.id != part.id:
                continue
            answer = answers.get(key)
            if is_given(answer) or key in lacking:
                lines.append(_line(paper, key, answer or _BLANK, reader, part, missing=key in lacking))
        shut = [reader.say(one.title) for one in part.sections if one.id in shut_ids]
        found.append((part, reader.say(part.title), lines, shut))
    return found


def sent_in_words(paper: Paper, typed: Mapping[str, Typed], reader: Reader) -> list[tuple[str, str]]:
    """(question, what was written) of everything that was sent with something in it, as it was sent."""
    found = []
    for key, sent in typed.items():
        place = paper.place(key)
        if place is None:
            said, words = " ".join(sent.values), ""
        else:
            answer = Answer(sent.values, note=sent.note)
            said, words = answer_in_words(place.item, answer, reader), reader.say(place.item.text)
        if isinstance(sent.file, Upload):
            said = _("%(name)s (this file was not kept)", name=sent.file.name)
        if said.strip():
            found.append((words, said))
    return found


def _line(paper: Paper, key: str, answer: Answer, reader: Reader, part: Part, *, missing: bool) -> Line:
    place = paper.places[key.partition("@")[0]]
    item, row = place.item, key.partition("@")[2]
    words = reader.say(item.text)
    of = paper.places.get(place.group.rows_of) if place.group is not None and row else None
    if of is not None:
        named = {one.code: one.text for one in choices(of.item)}
        words = f"{reader.say(named.get(row, {}))}: {words}"
    else:
        around = next((one for one in place.section.items if one.kind == "group" and item in one.items), None)
        words = f"{reader.say(around.text)}: {words}" if around is not None and around.text else words
    drawn = drawn_of(answer.note) if item.kind == "signature" else ""
    refused = missing and item.kind == "consent" and answer.value is False
    return Line(key, words, answer_in_words(item, answer, reader), part.id, drawn, missing, refused)


def answer_in_words(item: Item, answer: Answer, reader: Reader) -> str:
    """An answer as people read it."""
    named = {one.code: reader.say(one.text) for one in choices(item)}
    if answer.absent == "not-asked":
        said = ""
    elif answer.absent:
        said = reader.say(OPT_OUT_TEXTS[answer.absent])
    elif isinstance(answer.value, bool):
        yes, no = (_("I agree"), _("I don’t agree")) if item.kind == "consent" else (named["yes"], _("No"))
        said = yes if answer.value else no
    elif isinstance(answer.value, tuple):
        said = ", ".join(named.get(one, one) for one in answer.value)
    elif item.kind == "scale" and answer.value is not None:
        said = _("%(number)s of %(highest)s", number=answer.value, highest=item.hi)
    elif item.kind in ("date", "monthyear"):
        said = written_day(str(answer.value or ""), reader.lang)
    else:
        said = "" if answer.value is None else named.get(str(answer.value), str(answer.value))
    note = "" if item.kind == "signature" else answer.note
    return ". ".join(one for one in (said, note) if one)
