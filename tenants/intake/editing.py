"""Small changes to a questionnaire that is being written: each takes one and gives the next. Pure.

An id that is not there is `NoSuchPiece`; whether the result is a questionnaire is judged where it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from saas.errors import NotFound
from tenants.intake.questions import Item, Part, Questionnaire, Section, item_index, sections_of
from tenants.intake.structure import all_items
from tenants.intake.verbatim import is_instrument

Piece = Item | Section
_Named = TypeVar("_Named", Item, Section)


class NoSuchPiece(NotFound):
    """The questionnaire has no section or question with this id."""

    code = "no-such-question"


def item_of(form: Questionnaire, id: str) -> Item:
    """The question with this id."""
    found = item_index(form).get(id)
    if found is None:
        raise NoSuchPiece
    return found


def section_of(form: Questionnaire, id: str) -> Section:
    """The section with this id."""
    found = next((section for section in sections_of(form) if section.id == id), None)
    if found is None:
        raise NoSuchPiece
    return found


def part_of(form: Questionnaire, id: str) -> Part:
    """The part with this id."""
    found = next((part for part in form.parts if part.id == id), None)
    if found is None:
        raise NoSuchPiece
    return found


def with_part(form: Questionnaire, part: Part) -> Questionnaire:
    """`part` in place of the one with its id."""
    part_of(form, part.id)
    return replace(form, parts=tuple(part if one.id == part.id else one for one in form.parts))


def home_of(form: Questionnaire, item_id: str) -> Section:
    """The section in which this question stands, at any depth."""
    for section in sections_of(form):
        if _holds(section.items, item_id):
            return section
    raise NoSuchPiece


def is_fixed(form: Questionnaire, item_id: str) -> bool:
    """Whether it is, or stands in, a published instrument: those are not edited."""
    return any(is_instrument(one) and (one.id == item_id or _holds(one.items, item_id)) for one in all_items(form))


def with_item(form: Questionnaire, item: Item) -> Questionnaire:
    """`item` in place of the one with its id."""
    item_of(form, item.id)
    return _each_list(form, lambda items: tuple(item if one.id == item.id else one for one in items))


def with_new_item(form: Questionnaire, section_id: str, item: Item, *, group_id: str = "") -> Questionnaire:
    """`item` at the end of a section, or of a group."""
    if group_id:
        group = item_of(form, group_id)
        if group.kind != "group" or is_fixed(form, group_id):
            raise NoSuchPiece
        return with_item(form, replace(group, items=(*group.items, item)))
    section = section_of(form, section_id)
    return with_section(form, replace(section, items=(*section.items, item)))


def without_item(form: Questionnaire, id: str) -> Questionnaire:
    """The question gone, with what stands in it."""
    item_of(form, id)
    return _each_list(form, lambda items: tuple(one for one in items if one.id != id))


def with_item_moved(form: Questionnaire, id: str, step: int) -> Questionnaire:
    """The question so many places later among those beside it (negative: earlier); at the end nothing changes."""
    item_of(form, id)
    return _each_list(form, lambda items: _moved(items, id, step))


def with_section(form: Questionnaire, section: Section) -> Questionnaire:
    """`section` in place of the one with its id."""
    section_of(form, section.id)
    return _each_part(form, lambda sections: tuple(section if one.id == section.id else one for one in sections))


def with_new_section(form: Questionnaire, part_id: str, section: Section) -> Questionnaire:
    """`section` at the end of a part."""
    if all(part.id != part_id for part in form.parts):
        raise NoSuchPiece
    return replace(
        form,
        parts=tuple(
            replace(part, sections=(*part.sections, section)) if part.id == part_id else part for part in form.parts
        ),
    )


def without_section(form: Questionnaire, id: str) -> Questionnaire:
    """The section gone, with all its questions."""
    section_of(form, id)
    return _each_part(form, lambda sections: tuple(one for one in sections if one.id != id))


def with_section_moved(form: Questionnaire, id: str, step: int) -> Questionnaire:
    """The section so many places later in its part (negative: earlier); at the end nothing changes."""
    section_of(form, id)
    return _each_part(form, lambda sections: _moved(sections, id, step))


def fresh_id(form: Questionnaire, section_id: str = "") -> str:
    """An id that nothing here has: `f.q1` for a question of section f, `s1` for a section."""
    taken = {item.id for item in all_items(form)} | {section.id for section in sections_of(form)}
    stem = f"{section_id}.q" if section_id else "s"
    return next(id for number in range(1, len(taken) + 2) if (id := f"{stem}{number}") not in taken)


def _holds(items: Sequence[Item], id: str) -> bool:
    return any(one.id == id or _holds(one.items, id) for one in items)


def _moved(pieces: tuple[_Named, ...], id: str, step: int) -> tuple[_Named, ...]:
    here = next((number for number, piece in enumerate(pieces) if piece.id == id), None)
    if here is None or not 0 <= here + step < len(pieces):
        return pieces
    order = list(pieces)
    order.insert(here + step, order.pop(here))
    return tuple(order)


def _each_part(form: Questionnaire, change: Callable[[tuple[Section, ...]], tuple[Section, ...]]) -> Questionnaire:
    def changed(part: Part) -> Part:
        return replace(part, sections=change(part.sections))

    return replace(form, parts=tuple(changed(part) for part in form.parts))


def _each_list(form: Questionnaire, change: Callable[[tuple[Item, ...]], tuple[Item, ...]]) -> Questionnaire:
    """Every list of questions changed, those in groups too."""

    def within(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(replace(one, items=within(one.items)) if one.items else one for one in change(items))

    return _each_part(form, lambda sections: tuple(replace(one, items=within(one.items)) for one in sections))
