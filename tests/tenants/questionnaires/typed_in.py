"""What the pages about questionnaires would send as they stand, for tests that change a field or two."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from tests.saas.accounts.pages import token_of


def fields_of(page: TestResponse) -> dict[str, str]:
    """What the page's last form would send, as it stands."""
    form = page.text[page.text.rindex("<form") :]
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*? value="([^"]*)"', form))
    ticks = re.findall(r'<input type="checkbox"[^>]*name="([^"]+)" value="y"( checked)?', form)
    for name, on in ticks:
        found.pop(name, None)
        if on:
            found[name] = "y"
    found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n([^<]*)</textarea>', form))
    return {**found, "csrf_token": token_of(page)}
