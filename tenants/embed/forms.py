"""What the owner's page sends."""

from __future__ import annotations

from wtforms import HiddenField, TextAreaField

from saas.fields import OfficeForm


class OriginsForm(OfficeForm):
    """Websites, one a line. `seen`: the mark of what the form showed."""

    seen = HiddenField()
    origins = TextAreaField()
