"""What its maker alone may know of: a framework that is not shared yet, and all that rests on it."""

from collections import deque
from functools import cache
from typing import TypeVar

from django.db.models import ForeignKey, Model, Q, QuerySet

from weighting.models import Account, Framework
from weighting.permissions import ADMINISTRATORS, STAFF, has_role

AnyRow = TypeVar("AnyRow", bound=Model)


def known_to(account: Account | None, rows: QuerySet[AnyRow]) -> QuerySet[AnyRow]:
    """Leave out what rests on frameworks that are private to others; administrators know of all.

    Every selector of something that rests on a framework goes through here. Whether a row is private
    is asked of its framework alone, so that nothing can be private or shared by itself.
    """
    if has_role(account, ADMINISTRATORS):
        return rows
    path = path_to_framework(rows.model)
    known = Q(**{f"{path}is_shared": True})
    if has_role(account, STAFF):
        known |= Q(**{f"{path}created_by": account})
    return rows.filter(known)


@cache
def path_to_framework(model: type[Model]) -> str:
    """Return how a query names the framework that a model rests on: by the fewest keys, none of them empty.

    Raises `LookupError` for a model that rests on none.
    """
    waiting: deque[tuple[type[Model], str]] = deque([(model, "")])
    met = {model}
    while waiting:
        here, path = waiting.popleft()
        if here is Framework:
            return path
        for field in here._meta.concrete_fields:
            if not isinstance(field, ForeignKey) or field.null:
                continue
            other = field.remote_field.model
            if other not in met:
                met.add(other)
                waiting.append((other, f"{path}{field.name}__"))
    raise LookupError(f"{model.__name__} rests on no framework")
