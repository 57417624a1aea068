from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import files, report, templates, text

COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
PAGES = [path for path in templates() if path.suffix == ".html" and "mail" not in path.parts]


def _find(pattern: str, paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        plain = COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text(path))
        found += [
            f"{path}:{plain.count(chr(10), 0, hit.start()) + 1} {hit.group().strip()[:80]}"
            for hit in re.finditer(pattern, plain, re.IGNORECASE)
        ]
    return found


@pytest.mark.parametrize(
    "pattern,rule",
    [
        (r"<[a-z][^>]*\son[a-z]+\s*=", "Handlers belong into our own script; the CSP blocks them in tags:"),
        (r"<[a-z][^>]*\sstyle\s*=", "Styles belong into the stylesheet; the CSP blocks them in tags:"),
        (r"javascript:", "A link leads somewhere or is a button:"),
        (r"<style\b", "Styles belong into the stylesheet:"),
        (r"<script\b(?![^>]*\b(?:nonce|src)\b)[^>]*>", "A script tag has a src or a nonce:"),
        (r"\bstrftime\b", "Dates are written by saas/formats.py, in the reader's language:"),
        (
            r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href|srcset)\s*=\s*[\"']?(?:https?:)?//",
            "Pages load from our own host only:",
        ),
        (r"\|\s*safe\b", "Text is escaped; cleaned HTML comes in as Markup from where it was cleaned:"),
    ],
    ids=["handlers", "styles", "javascript", "style-tags", "nonce", "strftime", "hosts", "safe"],
)
def test_a_page_keeps_to_the_strict_policy(pattern: str, rule: str) -> None:
    breaches = _find(pattern, PAGES)
    assert not breaches, report(breaches, rule)


def test_mails_load_nothing() -> None:
    mails = [path for path in templates() if "mail" in path.parts]
    breaches = _find(r"<(?:script|link|img|iframe)\b[^>]*", mails)
    assert not breaches, report(breaches, "A mail carries no picture, no script and no counter:")


def test_every_form_says_its_method() -> None:
    breaches = _find(r"<form\b(?![^>]*\bmethod\s*=)[^>]*>", PAGES)
    assert not breaches, report(breaches, "Say method=get or method=post, so that nothing is changed by accident:")


def test_our_scripts_and_styles_load_from_our_host_only() -> None:
    ours = [p for p in files() if p.parts[:2] == ("saas", "static") and p.suffix in {".css", ".js"}]
    breaches = _find(r"(?:url\(|import\s+|fetch\()\s*[\"']?(?:https?:)?//", ours)
    assert not breaches, report(breaches, "Pages load from our own host only:")
