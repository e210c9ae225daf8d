"""Names of places as people write them."""

import csv
from pathlib import Path

import pytest

from indexer.names import (
    AmbiguousUnit,
    UnitRegister,
    UnknownUnit,
    normalise_unit_name,
    split_name,
)

FACTS = Path(__file__).resolve().parents[3] / "demo" / "report2016" / "facts"


def column(name, file="total_351.csv"):
    with (FACTS / file).open(encoding="utf-8", newline="") as lines:
        return {row[name]: () for row in csv.DictReader(lines)}


@pytest.fixture(scope="module")
def cities():
    return UnitRegister(column("city"))


@pytest.fixture(scope="module")
def provinces():
    return UnitRegister(column("province"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("南阳", "南阳市"),
        ("甘孜", "甘孜州"),
        ("甘孜藏族自治州", "甘孜州"),
        ("巴音郭楞蒙古自治州", "巴音郭楞州"),
        ("海西蒙古族藏族自治州", "海西州"),
        ("恩施土家族苗族自治州", "恩施州"),
        ("阿里", "阿里地区"),
        ("澄迈", "澄迈县"),
        ("神农架", "神农架林区"),
        ("锡林郭勒", "锡林郭勒盟"),
        ("铜仁市", "铜仁地区"),
        ("黄南州", "黄南"),
        ("兰州", "兰州市"),
        ("海南", "海南州"),
        ("吉林", "吉林市"),
        (" 南\u200b阳市\u3000", "南阳市"),
    ],
)
def test_cities(cities, written, meant):
    assert cities.resolve(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("内蒙古", "内蒙古自治区"),
        ("广西", "广西壮族自治区"),
        ("海南", "海南省"),
        ("吉林", "吉林省"),
        ("西藏", "西藏自治区"),
    ],
)
def test_provinces(provinces, written, meant):
    assert provinces.resolve(written) == meant


def test_every_name_of_the_report_stands_for_one_place(cities):
    assert all(cities.resolve(name) == name for name in column("city"))
    assert len({cities.resolve(name) for name in column("city", "subindices_top100.csv")}) > 100


@pytest.mark.parametrize("written", ["海南省", "吉林省", "长沙县"])
def test_a_place_of_another_level_is_another_place(cities, written):
    with pytest.raises(UnknownUnit) as caught:
        cities.resolve(written)
    assert caught.value.nearest


def test_unknown_names_get_the_nearest(cities):
    with pytest.raises(UnknownUnit) as caught:
        cities.resolve("襄樊市")
    assert "襄阳市" in caught.value.nearest


def test_two_candidates_are_refused():
    register = {"海南州": (), "海南省": (), "大理市": (), "大理州": ()}
    for name in ("海南", "大理"):
        with pytest.raises(AmbiguousUnit) as caught:
            UnitRegister(register).resolve(name)
        assert len(caught.value.nearest) == 2
    assert UnitRegister(register).resolve("大理市") == "大理市"


def test_names_come_before_aliases_and_aliases_before_stems():
    register = {"襄阳市": ["襄樊", "Xiangyang"], "襄樊县": []}
    assert UnitRegister(register).resolve("襄樊") == "襄阳市"
    assert UnitRegister(register).resolve("XIANGYANG") == "襄阳市"
    with pytest.raises(AmbiguousUnit):
        UnitRegister({"克孜勒苏州": ["克州"], "克拉玛依市": ["克州"]}).resolve("克州")


def test_normal_form():
    assert normalise_unit_name("  ＡＢＣ\u3000 d\ufeff ") == "ABC d"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("内蒙古自治区", ("内蒙古", "province")),
        ("德州", ("德州", "")),
        ("甘南藏族自治州", ("甘南", "prefecture")),
        ("藏族自治州", ("藏族", "prefecture")),
        ("Springfield", ("Springfield", "")),
    ],
)
def test_parts_of_a_name(name, parts):
    assert split_name(name) == parts
