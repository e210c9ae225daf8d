"""Data sets as the visitor may see them, and as the numeric side wants them."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, F, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from indexer.enums import RunStatus
from indexer.models import City, DataSet, Grouping, IndexMethod, Province, Run
from indexer.numeric.method.faults import DataFault, NormalisationError
from indexer.numeric.method.gaps import Beside
from indexer.numeric.method.leaf_steps import NormalisedLeaves, RawColumns, extents_of, normalise_leaves
from indexer.numeric.method.transforms import Extent
from indexer.numeric.method.treatment import ColumnTreatment, OutlierRule
from indexer.numeric.scores.column_blocks import column_blocks
from indexer.selectors.plans import asked_beside, plan_of
from indexer.selectors.register_editions import as_stored, corrected_since
from indexer.selectors.stored_values import columns_of, unpack_values
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree, build_tree
from weighting.permissions import ADMINISTRATORS, MANAGERS, STAFF, has_role
from weighting.selectors.sharing import known_to

# What lists of data sets leave in the database.
NAMES = ("name_zh", "name_en")
PACKED = ("values", "totals", "auxiliary", "mapping")
# The page of a data set of more units counts them by province, and lists them page by page.
MOST_NAMED = 1_000
PLACE = ("pk", "province_id")
SHOWN = {"name_zh", "name_en", "province_id"}


def owns_data_set(account: Account | None, data_set: DataSet) -> bool:
    """Whether an account may publish a data set: a manager what they or their framework brought, or all."""
    is_own = account is not None and account.pk in (data_set.created_by_id, data_set.framework.created_by_id)
    return has_role(account, ADMINISTRATORS) or (has_role(account, MANAGERS) and is_own)


def data_sets_visible_to(account: Account | None) -> QuerySet[DataSet]:
    """Return all data sets that staff know of, the published ones for anybody else."""
    data_sets = (
        known_to(account, DataSet.objects.all())
        .select_related("framework", "method", "series")
        .defer(*PACKED)
    )
    runs = Run.objects.filter(data_set=OuterRef("pk"))
    of_staff = has_role(account, STAFF)
    if not of_staff:
        # How many rankings there are tells strangers of those alone that they may see.
        runs = runs.filter(weight_version__is_published=True, method=F("data_set__method"))
    counted = data_sets.annotate(
        run_count=_count_of(runs), finished_count=_count_of(runs.filter(status=RunStatus.DONE))
    )
    return counted if of_staff else counted.filter(is_published=True)


def _count_of(rows: QuerySet[Run]) -> Coalesce:
    """Count in a query of its own: counted in a join, every run carries the matrix along."""
    counts = rows.order_by().values("data_set").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counts), 0)


def editions_of(data_set: DataSet, account: Account | None) -> list[DataSet]:
    """Return the editions of a data set's series that the visitor may see, the newest first."""
    editions = data_sets_visible_to(account).filter(series=data_set.series_id)
    return list(editions.select_related("created_by").order_by("-year", "-edition"))


def count_units(data_set_id: int) -> int:
    """Return how many units a data set has, without a list of them."""
    length = "jsonb_array_length" if connection.vendor == "postgresql" else "json_array_length"
    counted = DataSet.objects.annotate(units=Func("city_ids", function=length, output_field=IntegerField()))
    return counted.values_list("units", flat=True).get(pk=data_set_id)


def unpack_totals(data_set: DataSet) -> FloatArray:
    """Return the totals, (leaves,), NaN where the column sum serves."""
    return np.frombuffer(data_set.totals, dtype="<f8")


def cities_of(data_set: DataSet) -> list[City]:
    """Return the units in the order of the matrix, each with province and region, as they were then."""
    cities = City.objects.select_related("province__region__register").in_bulk(data_set.city_ids)
    return list(as_stored({pk: cities[pk] for pk in data_set.city_ids}, data_set).values())


class PlaceOfSet(NamedTuple):
    """A province, how many units of a data set are in it, and which; none where all are too many."""

    province: Province
    city_count: int
    cities: list[City]


def places_of(data_set: DataSet) -> list[PlaceOfSet]:
    """Return the units by province, in the order of the register, with nothing but their names.

    Of too many they are counted alone, and nothing is returned where the provinces are too many, too.
    """
    inside = set(data_set.city_ids)
    cities = City.objects.filter(register=data_set.series.register_id).order_by("pk")
    before = corrected_since(data_set.series.register, data_set.register_edition)
    members: dict[int, list[City]] = {}
    if len(inside) > MOST_NAMED:
        places = ((pk, before.get(pk, {}).get("province_id", at)) for pk, at in cities.values_list(*PLACE))
        found = Counter(province for pk, province in places if pk in inside)
    else:
        for city in cities.only("province_id", "name_zh", "name_en"):
            if city.pk in inside:
                for column in SHOWN & before.get(city.pk, {}).keys():
                    setattr(city, column, before[city.pk][column])
                members.setdefault(city.province_id, []).append(city)
        found = Counter({province: len(named) for province, named in members.items()})
    if len(found) > MOST_NAMED:
        return []
    provinces = Province.objects.filter(pk__in=found).select_related("region").order_by("region_id", "pk")
    return [PlaceOfSet(province, found[province.pk], members.get(province.pk, [])) for province in provinces]


def units_among(data_set: DataSet, city_ids: Collection[int]) -> list[City]:
    """Return some units of a data set in the order of the register, each with its places, as they were."""
    units = City.objects.filter(pk__in=city_ids).select_related("province__region__register").order_by("pk")
    return list(as_stored({unit.pk: unit for unit in units}, data_set).values())


@dataclass(frozen=True, eq=False)
class Structure:
    """What the numeric side needs of a framework: its tree, and the (leaves,) directions."""

    tree: Tree
    directions: IntArray


def structure_of(framework_id: int) -> Structure:
    """Return the tree and the directions of a framework, in file order."""
    nodes = Indicator.objects.filter(framework_id=framework_id).order_by("position")
    rows = list(nodes.values_list("code", "parent__code", "direction"))
    return _structure(rows)


def structure_from(nodes: Sequence[Indicator]) -> Structure:
    """Return the same from all nodes of the framework, in file order and each with its parent."""
    return _structure(
        [(node.code, node.parent.code if node.parent else None, node.direction) for node in nodes]
    )


def _structure(rows: Sequence[tuple[str, str | None, int]]) -> Structure:
    tree = build_tree([code for code, *_ in rows], [parent or "" for _, parent, _ in rows])
    return Structure(tree=tree, directions=np.array([row[2] for row in rows])[tree.leaves])


def normalised_values(data_set: DataSet, method: IndexMethod, structure: Structure) -> FloatArray:
    """Return the normalised values, (units, leaves), under a method; NaN where left out."""
    return normalise_data_set(data_set, method, structure).values


@dataclass(frozen=True, eq=False)
class RawData:
    """Raw values, (units, leaves), with all that a method may need to compute with them.

    ``beside`` are the auxiliary columns, (units,); ``units`` names the units in errors. The rest
    is there for the methods that ask for it: ``groups`` of the units by their column, ``before``
    the last values of earlier editions, (units, leaves), and ``unit_codes``, (units,). Of a part
    of the leaves a unit may lack all: there are others.
    """

    codes: Sequence[str]
    directions: IntArray
    values: FloatArray
    totals: FloatArray
    beside: Mapping[str, FloatArray]
    units: Sequence[str]
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    before: FloatArray | None = None
    unit_codes: Sequence[str] = ()
    is_part: bool = False

    def of_rows(self, rows: IntArray) -> "RawData":
        """Return some of the units, as if there were no others."""
        return replace(
            self,
            values=self.values[rows],
            beside={code: column[rows] for code, column in self.beside.items()},
            units=[self.units[row] for row in rows] if self.units else [],
            groups={name: [labels[row] for row in rows] for name, labels in self.groups.items()},
            before=None if self.before is None else self.before[rows],
            unit_codes=[self.unit_codes[row] for row in rows] if self.unit_codes else [],
        )


def normalise_data_set(
    data_set: DataSet, method: IndexMethod, structure: Structure, *, order: Literal["C", "F"] = "C"
) -> NormalisedLeaves:
    """Divide, fill in, treat and normalise the raw values of a data set as a method says.

    Raises `NormalisationError`, a `ValueError`, with every reason why that cannot be done.
    """
    raw = with_what_it_asks_for(raw_data_of(data_set, structure), data_set, method)
    # The names are for the messages about missing values, denominators and transforms alone.
    if np.isnan(raw.values).any() or method.denominators or method.leaves:
        raw = replace(raw, units=units_of(data_set))
    return normalise_raw_data(raw, method, order=order)


def normalise_leaves_of(
    data_set: DataSet, method: IndexMethod, structure: Structure, leaves: Sequence[int]
) -> NormalisedLeaves:
    """Do the same for some leaves of a data set that can be computed: as all come out together, to the bit.

    Of one that was fetched without its values no more is kept than what these leaves rest on.
    """
    codes = structure.tree.leaf_codes
    own = {codes[leaf] for leaf in leaves}
    method = copy(method)
    method.denominators = {code: below for code, below in method.denominators.items() if code in own}
    further = [codes.index(code) for code in set(method.denominators.values()) & set(codes)]
    columns = columns_of(data_set, [*leaves, *further])
    # NumPy adds a single column in an order of its own, so that it goes along twice.
    taken = [*leaves, *leaves][: max(2, len(leaves))]
    places = [leaves.index(leaf) for leaf in taken]
    divisors = {codes[leaf]: columns[:, len(leaves) + at] for at, leaf in enumerate(further)}
    raw = RawData(
        codes=[codes[leaf] for leaf in taken],
        directions=structure.directions[taken],
        # One memory layout, since the order in which a column is summed follows it.
        values=np.ascontiguousarray(columns[:, places]),
        totals=unpack_totals(data_set)[taken],
        beside=divisors | auxiliary_columns_of(data_set),
        units=[],
        is_part=True,
    )
    made = normalise_raw_data(with_what_it_asks_for(raw, data_set, method), method)
    treatments = tuple(one for one in made.treatments if one.column < len(leaves))
    return NormalisedLeaves(made.values[:, : len(leaves)], made.cells[:, : len(leaves)], treatments)


def raw_data_of(data_set: DataSet, structure: Structure) -> RawData:
    """Return what a data set holds, without the names of its units."""
    return RawData(
        codes=structure.tree.leaf_codes,
        directions=structure.directions,
        values=unpack_values(data_set),
        totals=unpack_totals(data_set),
        beside=auxiliary_columns_of(data_set),
        units=[],
    )


def normalise_raw_data(
    raw: RawData, method: IndexMethod, *, order: Literal["C", "F"] = "C"
) -> NormalisedLeaves:
    """Do the same for data that are not stored; raises `NormalisationError` likewise."""
    beside = _denominators(raw, method)
    blocks = column_blocks(*raw.values.shape)
    try:
        return _normalise_blocks(raw, method, beside, blocks, order)
    except NormalisationError:
        # A block knows the reasons of its own columns; the whole matrix names every one.
        return _normalise_blocks(raw, method, beside, [slice(0, raw.values.shape[1])], order)


def _normalise_blocks(
    raw: RawData,
    method: IndexMethod,
    beside: Mapping[int, FloatArray],
    blocks: Sequence[slice],
    order: Literal["C", "F"],
) -> NormalisedLeaves:
    """Take each block through all steps, so that one block alone has copies of its cells."""
    values = np.empty(raw.values.shape, order=order)
    cells = np.empty(raw.values.shape, dtype=np.uint8)
    treatments: list[ColumnTreatment] = []
    for block, made in _each_block(raw, method, beside, blocks):
        values[:, block], cells[:, block] = made.values, made.cells
        treatments += [replace(one, column=one.column + block.start) for one in made.treatments]
    return NormalisedLeaves(values, cells, tuple(treatments))


def _each_block(
    raw: RawData, method: IndexMethod, beside: Mapping[int, FloatArray], blocks: Sequence[slice]
) -> Iterator[tuple[slice, NormalisedLeaves]]:
    plan = plan_of(method)
    steps = [plan.leaf_step(code) for code in raw.codes]
    for block in blocks:
        columns = _columns_of(raw, beside, block, may_be_empty=plan.may_leave_out or raw.is_part)
        yield block, normalise_leaves(columns, steps[block], rule=rule_of(method))


def normalised_blocks(
    data_set: DataSet, method: IndexMethod, structure: Structure
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield normalised values, (units, leaves), of data that can be computed, some leaves at a time."""
    raw = with_what_it_asks_for(raw_data_of(data_set, structure), data_set, method)
    blocks = column_blocks(*raw.values.shape)
    for block, made in _each_block(replace(raw, is_part=True), method, _denominators(raw, method), blocks):
        yield block, made.values


def _columns_of(
    raw: RawData, beside: Mapping[int, FloatArray], block: slice, *, may_be_empty: bool
) -> RawColumns:
    """Return some columns of raw data as the numeric side takes them."""
    before = None if raw.before is None else raw.before[:, block]
    return RawColumns(
        values=raw.values[:, block],
        directions=raw.directions[block],
        codes=raw.codes[block],
        units=raw.units,
        totals=raw.totals[block],
        denominators={at - block.start: beside[at] for at in range(block.start, block.stop) if at in beside},
        beside=Beside(raw.groups, before, may_be_empty),
        unit_rows={code: row for row, code in enumerate(raw.unit_codes)},
    )


def raw_extents_of(data_set: DataSet, method: IndexMethod, structure: Structure) -> Extent:
    """Return between which raw values each leaf lies, prepared as a method says, (leaves,).

    Raises `NormalisationError`, a `ValueError`, with every reason why that cannot be done.
    """
    raw = with_what_it_asks_for(raw_data_of(data_set, structure), data_set, method)
    raw = replace(raw, units=units_of(data_set))
    plan = plan_of(method)
    whole = slice(0, raw.values.shape[1])
    columns = _columns_of(raw, _denominators(raw, method), whole, may_be_empty=plan.may_leave_out)
    return extents_of(columns, plan.leaf_steps(structure.tree), rule=rule_of(method))


def rule_of(method: IndexMethod) -> OutlierRule:
    """Return the outlier rule of a method."""
    return OutlierRule(
        action=method.outliers,
        skewness=method.skewness_limit,
        kurtosis=method.kurtosis_limit,
        most=method.winsorised_most,
    )


def auxiliary_columns_of(data_set: DataSet) -> dict[str, FloatArray]:
    """Return the columns, (units,), that are no indicators, NaN where missing."""
    codes = data_set.auxiliary_codes
    beside = np.frombuffer(data_set.auxiliary, dtype="<f8").reshape(len(data_set.city_ids), len(codes))
    return dict(zip(codes, beside.T, strict=True))


def _denominators(raw: RawData, method: IndexMethod) -> dict[int, FloatArray]:
    """Return the column, (units,), that divides each leaf of the method, by the leaf's position."""
    place = {code: position for position, code in enumerate(raw.codes)}
    columns = {code: raw.values[:, position] for code, position in place.items()} | dict(raw.beside)
    unknown = set(method.denominators) - set(place) | set(method.denominators.values()) - set(columns)
    if unknown:
        raise NormalisationError([DataFault("unknown_column", tuple(sorted(unknown)))])
    asked = ((at, method.denominators.get(code)) for at, code in enumerate(raw.codes))
    return {at: columns[column] for at, column in asked if column is not None}


def with_what_it_asks_for(raw: RawData, data_set: DataSet, method: IndexMethod) -> RawData:
    """Add what some ways to fill in or to normalise go by; for most methods that is nothing."""
    asked = asked_beside(plan_of(method), raw.codes)
    if asked.groups or asked.references:
        ordered = cities_of(data_set)
        raw = replace(
            raw,
            groups={
                "province": [str(city.province_id) for city in ordered],
                "region": [str(city.province.region_id) for city in ordered],
                **_further_groups(data_set, asked.groups),
            },
            unit_codes=[city.code or city.own_name for city in ordered],
        )
    if asked.earlier and data_set.previous is not None:
        raw = replace(raw, before=last_values_before(data_set.previous, data_set.city_ids, raw.codes))
    return raw


def _further_groups(data_set: DataSet, codes: Collection[str]) -> dict[str, list[str]]:
    """Return the group of each unit under the groupings asked for, '' for none; nothing of an unknown one."""
    found: dict[str, list[str]] = {}
    groupings = Grouping.objects.filter(register__data_series__editions=data_set, code__in=codes)
    for grouping in groupings.order_by("pk"):
        group_of = dict(grouping.members.order_by().values_list("city_id", "group_id"))
        found[grouping.code] = [str(group_of.get(city_id, "")) for city_id in data_set.city_ids]
    return found


def last_values_before(earlier: DataSet | None, city_ids: Sequence[int], codes: Sequence[str]) -> FloatArray:
    """Return the last raw values of an edition or those before, (units, leaves), nan where there is none."""
    last = np.full((len(city_ids), len(codes)), np.nan)
    while earlier is not None and np.isnan(last).any():
        last = np.where(np.isnan(last), _values_in(earlier, city_ids, codes), last)
        earlier = earlier.previous
    return last


def _values_in(edition: DataSet, city_ids: Sequence[int], codes: Sequence[str]) -> FloatArray:
    """Return the raw values of an edition for some units and leaves, nan where it has none."""
    values = unpack_values(edition)
    rows = {city_id: row for row, city_id in enumerate(edition.city_ids)}
    places = {code: position for position, code in enumerate(edition.leaf_codes)}
    found = np.full((len(city_ids), len(codes)), np.nan)
    known = [(at, rows[city_id]) for at, city_id in enumerate(city_ids) if city_id in rows]
    shared = [(at, places[code]) for at, code in enumerate(codes) if code in places]
    if known and shared:
        (at, row), (to, place) = (np.array(pairs).T for pairs in (known, shared))
        found[np.ix_(at, to)] = values[np.ix_(row, place)]
    return found


def own_names() -> dict[int, str]:
    """Return what files call each unit."""
    return {pk: chinese or english for pk, chinese, english in City.objects.values_list("pk", *NAMES)}


def units_of(data_set: DataSet) -> list[str]:
    """Return the names of the units, (units,)."""
    names = own_names()
    return [names[city_id] for city_id in data_set.city_ids]
