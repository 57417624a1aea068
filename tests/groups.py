"""A pytest plugin: files that bear the same `pytest.mark.xdist_group("name")` run in one worker, and so start what they
share once.

pytest-xdist 3.8 tells the group by changing a test's id, which pytest 9.2 no longer lets it do: without a word, groups
are then spread over all workers. Here the group is read from the file, and no id is changed.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.pace import longest_first

_MARK = re.compile(r'xdist_group\("([^"]+)"\)')


@cache
def group_of(path: Path) -> str | None:
    """The group that a file of tests names."""
    found = _MARK.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found.group(1) if found else None


class Groups(LoadScopeScheduling):
    """Hands out whole groups and test by test: first what takes longest (`tests.pace`), so that no worker stands idle
    at the end."""

    in_order = False

    def _assign_work_unit(self, node: Any) -> None:
        if not self.in_order:
            for scope in reversed(longest_first(self.workqueue)):
                self.workqueue.move_to_end(scope, last=False)
            self.in_order = True
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return group_of(self.config.rootpath / file) or nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """With `--dist loadgroup`, which is what `make test` asks for."""
    return Groups(config, log) if config.getvalue("dist") == "loadgroup" else None
