from __future__ import annotations

import re
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from tests.house.tree import ROOT, files, text

VERSIONS = [path for path in files() if path.parent == Path("migrations/versions") and path.suffix == ".py"]


def _directory() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config)


def test_there_is_one_head_and_it_is_the_tracked_one() -> None:
    """Two branches with a migration each conflict in migrations/.head, in git, and not in production."""
    assert _directory().get_heads() == [text(Path("migrations/.head")).strip()]


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = sorted(path.name[:4] for path in VERSIONS if path.name != "__init__.py")
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_a_migration_names_itself_by_its_number() -> None:
    for path in VERSIONS:
        if path.name == "__init__.py":
            continue
        revision = re.search(r'^revision(?:: str)? = "([^"]+)"', text(path), re.MULTILINE)
        assert revision is not None, path
        assert path.name.startswith(f"{revision.group(1)}_") or revision.group(1) == path.stem, path
