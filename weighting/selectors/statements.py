"""Queries that hundreds ask within seconds: what is sent, and how rows are read, is found out once.

Django writes the statement of a query set anew each time it is asked, which takes a process three times as
long as to send it and to read its row. The rows themselves are never kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, QuerySet
from django.db.models.query import ModelIterable, get_related_populators  # type: ignore[attr-defined]
from django.db.transaction import TransactionManagementError

Read = TypeVar("Read")


class Given(Expression):
    """A value that is not known before the query is asked: one that a column of this field could hold."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Leave the place open."""
        return "%s", [self]


@dataclass(frozen=True)
class _Written:
    """What is sent to one kind of database, and what of its rows has to be converted."""

    sql: str
    params: Sequence[Any]
    converters: Sequence[tuple[int, Any, Sequence[Callable[..., Any]]]]
    make: Callable[[tuple[Any, ...]], Any]
    locks: bool

    def params_with(self, given: dict[str, Any], database: BaseDatabaseWrapper) -> tuple[Any, ...]:
        return tuple(
            [
                each.output_field.get_db_prep_value(given[each.name], database)
                if isinstance(each, Given)
                else each
                for each in self.params
            ]
        )

    def read(self, row: Sequence[Any], database: BaseDatabaseWrapper) -> Any:
        values = list(row)
        for place, column, converters in self.converters:
            for convert in converters:
                values[place] = convert(values[place], column, database)
        return self.make(tuple(values))


class Statement(Generic[Read]):
    """A query set of objects or of lists of values, with places left open (`Given`).

    Of objects nothing is read but columns of their own and of what is selected along with them.
    """

    def __init__(self, write: Callable[[], "QuerySet[Any, Read]"]) -> None:
        self._write = write
        self._written: dict[str, _Written] = {}

    def all(self, **given: Any) -> list[Read]:
        """Return all rows for the given values."""
        database = connections[DEFAULT_DB_ALIAS]
        written = self._written.get(database.vendor)
        if written is None:
            written = self._written[database.vendor] = _write(self._write(), database)
        if written.locks and database.get_autocommit():
            # As Django says where it writes one: the lock would be gone with the statement.
            raise TransactionManagementError("rows are locked within a transaction alone")
        with database.cursor() as cursor:
            cursor.execute(written.sql, written.params_with(given, database))
            return [written.read(row, database) for row in cursor.fetchall()]

    def first(self, **given: Any) -> Read | None:
        """Return the first row, if there is one."""
        found = self.all(**given)
        return found[0] if found else None

    def get(self, **given: Any) -> Read:
        """Return the one row that there is."""
        found = self.first(**given)
        if found is None:
            raise ObjectDoesNotExist
        return found


def _write(rows: "QuerySet[Any, Any]", database: BaseDatabaseWrapper) -> _Written:
    compiler = rows.query.get_compiler(connection=database)
    sql, params = compiler.as_sql()
    converters = compiler.get_converters([column for column, *_rest in compiler.select])
    return _Written(
        sql,
        params,
        [(place, column, found) for place, (found, column) in converters.items()],
        _making(compiler) if issubclass(rows._iterable_class, ModelIterable) else tuple,
        rows.query.select_for_update and database.features.has_select_for_update,
    )


def _making(compiler: Any) -> Callable[[tuple[Any, ...]], Any]:
    """Return what makes a row into an object, with those that are selected along with it."""
    about, select, alias = compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
    start, end = about["select_fields"][0], about["select_fields"][-1] + 1
    names = [column.target.attname for column, *_rest in select[start:end]]
    populators = get_related_populators(about, select, alias)

    def make(values: tuple[Any, ...]) -> Any:
        made = about["model"].from_db(alias, names, values[start:end])
        for populator in populators:
            populator.populate(values, made)
        return made

    return make
