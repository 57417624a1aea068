"""What production refuses: the units' own command lines over settings that cannot work, each to its end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.walks.staging import UNITS, prepare, settled, unit, unit_text

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
NOWHERE = "postgresql://postgres@127.0.0.1:1/postgres"


def test_production_refuses_the_sandbox_and_says_everything_at_once(tmp_path: Path) -> None:
    bad = prepare(tmp_path, NOWHERE, 1, LONGTIDE_ENV="production", LONGTIDE_SMTP_HOST="")
    expected = (
        "LONGTIDE_PAYMENTS=sandbox moves no money: production needs LONGTIDE_PAYMENTS=stripe",
        "LONGTIDE_BASE_URL must be https:// in production",
        "LONGTIDE_SMTP_HOST is missing",
    )
    for name in UNITS:
        bad.start(name, *unit(name))
        assert settled(bad, name) == refused(name)
        assert all(line in bad.log(name) for line in expected), bad.log(name)
        assert "Traceback" not in bad.log(name)
    done = bad.flask("doctor")
    assert done.returncode == refused("worker")
    assert done.stderr.splitlines()[0] == "Longtide cannot start:"
    assert set(expected) <= set(done.stderr.splitlines())


def test_production_refuses_an_api_base(tmp_path: Path) -> None:
    bad = prepare(tmp_path, NOWHERE, 1, LONGTIDE_ENV="production", LONGTIDE_PAYMENTS="stripe")
    bad.start("worker", *unit("worker"))
    assert settled(bad, "worker") != 0
    for line in ("LONGTIDE_STRIPE_API_BASE is for the sandbox only", "LONGTIDE_BASE_URL must be https://"):
        assert line in bad.log("worker")


def test_production_has_no_fictional_clinics(tmp_path: Path) -> None:
    https = {"LONGTIDE_BASE_URL": "https://book.example", "LONGTIDE_STRIPE_API_BASE": ""}
    good = prepare(tmp_path, NOWHERE, 1, LONGTIDE_ENV="production", LONGTIDE_PAYMENTS="stripe", **https)
    done = good.flask("demo")
    assert done.returncode == 1
    assert "fictional clinics are for a demo" in done.stderr


def refused(name: str) -> int:
    """The exit code after which systemd does not start a unit again."""
    found = re.search(r"^RestartPreventExitStatus=(\d+)$", unit_text(name), re.MULTILINE)
    assert found is not None
    return int(found.group(1))
