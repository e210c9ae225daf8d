"""The table of places: every city of the demo once, with a code and a spot inside its province."""

import csv
import math
from itertools import combinations
from pathlib import Path

import pytest

from demo.places import rebuild

ROOT = Path(__file__).resolve().parent.parent
# South, north, west, east in whole degrees around each province; its own code's first two digits.
AROUND = {
    "北京市": ("11", 39, 42, 115, 118), "天津市": ("12", 38, 41, 116, 119),
    "河北省": ("13", 36, 43, 113, 120), "山西省": ("14", 34, 41, 110, 115),
    "内蒙古自治区": ("15", 37, 54, 97, 127), "辽宁省": ("21", 38, 44, 118, 126),
    "吉林省": ("22", 40, 47, 121, 132), "黑龙江省": ("23", 43, 54, 121, 136),
    "上海市": ("31", 30, 32, 120, 123), "江苏省": ("32", 30, 36, 116, 122),
    "浙江省": ("33", 27, 32, 118, 123), "安徽省": ("34", 29, 35, 114, 120),
    "福建省": ("35", 23, 29, 115, 121), "江西省": ("36", 24, 31, 113, 119),
    "山东省": ("37", 34, 39, 114, 123), "河南省": ("41", 31, 37, 110, 117),
    "湖北省": ("42", 29, 34, 108, 117), "湖南省": ("43", 24, 31, 108, 115),
    "广东省": ("44", 20, 26, 109, 118), "广西壮族自治区": ("45", 20, 27, 104, 113),
    "海南省": ("46", 18, 21, 108, 112), "重庆市": ("50", 28, 33, 105, 111),
    "四川省": ("51", 26, 35, 97, 109), "贵州省": ("52", 24, 30, 103, 110),
    "云南省": ("53", 21, 30, 97, 107), "西藏自治区": ("54", 26, 37, 78, 100),
    "陕西省": ("61", 31, 40, 105, 112), "甘肃省": ("62", 32, 43, 92, 109),
    "青海省": ("63", 31, 40, 89, 104), "宁夏回族自治区": ("64", 35, 40, 104, 108),
    "新疆维吾尔自治区": ("65", 34, 50, 73, 97),
}  # fmt: skip


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def places():
    return read(rebuild.PLACES)


def test_every_city_of_the_report_has_a_code_and_a_spot_of_its_own(places):
    cities = read(rebuild.CITIES)

    assert [(p["name_zh"], p["province_zh"]) for p in places] == [
        (c["name_zh"], c["province_zh"]) for c in cities
    ]
    assert len(places) == 351
    for distinct in ("code", "geoname_id"):
        assert len({place[distinct] for place in places}) == 351
    assert [(c["code"], c["latitude"], c["longitude"]) for c in cities] == [
        (p["code"], p["latitude"], p["longitude"]) for p in places
    ]


def test_codes_and_spots_lie_within_the_province(places):
    outside = [
        place["name_zh"]
        for place in places
        for prefix, south, north, west, east in [AROUND[place["province_zh"]]]
        if not (
            place["code"].startswith(prefix)
            and len(place["code"]) == 6
            and south < float(place["latitude"]) < north
            and west < float(place["longitude"]) < east
        )
    ]

    assert outside == []


def test_no_two_seats_are_nearer_than_five_kilometres(places):
    spots = [(p["name_zh"], float(p["latitude"]), float(p["longitude"])) for p in places]
    # Huanggang and Ezhou face each other across the Yangtze; nearer than they no two are.
    near = [
        (one, other)
        for (one, lat, lon), (other, lat2, lon2) in combinations(spots, 2)
        if math.hypot(lat - lat2, (lon - lon2) * math.cos(math.radians(lat))) * 111 < 5
    ]

    assert near == []


def test_the_notice_names_the_sources_and_their_licences():
    notice = (ROOT / "demo" / "places" / "README.md").read_text(encoding="utf-8")

    for words in ("GeoNames", "CC BY 4.0", "GB/T 2260", "BSD licence"):
        assert words in notice
