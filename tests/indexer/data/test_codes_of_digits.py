"""Codes that look like numbers name units, and a column that groups the units does not."""

import pytest

from indexer.intake.hints import Hints, KeySet
from tests.indexer.data.reading import read

CODES = ["001", "002", "1e5", "NA", "010", "TRUE"]
NAMES = ["Garonne", "Tana", "Drava", "Okavango", "Tana", "Mura"]
KNOWN = Hints(
    names=KeySet.of(name.lower() for name in NAMES),
    codes=KeySet.of(code.lower() for code in CODES),
    leaves=frozenset({"bod", "tss"}),
)


def table_of(head, *columns):
    rows = zip(*columns, strict=True)
    return "\n".join([head, *(",".join(map(str, row)) for row in rows)])


@pytest.mark.parametrize("head", ["Schlüssel", "unit", "Kennziffer"])
def test_of_codes_and_names_the_codes_name_the_units(head):
    sheet, _open, likely = read(table_of(f"{head},Name,bod,tss", CODES, NAMES, range(6), range(6)), KNOWN)
    assert (likely["unit"], list(sheet.units)) == (head, CODES)


def test_of_a_long_table_too():
    rows = [
        (code, name, leaf, place)
        for place, (code, name) in enumerate(zip(CODES, NAMES, strict=True))
        for leaf in ("bod", "tss")
    ]
    sheet, _open, likely = read(table_of("unit,unit_name,indicator,value", *zip(*rows, strict=True)), KNOWN)
    assert (likely["unit"], list(sheet.units)) == ("unit", CODES)


def test_numbers_that_are_codes_by_chance_name_no_units():
    codes = Hints(KNOWN.names, KeySet.of(map(str, range(1, 7))), KNOWN.leaves)
    counts = ["3", "1", "2", "NA", "6", "5"]
    sheet, _open, _likely = read(table_of("Name,bod,tss", NAMES, counts, range(6)), codes)
    assert list(sheet.units) == NAMES


def test_a_unit_that_is_not_known_is_not_called_after_its_country():
    names = ["Garonne", "Zambezi", "Drava", "Okavango", "Mura", "Weser"]
    countries = ["FR", "NA", "FR", "NA", "NA", "FR"]
    sheet, _open, likely = read(table_of("Name,Country,bod", names, countries, range(6)), KNOWN)
    assert list(sheet.units) == names
    assert "unit_beside" not in likely
