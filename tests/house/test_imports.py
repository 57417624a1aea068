from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import grimp

from tests.house.tree import ROOT, python, report, tree

DOORS_CLOSED_TO_OTHER_ROOMS = {"public", "staff", "forms", "effects", "jobs"}


def test_every_import_contract_is_kept() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@functools.cache
def _edges() -> tuple[tuple[str, str], ...]:
    graph = grimp.build_graph("saas", "tenants", cache_dir=None)
    return tuple(
        (importer, imported)
        for importer in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
    )


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _part(module: str) -> str:
    parts = module.split(".")
    return parts[2] if len(parts) > 2 else ""


def test_a_room_uses_another_rooms_models_reads_actions_and_pure_files_only() -> None:
    breaches = [
        f"{importer} -> {imported}"
        for importer, imported in _edges()
        if importer.startswith("tenants.")
        and imported.startswith("tenants.")
        and _room(importer) != _room(imported)
        and importer != "tenants.register"
        and _part(imported) in DOORS_CLOSED_TO_OTHER_ROOMS
    ]
    assert not breaches, report(breaches, "Pages, forms, effects and jobs are a room's own:")


def test_effects_and_jobs_are_called_by_the_worker_only() -> None:
    """What crosses the wall is started by a row: register.py hands the handlers down, nobody else calls them.

    A room's own pages may run the same confirmation as the webhook (the return page does).
    """
    breaches = [
        f"{importer} -> {imported}"
        for importer, imported in _edges()
        if imported.startswith("tenants.")
        and _part(imported) in {"effects", "jobs"}
        and importer != "tenants.register"
        and not (_room(importer) == _room(imported) and _part(importer) in {"effects", "jobs", "public"})
    ]
    assert not breaches, report(breaches, "Emit a row instead (saas/outbox.py):")


def test_the_platform_does_not_name_a_clinics_module_in_a_text() -> None:
    breaches = [
        f"{path}:{node.lineno} {node.value!r}"
        for path in python("saas")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("tenants.")
    ]
    assert not breaches, report(breaches, "register.py hands functions down; nothing is imported by name:")


def test_no_import_hides_inside_a_function() -> None:
    """Rings are cut by moving code. Late is only what costs 0.26 s: `stripe`, and the sandbox with it."""
    breaches = []
    for path in python("saas", "tenants"):
        for function in ast.walk(tree(path)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    names = [name.name for name in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                else:
                    continue
                breaches += [
                    f"{path}:{node.lineno} {name}"
                    for name in names
                    if name.split(".")[0] in {"saas", "tenants"} and not name.startswith("saas.sandbox")
                ]
    assert not breaches, report(breaches, "Our own modules are imported at the top of the file:")
