"""Lists that more people see than may take them out as a file."""

from __future__ import annotations

from typing import Any

from flask_admin import expose

from saas.admin import RecordView, current_account, fresh, only


class OwnerExports(RecordView):
    """A list whose files are the owner's alone, with a fresh log-in; nobody else is shown a link to one."""

    def export_links(self) -> list[tuple[str, str]]:
        account = current_account()
        return super().export_links() if account is not None and account.role == "owner" else []

    @expose("/export/<export_type>/")
    @only("owner")
    @fresh
    def export(self, export_type: str) -> Any:
        return super().export(export_type)
