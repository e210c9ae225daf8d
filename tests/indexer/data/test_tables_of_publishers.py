"""Tables as publishers and spreadsheets lay them out are read as they are meant, or asked about."""

from datetime import date
from io import BytesIO

import numpy as np
import pytest
from openpyxl import Workbook

from indexer.intake.countries import countries
from indexer.intake.mapping import LeafNames, hints_about
from tests.indexer.data.test_reading_tables import NAN, read


def workbook(rows):
    book, out = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


LEAVES = [LeafNames(code, "", code) for code in ("ab", "cd")]
HINTS = hints_about(countries(), LEAVES)
BOTH = [[76.5, 13.2], [59.3, 8.6]]
PLAIN = "country,ab,cd\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n"


def long(head, row):
    """Write `BOTH` in the long layout of a publisher."""
    cells = {"ALB": ("Albania", 76.5, 13.2), "NAM": ("Namibia", 59.3, 8.6)}
    rows = [
        row.format(code=code, name=name, leaf=leaf.code, value=value)
        for code, (name, *values) in cells.items()
        for leaf, value in zip(LEAVES, values, strict=True)
    ]
    return "\n".join([head, *rows, ""])


def of_years(first, second, head="year", mark=","):
    """Write 1 to 4 for two years, under a head for the years."""
    units = ("Albania", "Albania", "Namibia", "Namibia")
    rows = [("country", head, "ab"), *zip(units, (first, second) * 2, "1234", strict=True)]
    return "\n".join(map(mark.join, rows)) + "\n"


READ = {
    "a row of units": ("Country,ab,cd\nUnit,USD,years\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n", BOTH),
    "a Chinese row of units": ("地区,ab,cd\n单位,亿元,%\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n", BOTH),
    "names once more": (PLAIN.replace("Namibia", "country,ab,cd\nNamibia"), BOTH),
    "a table on its side": ("indicator,Albania,Namibia\nab,76.5,59.3\ncd,13.2,8.6\n", BOTH),
    "on its side with units": ("指标,单位,Albania,Namibia\nab,元,76.5,59.3\ncd,%,13.2,8.6\n", BOTH),
    "formulas of texts": ('country,ab,cd\n="Albania",="76.5",="13.2"\n="Namibia",="59.3",="8.6"\n', BOTH),
    "formulas of texts in UTF-16": (
        'country\tab\tcd\n="Albania"\t="76.5"\t="13.2"\nNamibia\t59.3\t8.6\n'.encode("utf-16"), BOTH,
    ),
    "dashes for minus signs": (
        "country,ab,cd\nAlbania,−76.5,–13.2\nNamibia,59.3,8.6\n", [[-76.5, -13.2], [59.3, 8.6]],
    ),
    "raised marks behind fractions": ("country,ab,cd\nAlbaniaᵃ,76.5²,13.2\nNamibia,59.3,8.6³\n", BOTH),
    "apostrophes between thousands": (
        "country;ab;cd\nAlbania;1'234'567.5;13.2\nNamibia;12’345.6;8.6\n",
        [[1234567.5, 13.2], [12345.6, 8.6]],
    ),
    "full-width commas": ("地区，ab，cd\nAlbania，76.5，13.2\nNamibia，59.3，8.6\n", BOTH),
    "full-width digits": ("地区,ab,cd\nAlbania,７６．５,１３．２\nNamibia,５９．３,８．６\n", BOTH),
    "SDMX with labels": (
        long("DATAFLOW,REF_AREA: Area,INDICATOR: Indicator,TIME_PERIOD: Time period,OBS_VALUE: Value",
             "X,{code}: {name},{leaf}: Life,2019,{value}"), BOTH,
    ),
    "OECD Data Explorer": (
        long("STRUCTURE,ACTION,REF_AREA,Reference area,MEASURE,Measure,TIME_PERIOD,Time,OBS_VALUE,Observed",
             "DATAFLOW,I,{code},{name},{leaf},Life,2019,,{value},"), BOTH,
    ),
    "OECD.Stat": (
        long('"LOCATION","INDICATOR","SUBJECT","MEASURE","TIME","Value","Flag Codes"',
             '"{code}","{leaf}","TOT","USD","2019",{value},"P"'), BOTH,
    ),
    "WHO's API": (
        long("Id,IndicatorCode,SpatialDimType,SpatialDim,TimeDim,Value,NumericValue,Low,High",
             "1,{leaf},COUNTRY,{code},2019,{value} [1-99],{value},1,99"), BOTH,
    ),
    "FAOSTAT": (
        long("Domain,Area Code (M49),Area,Element,Item,Year,Unit,Value,Flag",
             "Crops,008,{name},Yield,{leaf},2019,t,{value},E"), BOTH,
    ),
    "the UN's yearbook": (
        "T02,Population,,,,,\nRegion/Country/Area,,Year,Series,Value,Footnotes,Source\n8,Albania,2019,ab,76.5,,UN\n"
        "8,Albania,2019,cd,13.2,,UN\n516,Namibia,2019,ab,59.3,,UN\n516,Namibia,2019,cd,8.6,,UN\n", BOTH,
    ),
    "a column of indicators with a head of its own": (
        "pays,chiffre,value\nAlbania,ab,76.5\nAlbania,cd,13.2\nNamibia,ab,59.3\nNamibia,cd,8.6\n", BOTH,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_a_layout_is_read_as_it_is_meant(kind):
    text, values = READ[kind]
    sheet, asked, _likely = read(text, HINTS)
    places = [[column.split(" / ")[0] for column in sheet.columns].index(leaf.code) for leaf in LEAVES]
    assert asked == {}
    assert [unit[:3].upper() for unit in sheet.units] == ["ALB", "NAM"]
    np.testing.assert_array_equal(sheet.values[:, places], values)
    assert not {place for _row, place in sheet.texts} & set(places)


YEARS = {
    "dates": of_years("2018-12-31", "2019-12-31", "date"),
    "dates with the day first": of_years("31.12.2018", "31.12.2019", "Date", ";"),
    "dates of a workbook": workbook(
        [["country", "date", "ab"], ["Albania", date(2018, 12, 31), 1], ["Albania", date(2019, 12, 31), 2],
         ["Namibia", date(2018, 12, 31), 3], ["Namibia", date(2019, 12, 31), 4]]
    ),
    "years in Chinese": of_years("2018年", "2019年", "年份"),
    "two years": of_years("2018-19", "2019-20"),
    "two years in heads": "country,ab 2018/19,ab 2019/20\nAlbania,1,2\nNamibia,3,4\n",
    "years above": "Country,2018,,2019,\n,ab,cd,ab,cd\nAlbania,1,0,2,0\nNamibia,3,0,4,0\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", YEARS)
def test_years_are_told_however_they_are_written(kind):
    sheet, asked, likely = read(
        YEARS[kind], HINTS, name="t.xlsx" if "workbook" in kind else "t.csv", year="2018"
    )
    assert (asked, sheet.years) == ({}, ("2018", "2019"))
    assert sheet.values[:, sheet.columns.index("ab")].tolist() == [1, 3]
    assert ("span" in likely) == ("two years" in kind)


def test_of_two_years_the_second_may_be_meant():
    sheet, _asked, _likely = read(YEARS["two years"], HINTS, span="last", year="2020")
    assert (sheet.years, sheet.values[:, 0].tolist()) == (("2019", "2020"), [2, 4])


def test_months_are_asked_about_as_they_stand():
    text = "country,date,ab\nAlbania,2018-11,1\nAlbania,2018-12,2\nNamibia,2018-11,3\nNamibia,2018-12,4\n"
    assert list(read(text, HINTS)[1]) == ["only:date", "ranges:date"]
    sheet, _asked, _likely = read(text, HINTS, only__date="2018-12")
    assert sheet.values[:, sheet.columns.index("ab")].tolist() == [2, 4]


def test_numbers_in_brackets_are_asked_about():
    text = 'country,ab\nAlbania,"($1,234.50)"\nNamibia,"$3,100.00"\n'
    sheet, asked, _likely = read(text, HINTS)
    assert (list(asked), np.isnan(sheet.values[0, 0])) == (["brackets:ab"], True)
    assert read(text, HINTS, brackets="negative")[0].values.tolist() == [[-1234.5], [3100]]
    assert read(text, HINTS, brackets="number")[0].values.tolist() == [[1234.5], [3100]]


def test_a_table_on_its_side_may_be_kept_as_it_stands():
    text, _values = READ["a table on its side"]
    sheet, _asked, likely = read(text, HINTS)
    assert (likely["shape"], sheet.lines) == ("transposed", (1, 1))
    assert read(text, HINTS, shape="wide")[0].columns == ("Albania", "Namibia")


def test_continents_are_sums_of_countries():
    _sheet, asked, _likely = read("country,ab\nAlbania,1\nAfrica,2\nEurope,3\n", HINTS)
    assert list(asked) == ["aggregates"]


def test_gaps_stay_gaps_in_a_table_that_is_turned():
    sheet, _asked, _likely = read("indicator,Albania,Namibia\nab,76.5,NA\ncd,,8.6\n", HINTS)
    np.testing.assert_array_equal(sheet.values, [[76.5, NAN], [NAN, 8.6]])
