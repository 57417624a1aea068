"""How a calendar is laid out: intervals cut at midnight, side by side where they meet, and the hours shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ROW = 5
"""Minutes of one row of the grid: sessions begin on fives, and what does not is rounded outwards."""
DAY = 24 * 60
USUAL = (8, 20)
"""The hours that are shown when nothing needs others."""
MOST_LANES = 4
_DAYS_BACK, _DAYS_AHEAD = 3653, 1096


@dataclass(frozen=True)
class Piece:
    """The part of an interval that lies on one local day, in minutes of its clock; `lane` of `lanes` side by side."""

    day: date
    start: int
    end: int
    lane: int = 0
    lanes: int = 1


def pieces(start: datetime, end: datetime, zone: ZoneInfo) -> list[Piece]:
    """An interval cut at each local midnight, as the wall clock shows it; nothing of an interval that is empty.

    Where the clock jumps, a piece is as long as the clock says, and never shorter than a row: it stays visible.
    """
    found = []
    at, last = start.astimezone(zone), end.astimezone(zone)
    day = at.date()
    while start < end and day <= last.date():
        begins = at.hour * 60 + at.minute if day == at.date() else 0
        ends = last.hour * 60 + last.minute if day == last.date() else DAY
        if day == at.date() == last.date() and ends <= begins:
            ends = begins + int((end - start) / timedelta(minutes=1))  # the hour that comes twice
        if begins < ends or (day == at.date() and begins == ends):
            found.append(Piece(day, begins, min(DAY, max(ends, begins + 1))))
        day += timedelta(days=1)
    return found


def side_by_side(given: Sequence[Piece]) -> list[Piece]:
    """The same pieces in the same order, each with its lane: those that meet on a day share its width."""
    order = sorted(range(len(given)), key=lambda index: (given[index].day, given[index].start, -given[index].end))
    laid: dict[int, Piece] = {}
    group: list[int] = []
    reach: tuple[date, int] | None = None
    for index in order:
        piece = given[index]
        if reach is None or (piece.day, piece.start) >= reach:
            _lay(group, given, laid)
            group, reach = [], (piece.day, piece.end)
        group.append(index)
        reach = max(reach, (piece.day, piece.end))
    _lay(group, given, laid)
    return [laid[index] for index in range(len(given))]


def _lay(group: Sequence[int], given: Sequence[Piece], laid: dict[int, Piece]) -> None:
    ends: list[int] = []
    lane_of: dict[int, int] = {}
    for index in group:
        piece = given[index]
        free = next((lane for lane, end in enumerate(ends) if end <= piece.start), None)
        lane = len(ends) if free is None and len(ends) < MOST_LANES else free if free is not None else MOST_LANES - 1
        if lane == len(ends):
            ends.append(piece.end)
        ends[lane] = max(ends[lane], piece.end)
        lane_of[index] = lane
    for index, lane in lane_of.items():
        laid[index] = replace(given[index], lane=lane, lanes=len(ends))


def hours_shown(given: Iterable[Piece]) -> tuple[int, int]:
    """The first and the last hour (exclusive) of a grid in which all of it is to be seen."""
    first, last = USUAL
    for piece in given:
        first = min(first, piece.start // 60)
        last = max(last, -(-piece.end // 60))
    return first, last


def row_of(minute: int, first_hour: int) -> int:
    """The row of the grid in which a minute of the day lies."""
    return (minute - first_hour * 60) // ROW


def rows_for(piece: Piece, first_hour: int) -> tuple[int, int]:
    """The first row of a piece and how many rows it takes, at least one."""
    begins = row_of(piece.start, first_hour)
    return begins, max(1, -(-(piece.end - first_hour * 60) // ROW) - begins)


def week_of(day: date) -> date:
    """The Monday of that week."""
    return day - timedelta(days=day.weekday())


def day_asked(text: str, today: date) -> date:
    """The day an address names; today for anything else, and for days that no calendar of a clinic has."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return today
    near = today - timedelta(days=_DAYS_BACK) <= day <= today + timedelta(days=_DAYS_AHEAD)
    return day if near else today


def minute_asked(text: str) -> int | None:
    """The minute of the day that was typed as 9:05, 09:05, 9.05 or 0905; None for anything else."""
    digits = text.strip().replace(".", ":").replace("h", ":")
    hours, colon, minutes = digits.partition(":")
    if not colon and len(digits) in (3, 4):
        hours, minutes = digits[:-2], digits[-2:]
    if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        return None
    if len(hours) > 2 or len(minutes) != 2 or int(hours) > 23 or int(minutes) > 59:
        return None
    return int(hours) * 60 + int(minutes)
