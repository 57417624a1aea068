"""A published instrument inside a questionnaire is not edited: a hash of it, noted when it came in, tells. Pure."""

from __future__ import annotations

from dataclasses import replace

from tenants.intake.form_json import hash_of
from tenants.intake.questions import Coding, Item, Part, Questionnaire, Section
from tenants.intake.registry import INSTRUMENT


def sealed(group: Item) -> Item:
    """`group` with the hash of what it holds beside the name of its instrument."""
    codes = tuple(replace(code, display=_hash(group)) if code.system == INSTRUMENT else code for code in group.codes)
    return replace(group, codes=codes)


def is_instrument(item: Item) -> bool:
    """Whether this group was brought in as a published instrument."""
    return _noted(item) is not None


def is_as_brought(group: Item) -> bool:
    """Whether a group holds what came in, word for word and in its order. True for a group that is no instrument."""
    noted = _noted(group)
    return noted is None or noted.display == _hash(group)


def _noted(item: Item) -> Coding | None:
    return next((code for code in item.codes if code.system == INSTRUMENT), None) if item.kind == "group" else None


def _hash(group: Item) -> str:
    alone = Questionnaire(group.id, {}, (), (Part("held", {}, (Section("held", {}, group.items),)),))
    return hash_of(alone)
