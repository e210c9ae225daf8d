"""Statements word for word as Django writes them, with less work: what both databases share.

A page asks for some ninety joined columns of a handful of rows. To write such a statement takes many times
what the database takes to answer it.
"""

from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any

from django.apps import apps
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models import Model, expressions
from django.db.models.expressions import Col, F, OrderBy
from django.db.models.sql.compiler import SQLCompiler


class KeepsConverters(BaseDatabaseOperations):
    @cached_property
    def kept_converters(self) -> dict[int, Any]:
        """How values are read, by the identity of the column, each beside the column itself."""
        return {}


# The columns of the product's own models, each beside what is written of it. They are never let go: who is
# known by its identity must not make room for another.
_WRITTEN: dict[int, tuple[Col, str]] = {}


class WritesQuickly(SQLCompiler):
    def get_default_columns(self, *select_mask: Any, **named: Any) -> Any:
        """Keep the columns of a model that is asked for whole, under the name of its table."""
        opts = named.get("opts") or self.query.get_meta()
        if any(select_mask) or not opts or opts.parents or opts.apps is not apps:
            return super().get_default_columns(*select_mask, **named)
        if (named.get("start_alias") or self.query.get_initial_alias()) != opts.db_table:
            return super().get_default_columns(*select_mask, **named)
        return [*_columns_of(opts.model)]

    def get_order_by(self) -> Any:
        """Look among the columns that are asked for only where what orders can be one of them.

        Django makes a reference to each and hashes all that it is made of: a third of what a statement took.
        """
        if self.query.combinator or self._orders_by_what_is_asked_for():
            return super().get_order_by()
        asked_for, self.select = self.select, None
        try:
            return super().get_order_by()
        finally:
            self.select = asked_for

    def compile(self, node: Any) -> Any:
        """Write a column without a search for another way that this database may have: none has."""
        if type(node) is Col and node.alias:
            # Either may hold a name that is written without quotes.
            if (kept := _WRITTEN.get(id(node))) and not (
                self.query.extra_select or self.query.external_aliases
            ):
                return kept[1], []
            quoted = self.quote_name_unless_alias
            return f"{quoted(node.alias)}.{quoted(node.target.column)}", []
        return super().compile(node)

    def get_converters(self, asked_for: Iterable[Any]) -> Any:
        """Keep how the values of a model's own columns are read."""
        asked_for, converters = list(asked_for), {}
        if any(isinstance(one, expressions.ColPairs) for one in asked_for):  # type: ignore[attr-defined]  # no stub
            return super().get_converters(asked_for)
        kept = self.connection.ops.kept_converters  # type: ignore[attr-defined]  # those of our databases have them
        for place, one in enumerate(asked_for):
            # By identity: to compare two columns takes longer than what is kept.
            _, found = kept.get(id(one), (None, None))
            if found is None:
                found = super().get_converters([one]).get(0, ())
                # A field's own column lives as long as the field; others are made for one statement.
                if id(one) in _WRITTEN or (type(one) is Col and one.target.__dict__.get("cached_col") is one):
                    kept[id(one)] = (one, found)
            if found:
                converters[place] = found
        return converters

    def _orders_by_what_is_asked_for(self) -> bool:
        query = self.query
        ordering: Iterable[Any] = query.extra_order_by or query.order_by
        if not ordering and query.default_ordering and (meta := query.get_meta()):
            ordering = meta.ordering or ()
        named = {None, *(alias for _, _, alias in self.select or () if alias)} if ordering else ()
        return any(_name_of(term) in named for term in ordering)


@cache
def _columns_of(model: type[Model]) -> list[Col]:
    table = model._meta.db_table
    columns = [field.get_col(table) for field in model._meta.concrete_fields]
    _WRITTEN.update({id(one): (one, f'"{table}"."{one.target.column}"') for one in columns})
    return columns


def _name_of(term: Any) -> str | None:
    """Return the name that a term of an order is; None of any other expression."""
    if isinstance(term, OrderBy):
        term = term.expression
    if isinstance(term, F):
        return term.name
    return term.lstrip("-+") if isinstance(term, str) else None
