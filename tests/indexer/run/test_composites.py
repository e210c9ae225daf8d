"""Scores and ranks in blocks: one city is cut out of many runs, and rows of before become blocks and back."""

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.numeric.scores.ranking import ranks_of_present
from indexer.numeric.studies.blocks import pack_composite, unpack_ranks, unpack_scores
from indexer.selectors.composites import city_ids_by_run, first_of, standings_of
from tests.indexer.composites import all_blocks, standings
from tests.indexer.finished_runs import make_runs, random_values
from upkeep.copies.snapshot import step_by_step
from weighting.immutability import drop_triggers, install_triggers

BEFORE = [("indexer", "0043_words_for_groups_of_units")]


@given(arrays(np.float64, st.integers(0, 30), elements=st.floats(0, 1e6) | st.just(np.nan)))
def test_what_is_packed_is_read_back_to_the_bit(scores):
    ranks = ranks_of_present(scores)
    block, places = pack_composite(scores, ranks)
    np.testing.assert_array_equal(unpack_scores(block), scores)
    np.testing.assert_array_equal(unpack_ranks(places), ranks)
    assert len(block) + len(places) == 12 * len(scores)


@pytest.fixture
def runs_with_gaps(db):
    """Runs of two data sets of some of the same cities, in the first of which one city has no score."""
    values = random_values(7)
    values[2] = np.nan
    first = make_runs(values, missing="reweight", coverage=0.6, normalisation="minmax")
    return [*first, *make_runs(random_values(9, seed=3), framework=first[0].data_set.framework, tilts=())]


@pytest.mark.postgres
def test_one_city_is_cut_out_of_every_run_that_ranks_it(runs_with_gaps, django_assert_num_queries):
    ids = city_ids_by_run(run.pk for run in runs_with_gaps)
    assert {len(cities) for cities in ids.values()} == {7, 9}
    every_city = set().union(*ids.values())
    for city in [*every_city, max(every_city) + 1]:
        told = {run.pk: standings(run).get(city) for run in runs_with_gaps}
        assert standings_of(city, ids) == {run: one for run, one in told.items() if one}
    with django_assert_num_queries(1):
        standings_of(min(every_city), ids)
    assert first_of(list(ids)) == {
        run.pk: (
            [city for city, one in standings(run).items() if one.rank == 1],
            sum(one.rank > 0 for one in standings(run).values()),
        )
        for run in runs_with_gaps
    }


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_of_before_become_the_same_blocks(runs_with_gaps):
    blocks = all_blocks()
    told = [
        (run.pk, city, one.score, one.rank) for run in runs_with_gaps for city, one in standings(run).items()
    ]
    # As the command does: SQLite drops no column that a trigger names.
    drop_triggers("default")
    step_by_step().migrate(BEFORE)
    try:
        with connection.cursor() as cursor:
            cursor.execute('SELECT run_id, city_id, score, "rank" FROM indexer_cityscore')
            assert sorted(cursor.fetchall()) == sorted(told)
    finally:
        executor = step_by_step()
        executor.migrate(executor.loader.graph.leaf_nodes())
        install_triggers("default")
    assert all_blocks() == blocks
