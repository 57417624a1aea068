"""Pages that take a file: how much of one they take, and what is larger answered on the page itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request
from werkzeug.datastructures import ImmutableMultiDict

from saas.admin import Console, OfficeView

FORM_BYTES = 64 * 1024  # what a form adds to its file


class FilePage(OfficeView):
    """A page of an office with a file in its form. `takes`: the bytes that it reads at all, form and file together.

    What is larger is never read: its form counts as empty, and `too_big()` tells the page, which says so in words. It
    is reached from another page, so no menu has it.
    """

    takes = 1024 * 1024

    def is_visible(self) -> bool:
        return False

    def create_blueprint(self, admin: Console) -> Blueprint:
        """Measured before anything reads the form, the one who asks for the log-in included."""
        blueprint = super().create_blueprint(admin)
        blueprint.before_request_funcs[None].insert(0, self._measure)
        return blueprint

    def _measure(self) -> None:
        if request.method != "POST":
            return
        request.max_content_length = request.max_form_memory_size = self.takes
        if (request.content_length or 0) > self.takes:
            nothing: ImmutableMultiDict[str, Any] = ImmutableMultiDict()
            request.form, request.files = nothing, nothing
            g.too_big = True


def too_big() -> bool:
    """Whether what was sent is more than the page takes."""
    return bool(g.get("too_big", False))
