"""Pools that share a round: what their rows of scores have in common must not be the ballots of too few.

Whoever may have studies of experts has the ballots of a version as rows. Rows say more than sums: those
that stand in two versions are the ballots of the rounds which both count.
"""

from collections import Counter

import numpy as np
import pytest

from tests.factories import make_framework
from tests.weighting.test_pooling import LABELS, SECRET, abstaining, closed
from weighting.enums import Rule
from weighting.exceptions import Refused
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.panel_scores import panel_scores_of
from weighting.services import version_sources
from weighting.services.version_sources import pool_rounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def framework(manager):
    return make_framework(owner=manager)


def rounds_of(framework, manager, *sizes):
    """Close rounds of so many ballots, all of them different, the first round's first that of `SECRET`."""
    return [
        closed(framework, manager, size, scores=lambda at, code, of=of: _score(framework, of, at, code))
        for of, size in enumerate(sizes)
    ]


def _score(framework, of, at, code):
    if (of, at) == (0, 0):
        return SECRET.get(code, 3)
    place = [node.code for node in indicators_of(framework.pk)].index(code)
    return int(np.random.default_rng([of, at]).integers(1, 6, size=place + 1)[-1])


def rows_of(version):
    return Counter(tuple(row) for row in np.nan_to_num(panel_scores_of(version).scores).tolist())


def common_rows(framework, manager, shared_size, size=4):
    """Pool one round with each of two others, and return the rows that both versions have."""
    shared, *others = rounds_of(framework, manager, shared_size, size, size)
    pools = [pool_rounds([shared, other], actor=manager, **LABELS) for other in others]
    first, second = map(rows_of, pools)
    return first & second


def test_pools_that_share_too_few_ballots_are_refused(framework, manager):
    with pytest.raises(Refused, match="1 ballot"):
        common_rows(framework, manager, 1)


def test_without_the_guard_the_row_in_both_is_that_of_the_one_expert(framework, manager, monkeypatch):
    monkeypatch.setattr(version_sources, "differencing_blockers", lambda *_args, **_kwargs: [])
    [(row, times)] = common_rows(framework, manager, 1).items()
    codes = [node.code for node in indicators_of(framework.pk)]
    told = {code: score for code, score in zip(codes, row, strict=True) if code in SECRET}
    assert (told, times) == (SECRET, 1)


def test_pools_that_share_a_whole_panel_are_made(framework, manager):
    assert common_rows(framework, manager, 5, 5).total() >= 5


def test_pools_do_not_share_an_item_that_too_few_answered(framework, manager):
    """Each round has its k ballots; of each three answered the item, six of every two together."""
    shared, first, second = (
        closed(framework, manager, 6, scores=abstaining({3, 4, 5}), rule=Rule.NORMALISED_MEAN)
        for _ in range(3)
    )
    assert pool_rounds([shared, first], actor=manager, **LABELS).pk
    with pytest.raises(Refused, match="fewer than the minimum panel answered on: Indicator travel"):
        pool_rounds([shared, second], actor=manager, **LABELS)
