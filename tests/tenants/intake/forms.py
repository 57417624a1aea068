"""Small questionnaires with invented wording, and hypothesis strategies that make any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from tenants.intake.questions import All as Every
from tenants.intake.questions import (
    Answer,
    Condition,
    Item,
    Option,
    Part,
    Questionnaire,
    Section,
    Some,
    Test,
    Texts,
)

TEXT: Texts = {"en": "Invented", "es": "Inventado"}
CODES = ("yes", "no", "not-sure", "other")
OPTIONS = tuple(Option(code, TEXT) for code in CODES)


def form(*items: Item, **section: object) -> Questionnaire:
    """One section `s` in one part with these items."""
    shown = replace(Section("s", TEXT, items), **section)  # type: ignore[arg-type] # fields by name
    return Questionnaire("made", TEXT, ("en", "es"), (Part("p", TEXT, (shown,)),))


def ask(id: str, when: Condition | None = None, **more: object) -> Item:
    """A question with the choices of `CODES`."""
    return replace(Item(id, "single", TEXT, options=OPTIONS, when=when), **more)  # type: ignore[arg-type]


@cache
def conditions(ids: Sequence[str]) -> st.SearchStrategy[Condition]:
    """Nested conditions on these items."""
    tests: st.SearchStrategy[Condition] = st.one_of(
        st.builds(Test, st.sampled_from(ids), st.sampled_from(("=", "!=")), st.sampled_from(CODES)),
        st.builds(
            Test,
            st.sampled_from(ids),
            st.just("in"),
            st.lists(st.sampled_from(CODES), min_size=1, max_size=3).map(tuple),
        ),
        st.builds(Test, st.sampled_from(ids), st.sampled_from(("answered", "declined", "unknown"))),
    )

    def nested(of: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(of, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(Every, parts), st.builds(Some, parts))

    return st.recursive(tests, nested, max_leaves=3)


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    """Up to six questions, each shown always or by what an earlier one said."""
    items: list[Item] = []
    for n in range(draw(st.integers(1, 6))):
        earlier = tuple(item.id for item in items)
        when = draw(st.none() | conditions(earlier)) if earlier else None
        items.append(ask(f"q.{n}", when, enabled=draw(st.booleans() | st.just(True)), sensitive=draw(st.booleans())))
    return form(*items)


answers = st.dictionaries(
    st.integers(0, 5).map(lambda n: f"q.{n}"),
    st.sampled_from(
        [*(Answer(code) for code in CODES), *(Answer(absent=why) for why in ("declined", "in-person", "not-asked"))]
    ),
)
