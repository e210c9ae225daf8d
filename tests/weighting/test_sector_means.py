"""Means of sectors: kept above k alone, and never left as the remainder."""

import pytest

from tests.weighting.test_statistics import reported_sectors, scores_of, sector_round
from weighting.enums import Rule, Sector
from weighting.models import Ballot
from weighting.selectors.statistics import round_statistics

pytestmark = pytest.mark.django_db


def kept_sectors(round_):
    return set(Ballot.objects.filter(round=round_).values_list("sector", flat=True)) - {""}


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ({Sector.ACADEMIC: 5, Sector.INDUSTRY: 6}, {"academic", "industry"}),
        ({Sector.ACADEMIC: 4, Sector.INDUSTRY: 6}, set()),
        ({Sector.ACADEMIC: 4, Sector.INDUSTRY: 5, Sector.GOVERNMENT: 6}, {"government"}),
        ({Sector.ACADEMIC: 2, Sector.INDUSTRY: 3, Sector.GOVERNMENT: 6}, {"government"}),
    ],
)
def test_a_sector_is_kept_only_above_k_and_never_left_as_the_remainder(sizes, kept):
    assert kept_sectors(sector_round(sizes)) == kept


def test_unsealed_ballots_do_not_count_for_a_sector():
    """The last two of the second sector never seal: four are left, and the first sector goes too."""
    round_ = sector_round({Sector.ACADEMIC: 6, Sector.INDUSTRY: 6}, sealed=10)
    assert kept_sectors(round_) == set()


def test_sector_means_are_those_of_the_sector():
    sizes = {Sector.ACADEMIC: 5, Sector.INDUSTRY: 6}
    statistics = round_statistics(reported_sectors(sizes, scores=lambda place, code: 5 if place < 5 else 2))
    assert [(s.sector, s.ballots) for s in statistics.sectors] == [("academic", 5), ("industry", 6)]
    assert set(statistics.sectors[0].means) == {5.0}
    assert set(statistics.sectors[1].means) == {2.0}


def test_abstentions_bring_a_sector_below_k_on_that_item_alone():
    """Two of six abstain on travel: four are left, and the other sector would give them away."""
    scores = lambda place, code: None if code == "travel" and place < 2 else scores_of(place, code)  # noqa: E731
    sizes = {Sector.ACADEMIC: 6, Sector.INDUSTRY: 6}
    statistics = round_statistics(reported_sectors(sizes, rule=Rule.NORMALISED_MEAN, scores=scores))
    place = [item.indicator.code for item in statistics.items].index("travel")
    for sector in statistics.sectors:
        assert sector.means[place] is None
        assert sum(mean is None for mean in sector.means) == 1
