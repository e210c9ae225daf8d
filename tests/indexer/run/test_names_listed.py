"""Lists of units that somebody types, some of whose names hold a comma."""

import pytest

from indexer.models import City
from indexer.names import fold_name
from indexer.selectors.cities import Cities, names_listed
from indexer.selectors.unit_profiles import read_units
from tests.indexer.finished_runs import make_runs, random_values

pytestmark = pytest.mark.django_db
NAMES = ["Congo", "Congo, Dem. Rep.", "Niger, inner delta", "Tana"]


@pytest.fixture
def run():
    (run,) = make_runs(random_values(4), tilts=[None])
    for pk, name in zip(run.data_set.city_ids, NAMES, strict=True):
        City.objects.filter(pk=pk).update(name_en=name, name_zh="", folded_names=fold_name(name))
    return run


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Niger, inner delta", ["Niger, inner delta"]),
        ("Tana, Niger, inner delta，Tana", ["Tana", "Niger, inner delta", "Tana"]),
        ("Congo, Dem. Rep., Congo; Tana", ["Congo, Dem. Rep.", "Congo", "Tana"]),
        ("Congo, Tana", ["Congo", "Tana"]),
        ("niger , Inner Delta", ["niger, Inner Delta"]),
        # What no unit is called is told word by word.
        ("Niger; inner delta, Nile", ["Niger", "inner delta", "Nile"]),
        (" ,; ", []),
    ],
)
def test_a_comma_may_stand_within_a_name(run, text, names):
    assert list(names_listed(text, Cities(run))) == names


def test_whoever_looks_units_up_finds_them(run):
    assert read_units("Tana, Congo, Dem. Rep.", Cities(run), run) == ([3, 1], [])
    assert read_units("Congo, Nowhere", Cities(run), run) == ([0], ["Nowhere"])
