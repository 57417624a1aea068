"""What a part of the questions shows, as plain values: sections with their notices, questions with their answers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tenants.clients.models import Client
from tenants.intake.answer_rows import Said, mark_for
from tenants.intake.asking import (
    IN_PERSON,
    Paper,
    Typed,
    as_test,
    asked_now,
    closing,
    decided,
    is_closed,
    is_given,
    is_urgent,
    to_confirm,
)
from tenants.intake.consents import filled
from tenants.intake.forms import drawn_of
from tenants.intake.locks import Locks, locks_for
from tenants.intake.questions import Absent, Answer, Item, Option, Part, Section, Texts, in_language, skip_key
from tenants.intake.reading import choices
from tenants.intake.showing import guardian_answers, sections_shown, visible, young_answers
from tenants.intake.standard import OPT_OUT_TEXTS

_BLANK = Answer()


@dataclass(frozen=True)
class Choice:
    """One thing to tick. `out`: an opt-out. `alone`: nothing else goes with it."""

    code: str
    words: str
    ticked: bool
    out: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Question:
    """One item of a page; `shown` says whether it stands there now, `when` when the script shows it."""

    key: str
    kind: str
    words: str
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    outs: tuple[Choice, ...] = ()
    value: str = ""
    note: str = ""
    may_note: bool = False
    mark: str = ""
    fault: str = ""
    shown: bool = True
    when: str = ""
    low: str = ""
    high: str = ""
    acute: bool = False
    urgent: bool = False
    document: str = ""
    drawn: str = ""
    rows: str = ""
    legend: str = ""
    inside: tuple[Question, ...] = ()


@dataclass(frozen=True)
class SectionView:
    """A section as the page shows it: its notice alone (`closed`), or its questions; `locked` where something was
    answered that is not shown; `folded` where an update has nothing to ask there."""

    id: str
    title: str
    intro: str
    notice: str
    closed: bool
    locked: bool
    skipped: bool
    folded: bool
    sensitive: bool
    crisis: bool
    can_talk: bool
    can_skip: bool
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Reader:
    """For whom a page is drawn: the language, what the clinic's names stand for, what is already known of the client,
    whether earlier answers may be shown, in which sitting, and when they were sent."""

    lang: str
    names: Mapping[str, str]
    known: Mapping[str, str] = field(default_factory=dict)
    sitting: str = ""
    opened: bool = False
    sent: datetime | None = None

    def say(self, texts: Texts) -> str:
        """The text in the reader's language, with the clinic's names in it."""
        return filled(in_language(texts, self.lang), self.names) if texts else ""


@dataclass(frozen=True)
class Sent:
    """What a form just sent that could not be kept: shown again as it was typed, with the sentence beside it. `stale`:
    nothing of it was, so that all of it is shown again."""

    typed: Mapping[str, Typed] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    stale: bool = False


def prefills(client: Client) -> dict[str, str]:
    """What an item may be filled in with beforehand, by the name its `prefill` gives."""
    return {
        "name": client.name, "called": client.known_as or client.name.partition(" ")[0], "email": client.email,
        "phone": client.phone, "locale": client.locale.partition("_")[0],
    }  # fmt: skip


def locks_of(paper: Paper, said: Mapping[str, Said], reader: Reader) -> Locks:
    """What this reader may neither see nor change without a second proof."""
    return locks_for(paper, said, sitting=reader.sitting, opened=reader.opened, sent=reader.sent)


class Page:
    """One look at a part, drawn from what stands."""

    def __init__(
        self, paper: Paper, part: Part, said: Mapping[str, Said], reader: Reader, *, sent: Sent | None = None,
        update: bool = False,
    ) -> None:  # fmt: skip
        self.paper, self.part, self.reader = paper, part, reader
        self.said = said
        self.standing = {key: one.answer for key, one in said.items()}
        self.locks = locks_of(paper, said, reader)
        self.answers = self.locks.seen(paper, said)
        self.sent = sent or Sent()
        self.update = update
        self.order = visible(paper.form, self.answers)
        self.shown = frozenset(self.order)
        self.guardian = guardian_answers(paper.form, self.answers)
        self.young = young_answers(paper.form, self.answers)
        self.here = frozenset(
            id for id, place in paper.places.items() if place.part.id == part.id and not self.locks.shut(paper, id)
        )

    @property
    def takes_files(self) -> bool:
        """Whether this part asks for a file."""
        return any(self.paper.places[id].item.kind == "file" for id in self.here)

    def sections(self) -> list[SectionView]:
        """What the page shows, in order; sections that are not offered with these answers are left out."""
        offered = set(sections_shown(self.paper.form, self.answers))
        last = {one.id for one in closing(self.paper)}
        asking = [one for one in self.part.sections if one.id in offered - last and any(i.enabled for i in one.items)]
        return [self._section(one) for one in asking]

    def _section(self, section: Section) -> SectionView:
        skip = self.answers.get(skip_key(section.id))
        skipped = skip is not None and skip.value is True
        closed = is_closed(section, self.answers)
        whole = section.id in self.locks.sections
        drawn = not (closed or whole or skipped)
        locked = whole or (drawn and section.id in self.locks.partly)
        say = self.reader.say
        return SectionView(
            id=section.id,
            title=say(section.title),
            intro=say(section.intro),
            notice=say(section.notice),
            closed=closed,
            locked=locked,
            skipped=skipped,
            folded=self.update and drawn and not locked and not to_confirm(section, self._before()),
            sensitive=section.sensitive,
            crisis=section.crisis_box,
            can_talk=decided(section, IN_PERSON) is not None,
            can_skip=decided(section, "skip") is not None,
            questions=tuple(self._questions(section.items)) if drawn else (),
        )

    def _before(self) -> dict[str, Answer]:
        return {key: one.answer for key, one in self.said.items() if not one.sitting}

    def _questions(self, items: Collection[Item], row: str = "") -> Iterator[Question]:
        for item in items:
            if not item.enabled or (f"{item.id}@{row}" if row else item.id) in self.locks.keys:
                continue
            if item.rows_of:
                yield self._rows(item)
            elif item.items or item.kind == "group":
                yield replace(self._plain(item, row), inside=tuple(self._questions(item.items, row)))
            else:
                yield self._question(item, row)

    def _rows(self, item: Item) -> Question:
        of = self.paper.places.get(item.rows_of)
        options = {one.code: one.text for one in choices(of.item)} if of else {}
        rows = [key.partition("@")[2] for key in self.order if key.startswith(f"{item.id}@")]
        inside = tuple(
            Question(
                key=f"{item.id}@{code}", kind="row", words=self.reader.say(options.get(code, {})),
                inside=tuple(self._questions(item.items, code)),
            )
            for code in rows
        )  # fmt: skip
        return replace(self._plain(item, ""), kind="rows", rows=item.rows_of, shown=bool(rows), when="", inside=inside)

    def _plain(self, item: Item, row: str) -> Question:
        key = f"{item.id}@{row}" if row else item.id
        fit = item.guardian_text if self.guardian else item.young_text if self.young else {}
        return Question(
            key=key,
            kind=item.kind,
            words=self.reader.say(fit or item.text),
            hint=self.reader.say(item.help),
            shown=key in self.shown,
            when=self._when(item) if not row else "",
        )

    def _when(self, item: Item) -> str:
        if item.when is None:
            return ""
        test = as_test(item.when, self.answers, self.here)
        return "" if isinstance(test, bool) else json.dumps(test, separators=(",", ":"))

    def _question(self, item: Item, row: str) -> Question:
        plain = self._plain(item, row)
        key = plain.key
        stands = self.answers.get(key, _BLANK)
        answer, typed, note = stands, "", stands.note
        if key in (self.sent.typed if self.sent.stale else self.sent.faults):
            sent = self.sent.typed[key]
            answer, typed, note = Answer(tuple(sent.values), absent=_out(sent)), " ".join(sent.values), sent.note
            if item.kind == "file":
                typed = str(stands.value or "")
        elif not is_given(stands) and item.prefill and key not in self.said:
            answer = Answer(self.reader.known.get(item.prefill, ""))
        ticked = _ticked(answer)
        out = item.may_decline and item.kind != "display"
        return replace(
            plain,
            choices=tuple(
                Choice(one.code, self.reader.say(one.text), one.code in ticked, alone=one.exclusive)
                for one in _options(item)
            ),
            outs=tuple(
                Choice(code, self.reader.say(OPT_OUT_TEXTS[code]), answer.absent == code, out=True, alone=True)
                for code in OPT_OUT_TEXTS
            )
            if out
            else (),
            value=typed or ("" if answer.value is None or isinstance(answer.value, tuple) else str(answer.value)),
            note=note if item.kind != "signature" else "",
            drawn=drawn_of(note) if item.kind == "signature" else "",
            may_note=item.note,
            mark=mark_for(stands),
            fault=self.sent.faults.get(key, ""),
            low=self.reader.say(item.lo_text),
            high=self.reader.say(item.hi_text),
            acute=item.acute,
            urgent=is_urgent(item, stands),
            document=self.reader.say(self.paper.form.documents.get(item.document, {})),
        )

    def new_keys(self, seen: Collection[str]) -> list[str]:
        """The keys of this part that may be answered now and were not on the page that was sent."""
        waiting = {one.id for one in self.part.sections if is_closed(one, self.answers)} | self.locks.sections
        found = []
        for key in asked_now(self.paper, self.answers):
            place = self.paper.places[key.partition("@")[0]]
            if place.part.id != self.part.id or key in seen or place.section.id in waiting:
                continue
            if key not in self.locks.keys:
                found.append(key)
        return found


def _out(sent: Typed) -> Absent:
    return next((one for one in OPT_OUT_TEXTS if one in (sent.absent, *sent.values)), "")


def _options(item: Item) -> tuple[Option, ...]:
    if item.kind == "scale":
        lo, hi = item.lo or 0, 10 if item.hi is None else item.hi
        return tuple(Option(str(n), {"en": str(n)}) for n in range(lo, hi + 1))
    return choices(item) if item.kind != "consent" else ()


def _ticked(answer: Answer) -> frozenset[str]:
    value = answer.value
    if isinstance(value, bool):
        return frozenset({"yes" if value else "no"})
    if isinstance(value, tuple):
        return frozenset(value)
    return frozenset() if value is None else frozenset({str(value)})
