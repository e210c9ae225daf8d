"""Every example is read back through the door that it stands beside, in both formats and languages."""

import numpy as np
import pytest
from django.urls import reverse
from django.utils.translation import override

from indexer.frames import read_totals
from indexer.intake.examples import EXAMPLES, LEAVES, SERIES, VALUES
from indexer.intake.files import read_file
from indexer.intake.registers import names_of, read_register
from indexer.intake.series import read_series
from indexer.intake.sheets import read_sheet
from indexer.services.registers import import_countries
from tests.factories import make_account
from weighting.enums import Role
from weighting.readers import FileProblems, ProblemLog, read_framework, read_panel, read_weights
from weighting.readers.decisions import Decisions
from weighting.readers.totals import read_published_totals

FORMS = [("en", "csv"), ("en", "xlsx"), ("zh-hans", "csv"), ("zh-hans", "xlsx")]


@pytest.fixture(params=FORMS, ids="-".join)
def example(request, client):
    """Return a function that downloads an example: (content, name of the file)."""
    language, ending = request.param

    def download(name):
        address = reverse("indexer:example-file", args=[name, ending])
        answer = client.get(address, headers={"accept-language": language})
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.{ending}"'
        return answer.content, f"{name}.{ending}"

    with override(language):
        yield download


def data_read(content, name):
    log = ProblemLog(name)
    file = read_file(content, name, log)
    log.raise_if_any()
    sheet = read_sheet(file, log)
    log.raise_if_any()
    return sheet


def series_read(content, name, units):
    log = ProblemLog(name)
    table = read_series(content, log, units, Decisions())
    log.raise_if_any()
    return table


def test_every_example_is_read_back(example):
    framework = read_framework(*example("framework"))
    assert tuple(framework.tree.leaf_codes) == LEAVES
    assert all(row.name_zh or row.name_en for row in framework.rows)
    weights = read_weights(*example("weights"), framework.tree)
    leaf_weights = read_weights(*example("leaf-weights"), framework.tree)
    np.testing.assert_allclose(weights.global_, leaf_weights.global_)
    assert [row.code for row in read_panel(*example("panel"))] == ["E01", "E02", "E03"]
    units = names_of(read_register(*example("register"), everything=("", "")))
    sheet = data_read(*example("data"))
    np.testing.assert_array_equal(sheet.values, VALUES)
    assert list(sheet.units) == [unit.label for unit in units]
    assert np.isfinite(read_totals(*example("totals"), LEAVES)).sum() == 2
    assert series_read(*example("series"), units).values.tolist() == list(SERIES)
    published = read_published_totals(*example("published"), ["economy", "environment"])
    np.testing.assert_allclose(published.totals, published.values @ [0.6, 0.4], atol=0.2)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_template_is_known_and_lacks_rows_alone(example, name):
    content, file = example(f"{name}-template")
    readers = {
        "framework": lambda: read_framework(content, file),
        "weights": lambda: read_weights(content, file, read_framework(*example("framework")).tree),
        "panel": lambda: read_panel(content, file),
        "register": lambda: read_register(content, file, everything=("", "")),
        "data": lambda: data_read(content, file),
        "series": lambda: series_read(content, file, ()),
        "published": lambda: read_published_totals(content, file, ["economy", "environment"]),
    }
    readers["leaf-weights"] = readers["weights"]
    if name == "totals":
        assert np.isnan(read_totals(content, file, LEAVES)).all()
        return
    with pytest.raises(FileProblems) as found:
        readers[name]()
    assert not any(problem.row == 1 for problem in found.value.problems)


@pytest.mark.parametrize("address", [("nothing", "csv"), ("data", "parquet")])
def test_what_is_no_example_is_not_found(client, address):
    assert client.get(reverse("indexer:example-file", args=address)).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["series", "data"])
def test_an_example_is_about_the_units_of_the_register_that_is_named(client, name):
    register = import_countries(actor=make_account(Role.ANALYST))
    address = reverse("indexer:example-file", args=[name, "csv"])
    for asked, unit in ((register.pk, "Aruba"), (9999, "Luoyang"), ("x", "Luoyang")):
        answer = client.get(address, {"register": asked}, headers={"accept-language": "en"})
        assert unit in answer.content.decode().splitlines()[1]
