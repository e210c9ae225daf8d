"""The published tables, read as they were printed, and every name resolved to one city."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FACTS = Path(__file__).parent / "facts"
PLACES = Path(__file__).parents[1] / "places" / "places.csv"
SUBINDICES = ("infra", "industry", "innovation", "smartcity")
INDUSTRY = SUBINDICES.index("industry")
# The weights with which the published totals follow from the published sub-indices (printed: 27.69 ...).
IMPLIED = (0.277, 0.264, 0.219, 0.240)


@dataclass(frozen=True)
class Report:
    """The printed figures; cells that the report does not list are empty text and rank 0."""

    cities: tuple[str, ...]
    provinces: tuple[str, ...]
    total_text: tuple[str, ...]
    cell_text: tuple[tuple[str, ...], ...]  # (cities, sub-indices)
    cell_rank: NDArray[np.int64]  # (cities, sub-indices)

    @property
    def totals(self) -> NDArray[np.float64]:
        return np.array([float(text) for text in self.total_text])

    @property
    def cells(self) -> NDArray[np.float64]:
        return np.array([[float(text) if text else np.nan for text in row] for row in self.cell_text])


def read_rows(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def printed_provinces(subindex: str) -> dict[str, float]:
    """What is printed for the provinces on industry or smart city."""
    column = {"industry": "industry", "smartcity": "smart"}[subindex]
    return {row["province"]: float(row[column]) for row in read_rows("provinces.csv")}


def read_places() -> dict[str, dict[str, str]]:
    """Code and coordinates by city; no two of the report share a name."""
    with PLACES.open(encoding="utf-8", newline="") as file:
        return {row["name_zh"]: row for row in csv.DictReader(file)}


def resolve_city(name: str, cities: list[str]) -> int:
    """The one city a short name of the top-100 tables stands for (屯昌 is 屯昌县, 吉林 is 吉林市)."""
    found = [cities.index(form) for form in (name, name + "市", name + "县") if form in cities]
    if len(found) != 1:
        raise ValueError(f"{name!r} names {len(found)} cities of total_351.csv, not one")
    return found[0]


def read_report() -> Report:
    """All 351 totals and the four top-100 lists; the rows of total_351.csv are in rank order."""
    rows = read_rows("total_351.csv")
    cities = [row["city"] for row in rows]
    text = [[""] * len(SUBINDICES) for _ in cities]
    rank = np.zeros((len(cities), len(SUBINDICES)), dtype=np.int64)
    for row in read_rows("subindices_top100.csv"):
        city = resolve_city(row["city"], cities)
        column = SUBINDICES.index("smartcity" if row["subindex"] == "smart" else row["subindex"])
        if text[city][column]:
            raise ValueError(f"{row['city']!r} is listed twice under {row['subindex']}")
        text[city][column], rank[city, column] = row["value"], int(row["rank"])
    return Report(
        cities=tuple(cities),
        provinces=tuple(row["province"] for row in rows),
        total_text=tuple(row["total"] for row in rows),
        cell_text=tuple(tuple(row) for row in text),
        cell_rank=rank,
    )
