from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Uuid, bindparam, event, insert, literal_column, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from saas.audit import Audit
from saas.db import Utc, db, line, new_id
from saas.prepared import Prepared, PreparedInsert
from saas.tenancy import Tenant, tenant_scope
from tests.cast import Clinic

T = Tenant.__table__.c
FOUND = (
    select(T.id, T.slug, T.created_at, T.second_required, T.idle_minutes)
    .where(T.id.in_(bindparam("ids", expanding=True, type_=Uuid())), T.status.in_(("active", "trial")))
    .where(T.created_at < bindparam("before", type_=Utc()), T.kind != "platform")
    .order_by(T.slug)
    .limit(5)
)


def test_rows_are_what_the_long_way_finds_for_every_length_of_a_list(
    app: Flask, rowan: Clinic, thornfield: Clinic
) -> None:
    ready = Prepared(FOUND)
    both = [rowan.ref.id, thornfield.ref.id]
    with app.app_context(), tenant_scope(rowan.ref):
        for ids in ([], both[:1], both, [*both, new_id()], both[1:]):
            asked = {"ids": ids, "before": datetime(2100, 1, 1, tzinfo=UTC)}
            found = ready.rows(line(), asked)
            assert found == [tuple(row) for row in line().execute(FOUND, asked)]
            assert len(found) == len(set(ids) & set(both))
        assert ready.rows(line(), {"ids": both, "before": datetime(2000, 1, 1, tzinfo=UTC)}) == []


def test_a_time_without_a_zone_is_refused_as_everywhere(app: Flask, rowan: Clinic) -> None:
    with app.app_context(), tenant_scope(rowan.ref), pytest.raises(ValueError, match="time zone"):
        Prepared(FOUND).rows(line(), {"ids": [], "before": datetime(2100, 1, 1)})


def test_errors_are_sqlalchemys_and_say_nothing_of_what_was_asked(app: Flask, rowan: Clinic) -> None:
    broken = Prepared(select(literal_column("no_such_column")).where(T.slug == bindparam("slug")))
    with app.app_context(), tenant_scope(rowan.ref):
        with pytest.raises(DBAPIError) as caught:
            broken.rows(line(), {"slug": "a-secret-word"})
        assert caught.value.orig is not None
        assert "a-secret-word" not in str(caught.value)
        db.session.rollback()


def test_who_counts_statements_counts_these(app: Flask, rowan: Clinic) -> None:
    heard: list[str] = []

    def count(_line: object, _cursor: object, text: str, *_: object) -> None:
        heard.append(text)

    with app.app_context(), tenant_scope(rowan.ref):
        event.listen(db.engine, "before_cursor_execute", count)
        try:
            Prepared(select(T.slug)).rows(line(), {})
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
    assert heard
    assert heard[-1].startswith("SELECT tenant.slug")


def test_an_insert_writes_what_the_long_way_writes_defaults_and_all(app: Flask, rowan: Clinic) -> None:
    ready = PreparedInsert(insert(Audit))
    shared: dict[str, object] = {
        "tenant_id": rowan.ref.id, "at": datetime(2026, 1, 1, tzinfo=UTC), "actor": "system", "account_id": None,
        "target": "test", "target_id": rowan.ref.id,
    }  # fmt: skip
    rows = [{**shared, "deed": "long", "facts": {"n": 1, "é": "ß"}}, {**shared, "deed": "long", "facts": {}}]
    with app.app_context(), tenant_scope(rowan.ref):
        line().execute(insert(Audit), rows)
        ready.write(line(), [{**row, "deed": "short"} for row in rows])
        ready.write(line(), [{**rows[0], "deed": "short"}])
        columns = [column for name, column in Audit.__table__.c.items() if name not in ("id", "deed")]
        found = select(*columns).where(Audit.__table__.c.tenant_id == rowan.ref.id)
        long, short = (
            [tuple(row) for row in line().execute(found.where(Audit.__table__.c.deed == deed))]
            for deed in ("long", "short")
        )
        assert sorted(map(repr, short)) == sorted(map(repr, [*long, long[0]]))
        db.session.rollback()


def test_a_broken_constraint_is_an_integrity_error(app: Flask, rowan: Clinic) -> None:
    row = {name: getattr(rowan.ref, name) for name in ("id", "slug", "name", "zone", "currency", "country")}
    with app.app_context(), tenant_scope(rowan.ref):
        with pytest.raises(IntegrityError):
            PreparedInsert(insert(Tenant)).write(line(), [{**row, "created_at": datetime(2026, 1, 1, tzinfo=UTC)}])
        db.session.rollback()
