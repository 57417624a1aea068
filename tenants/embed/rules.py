"""The script on other people's pages: published once, under a name that says what is in it, and never changed.

Pages name it together with its hash (Subresource Integrity): a browser that gets another byte runs nothing of it. So a
change is a new file beside the old ones, with its own line here; no line and no file ever goes away.
"""

from __future__ import annotations

from collections.abc import Mapping

PUBLISHED: Mapping[str, str] = {
    "v1.3f38d383ef.js": "sha384-P/aB9gIxLNyp4tMDAFAtLolv6BW7/irdWyXStwDiuxpL9n4CaqtIvAzCGY3/Ewrk",
}
"""Every script there ever was, the newest last: file name → the value of a page's `integrity`."""


def newest() -> tuple[str, str]:
    """(file name, integrity) of what pages are to name from now on."""
    return list(PUBLISHED.items())[-1]
