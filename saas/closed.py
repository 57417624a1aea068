"""What Flask-Admin does to the rows of a list by itself, and no list of ours does: each way in says so."""

from __future__ import annotations

from typing import Any, NoReturn

from flask_admin import expose

from saas.errors import Forbidden
from saas.words import _


class OneAtATime(Forbidden):
    """A list was asked to change rows: several at once, or one by its number alone. Nothing has changed."""

    code = "one-at-a-time"

    def __init__(self) -> None:
        super().__init__(_("Nothing was changed: this list only shows. Open one entry and change it there."))


class ListOnly:
    """Mixin of every list, before the library's view: its addresses stay, and lead nowhere whoever asks for what."""

    @expose("/action/", methods=("POST",))
    def action_view(self) -> NoReturn:
        """Flask-Admin's way to do something with all the rows that were ticked."""
        raise OneAtATime

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> NoReturn:
        """Flask-Admin's way to delete a row. Ours asks first, on a page of its own."""
        raise OneAtATime

    def _refuse(self, *_given: Any, **_named: Any) -> NoReturn:
        raise OneAtATime

    # Flask-Admin's own would write to the session. A view that writes replaces the page it needs by one with an action.
    create_model = update_model = delete_model = _refuse
