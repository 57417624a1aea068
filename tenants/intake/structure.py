"""How the items of a questionnaire hang together: which wait for which, which ids stand twice. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tenants.intake.questions import Condition, Item, Questionnaire, items_in, sections_of, tests_in


def all_items(q: Questionnaire) -> tuple[Item, ...]:
    """Every item in order, those in groups too, also where an id stands twice."""
    return tuple(item for section in sections_of(q) for item in items_in(section.items))


def doubled(q: Questionnaire) -> tuple[str, ...]:
    """Ids of items, sections or parts that stand more than once."""
    kinds = (
        Counter(item.id for item in all_items(q)),
        Counter(section.id for section in sections_of(q)),
        Counter(part.id for part in q.parts),
    )
    return tuple(sorted(id for count in kinds for id, times in count.items() if times > 1))


def waits_for(q: Questionnaire) -> Mapping[str, tuple[str, ...]]:
    """For each item the ids that decide whether it is shown: its own condition's and those of all it stands in."""
    found: dict[str, tuple[str, ...]] = {}
    for section in sections_of(q):
        for item, whens in _with_whens(section.items, (section.when,)):
            found[item.id] = tuple(dict.fromkeys(test.q for when in whens for test in tests_in(when)))
            if item.rows_of:
                found[item.id] += (item.rows_of,)
    return found


def waits_in_the_end(q: Questionnaire, id: str, other: str) -> bool:
    """Whether this item is only shown because of the other one, however many stand between."""
    waits, seen, next_ = waits_for(q), set[str](), [id]
    while next_:
        one = next_.pop()
        if one == other:
            return True
        if one not in seen:
            seen.add(one)
            next_ += waits.get(one, ())
    return False


def circles(q: Questionnaire) -> tuple[str, ...]:
    """The ids of items that wait, in the end, for themselves: they could never be shown."""
    waits = {id: set(others) for id, others in waits_for(q).items()}
    while True:  # take away what waits for nothing that is left, until only circles (and what waits for them) stay
        free = {id for id, others in waits.items() if not others & waits.keys()}
        if not free:
            break
        for id in free:
            del waits[id]
    while True:  # and what nothing left waits for only stands behind a circle
        needed = {other for others in waits.values() for other in others}
        loose = waits.keys() - needed
        if not loose:
            return tuple(id for id in waits)
        for id in loose:
            del waits[id]


def _with_whens(
    items: tuple[Item, ...], around: tuple[Condition | None, ...]
) -> Iterator[tuple[Item, tuple[Condition | None, ...]]]:
    for item in items:
        whens = (*around, item.when)
        yield item, whens
        yield from _with_whens(item.items, whens)
