"""Studies of many units: ranks in bands through the whole product, and what is too large is refused."""

import io
import tracemalloc
from copy import deepcopy
from zipfile import ZipFile

import numpy as np
import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indexer.models import Study
from indexer.numeric.scores import rank_bands
from indexer.numeric.studies import packed_counts, uncertainty
from indexer.numeric.studies.rank_counts import kept_draws
from indexer.selectors import block_parts, studies
from indexer.selectors.studies import result_of_study
from indexer.studies.rank_figures import HEAT_ROWS
from tests.factories import make_account, sign_in_staff
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.enums import Role
from weighting.exceptions import Refused

UNITS = 180


@pytest.fixture
def analyst(client, db):
    return sign_in_staff(client, make_account(Role.ANALYST))


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    return make_panel_run(cities=UNITS)


@pytest.fixture
def run(db, run_of_the_file, monkeypatch):
    """A run of so many units that their ranks are counted in bands."""
    monkeypatch.setattr(rank_bands, "EXACT_UNITS", 150)
    monkeypatch.setattr(uncertainty, "EXACT_UNITS", 150)
    return deepcopy(run_of_the_file)


KINDS = {
    "bootstrap": {},
    "jackknife": {},
    "smaa": {"draws": 300},
    "left_out": {"nodes": "leaves"},
    "variants": {
        "draws": 100,
        "weights": "bootstrap",
        "normalisations": ["minmax", "share"],
        "missing": ["refuse"],
        "aggregations": ["arithmetic"],
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_ranks_is_shown_and_handed_out_in_bands(analyst, run, kind):
    sent = KINDS[kind]
    study = make_study(run, kind, actor=run.data_set.created_by, **sent)
    assert study.status == "done", study.failure
    result = result_of_study(study)

    assert result.histogram.shape[1] == len(result.bands.firsts) < UNITS
    assert study.summary["bands"] == {"count": len(result.bands.firsts), "exact": 100}
    page = analyst.get(reverse("indexer:study-detail", args=[study.pk])).content.decode()
    assert "Bands of ranks" in page
    assert "reaches to the outer ends of its bands" in page
    file = analyst.get(reverse("indexer:study-export", args=[study.pk]), {"format": "csv"})
    assert "Median, lowest" in file.content.decode("utf-8-sig")


@pytest.mark.postgres
def test_no_block_of_a_study_is_written_into_a_statement(run):
    """As digits, in the statement and in the server, fifty megabytes are several hundred."""
    carriers = []

    def look(execute, sql, params, many, context):
        if any(isinstance(one, bytes | memoryview | psycopg.Binary) for one in params or ()):
            carriers.append(type(context["cursor"].cursor))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        assert make_study(run, "noise", actor=run.data_set.created_by, nu=0.3).status == "done"
    assert carriers
    assert not any(issubclass(cursor, psycopg.ClientCursor) for cursor in carriers)


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["noise", "smaa"])
def test_the_page_reads_no_more_counts_than_it_shows(analyst, run, monkeypatch, kind):
    """Of a million units the counts are hundreds of megabytes, of which the page shades thirty rows."""
    monkeypatch.setattr(packed_counts, "ROWS", 2)
    sent = {"noise": {"nu": 0.3}, "smaa": {"draws": 300}}[kind]
    study = make_study(run, kind, actor=run.data_set.created_by, **sent)
    whole, read = len(bytes(study.histogram)), []

    def parts_read(*asked):
        found = studies_read(*asked)
        read.extend(map(len, found))
        return found

    studies_read = studies.block_parts
    monkeypatch.setattr(studies, "HEAD_BYTES", 2_000)
    monkeypatch.setattr(studies, "block_parts", parts_read)
    with CaptureQueriesContext(connection) as queries:
        page = analyst.get(reverse("indexer:study-detail", args=[study.pk])).content.decode()
    assert "Bands of ranks" in page
    asked = [query["sql"] for query in queries if '"histogram"' in query["sql"]]
    assert all("LENGTH(" in sql or "SUBSTRING(" in sql for sql in asked)
    assert len(read) <= 1 + 2 * HEAT_ROWS
    assert sum(read) < whole * 2 / 3
    result = result_of_study(study)
    chosen = [3, UNITS - 1, 0, 3]
    assert result.counted(chosen).tolist() == result.histogram[chosen].tolist()
    assert result.bands.firsts.tolist() == result.counts.bands.firsts.tolist()


@pytest.mark.postgres
@pytest.mark.parametrize("address", ["study-detail", "api-study-cities", "api-study-histogram"])
def test_pages_ask_as_often_however_large_the_blocks_are(analyst, run, monkeypatch, address):
    """Pieces of a block come by one statement, and so do the rows of counts that a page shows."""
    study = make_study(run, "noise", nu=0.3, actor=run.data_set.created_by)
    asked, page = [], reverse(f"indexer:{address}", args=[study.pk])
    for name in ("execute", "stream"):
        ask = getattr(psycopg.Cursor, name)

        def noted(*given, ask=ask, **named):
            asked.append(given)
            return ask(*given, **named)

        monkeypatch.setattr(psycopg.Cursor, name, noted)

    def statements():
        asked.clear()
        with CaptureQueriesContext(connection) as queries:
            assert analyst.get(page).status_code == 200
        return len(asked) or len(queries)

    whole = statements()
    monkeypatch.setattr(block_parts, "PIECE", 1_000)
    assert whole == statements() == statements()
    assert whole > 3


def test_the_api_names_bands_and_the_ends_of_the_median(analyst, run):
    study = make_study(run, actor=run.data_set.created_by)
    rows = analyst.get(reverse("indexer:api-study-histogram", args=[study.pk])).json()
    for row in rows["results"]:
        assert row["rank"] <= row["rank_to"]
    cities = analyst.get(reverse("indexer:api-study-cities", args=[study.pk])).json()["results"]
    assert all(row["median_low"] <= row["median"] <= row["median_high"] for row in cities)


def test_the_archive_names_the_bands(analyst, run):
    study = make_study(run, "noise", nu=0.3, actor=run.data_set.created_by)
    archive = analyst.get(reverse("indexer:study-archive", args=[study.pk]))
    with ZipFile(io.BytesIO(b"".join(archive) if archive.streaming else archive.content)) as files:
        (name,) = [name for name in files.namelist() if name.endswith("rank_histogram.csv")]
        heads = files.read(name).decode("utf-8-sig").splitlines()[0].split(",")
        (name,) = [name for name in files.namelist() if name.endswith("rank_intervals.csv")]
        assert "median_low,median_high" in files.read(name).decode("utf-8-sig")
    assert heads[1:101] == [str(rank) for rank in range(1, 101)]
    assert heads[101] == "101-102"


def test_who_keeps_their_rank_is_read_without_widening_the_table_of_ranks(db):
    run = make_panel_run(cities=300)
    study = make_study(run, "noise", draws=200, nu=0.1, actor=run.data_set.created_by)
    result, whole = result_of_study(study), result_of_study(study).counts.histogram
    tracemalloc.start()
    stays = result.stays
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Each of 300 x 300 in eight bytes would be 720 KB.
    assert peak < 500_000
    kept = whole[np.arange(300), result.figures["nominal"] - 1]
    assert stays.tolist() == (kept / 200).tolist()
    assert result.counted([7, 0]).tolist() == whole[[7, 0]].tolist()


@pytest.mark.parametrize(("cities", "nu"), [(300, 0.1), (6, 1.0), (3, 1e-9)])
def test_the_first_unit_in_doubt_is_kept_as_it_is_counted(db, cities, nu):
    run = make_panel_run(cities=cities)
    study = make_study(run, "noise", draws=200, nu=nu, actor=run.data_set.created_by)
    kept = result_of_study(study).first_in_doubt
    counts, nominal = result_of_study(study).counts, result_of_study(study).figures["nominal"]
    shares = kept_draws(counts, nominal) / 200
    moving = [(int(nominal[unit]), int(unit)) for unit in range(cities) if shares[unit] < 1]
    assert (kept is None) == (not moving) == (nu == 1e-9)
    if kept:
        assert (kept.rank, kept.unit) == min(moving)
        assert kept.kept == shares[kept.unit]
        assert kept.leaders == sum(nominal < kept.rank)
    # One that an earlier release kept says the same.
    del study.summary["doubt"]
    assert result_of_study(study).first_in_doubt == kept


def test_a_study_of_few_units_says_nothing_of_bands(analyst, db):
    run = make_panel_run()
    study = make_study(run, actor=run.data_set.created_by)
    assert "bands" not in study.summary
    assert "median_low" not in result_of_study(study).figures
    row = analyst.get(reverse("indexer:api-study-histogram", args=[study.pk])).json()["results"][0]
    assert "rank_to" not in row


@pytest.mark.parametrize(
    ("kind", "sent"), [("bootstrap", {}), ("dropped", {}), ("sobol", {"weights": "any"})]
)
def test_what_needs_more_memory_than_there_is_is_refused_when_asked(db, settings, kind, sent):
    run = make_panel_run()
    settings.STUDY_MEMORY_MB = 200
    with pytest.raises(Refused, match=r"needs about 0\.\d GB of memory for 12 cities, and one process may"):
        make_study(run, kind, actor=run.data_set.created_by, **sent)
    assert not Study.objects.exists()
