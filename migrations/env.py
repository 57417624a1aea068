"""Alembic's environment: the app's engine, the metadata of every room, a short lock time-out on PostgreSQL."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text

database = current_app.extensions["migrate"].db


def run() -> None:
    """Migrate online: the only way we do it."""
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    with database.engine.connect() as connection:
        migrate(connection)


def migrate(connection) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - alembic's untyped hook
    """Run what is due in one transaction; give up after 10 s rather than queue behind a long lock."""
    context.configure(connection=connection, target_metadata=database.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        context.run_migrations()


run()
