"""The composite scores and ranks of finished runs, read out of their blocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import BinaryField, Case, IntegerField, Value, When
from django.db.models.functions import Substr

from indexer.models import DataSet, Run, RunScores
from indexer.numeric.studies.blocks import unpack_ranks, unpack_scores
from weighting.numeric.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Standing:
    """Where one unit stands in one run, unrounded."""

    rank: int
    score: float


def composites_of(run_ids: Iterable[int]) -> dict[int, tuple[FloatArray, IntArray]]:
    """Return scores, nan where a unit has none, and ranks, 0 there, by run; (units,) in its order."""
    rows = RunScores.objects.filter(run__in=list(run_ids)).order_by()
    return {
        run: (unpack_scores(scores), unpack_ranks(ranks))
        for run, scores, ranks in rows.values_list("run_id", "scores", "ranks")
    }


def ranks_by_run(run_ids: Iterable[int]) -> dict[int, IntArray]:
    """Return the ranks alone, likewise."""
    rows = RunScores.objects.filter(run__in=list(run_ids)).order_by()
    return {run: unpack_ranks(ranks) for run, ranks in rows.values_list("run_id", "ranks")}


def city_ids_by_run(run_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return the units of each run in its order; those of a data set are read once."""
    data_set_of = dict(Run.objects.filter(pk__in=list(run_ids)).order_by().values_list("pk", "data_set_id"))
    data_sets = DataSet.objects.filter(pk__in=set(data_set_of.values())).order_by()
    cities = dict(data_sets.values_list("pk", "city_ids"))
    return {run: cities[data_set] for run, data_set in data_set_of.items()}


def standings_of(city_id: int, city_ids: Mapping[int, Sequence[int]]) -> dict[int, Standing]:
    """Return the standing of one unit in each of the runs of ``city_ids`` that ranks it.

    No more is read than the unit's own bytes, however many units there are.
    """
    places = _places_of(city_id, city_ids)
    if not places:
        return {}
    found = RunScores.objects.filter(run__in=list(places)).order_by()
    rows = found.values_list("run_id", _slice("scores", 8, places), _slice("ranks", 4, places))
    standings = {
        run: (int(unpack_ranks(rank)[0]), float(unpack_scores(score)[0])) for run, score, rank in rows
    }
    return {run: Standing(rank, score) for run, (rank, score) in standings.items() if rank}


def _places_of(city_id: int, city_ids: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Return the place of the unit in each run that has it; runs of one data set share the search."""
    place_in: dict[int, int] = {}
    places = {}
    for run, ids in city_ids.items():
        if id(ids) not in place_in:
            place_in[id(ids)] = ids.index(city_id) if city_id in ids else -1
        if place_in[id(ids)] >= 0:
            places[run] = place_in[id(ids)]
    return places


def _slice(column: str, width: int, places: dict[int, int]) -> Substr:
    runs_at: dict[int, list[int]] = {}
    for run, place in places.items():
        runs_at.setdefault(place, []).append(run)
    starts = [When(run__in=runs, then=Value(width * place + 1)) for place, runs in runs_at.items()]
    start = starts[0].result if len(starts) == 1 else Case(*starts, output_field=IntegerField())
    return Substr(column, start, width, output_field=BinaryField())


def first_of(run_ids: Sequence[int]) -> dict[int, tuple[list[int], int]]:
    """Return the ids of the units that share the first rank, and how many have a rank, by run."""
    city_ids = city_ids_by_run(run_ids)
    return {
        run: (
            [city_ids[run][place] for place in np.flatnonzero(ranks == 1).tolist()],
            int(np.count_nonzero(ranks)),
        )
        for run, ranks in ranks_by_run(run_ids).items()
    }
