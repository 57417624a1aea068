"""Whatever is done has words: the code is read for the deeds it records."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from saas.trail.staff import TrailView
from saas.trail.words import PLATFORM_DEEDS
from tenants.trail.words import ABOUT, DEEDS
from tests.house.test_routes import _app
from tests.house.tree import python, report, tree

# Where the deed is not written at the call itself: the file, and all that it can be.
SPELT_ELSEWHERE = {
    "tenants/payments/desk.py": ("payment.at_clinic", "payment.waived"),
    "tenants/bookings/moves.py": ("booking.arrived", "booking.completed", "booking.no_show"),
    "tenants/bookings/rest.py": ("booking.pay_link",),
    "tenants/privacy/actions.py": ("client.held",),
}


def _calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    for path in python("saas", "tenants"):
        for node in ast.walk(tree(path)):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and name in (getattr(called, "attr", ""), getattr(called, "id", "")):
                yield path, node


def test_every_deed_has_a_sentence_and_every_target_a_name() -> None:
    found, targets = set(chain.from_iterable(SPELT_ELSEWHERE.values())), set()
    for path, call in _calls("record"):
        if path.as_posix() == "saas/audit.py":
            continue  # `read`, told by what was opened
        if isinstance(call.args[0], ast.Constant):
            found.add(str(call.args[0].value))
        else:
            assert path.as_posix() in SPELT_ELSEWHERE, f"{path}:{call.lineno}"
        targets |= {
            str(k.value.value) for k in call.keywords if k.arg == "target" and isinstance(k.value, ast.Constant)
        }
    assert len(found) > 80
    missing = sorted(found - set(DEEDS) - set(PLATFORM_DEEDS))
    assert not missing, report(
        missing, "Give these deeds a sentence in tenants/trail/words.py (or saas/trail/words.py):"
    )
    unused = sorted(deed for deed in DEEDS if not deed.startswith(("read.", "list.")) and deed not in found)
    assert not unused, report(unused, "Nothing records these deeds:")
    assert targets <= set(ABOUT)


def test_every_read_has_a_sentence() -> None:
    opened = {
        f"{'list' if whole else 'read'}.{call.args[0].value!s}"
        for _path, call in _calls("note_read")
        if isinstance(call.args[0], ast.Constant)
        for whole in [any(k.arg == "target_id" and isinstance(k.value, ast.Constant) for k in call.keywords)]
    }
    for console in _app().extensions["admin"]:
        for view in console._views:
            if getattr(view, "can_export", False) and not isinstance(view, TrailView):
                opened.add(f"list.{view.endpoint}")
    assert len(opened) > 8
    missing = sorted(opened - set(DEEDS))
    assert not missing, report(missing, "Give these reads a sentence in tenants/trail/words.py:")
