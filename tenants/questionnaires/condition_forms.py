"""A condition as a page shows and sends it: questions with ticks, in groups of all or any, three deep. Pure.

Where a piece stands is said by its path: "1" is the second of the outermost group, "1.0" the first within it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from werkzeug.datastructures import MultiDict

from saas.words import _
from tenants.intake.questions import All, Condition, Item, Some, Test, Value, tests_in
from tenants.intake.reading import choices

DEEPEST, MOST = 3, 24
UNKNOWN, DECLINED, ANSWERED = "~unknown", "~declined", "~answered"
SEVERAL = ("multi", "bodymap")
NUMBERS = ("scale", "number")
_BARE = {"unknown": UNKNOWN, "declined": DECLINED, "answered": ANSWERED}
_PATH = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}")
_WHOLE = re.compile(r"-?[0-9]{1,6}")


@dataclass(frozen=True)
class Leaf:
    """A question and what is looked for: one of the `ticked` answers, or with `without` any but those; `least` and
    `most` bound a number, as typed. The ticks for what was not said count beside either."""

    q: str
    ticked: frozenset[str] = frozenset()
    without: bool = False
    least: str = ""
    most: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Group:
    """All of them, or any."""

    match: Literal["all", "any"] = "all"
    of: tuple[Leaf | Group, ...] = ()
    fault: str = ""


Branch = Leaf | Group
Items = Mapping[str, Item]


def tree_of(condition: Condition | None) -> Group | None:
    """The condition as the page can show it; None for what it cannot: deeper ones, and comparisons of days."""
    if condition is None:
        return Group()
    leaf = _leaf(condition)
    if leaf is not None or isinstance(condition, Test):
        return Group(of=(leaf,)) if leaf is not None else None
    return _group(condition, 1)


def _group(condition: All | Some, depth: int) -> Group | None:
    found: list[Branch] = []
    for part in condition.of:
        branch: Branch | None = _leaf(part)
        if branch is None and not isinstance(part, Test) and depth < DEEPEST:
            branch = _group(part, depth + 1)
        if branch is None:
            return None
        found.append(branch)
    return Group("all" if isinstance(condition, All) else "any", tuple(found))


def _leaf(part: Condition) -> Leaf | None:
    """The part as one question with ticks; None where it asks about several, or in a way that ticks do not say."""
    names = {test.q for test in tests_in(part)}
    if len(names) != 1:
        return None
    leaf = Leaf(names.pop())
    for piece in part.of if isinstance(part, Some) else (part,):
        more = _with_piece(leaf, piece)
        if more is None:
            return None
        leaf = more
    return leaf


def _with_piece(leaf: Leaf, piece: Condition) -> Leaf | None:
    tests = piece.of if isinstance(piece, All) else (piece,)
    plain = tuple(test for test in tests if isinstance(test, Test))
    if len(plain) != len(tests):
        return None
    ops = [test.op for test in plain]
    coded = leaf.ticked - set(_BARE.values())
    if len(plain) == 1 and ops[0] in _BARE:
        return replace(leaf, ticked=leaf.ticked | {_BARE[ops[0]]})
    if len(plain) == 1 and ops[0] in ("=", "in", "has") and not leaf.without:
        if _is_number(plain[0].value):
            return _bounded(leaf, str(plain[0].value), str(plain[0].value))
        return replace(leaf, ticked=leaf.ticked | _ticks(plain[0].value))
    if set(ops) == {"!="} and not coded and not leaf.without:
        codes = frozenset(code for test in plain for code in _ticks(test.value))
        return replace(leaf, ticked=leaf.ticked | codes, without=True)
    if sorted(ops) in ([">="], ["<="], ["<=", ">="]) and all(_is_number(test.value) for test in plain):
        ends = {test.op: str(test.value) for test in plain}
        return _bounded(leaf, ends.get(">=", ""), ends.get("<=", ""))
    return None


def _bounded(leaf: Leaf, least: str, most: str) -> Leaf | None:
    return None if leaf.least or leaf.most else replace(leaf, least=least, most=most)


def _is_number(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _ticks(value: Value) -> frozenset[str]:
    values = value if isinstance(value, tuple) else (value,)
    return frozenset(("yes" if one else "no") if isinstance(one, bool) else str(one) for one in values)


def typed_tree(typed: MultiDict[str, str]) -> Group:
    """The tree that the form sent: `n` names the paths in order. What hangs on nothing is left out."""
    paths = [path for path in dict.fromkeys(typed.getlist("n")) if _PATH.fullmatch(path)][:MOST]
    return _typed(typed, "", paths)


def _typed(typed: MultiDict[str, str], path: str, paths: list[str]) -> Group:
    here: list[Branch] = []
    for one in (each for each in paths if each.rpartition(".")[0] == path):
        if typed.get(f"k-{one}") == "group" and one.count(".") < DEEPEST - 1:
            here.append(_typed(typed, one, paths))
        elif typed.get(f"q-{one}"):
            here.append(
                Leaf(
                    typed[f"q-{one}"], frozenset(typed.getlist(f"c-{one}")), typed.get(f"w-{one}") == "y",
                    typed.get(f"lo-{one}", "").strip(), typed.get(f"hi-{one}", "").strip(),
                )
            )  # fmt: skip
    return Group("any" if typed.get(f"m-{path}") == "any" else "all", tuple(here))


def with_branch(tree: Group, path: str, new: Branch) -> tuple[Group, str]:
    """`new` at the end of the group of this path, and the path it has there; the tree as it is where that is none."""
    numbers = [int(one) for one in path.split(".")] if _PATH.fullmatch(path) else []
    inner = _at(tree, numbers)
    deep = len(numbers) + isinstance(new, Group) >= DEEPEST
    if not isinstance(inner, Group) or deep or sum(1 for _one in branches(tree)) >= MOST:
        return tree, ""
    place = ".".join([*(str(one) for one in numbers), str(len(inner.of))])
    return _changed(tree, numbers, lambda group: replace(group, of=(*group.of, new))), place


def without_branch(tree: Group, path: str) -> Group:
    """The tree without what stands at this path."""
    numbers = [int(one) for one in path.split(".")] if _PATH.fullmatch(path) else []
    if not numbers or _at(tree, numbers) is None:
        return tree
    *around, last = numbers
    return _changed(tree, around, lambda group: replace(group, of=(*group.of[:last], *group.of[last + 1 :])))


def branches(tree: Group, path: str = "") -> Iterator[tuple[str, Branch]]:
    """Everything in it with its path, in order."""
    for number, branch in enumerate(tree.of):
        place = f"{path}.{number}" if path else str(number)
        yield place, branch
        if isinstance(branch, Group):
            yield from branches(branch, place)


def _at(branch: Branch, numbers: list[int]) -> Branch | None:
    for number in numbers:
        if not isinstance(branch, Group) or number >= len(branch.of):
            return None
        branch = branch.of[number]
    return branch


def _changed(group: Group, numbers: list[int], change: Callable[[Group], Group]) -> Group:
    if not numbers:
        return change(group)
    first, *rest = numbers
    inner = group.of[first]
    assert isinstance(inner, Group)  # noqa: S101 - `_at` has looked
    return replace(group, of=(*group.of[:first], _changed(inner, rest, change), *group.of[first + 1 :]))


def checked(tree: Group, items: Items, refused: Callable[[str], str]) -> Group:
    """The tree with a sentence beside each piece that needs another look. `refused`: why this question cannot be
    looked at here, or nothing."""

    def look(branch: Branch) -> Branch:
        if isinstance(branch, Group):
            fault = "" if branch.of else _("Put a question into this group, or take the group out")
            return replace(branch, of=tuple(look(one) for one in branch.of), fault=fault)
        fault = refused(branch.q) or _numbers_fault(branch)
        if not fault and _part(branch, items[branch.q]) is None:
            fault = _("Choose at least one answer to look for")
        return replace(branch, fault=fault)

    return replace(tree, of=tuple(look(one) for one in tree.of))


def _numbers_fault(leaf: Leaf) -> str:
    ends = [one for one in (leaf.least, leaf.most) if one]
    if not all(_WHOLE.fullmatch(one) for one in ends):
        return _("Enter a whole number, such as 3")
    return _("The upper end is above the lower one") if len(ends) == 2 and int(ends[0]) > int(ends[1]) else ""


def faults_of(tree: Group) -> int:
    """How many pieces have a sentence beside them."""
    return sum(1 for _path, branch in branches(tree) if branch.fault)


def condition_of(tree: Group, items: Items) -> Condition | None:
    """The condition that a `checked` tree says; None for an empty one: always shown."""
    parts = [
        part
        for branch in tree.of
        if (part := condition_of(branch, items) if isinstance(branch, Group) else _part(branch, items[branch.q]))
    ]
    if len(parts) < 2:
        return parts[0] if parts else None
    return All(tuple(parts)) if tree.match == "all" else Some(tuple(parts))


def _part(leaf: Leaf, item: Item) -> Condition | None:
    codes = tuple(option.code for option in choices(item) if option.code in leaf.ticked)
    switch = item.kind in ("bool", "consent")
    values: tuple[Value, ...] = tuple(code == "yes" for code in codes) if switch else codes
    tests: list[Condition] = []
    if codes and leaf.without and item.kind not in SEVERAL:
        tests.append(_one_or_all(tuple(Test(leaf.q, "!=", value) for value in values)))
    elif codes and switch:
        tests += [Test(leaf.q, "=", value) for value in values]
    elif codes:
        tests.append(Test(leaf.q, "has" if item.kind in SEVERAL else "in", codes))
    if item.kind in NUMBERS and (leaf.least or leaf.most):
        ends = [Test(leaf.q, ">=", int(leaf.least))] if leaf.least else []
        ends += [Test(leaf.q, "<=", int(leaf.most))] if leaf.most else []
        tests.append(_one_or_all(tuple(ends)))
    tests += [Test(leaf.q, op) for op in ("answered", "declined", "unknown") if _BARE[op] in leaf.ticked]
    return None if not tests else tests[0] if len(tests) == 1 else Some(tuple(tests))


def _one_or_all(tests: tuple[Test, ...]) -> Condition:
    return tests[0] if len(tests) == 1 else All(tests)
