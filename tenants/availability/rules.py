"""What is wrong with hours that somebody typed, in words that name the window. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from saas.words import _
from tenants.availability.hours import DAYS, Week, WeekProblem, Windows, check_week
from tenants.availability.walltime import parse_time

MAX_WINDOWS = 12
"""As many windows as a day may have."""
_A_DAY_MIN, _NIGHT_MIN = 1440, 720


def day_name(day: str) -> str:
    """The weekday `mon`..`sun` in the reader's language."""
    names = {
        "mon": _("Monday"),
        "tue": _("Tuesday"),
        "wed": _("Wednesday"),
        "thu": _("Thursday"),
        "fri": _("Friday"),
        "sat": _("Saturday"),
        "sun": _("Sunday"),
    }
    return names.get(day, day)


def week_faults(week: Week) -> dict[str, str]:
    """A sentence for each window that cannot be, under "mon-0" and so on, in the order of the week."""
    found = {f"{problem.day}-{problem.index}": _in_week(problem, week) for problem in check_week(week)}
    found |= {f"{day}-{index}": _backwards(spans[index], day_name(day)) for day, spans, index in _reversed(week)}
    found |= {f"{day}-{MAX_WINDOWS}": _too_many() for day, windows in week.items() if len(windows) > MAX_WINDOWS}
    return dict(sorted(found.items(), key=lambda fault: _place(fault[0])))


def _place(key: str) -> tuple[int, int]:
    day, _dash, index = key.rpartition("-")
    return (DAYS.index(day) if day in DAYS else len(DAYS)), int(index)


def windows_faults(windows: Week, *, show_as: str) -> dict[str, str]:
    """The same for the windows of one date, given as those of a Monday; the names begin with `show_as`."""
    found = {f"{show_as}-{problem.index}": _on_a_date(problem, windows) for problem in check_week(windows)}
    found |= {f"{show_as}-{index}": _backwards(spans[index], "") for _day, spans, index in _reversed(windows)}
    if any(len(each) > MAX_WINDOWS for each in windows.values()):
        found[f"{show_as}-{MAX_WINDOWS}"] = _too_many()
    return found


def _reversed(week: Week) -> Iterator[tuple[str, Windows, int]]:
    """Windows that end before they begin and are too long for a night (over twelve hours): typed the wrong way round.

    The engine reads any such end as the next day's, which is right for 22:00 to 02:00 and wrong for 17:00 to 09:00."""
    for day, windows in week.items():
        for index, (start, end) in enumerate(windows):
            try:
                lo, hi = parse_time(start), parse_time(end)
            except ValueError:
                continue
            if hi < lo and hi + _A_DAY_MIN - lo > _NIGHT_MIN:
                yield day, windows, index


def _backwards(window: tuple[str, str], day: str) -> str:
    start, end = window
    if day:
        return _("%(day)s: %(end)s is before %(start)s. Choose a later end", day=day, start=start, end=end)
    return _("%(end)s is before %(start)s. Choose a later end", start=start, end=end)


def _too_many() -> str:
    return _("Use at most %(limit)d in a day", limit=MAX_WINDOWS)


def _in_week(problem: WeekProblem, week: Week) -> str:
    day = day_name(problem.day)
    if problem.code == "unknown_day":
        return _("There is no such day")
    if problem.code == "bad_time":
        return _("%(day)s: enter times like 09:00 and 17:30", day=day)
    start, _end = week[problem.day][problem.index]
    if problem.code == "empty":
        return _("%(day)s: %(time)s to %(time)s is no time at all. Choose a later end", day=day, time=start)
    other_day, other = problem.other or (problem.day, problem.index)
    begins, ends = week[other_day][other]
    if other_day == problem.day:
        return _("%(day)s: %(time)s falls inside %(start)s to %(end)s", day=day, time=start, start=begins, end=ends)
    return _(
        "%(day)s: %(time)s falls inside %(start)s to %(end)s of %(other)s",
        day=day, time=start, start=begins, end=ends, other=day_name(other_day),
    )  # fmt: skip


def _on_a_date(problem: WeekProblem, windows: Week) -> str:
    if problem.code in ("bad_time", "unknown_day"):
        return _("Enter times like 09:00 and 17:30")
    start, _end = windows[problem.day][problem.index]
    if problem.code == "empty":
        return _("%(time)s to %(time)s is no time at all. Choose a later end", time=start)
    other_day, other = problem.other or (problem.day, problem.index)
    begins, ends = windows[other_day][other]
    return _("%(time)s falls inside %(start)s to %(end)s", time=start, start=begins, end=ends)
