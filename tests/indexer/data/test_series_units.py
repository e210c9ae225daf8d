"""Which unit a row of an outside series stands for."""

from indexer.intake.mapping import UnitNames
from indexer.intake.series import read_series
from weighting.readers import ProblemLog
from weighting.readers.decisions import Decisions


def test_a_unit_keeps_its_value_where_its_key_is_another_s_name():
    units = [
        UnitNames(
            key="Lyon", label="Lyon (Rhône)", shown="Lyon (Rhône)", names=("Lyon (Rhône)",), aliases=()
        ),
        UnitNames(key="2", label="Lyon", shown="Lyon", names=("Lyon",), aliases=()),
    ]
    log = ProblemLog("series.csv")
    table = read_series("unit,value\nLyon (Rhône),1\nLyon,2\n".encode(), log, units, Decisions())
    log.raise_if_any()
    assert dict(zip(table.keys, table.values, strict=True)) == {"Lyon": 1.0, "2": 2.0}
