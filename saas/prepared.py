"""Short statements made ready once: compiled for the database at hand, then run on the driver's own line.

SQLAlchemy's way from a Core statement to rows costs two to five times what SQLite needs to answer it (measured). Where
a page asks the same few statements for every visitor, `Prepared` keeps the compiled text and the types' conversions,
and leaves the rest out; `PreparedInsert` does so for the rows of a booking. The transaction stays the session's own;
whoever listens for statements on the engine hears these too; errors are SQLAlchemy's. See
docs/decisions/0027-reads-that-are-made-ready.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class _Ready:
    """A statement's text for one database, where each value goes (`slots`: name, place in its list, conversion), values
    that never change, and what is done to each column that comes back."""

    text: str
    positional: bool
    slots: tuple[tuple[str, str, int | None, Convert | None], ...]
    fixed: Mapping[str, Any]
    columns: tuple[tuple[int, Convert], ...]


class Prepared:
    """A select in Core that names its tenant itself. Parameters are named `bindparam`s; a list (`expanding=True`) may
    have another length each time."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._ready: dict[tuple[Any, ...], _Ready] = {}

    def rows(self, line: Connection, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows as plain tuples, in the transaction of `line`."""
        lengths = tuple(len(value) for value in asked.values() if type(value) in (list, tuple))
        ready = self._ready.get((line.dialect.name, lengths))
        if ready is None:
            ready = self._ready[line.dialect.name, lengths] = _make(self.statement, line.dialect, asked)
        values = _values(ready, asked)
        found = _run(line, ready.text, values)
        if not ready.columns:
            return found
        return [_converted(row, ready.columns) for row in found]


def _converted(row: Sequence[Any], columns: tuple[tuple[int, Convert], ...]) -> tuple[Any, ...]:
    cells = list(row)
    for place, convert in columns:
        cells[place] = convert(cells[place])
    return tuple(cells)


def _values(ready: _Ready, asked: Mapping[str, Any]) -> Any:
    found = []
    for name, source, place, convert in ready.slots:
        if source in asked:
            value = asked[source] if place is None else asked[source][place]
            found.append(value if convert is None else convert(value))
        else:
            found.append(ready.fixed[name])
    return tuple(found) if ready.positional else dict(zip((slot[0] for slot in ready.slots), found, strict=True))


def _make(statement: Any, dialect: Dialect, asked: Mapping[str, Any]) -> _Ready:
    compiled = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state(asked)
    parts = {part: (name, place) for name, all_ in state.parameter_expansion.items() for place, part in enumerate(all_)}
    slots, fixed = [], {}
    for name in state.positiontup if compiled.positional else state.parameters:
        source, place = parts.get(name, (name, None))
        convert = compiled.binds[source].type.dialect_impl(dialect).bind_processor(dialect)
        slots.append((name, source, place, convert))
        if source not in asked:
            value = state.parameters[name]
            fixed[name] = value if convert is None else convert(value)
    kinds = (column.type.dialect_impl(dialect) for column in statement.selected_columns)
    readers = [kind.result_processor(dialect, None) for kind in kinds]
    columns = tuple((place, reader) for place, reader in enumerate(readers) if reader is not None)
    return _Ready(state.statement, compiled.positional, tuple(slots), fixed, columns)


class PreparedInsert:
    """An insert of one table (with what may be said about conflicts), for rows given as values that name their tenant.

    Columns that a row leaves out get their default, as the ORM would give it. What the database refuses is raised as
    SQLAlchemy's `IntegrityError`.
    """

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._defaults: dict[str, Any] = {
            column.key: column.default.arg for column in statement.table.columns if column.default is not None
        }
        self._ready: dict[tuple[Any, ...], _Ready] = {}

    def write(self, line: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert these rows, all with the same columns, in the transaction of `line`."""
        full = [self._full(row) for row in rows]
        key = (line.dialect.name, *full[0])
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = _make_insert(self.statement, line.dialect, full[0])
        _run(line, ready.text, [_values(ready, row) for row in full], many=True)

    def _full(self, row: Mapping[str, Any]) -> dict[str, Any]:
        full = dict(row)
        for name, default in self._defaults.items():
            if name not in full:
                full[name] = default(None) if callable(default) else default
        return full


def _make_insert(statement: Any, dialect: Dialect, row: Mapping[str, Any]) -> _Ready:
    compiled = statement.compile(dialect=dialect, column_keys=list(row))
    names = compiled.positiontup if compiled.positional else list(compiled.binds)
    slots = tuple((n, n, None, compiled.binds[n].type.dialect_impl(dialect).bind_processor(dialect)) for n in names)
    return _Ready(str(compiled), compiled.positional, slots, {}, ())


def _run(line: Connection, text: str, values: Any, *, many: bool = False) -> list[Any]:
    raw: Any = line.connection.dbapi_connection
    for heard in line.dispatch.before_cursor_execute:
        heard(line, None, text, values, None, many)
    driver = line.dialect.loaded_dbapi
    try:
        if not many:
            found: list[Any] = raw.execute(text, values).fetchall()
            return found
        if len(values) == 1:
            raw.execute(text, values[0])
        else:
            raw.cursor().executemany(text, values)
    except driver.Error as error:
        if line.dialect.is_disconnect(error, raw, None):
            line.invalidate(error)
        # What was asked for stays out of the message, as on every engine of ours.
        said = DBAPIError.instance(text, None, error, driver.Error, hide_parameters=True, dialect=line.dialect)
        raise said from error
    return []
