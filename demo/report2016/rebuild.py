"""Rebuild the demo's files from the published facts: python demo/report2016/rebuild.py [--check]

Needs the development requirements (SciPy for the programme, pypinyin for the English names).
With --check nothing is written; the committed files are compared with what would be.
"""

import argparse
import csv
import io
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from demo.report2016 import facts, leaves, names, panel, smartcity, subindices  # noqa: E402
from weighting.numeric.aggregation import aggregate_scores  # noqa: E402
from weighting.numeric.arrays import FloatArray, IntArray  # noqa: E402
from weighting.numeric.tree import Tree, build_tree  # noqa: E402

SEED = 2016
CITY_COLUMNS = (
    *("code", "name_zh", "name_en", "province_zh", "province_en"),
    *("region_zh", "region_en", "aliases", "latitude", "longitude"),
)
# The same programme solved by another version of SciPy may end a hair away.
TOLERANCE = 1e-6


def rebuild() -> dict[str, str]:
    """The text of every file, by name."""
    report, framework = facts.read_report(), facts.read_rows("framework.csv")
    tree = build_tree([row["code"] for row in framework], [row["parent"] for row in framework])
    chances = [np.random.default_rng(child) for child in np.random.SeedSequence(SEED).spawn(4)]
    scores = panel.synthesise_scores(tree, chances[0])
    weights = aggregate_scores(tree, scores.astype(np.float64), "normalised_sum")
    values = subindices.reconstruct_subindices(report, chances[1])
    counted, totals = leaves.leaf_values(tree, weights.global_, values, chances[2])
    smart, smart_totals = smartcity.smartcity_values(tree, weights.global_, values, chances[3])
    columns, carried = {**counted, **smart}, {**totals, **smart_totals}
    return {
        "framework.csv": framework_csv(framework),
        "cities.csv": cities_csv(report),
        "published.csv": published_csv(report),
        "published_provinces.csv": published_provinces_csv(),
        "panel.csv": panel_csv(),
        "scores.csv": scores_csv(tree, scores),
        "weights_implied.csv": weights_csv(tree, weights.local),
        "data.csv": data_csv(tree, report, columns),
        "totals.csv": as_csv(
            ("code", "total"), ((c, number(carried[c])) for c in tree.leaf_codes if c in carried)
        ),
    }


def as_csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def number(value: float) -> str:
    """Shortest text that reads back as the same number; whole numbers without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def framework_csv(rows: Sequence[Mapping[str, str]]) -> str:
    """The tree without the notes of the facts, which are about the report and not for a panel."""
    return as_csv(rows[0], ({**row, "note": ""}.values() for row in rows))


def cities_csv(report: facts.Report) -> str:
    regions = {row["province"]: row for row in facts.read_rows("regions.csv")}
    english = names.english_names(report.cities, report.provinces)
    places = facts.read_places()
    rows = [
        (
            *(places[city]["code"], city, name, province, names.PROVINCES[province]),
            *(regions[province]["region_zh"], regions[province]["region_en"], ";".join(names.aliases(city))),
            *(places[city]["latitude"], places[city]["longitude"]),
        )
        for city, name, province in zip(report.cities, english, report.provinces, strict=True)
    ]
    return as_csv(CITY_COLUMNS, rows)


def published_csv(report: facts.Report) -> str:
    """The printed text, digit for digit; an empty node is the composite total."""
    rows: list[tuple[str, str, str, int]] = [
        (city, "", text, rank)
        for rank, (city, text) in enumerate(zip(report.cities, report.total_text, strict=True), start=1)
    ]
    for column, node in enumerate(facts.SUBINDICES):
        ranks = report.cell_rank[:, column]
        listed = sorted(np.flatnonzero(ranks), key=lambda city: ranks[city])
        rows += [(report.cities[c], node, report.cell_text[c][column], int(ranks[c])) for c in listed]
    return as_csv(("unit", "node", "value", "rank"), rows)


def published_provinces_csv() -> str:
    """What the report prints for provinces, digit for digit; an empty node is the composite total."""
    columns = {"": "total", "industry": "industry", "smartcity": "smart"}
    rows = [
        (row["province"], node, row[column])
        for node, column in columns.items()
        for row in facts.read_rows("provinces.csv")
        if row[column]
    ]
    return as_csv(("place", "node", "value"), rows)


def panel_csv() -> str:
    rows = panel.panel_rows()
    return as_csv(rows[0], (row.values() for row in rows))


def scores_csv(tree: Tree, scores: IntArray) -> str:
    rows = (
        (row["code"], code, score)
        for row, given in zip(panel.panel_rows(), scores, strict=True)
        for code, score in zip(tree.codes, given, strict=True)
    )
    return as_csv(("expert", "indicator", "score"), rows)


def weights_csv(tree: Tree, local: FloatArray) -> str:
    """The panel's local weights, with the root group that the published totals imply."""
    implied = dict(zip(facts.SUBINDICES, facts.IMPLIED, strict=True))
    rows = ((code, number(implied.get(code, weight))) for code, weight in zip(tree.codes, local, strict=True))
    return as_csv(("code", "local_weight"), rows)


def data_csv(tree: Tree, report: facts.Report, columns: Mapping[str, NDArray[Any]]) -> str:
    values = zip(*(columns[code] for code in tree.leaf_codes), strict=True)
    rows = ((city, *map(number, row)) for city, row in zip(report.cities, values, strict=True))
    return as_csv(("unit", *tree.leaf_codes), rows)


def differences(name: str, text: str) -> list[str]:
    """Where the committed file says something else, numbers apart from a relative hair."""
    path = HERE / name
    if not path.exists():
        return [f"{name}: missing"]
    committed, fresh = (list(csv.reader(io.StringIO(t))) for t in (path.read_text("utf-8"), text))
    if [len(row) for row in committed] != [len(row) for row in fresh]:
        return [f"{name}: has another shape"]
    return [
        f"{name}, row {i}, column {j}: {old} is committed, {new} comes out"
        for i, rows in enumerate(zip(committed, fresh, strict=True), start=1)
        for j, (old, new) in enumerate(zip(*rows, strict=True), start=1)
        if not agree(old, new)
    ]


def agree(old: str, new: str) -> bool:
    if old == new:
        return True
    try:
        # One whole unit is what rounding may turn a hair into.
        return math.isclose(
            float(old), float(new), rel_tol=TOLERANCE, abs_tol=1.0 if "." not in old else 1e-9
        )
    except ValueError:
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; compare with the committed files"
    )
    check = parser.parse_args(arguments).check
    files = rebuild()
    found = [line for name, text in files.items() for line in differences(name, text)] if check else []
    print("\n".join([*found[:20], f"{len(found)} differences"]) if check else f"{len(files)} files written")
    if not check:
        for name, text in files.items():
            (HERE / name).write_text(text, encoding="utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
