"""Every table that a page offers is a file of each kind, whatever its cells hold."""

import io
import re
from html import unescape

import openpyxl
import pandas as pd
import pytest
from django.urls import reverse
from pyarrow import parquet

from indexer.models import DataSet
from tests.indexer.finished_runs import make_runs, random_values

pytestmark = pytest.mark.django_db
FORMATS = ("csv", "xlsx", "json", "parquet")
PAGES = (
    *("run-detail", "run-trend", "run-places", "run-leads", "run-tops", "run-fragility", "run-map"),
    *("run-concentration", "run-coherence", "run-distribution"),
)
OPENS = {
    "csv": lambda content: len(pd.read_csv(io.BytesIO(content))),
    "xlsx": lambda content: openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].max_row - 1,
    "json": lambda content: len(pd.read_json(io.BytesIO(content), typ="series")["rows"]),
    "parquet": lambda content: parquet.read_table(io.BytesIO(content)).num_rows,
}


def files_on(text):
    """Return the addresses that a page saves a table under, without the kind of the file."""
    found = re.findall(r'href="([^"]*[?;]format=parquet)"', text)
    return [unescape(address).removesuffix("format=parquet") for address in found]


def addresses(runs):
    """Return the pages about a run, its data set and its comparison."""
    run, data_set = runs[0], DataSet.objects.get()
    city = run.data_set.city_ids[0]
    yield from (reverse(f"indexer:{name}", args=[run.pk]) for name in PAGES)
    yield reverse("indexer:run-city", args=[run.pk, city])
    yield reverse("indexer:city-change", args=[city]) + f"?runs={runs[0].pk}&runs={runs[1].pk}"
    yield reverse("indexer:comparison") + f"?runs={runs[0].pk}&runs={runs[1].pk}"
    yield from (reverse(f"indexer:data-set-{name}", args=[data_set.pk]) for name in ("detail", "audit"))


def test_each_table_of_each_page_opens_as_each_kind_with_the_same_rows(analyst):
    runs = make_runs(random_values(12))
    saved = {file for page in addresses(runs) for file in files_on(analyst.get(page).text)}
    assert len(saved) > 12

    rows = {}
    for address in sorted(saved):
        for format in FORMATS:
            answer = analyst.get(f"{address}format={format}")
            assert answer.status_code == 200, address
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            rows.setdefault(address, set()).add(OPENS[format](content))
    assert {address: found for address, found in rows.items() if len(found) > 1} == {}
