"""All that is wrong with a method and its data is told at once, by every door that takes a method."""

import csv
import html
import io
import re

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer.models import IndexMethod
from tests.indexer.data.test_method_by_leaf import imported
from tests.indexer.factories import make_data_set, make_version
from weighting.readers import FileProblems

pytestmark = pytest.mark.django_db

# Bounds the wrong way round, a target outside them, a log of zero, a reference unit that is missing, a power
# of 0, a coverage above 1, a geometric mean of zeros, and a column that no method knows.
FILE = """\
code,parent,direction,transform,normalisation,lower,upper,target,reference,aggregation,coverage,colour
g,,,,,,,,,power:0,1.5,red
h,,,,,,,,,geometric,,
a,g,1,,goalposts,9,2,,,,,
b,g,-1,,target,0,10,12,,,,
c,g,1,ln,minmax,,,,,,,
d,g,1,,distance_to_reference,,,,nowhere,,,
e,h,1,,goalposts,1,5,,,,,
"""
ROWS = list(csv.DictReader(io.StringIO(FILE)))
PLAIN = "\n".join(["code,parent,direction", *(f"{r['code']},{r['parent']},{r['direction']}" for r in ROWS)])
COLUMNS = ("transform", "normalisation", "lower", "upper", "target", "reference", "aggregation", "coverage")
VALUES = np.array([[1.0, 1, 0, 5, 1], [2, 3, 4, 6, 2], [3, 4, 5, 7, 3]])
WEIGHTS = "code,local_weight\ng,0.5\nh,0.5\na,0.4\nb,0.2\nc,0.2\nd,0.2\ne,1\n"


def cells(*, further=()):
    """The cells that are not blank, of leaves and of nodes, by code."""
    filled = {row["code"]: {c: row[c] for c in (*COLUMNS, *further) if row[c]} for row in ROWS}
    return {code: filled[code] for code in "abcde"}, {code: filled[code] for code in "gh"}


@pytest.fixture
def data_set():
    framework = imported(PLAIN)
    make_version(framework)
    return make_data_set(framework, values=VALUES)


def test_the_file_of_a_framework():
    with pytest.raises(FileProblems) as error:
        imported(FILE)
    assert [(p.row, p.column, p.value) for p in error.value.problems] == [
        (1, "colour", "colour"),
        (2, "aggregation", "power:0"),
        (2, "coverage", "1.5"),
        (4, "lower", "9"),
        (5, "target", "12"),
    ]
    assert all(p.message.count(".") >= 2 for p in error.value.problems)


def test_the_command(tmp_path):
    data = "\n".join(
        ["unit,a,b,c,d,e", *(f"u{at},{','.join(map(str, row))}" for at, row in enumerate(VALUES))]
    )
    files = {"framework": FILE, "data": data, "weights": WEIGHTS}
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as error:
        call_command(
            "compute_index", out=tmp_path / "out", **{name: tmp_path / f"{name}.csv" for name in files}
        )
    places = [line.rpartition("/")[2].partition(": ")[0] for line in str(error.value).splitlines()]
    assert places == [
        "framework.csv, row 1, column “colour”, value “colour”",
        "framework.csv, row 2, column “aggregation”, value “power:0”",
        "framework.csv, row 2, column “coverage”, value “1.5”",
        "framework.csv, row 4, column “lower”, value “9”",
        "framework.csv, row 5, column “target”, value “12”",
        "data.csv, column “d”",
        "data.csv, row 2, column “c”, value “0”",
        "data.csv, row 2, column “e”, value “0”",
    ]


def test_the_api(analyst, data_set):
    leaves, nodes = cells(further=["colour"])
    before = IndexMethod.objects.count()

    answer = analyst.post(
        reverse("indexer:api-data-set-runs", args=[data_set.pk]),
        {"method": {"leaves": leaves, "nodes": nodes, "missing": "reweight"}},
        content_type="application/json",
    )

    assert answer.status_code == 422
    told = answer.json()["blockers"]
    assert [line.partition(": ")[0] for line in told[:5]] == [
        "g, aggregation “power:0”",
        "g, coverage “1.5”",
        "g, colour “red”",
        "a, lower “9”",
        "b, target “12”",
    ]
    assert told[5:] == [
        "The transform is not defined for c in 城市001: 0. Correct the values or choose another one.",
        "The reference unit is not there or has no value: d. Name another one by its code.",
        "This mean needs values above zero: e (城市001: 0). State the smallest normalised value, a floor "
        "such as 0.01, or choose the arithmetic mean or another normalisation.",
    ]
    assert IndexMethod.objects.count() == before


def test_the_page(analyst, data_set):
    leaves, nodes = cells()
    key = {row["code"]: f"r{at}" for at, row in enumerate(ROWS)}
    sent = {
        f"{key[code]}-{column}": text
        for code, row in {**leaves, **nodes}.items()
        for column, text in ({"transform": "", "aggregation": ""} | row).items()
    }
    sent |= {"r0-aggregation": "power:", "r0-parameter": "0", "act": "compute", "page": "1", "version": "1"}
    sent |= {"normalisation": "minmax", "negative": "reflect", "missing": "refuse", "outliers": "keep"}
    # A wrong field above the table does not hide what is wrong within it.
    sent |= {"aggregation": "arithmetic", "scale": "100", "coverage": "7"}

    answer = analyst.post(reverse("indexer:data-set-method-table", args=[data_set.pk]), sent)

    assert answer.status_code == 422
    said = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
    for fault in (
        "g, aggregation “power:0”: There is no such choice.",
        "g, least coverage “1.5”: A coverage is a share from 0 to 1.",
        "a, lower bound “9”: The lower bound is not below the upper bound.",
        "b, target “12”: The target has to be better than the worst bound",
        "The transform is not defined for c in 城市001: 0.",
        "The reference unit is not there or has no value: d.",
        "This mean needs values above zero: e (城市001: 0). State the smallest normalised value",
        "less than or equal to 1",
    ):
        assert fault in said, fault
