"""A published index built by clicking: from the raw file, by the treatment of indicators, to its ranks."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from indexer.models import Run
from indexer.numeric.scores.ranking import min_ranks
from indexer.services.registers import import_countries
from indexer.services.runs import compute_waiting_runs
from tests.browser.test_analyst import fits
from tests.browser.test_analyst import open_page as open_page
from tests.factories import make_account
from tests.indexer.data.test_method_by_leaf import imported
from tests.indexer.data.test_method_table import FRAMEWORK, HUMAN_DEVELOPMENT
from tests.indexer.factories import make_version
from tests.indexer.numeric.published import DATA, column, rows_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILE = DATA / "hdi_2019_2021.csv"


def test_human_development_is_built_by_clicking(open_page):
    import_countries(actor=make_account())
    make_version(imported(FRAMEWORK))
    page = open_page("/data-sets/import/")
    _import(page)
    page.get_by_role("link", name="How each indicator is treated").click()
    page.locator("[name=normalisation]").select_option("goalposts")
    page.locator("[name=aggregation]").select_option("geometric")
    page.locator("[name=scale]").fill("1")
    page.locator("[name=digits]").fill("3")
    for name, text in HUMAN_DEVELOPMENT.items():
        field = page.locator(f"[name={name}]")
        if text[0].isdigit():
            field.fill(text)
        else:
            field.select_option(text)
    # Nothing is sent by hand: the ranks follow the last change.
    expect(page.locator("#results")).to_contain_text("Countries that move")
    assert fits(page)
    page.get_by_role("button", name="Compute the rankings").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Human development")
    run = Run.objects.latest("pk")
    compute_waiting_runs(run.data_set_id)

    address = re.sub(r"/data-sets/.*", f"/runs/{run.pk}/", page.url)
    shown = [row for number in (1, 2, 3, 4) for row in _rows_of(page, f"{address}?page={number}")]

    at = {row["iso3"]: place for place, row in enumerate(rows_of(FILE.name))}
    places = [at[code] for _rank, code, _score in shown]
    printed, ranks = (column(rows_of(FILE.name), name)[places] for name in ("hdi_2021", "hdi_rank_2021"))
    scores = np.array([float(score.split()[0]) for *_rest, score in shown])
    assert sorted(places) == list(range(191))
    # Both are rounded to three digits.
    assert np.abs(scores - printed).max() <= 0.00101
    # The report ranks by the digits that it prints; ranks by more digits part countries that it has level.
    assert min_ranks(scores).tolist() == ranks.tolist()
    assert [int(rank) for rank, *_rest in shown] == list(range(1, 192))


def _rows_of(page, address):
    page.goto(address)
    return page.locator("#results tbody tr").evaluate_all(CELLS)


CELLS = """rows => rows.map(row => [
    row.cells[0].innerText, row.querySelector(".unit-code").innerText, row.cells[2].innerText])"""


def _import(page):
    page.get_by_label("Data (CSV, XLSX, XLS, ODS, Parquet or a package)").set_input_files(FILE)
    page.get_by_label("Chinese name").fill("人类发展")
    page.get_by_label("English name").fill("Human development 2021")
    page.get_by_label("Year of the data").fill("2021")
    page.get_by_text("Advanced: encoding, totals, register and method").click()
    page.get_by_label("Register of the units").select_option(label="Countries of the world")
    page.get_by_role("button", name="Send the file").click()
    # The file has two years and says itself which columns are of 2021.
    page.get_by_role("button", name="Leave out every column that stands for no indicator").click()
    page.get_by_role("button", name="Store the edition").click()
