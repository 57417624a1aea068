from __future__ import annotations

import re

from saas import tide

NUMBER = r"-?\d+(?:\.\d)?"
PATH = re.compile(rf"M0 {NUMBER}C(?:{NUMBER} ){{5}}{NUMBER}S(?:{NUMBER} )+{NUMBER}")


def ends(path: str) -> list[float]:
    """The heights at which the pieces of a path end, in order."""
    numbers = [float(n) for n in re.findall(NUMBER, path.partition("S")[2])]
    return numbers[3::4]


def test_every_line_is_path_data_and_nothing_else() -> None:
    for path in (*(line.path for line in tide.hero()), *tide.still(), tide.progress()):
        assert PATH.fullmatch(path)


def test_a_line_crosses_the_whole_view_box() -> None:
    assert all(line.path.rpartition(" ")[0].endswith(" 1440") for line in tide.hero())
    assert all(path.rpartition(" ")[0].endswith(" 720") for path in tide.still())
    assert tide.progress().rpartition(" ")[0].endswith(" 348")


def test_the_water_moves_first_and_is_still_at_the_end() -> None:
    heights = ends(tide.progress())
    start, end = heights[:8], heights[-4:]
    assert max(start) - min(start) > 10
    assert max(end) - min(end) < 2


def test_the_hero_stays_light() -> None:
    assert sum(len(line.path) for line in tide.hero()) < 14_000
