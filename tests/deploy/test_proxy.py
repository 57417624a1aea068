"""What stands in front of the application, as far as its file tells."""

from __future__ import annotations

import re
from pathlib import Path

from tenants.intake.forms import MOST_SENT

CADDY = (Path(__file__).resolve().parents[2] / "deploy" / "Caddyfile").read_text(encoding="utf-8")


def _sizes(directive: str) -> list[int]:
    return [int(size) * 1_000_000 for size in re.findall(rf"^\s*{directive} (\d+)MB$", CADDY, re.MULTILINE)]


def test_a_slow_upload_is_taken_whole_before_it_holds_a_thread() -> None:
    largest = max(_sizes("max_size"))
    assert largest >= MOST_SENT, "a page of ours says that it was too much"
    assert _sizes("request_buffers") == [largest]
