"""A calendar as its page shows it: rows of a grid, and words. Everything is on the clinic's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from saas import formats
from saas.shell import locale
from saas.stale import mark_of
from saas.words import _, ngettext
from tenants.bookings.pending import KEPT
from tenants.bookings.rules import SESSIONS
from tenants.bookings.words import STATUS_WORDS
from tenants.week import rules
from tenants.week.queries import Away, Calendar, Entry, Held, Pending
from tenants.week.rules import Piece


@dataclass(frozen=True)
class Block:
    """Something drawn in a column: its rows and its lane. `kind`: booked, past, held, kept, going, busy.

    `move`: what the script needs to carry it elsewhere (booking, mark, minutes), None where it cannot be moved.
    """

    kind: str
    at: int
    rows: int
    lane: int
    lanes: int
    start: datetime
    end: datetime
    title: str
    sub: str = ""
    mark: str = ""
    href: str | None = None
    move: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Column:
    """One day of one practitioner. `open`: (first row, rows) of each open stretch; `now`: the row of this moment."""

    day: date
    who: Calendar
    is_today: bool
    open: tuple[tuple[int, int], ...]
    blocks: tuple[Block, ...]
    now: int | None

    @property
    def is_bare(self) -> bool:
        """Nothing is there and nobody can book."""
        return not self.open and not self.blocks


@dataclass(frozen=True)
class Grid:
    """The columns and the hours beside them. `hours`: (row, the hour in words)."""

    columns: tuple[Column, ...]
    hours: tuple[tuple[int, str], ...]
    first_hour: int
    tall: int
    by_person: bool


@dataclass(frozen=True)
class Notice:
    """What was changed a moment ago, in words, and until when it can be taken back."""

    change_id: UUID
    words: str
    until: str


@dataclass
class _Raw:
    kind: str
    start: datetime
    end: datetime
    title: str
    sub: str = ""
    mark: str = ""
    href: str | None = None
    move: Mapping[str, object] | None = None
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class _Cell:
    day: date
    who: Calendar
    raw: Sequence[_Raw]
    opened: Sequence[Piece]


def short_name(name: str) -> str:
    """Like Cleo M.: enough for whoever works here, too little for whoever looks over a shoulder."""
    first, *rest = name.split() or [""]
    return f"{first} {rest[-1][0]}." if rest else first


def mark_of_entry(entry: Entry) -> str:
    """The mark of what the calendar shows of a booking, as `changes.marked` makes it of the row."""
    return mark_of(
        entry.id, entry.status, entry.sequence, entry.starts_at.isoformat(), entry.practitioner_id, entry.client_id
    )


def grid(
    held: Held, days: Sequence[date], people: Sequence[Calendar], *, zone: ZoneInfo, now: datetime, labels: bool
) -> Grid:
    """The calendar of these people on these days: one column for each day, or for each person. `labels`: whether the
    reader may know what blocked time is for."""
    going = {one.booking_id: one for one in held.pending if one.kind == "cancel"}
    if not labels:
        held = replace(held, away=tuple(replace(one, label="") for one in held.away))
    raw = {who.id: _raw_of(who, held, going, zone, now) for who in people}
    open_pieces = {
        who.id: [piece for a, b in held.hours.get(who.id, ()) for piece in rules.pieces(a, b, zone)] for who in people
    }
    shown = [piece for found in open_pieces.values() for piece in found]
    shown += [piece for found in raw.values() for one in found if one.kind != "busy" for piece in one.pieces]
    first, last = rules.hours_shown(piece for piece in shown if piece.day in days)
    columns = tuple(
        _column(_Cell(day, who, raw[who.id], open_pieces[who.id]), (first, last), now.astimezone(zone))
        for day in days
        for who in people
    )
    hours = tuple(
        (rules.row_of(hour * 60, first), formats.clock(time(hour), locale()).replace(":00", ""))
        for hour in range(first, last)
    )
    return Grid(columns, hours, first, last - first, len(people) > 1)


def _raw_of(who: Calendar, held: Held, going: Mapping[UUID, Pending], zone: ZoneInfo, now: datetime) -> list[_Raw]:
    found = [_entry(entry, going.get(entry.id), now, zone) for entry in held.entries if entry.practitioner_id == who.id]
    found += [_away(away) for away in held.away if away.practitioner_id in (None, who.id)]
    for one in found:
        one.pieces = rules.pieces(one.start, one.end, zone)
    return found


def _entry(entry: Entry, going: Pending | None, now: datetime, zone: ZoneInfo) -> _Raw:
    tag = locale()
    until = formats.clock((going.until if going else entry.until or now).astimezone(zone), tag)
    if entry.source == KEPT:
        return _Raw("kept", entry.starts_at, entry.ends_at, _("Kept"), _("until %(time)s", time=until))
    href = url_for("week_booking.index", id=entry.id)
    if entry.status == "held":
        title = short_name(entry.client_name) or _("Held")
        return _Raw("held", entry.starts_at, entry.ends_at, title, _("until %(time)s", time=until), href=href)
    said = _Raw("booked", entry.starts_at, entry.ends_at, short_name(entry.client_name), entry.service, href=href)
    if going is not None:
        said.kind, said.mark = "going", _("Cancelled at %(time)s", time=until)
    elif entry.status != "confirmed":
        said.kind, said.mark = "past", str(STATUS_WORDS[entry.status])
    else:
        minutes = int((entry.ends_at - entry.starts_at) / timedelta(minutes=1))
        said.move = {"id": entry.id, "seen": mark_of_entry(entry), "minutes": minutes}
    return said


def _away(away: Away) -> _Raw:
    whole = away.practitioner_id is None
    sub = _("the whole clinic") if whole else _("private")
    href = None if whole else url_for("week_block.remove", id=away.id)
    return _Raw("busy", away.starts_at, away.ends_at, away.label or _("Blocked"), sub, href=href)


def _column(cell: _Cell, hours: tuple[int, int], now: datetime) -> Column:
    first, last = hours
    day = cell.day
    here = [(one, piece) for one in cell.raw for piece in one.pieces if piece.day == day]
    # Time off may last all night: what lies outside the hours shown is cut.
    cut = [(one, _within(piece, hours)) for one, piece in here]
    kept = [(one, piece) for one, piece in cut if piece.start < piece.end]
    laid = rules.side_by_side([piece for _one, piece in kept])
    blocks = [_block(one, piece, day, first) for (one, _piece), piece in zip(kept, laid, strict=True)]
    minute = now.hour * 60 + now.minute
    is_today = now.date() == day
    return Column(
        day=day,
        who=cell.who,
        is_today=is_today,
        open=tuple(rules.rows_for(piece, first) for piece in cell.opened if piece.day == day),
        blocks=tuple(sorted(blocks, key=lambda block: (block.at, block.lane))),
        now=rules.row_of(minute, first) if is_today and first * 60 <= minute < last * 60 else None,
    )


def _within(piece: Piece, hours: tuple[int, int]) -> Piece:
    first, last = hours
    return Piece(piece.day, max(piece.start, first * 60), min(piece.end, last * 60))


def _block(one: _Raw, piece: Piece, day: date, first: int) -> Block:
    at, rows = rules.rows_for(piece, first)
    start, end = _on(day, piece.start), _on(day, piece.end)
    return Block(
        one.kind, at, rows, piece.lane, piece.lanes, start, end, one.title, one.sub, one.mark, one.href, one.move
    )


def _on(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)  # what the wall clock shows


def span_words(first: date, last: date) -> str:
    """'23 to 29 November', '30 November to 6 December'."""
    tag = locale()
    begins = str(first.day) if first.month == last.month else formats.day_month(first, tag)
    return _("%(first)s to %(last)s", first=begins, last=formats.day_month(last, tag))


def count_words(held: Held, *, is_week: bool) -> str:
    """How much there is, in a sentence or two."""
    sessions = sum(entry.status in SESSIONS for entry in held.entries)
    holds = sum(entry.status == "held" and entry.source != KEPT for entry in held.entries)
    if is_week:
        said = [ngettext("%(num)d session this week.", "%(num)d sessions this week.", sessions)]
        none = _("No sessions this week.")
    else:
        said = [ngettext("%(num)d session this day.", "%(num)d sessions this day.", sessions)]
        none = _("No sessions this day.")
    if not sessions:
        said = [none]
    if holds:
        said.append(
            ngettext("%(num)d time is held while someone books.", "%(num)d times are held while people book.", holds)
        )
    return " ".join(said)


def notices(pending: Sequence[Pending], *, zone: ZoneInfo) -> list[Notice]:
    """What can be taken back, in words."""
    return [_notice(one, zone) for one in pending]


def _notice(one: Pending, zone: ZoneInfo) -> Notice:
    tag = locale()
    who = short_name(one.client_name)
    start, old = one.starts_at.astimezone(zone), one.from_starts_at.astimezone(zone)
    if one.kind == "cancel":
        words = _("Cancelled: %(who)s, %(day)s, %(time)s.", who=who, **_when(start))
    elif start == old:
        words = _("%(who)s is with somebody else now, %(day)s, %(time)s.", who=who, **_when(start))
    else:
        words = _("Moved: %(who)s is now on %(day)s, %(time)s.", who=who, **_when(start))
    return Notice(one.id, words, formats.clock(one.until.astimezone(zone), tag))


def _when(moment: datetime) -> dict[str, str]:
    tag = locale()
    return {"day": formats.short_date(moment, tag), "time": formats.clock(moment, tag)}


def when_words(start: datetime, zone: ZoneInfo) -> str:
    """'Tuesday 24 March, 10:00'."""
    local, tag = start.astimezone(zone), locale()
    return _("%(day)s, %(time)s", day=formats.long_date(local, tag), time=formats.clock(local, tag))
