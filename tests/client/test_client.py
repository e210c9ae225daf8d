"""The client reads a package without the product, checks it, and forms its scores again."""

import codecs
import io
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from indexer.models import Run
from indexer.packages.archive import package_of
from tests.factories import make_framework
from tests.indexer.finished_runs import make_runs, random_values
from weighting.exports import Table, columns_of, table_bytes

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


@pytest.fixture
def client_package(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "client")
    import quanheng_client

    return quanheng_client


def save(content, path):
    path.write_bytes(content)
    return path


def test_the_example_computes_the_published_ranking_again(client_package, tmp_path):
    run = make_runs(random_values(5))[1]
    path = save(package_of(run), tmp_path / "package.zip")
    program = [sys.executable, ROOT / "docs/examples/redo_index.py", path]
    told = subprocess.run(program, env={"PYTHONPATH": str(ROOT / "client")}, capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("5 units; ")

    package = client_package.read_package(path)
    assert package.faults() == []
    ranks = {row["unit"]: row["total"] for row in package.rows("ranks")}
    assert client_package.rank(client_package.weighted_scores(package)) == ranks
    raw = package.frame("raw")
    assert raw.shape == (5, len(run.data_set.leaf_codes))
    # All the weight on one indicator ranks by its normalised values.
    first, *others = run.data_set.leaf_codes
    alone = client_package.weighted_scores(package, {first: 1.0, **dict.fromkeys(others, 0.0)})
    by_first = {row["unit"]: row[first] for row in package.rows("normalised")}
    assert client_package.rank(alone) == client_package.rank(by_first)
    with pytest.raises(ValueError, match="no weight for"):
        client_package.weighted_scores(package, {first: 1.0})
    with pytest.raises(KeyError, match="choose one of framework"):
        package.rows("nothing")


def test_a_package_that_was_changed_is_found_out(client_package, tmp_path):
    content = package_of(Run.objects.get(pk=make_runs(random_values(3))[0].pk))
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b"\n" if name == "raw.csv" else b""))
    path = save(changed.getvalue(), tmp_path / "changed.zip")
    assert client_package.read_package(path).faults() == ["raw.csv"]


def test_a_package_that_unpacks_to_more_than_it_may_is_refused(client_package, tmp_path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("datapackage.json", b"{}")
        archive.writestr("raw.csv", bytes(4_000_000))
    path = save(bomb.getvalue(), tmp_path / "bomb.zip")
    assert path.stat().st_size < 10_000

    tracemalloc.start()
    with pytest.raises(ValueError, match="unpacked, the package has more"):
        client_package.read_package(path, most=1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    with pytest.raises(ValueError, match="longer than 1000 bytes"):
        client_package.read_package(path, most=1_000)
    assert client_package.read_package(path, most=5_000_000).files["datapackage.json"] == b"{}"

    crowd = io.BytesIO()
    with zipfile.ZipFile(crowd, "w") as archive:
        for number in range(client_package.MOST_FILES + 1):
            archive.writestr(str(number), b"")
    with pytest.raises(ValueError, match="1000 files"):
        client_package.read_package(save(crowd.getvalue(), tmp_path / "crowd.zip"))


def test_a_file_that_is_longer_than_its_archive_says_is_not_read_to_its_end(client_package, tmp_path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("raw.csv", bytes(1_000_000))
    lying = held.getvalue().replace(struct.pack("<I", 1_000_000), struct.pack("<I", 10))
    assert lying != held.getvalue()
    with pytest.raises(zipfile.BadZipFile):
        client_package.read_package(save(lying, tmp_path / "lying.zip"), most=100_000)


@pytest.mark.parametrize("text", ["=1+1", "x;=1", "a\n-b", "%", "'=1", "-5", "'-5", "Ar'ar; b", "\t@x"])
def test_texts_come_back_as_they_were_before_they_were_kept_from_spreadsheets(client_package, text):
    fields = [{"name": f"code{text}", "type": "string"}]
    described = {"resources": [{"name": "raw", "path": "raw.csv", "schema": {"fields": fields}}]}
    content = table_bytes("csv", Table(columns_of(f"code{text}"), [[text]])).removeprefix(codecs.BOM_UTF8)
    package = client_package.Package({"datapackage.json": json.dumps(described).encode(), "raw.csv": content})
    assert package.rows("raw") == [{f"code{text}": text}]


def test_what_is_no_weighted_mean_is_refused(client_package):
    run = make_runs(random_values(3), aggregation="geometric", normalisation="fraction_of_max")[0]
    with zipfile.ZipFile(io.BytesIO(package_of(run))) as archive:
        package = client_package.Package({name: archive.read(name) for name in archive.namelist()})
    with pytest.raises(ValueError, match="no weighted arithmetic mean"):
        client_package.weighted_scores(package)
    with pytest.raises(ValueError, match="is no address"):
        client_package.fetch_package("index.example.org", 1)


def nested(values, **method):
    """A package of an index of two branches, of which one is divided again."""
    tree = {"a": {"b": {"c": {}, "d": {}}, "e": {}}, "f": {"g": {}, "h": {}}}
    return make_runs(values, framework=make_framework(tree), normalisation="minmax", **method)[1]


def with_gaps(*cells):
    """Values of six units; rows and columns as ``cells`` are missing."""
    values = random_values(6)
    for unit, leaf in cells:
        values[unit, leaf] = np.nan
    return values


def read(client_package, run):
    with zipfile.ZipFile(io.BytesIO(package_of(run))) as archive:
        return client_package.Package({name: archive.read(name) for name in archive.namelist()})


def assert_as_published(client_package, package, *, without=0):
    scores = client_package.weighted_scores(package)
    published = {row["unit"]: row["total"] for row in package.rows("scores")}
    assert scores == pytest.approx({unit: total for unit, total in published.items() if total is not None})
    assert len(published) - len(scores) == without
    ranks = {row["unit"]: row["total"] for row in package.rows("ranks") if row["total"] is not None}
    assert client_package.rank(scores) == ranks


def test_what_a_unit_lacks_gives_its_weight_to_its_siblings(client_package):
    # One of a pair, a whole pair, a whole branch, all but one.
    gaps = with_gaps((0, 0), (1, 0), (1, 1), (2, 3), (2, 4), *((3, leaf) for leaf in range(4)))
    package = read(client_package, nested(gaps, missing="reweight"))
    assert_as_published(client_package, package)

    plain = {row["code"]: row["global_weight"] for row in package.rows("weights")}
    leaves = [column for column in package.rows("normalised")[0] if column != "unit"]
    filled = {
        row["unit"]: 100 * sum(plain[leaf] * (row[leaf] or 0) for leaf in leaves)
        for row in package.rows("normalised")
    }
    assert filled != pytest.approx(client_package.weighted_scores(package))


def test_weights_of_ones_own_are_rescaled_and_have_to_weigh_what_is_there(client_package):
    package = read(client_package, nested(with_gaps((0, 0)), missing="reweight"))
    rows = package.rows("normalised")
    first, second, *others = (column for column in rows[0] if column != "unit")
    nothing = dict.fromkeys(others, 0.0)
    scores = client_package.weighted_scores(package, {first: 0.4, second: 0.6, **nothing})
    assert scores[rows[0]["unit"]] == pytest.approx(100 * rows[0][second])
    assert scores[rows[1]["unit"]] == pytest.approx(100 * (0.4 * rows[1][first] + 0.6 * rows[1][second]))
    with pytest.raises(ValueError, match=f"^{rows[0]['unit']}: nothing of any weight is there"):
        client_package.weighted_scores(package, {first: 1.0, second: 0.0, **nothing})


@pytest.mark.parametrize("missing", ["reweight", "mean"])
def test_a_unit_without_the_coverage_has_no_score(client_package, missing):
    gaps = with_gaps((0, 0), *((1, leaf) for leaf in range(4)))
    package = read(client_package, nested(gaps, missing=missing, coverage=0.6))
    assert_as_published(client_package, package, without=1)
