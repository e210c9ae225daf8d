"""Gatherings: what was delivered by whom, what is still missing, and all of it put together."""

import math
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, QuerySet

from indexer.models import Delivery, Gathering
from indexer.selectors.data_imports import leaves_of
from indexer.selectors.unit_names import labels_of
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.permissions import ADMINISTRATORS, STAFF, has_role
from weighting.selectors.sharing import known_to


@dataclass(frozen=True, eq=False)
class Together:
    """The latest value of every cell: a row for each of ``city_ids``, a column for each of ``columns``.

    ``leaf_codes`` are the first of the columns, in file order.
    """

    deliveries: list[Delivery]
    city_ids: list[int]
    leaf_codes: list[str]
    columns: list[str]
    values: FloatArray
    totals: dict[str, float]


@dataclass(frozen=True)
class LeafStatus:
    """How far one indicator is delivered: by whom last, of how many units, and of which not."""

    leaf: Indicator
    delivery: Delivery | None
    count: int
    missing: list[str]


@dataclass(frozen=True, eq=False)
class GatheringProgress:
    """What is delivered, and how far each indicator is with it, in file order."""

    together: Together
    leaves: list[LeafStatus]

    @property
    def is_whole(self) -> bool:
        """Whether every indicator was delivered by somebody."""
        return len(self.together.leaf_codes) == len(self.leaves)


def gatherings_visible_to(account: Account | None) -> QuerySet[Gathering]:
    """Return all gatherings that staff know of, who may all deliver; none for anybody else."""
    gatherings = (
        known_to(account, Gathering.objects.all())
        .select_related("framework", "register", "series", "method", "created_by")
        .annotate(delivery_count=Count("deliveries"))
    )
    return gatherings if has_role(account, STAFF) else gatherings.none()


def gatherings_owned_by(account: Account) -> QuerySet[Gathering]:
    """Return the gatherings that an account may make the edition of, and end: its own, or all."""
    gatherings = gatherings_visible_to(account)
    return gatherings if has_role(account, ADMINISTRATORS) else gatherings.filter(created_by=account)


def put_together(gathering: Gathering) -> Together:
    """Return what all deliveries hold; of two values of one cell the later delivered one."""
    deliveries = list(gathering.deliveries.select_related("sent_by").order_by("pk"))
    delivered = {code for delivery in deliveries for code in delivery.leaf_codes}
    leaf_codes = [leaf.code for leaf in leaves_of(gathering.framework_id) if leaf.code in delivered]
    beside = {code for delivery in deliveries for code in delivery.beside_codes}
    columns = [*leaf_codes, *sorted(beside)]
    city_ids = sorted({city_id for delivery in deliveries for city_id in delivery.city_ids})
    rows = {city_id: row for row, city_id in enumerate(city_ids)}
    places = {code: position for position, code in enumerate(columns)}
    values = np.full((len(city_ids), len(columns)), math.nan)
    totals: dict[str, float] = {}
    for delivery in deliveries:
        own = values_of(delivery)
        where = np.ix_(
            [rows[city_id] for city_id in delivery.city_ids],
            [places[code] for code in (*delivery.leaf_codes, *delivery.beside_codes)],
        )
        values[where] = np.where(np.isnan(own), values[where], own)
        totals |= delivery.totals
    return Together(deliveries, city_ids, leaf_codes, columns, values, totals)


def values_of(delivery: Delivery) -> FloatArray:
    """Return the matrix of a delivery."""
    width = len(delivery.leaf_codes) + len(delivery.beside_codes)
    return np.frombuffer(delivery.values, dtype="<f8").reshape(len(delivery.city_ids), width)


def progress_of(gathering: Gathering) -> GatheringProgress:
    """Return how far a gathering is; a unit is missed once anybody delivered it."""
    together = put_together(gathering)
    return GatheringProgress(together, _leaves_of(gathering, together))


def _leaves_of(gathering: Gathering, together: Together) -> list[LeafStatus]:
    names = labels_of(gathering.register)
    last = {code: delivery for delivery in together.deliveries for code in delivery.leaf_codes}
    places = {code: position for position, code in enumerate(together.leaf_codes)}
    found = []
    for leaf in leaves_of(gathering.framework_id):
        gaps = np.ones(len(together.city_ids), dtype=bool)
        if leaf.code in places:
            gaps = np.isnan(together.values[:, places[leaf.code]])
        missing = [names[str(together.city_ids[row])] for row in np.flatnonzero(gaps)]
        count = len(together.city_ids) - len(missing)
        found.append(LeafStatus(leaf, last.get(leaf.code), count, missing))
    return found
