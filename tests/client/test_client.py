"""The client reads a package without the product, checks it, and forms its scores again."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from indexer.models import Run
from indexer.packages.archive import package_of
from tests.indexer.pages import make_runs, random_values

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


def test_what_is_no_weighted_mean_is_refused(client_package):
    run = make_runs(random_values(3), aggregation="geometric", normalisation="fraction_of_max")[0]
    with zipfile.ZipFile(io.BytesIO(package_of(run))) as archive:
        package = client_package.Package({name: archive.read(name) for name in archive.namelist()})
    with pytest.raises(ValueError, match="no weighted arithmetic mean"):
        client_package.weighted_scores(package)
    with pytest.raises(ValueError, match="is no address"):
        client_package.fetch_package("index.example.org", 1)
