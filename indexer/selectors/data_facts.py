"""What there is to know of a data set before any weights: kept where it is large, else worked out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.db.models.functions import Length

from indexer.enums import RunStatus
from indexer.intake.rates import lies_in_the_range_of_parts, sums_to_the_whole
from indexer.intake.sums import sum_is_known
from indexer.models import DataFacts, DataSet, RunFacts
from indexer.numeric.coherence.kept_facts import KeptFacts, UnweightedFacts, arrays_of_data
from indexer.numeric.coherence.unweighted import unweighted_index
from indexer.numeric.studies.blocks import Tally, unpack_arrays
from indexer.selectors.data_sets import PACKED, Structure, structure_of, unpack_totals
from indexer.selectors.jobs import UNFINISHED
from indexer.selectors.stored_values import load_values, unpack_values
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.sharing import known_to

# Of so many values everything is worked out while somebody waits: in half a second.
MOST_VALUES = 3_000_000
# What a list of many reads of no data set: matrices, and labels of all its units.
LONG = (*PACKED, "city_ids", "leaf_codes", "auxiliary_codes")


@dataclass(frozen=True)
class Lack:
    """Facts of something large that are not there; ``job`` is None where nobody has asked for them yet."""

    job: DataFacts | RunFacts | None

    @property
    def has_ended(self) -> bool:
        """Whether that failed or was cancelled, and waits for somebody to have it tried again."""
        return self.job is not None and self.job.status not in UNFINISHED


class FactsLacking(Exception):
    """What is asked of a large data set is not worked out; ``args`` hold its `Lack`."""

    @property
    def lack(self) -> Lack:
        """What there is in its place."""
        lack: Lack = self.args[0]
        return lack


@dataclass(frozen=True)
class IndicatorSummary:
    """The raw values of one leaf.

    The total is the column sum unless the data set has its own; None where a sum would mean nothing.
    """

    indicator: Indicator
    smallest: float
    median: float
    largest: float
    total: float | None
    has_own_total: bool
    missing: int


def data_facts_known_to(account: Account | None) -> QuerySet[DataFacts]:
    """Return the jobs of facts of the data sets that a member of staff knows of, without what they found."""
    jobs = known_to(account, DataFacts.objects.all())
    jobs = jobs.select_related("data_set__framework", "data_set__series__register")
    return jobs.defer("block", *(f"data_set__{column}" for column in LONG))


def data_sets_without_facts() -> QuerySet[DataSet]:
    """Return the large data sets of which nobody has yet asked for any facts."""
    sized = DataSet.objects.annotate(bytes=Length("values"))
    return sized.filter(bytes__gt=8 * MOST_VALUES, facts__isnull=True).order_by("pk")


def is_large(data_set: DataSet) -> bool:
    """Whether working out its facts takes longer than a page may."""
    return len(data_set.city_ids) * len(data_set.leaf_codes) > MOST_VALUES


def data_facts_of(data_set: DataSet) -> DataFacts | None:
    """Return the job of the facts of a data set without what it found; None where nobody has asked."""
    return DataFacts.objects.filter(data_set=data_set).defer("block").first()


def lack_of_data_facts(data_set: DataSet) -> Lack | None:
    """Return what there is in place of the facts of a large data set; None where nothing lacks."""
    return lack_in(data_facts_of(data_set)) if is_large(data_set) else None


def lack_in(job: DataFacts | RunFacts | None) -> Lack | None:
    """Return what lacks while a job is not done."""
    return None if job is not None and job.status == RunStatus.DONE else Lack(job)


def kept_arrays_of(data_set: DataSet) -> Tally | None:
    """Return what was kept of a data set; None where nothing is."""
    if not is_large(data_set):
        return None
    done = DataFacts.objects.filter(data_set=data_set, status=RunStatus.DONE)
    block: Any = done.values_list("block", flat=True).first()
    return None if block is None else unpack_arrays(bytes(block))


def missing_among(arrays: Tally) -> int:
    """Return how many values are not there, by what was kept."""
    return int(arrays["parts"][0].sum())


def unweighted_facts_of(data_set: DataSet, structure: Structure) -> UnweightedFacts:
    """Return what there is to know of the values of a data set, kept or worked out as it is asked for."""
    arrays = kept_arrays_of(data_set)
    if arrays is not None:
        return KeptFacts(structure.tree, arrays)
    return unweighted_index(structure.tree, _values_of(data_set), structure.directions)


def arrays_to_keep(data_set: DataSet) -> Tally:
    """Work out what is kept of a data set."""
    structure, values = structure_of(data_set.framework_id), _values_of(data_set)
    index = unweighted_index(structure.tree, values, structure.directions)
    return arrays_of_data(index) | _summaries(values)


def indicator_summaries_of(data_set: DataSet) -> list[IndicatorSummary]:
    """Return what the raw values of each leaf are like, in file order."""
    leaves = [node for node in indicators_of(data_set.framework_id) if node.is_leaf]
    arrays = kept_arrays_of(data_set) or _summaries(_values_of(data_set))
    columns = zip(arrays["summaries"].T.tolist(), arrays["parts"].T.tolist(), strict=True)
    return [
        IndicatorSummary(
            indicator=leaf,
            smallest=smallest,
            median=median,
            largest=largest,
            total=_total_of(leaf, own, total, parts),
            has_own_total=not np.isnan(own),
            missing=missing,
        )
        for leaf, own, ((smallest, median, largest, total), (missing, *parts)) in zip(
            leaves, unpack_totals(data_set).tolist(), columns, strict=True
        )
    ]


def _summaries(values: FloatArray) -> Tally:
    """Return least, median, most and sum, (4, leaves); how many lack, whether they are parts, (3, leaves)."""
    summaries, parts = np.empty((4, values.shape[1])), np.empty((3, values.shape[1]), dtype=np.int64)
    for at, cells in enumerate(values.T):
        column = np.ascontiguousarray(cells)
        summaries[:, at] = np.nanmin(column), np.nanmedian(column), np.nanmax(column), np.nansum(column)
        is_whole, lies_in_range = sums_to_the_whole(column), lies_in_the_range_of_parts(column)
        parts[:, at] = np.isnan(column).sum(), is_whole, lies_in_range
    return {"summaries": summaries, "parts": parts}


def _total_of(leaf: Indicator, own: float, total: float, parts: list[int]) -> float | None:
    """Return the total that a data set brings, or the sum where it is known to mean something."""
    if not np.isnan(own):
        return own
    is_whole, lies_in_range = map(bool, parts)
    names = (leaf.name_zh, leaf.name_en)
    known = sum_is_known(names, leaf.unit, is_whole=is_whole, lies_in_range=lambda: lies_in_range)
    return total if known else None


def _values_of(data_set: DataSet) -> FloatArray:
    if "values" in data_set.get_deferred_fields():
        load_values(data_set)
    return unpack_values(data_set)
