"""Totals are known of counts, great amounts and what is called a total; of all else nothing is assumed."""

import csv
from pathlib import Path

import pytest

from indexer.intake.sums import sum_is_known

ROOT = Path(__file__).resolve().parents[3]


def is_known(*names, unit, is_whole=False, lies_in_range=False):
    return sum_is_known(names, unit, is_whole=is_whole, lies_in_range=lambda: lies_in_range)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Something", "count"),
        ("Something", "count/yr"),
        ("Users, monthly mean", "count"),
        ("Something", "10,000 persons"),
        ("Something", "Thousand seats"),
        ("Something", "Number of crossings"),
        ("Something", "人"),
        ("Something", "万人次"),
        ("Something", "个"),
        ("Something", "床日"),
        ("Something", "person-hours"),
        ("Something", "ha"),
        ("Something", "km²"),
        ("Something", "thousand tonnes"),
        ("Something", "万吨"),
        ("Something", "GWh"),
        ("Something", "million USD"),
        ("Something", "亿元"),
        ("Something", "万公里"),
        ("Length of roads", "km"),
        ("公路里程", "公里"),
        ("GDP", "EUR"),
        ("Total fares paid", "EUR"),
        ("购买金额（京东）", "CNY/yr"),
        ("Bandwidth rented", "Mbit/s"),
        ("专利授权数", ""),
    ],
)
def test_what_adds_up(name, unit):
    assert is_known("", name, unit=unit)
    assert not is_known("", f"{name} per capita", unit=unit)
    assert not is_known("人均数", name, unit=unit)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Something", ""),
        ("Way to school", "km"),
        ("Fare", "EUR"),
        ("通勤路程", "公里"),
        ("房租", "元"),
        ("房价", "万元"),
        ("Salary", "thousand EUR"),
        ("Salary", "EUR/month"),
        ("Sunshine", "h/yr"),
        ("Wind", "m/s"),
        ("Traffic", "km/h"),
        ("Download", "Mbit/s"),
        ("Weight at birth", "kg"),
        ("Temperature", "10,000 °C"),
        ("Household size", "persons"),
        ("Highest fare", "million USD"),
        ("Cost to export", "USD"),
        ("Total score", ""),
        ("空气质量", ""),
        ("综合指数", ""),
        ("优良天数", ""),
        ("Quality", "stars"),
        ("Length of roads", "mm"),
        ("Total doctors", "per 1,000"),
    ],
)
def test_what_nothing_says_of(name, unit):
    assert not is_known("", name, unit=unit)
    assert is_known("", name, unit=unit, is_whole=True)


def test_the_report_has_totals_of_all_but_ratios_points_stars_and_hours():
    with (ROOT / "demo/report2016/framework.csv").open(encoding="utf-8") as file:
        leaves = [row for row in csv.DictReader(file) if row["unit"]]
    without = {
        row["unit"] for row in leaves if not is_known(row["name_zh"], row["name_en"], unit=row["unit"])
    }
    assert without == {"ratio", "points", "stars", "h/yr"}
