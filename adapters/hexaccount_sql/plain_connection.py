"""Connections on which the driver executes statements whose text SQLAlchemy has written once.

For each execution SQLAlchemy makes the key of its cache, a context and a description of the result, which takes longer
than the driver needs for the statement (ADR 47). The pool, the errors, what becomes of a broken connection and the
listeners of statements are SQLAlchemy's.
"""

from collections.abc import Callable
from functools import lru_cache
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = dict[str, Any]

_RV = TypeVar("_RV")


class PlainConnection:
    """A connection of an engine's pool.

    It raises sqlalchemy.exc.DBAPIError for an error of the driver, and ResourceClosedError once the server is lost.
    """

    __slots__ = ("_pooled", "dialect", "engine")

    def __init__(self, engine: sa.Engine) -> None:
        self.engine, self.dialect = engine, engine.dialect
        try:
            self._pooled = engine.raw_connection()
        except self.dialect.loaded_dbapi.Error as error:
            sa.Connection._handle_dbapi_exception_noconnection(error, self.dialect, engine)  # noqa: SLF001 - no public way

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def driver(self) -> Any:
        """The driver's connection."""
        return self._pooled.driver_connection

    def fetch(self, statement: sa.ClauseElement, parameters: Parameters | None = None) -> list[Row]:
        """Return the rows of a statement; it is kept, with its text, so it must not be made anew for each call."""
        written = _written(self.dialect, statement)
        return self._execute(written.text, written.bind(parameters or {}), written.read, **written.options)

    def change(self, statement: sa.ClauseElement, parameters: Parameters) -> int:
        """Execute a statement like `fetch`, and return how many rows it has changed."""
        written = _written(self.dialect, statement)
        return self._execute(written.text, written.bind(parameters), _row_count)

    def execute(self, statement: sa.Executable, *parameters: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        """Execute a statement that was made for this call, by SQLAlchemy."""
        return self._of_sqlalchemy().execute(statement, *parameters)

    def exec_driver_sql(self, text: str) -> None:
        """Execute a text without parameters and results."""
        self._execute(text, None, _nothing)

    def rollback(self) -> None:
        """End a transaction, if there is one; no error if the connection is lost, or SQLite has rolled back already."""
        self._of_sqlalchemy().begin().rollback()

    def close(self) -> None:
        """Return the connection to the pool."""
        self._pooled.close()

    def _execute(self, text: str, parameters: Parameters | None, result: Callable[[Any], _RV], **options: bool) -> _RV:
        if not self._pooled.is_valid:
            raise exc.ResourceClosedError("the connection was lost during an earlier statement")
        before, after = self.engine.dispatch.before_cursor_execute, self.engine.dispatch.after_cursor_execute
        cursor: Any = None
        try:
            cursor = self._pooled.cursor()
            if before:
                connection = self._of_sqlalchemy()
                for listen in tuple(before):  # another thread may add one at this moment
                    text, parameters = listen(connection, cursor, text, parameters, None, False)
            cursor.execute(text, *(() if parameters is None else (parameters,)), **options)
            if after:
                after(self._of_sqlalchemy(), cursor, text, parameters, None, False)
            return result(cursor)
        except BaseException as error:
            if isinstance(error, self.dialect.loaded_dbapi.Error) or not isinstance(error, Exception):
                self._of_sqlalchemy()._handle_dbapi_exception(error, text, parameters, cursor, None)  # noqa: SLF001 - no public way
            raise

    def _of_sqlalchemy(self) -> sa.Connection:
        return sa.Connection(self.engine, connection=self._pooled)


class _WrittenStatement:
    """The text of a statement in one dialect, and what its parameters and its results need."""

    def __init__(self, dialect: sa.Dialect, statement: sa.ClauseElement) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.text: str = compiled.string
        # PostgreSQL sends ids and moments as they are; as texts they would be written there and parsed here.
        self.options = {"binary": True} if dialect.driver == "psycopg" else {}
        self._constants: Parameters = {}
        self._binders: list[tuple[str, Callable[[Any], Any]]] = []
        for parameter, name in compiled.bind_names.items():
            binder = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if not parameter.required:
                self._constants[name] = binder(parameter.effective_value) if binder else parameter.effective_value
            elif binder:
                self._binders.append((name, binder))
        columns = statement.exported_columns if isinstance(statement, sa.sql.expression.ReturnsRows) else ()
        readers = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        self._readers = [(place, reader) for place, reader in enumerate(readers) if reader]

    def bind(self, parameters: Parameters) -> Parameters:
        """Return the parameters as the driver takes them."""
        bound = {**self._constants, **parameters}
        for name, binder in self._binders:
            bound[name] = binder(bound[name])
        return bound

    def read(self, cursor: Any) -> list[Row]:
        """Return the rows of a result as the types of their columns define."""
        rows: list[Row] = cursor.fetchall()
        return [self._read_row(row) for row in rows] if self._readers else rows

    def _read_row(self, row: Row) -> Row:
        values = list(row)
        for place, reader in self._readers:
            values[place] = reader(values[place])
        return tuple(values)


@lru_cache(maxsize=1024)
def _written(dialect: sa.Dialect, statement: sa.ClauseElement) -> _WrittenStatement:
    return _WrittenStatement(dialect, statement)


def _row_count(cursor: Any) -> int:
    count: int = cursor.rowcount
    return count


def _nothing(_: Any) -> None:
    pass
