"""The example of COINr through services and pages: its documented results come out of the raw file."""

import numpy as np
import pytest

from indexer.models import Run
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.registers import CityRow, RegisterWords, create_register, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, said, sign_in_staff
from tests.indexer.data.test_method_by_leaf import imported
from tests.indexer.factories import make_version
from tests.indexer.numeric.published import column, numbers, rows_of
from weighting.enums import Role

pytestmark = pytest.mark.django_db

# The first six of 51 as the vignette "Presenting Results" of COINr prints them (W. Becker et al., COINr,
# CRAN), from its build_example_coin: indicators divided, gaps filled with the mean of the continent,
# outliers drawn in or logged, min-max, arithmetic means.
COLUMNS = (
    "Index", "Conn", "Sust", "Physical", "ConEcFin", "Political", "Instit", "P2P",
    "Environ", "Social", "SusEcFin",
)  # fmt: skip
PRINTED = {
    "CHE": (68.38, 62.79, 73.98, 63.41, 32.87, 74.78, 85.94, 56.93, 77.21, 87.85, 56.88),
    "NLD": (64.82, 61.94, 67.70, 64.87, 46.62, 84.55, 71.74, 41.92, 58.73, 86.58, 57.78),
    "DNK": (64.80, 57.10, 72.51, 50.52, 30.43, 78.13, 75.35, 51.04, 69.83, 86.40, 61.29),
    "NOR": (64.47, 57.44, 71.50, 58.18, 25.70, 80.03, 89.46, 33.80, 70.90, 87.00, 56.59),
    "BEL": (63.54, 63.99, 63.09, 71.97, 48.22, 80.84, 75.60, 43.32, 53.01, 86.17, 50.09),
    "SWE": (63.00, 53.87, 72.12, 51.51, 23.87, 80.98, 74.51, 38.50, 66.37, 87.74, 62.27),
}


@pytest.fixture
def run():
    table, rows = rows_of("asem_framework.csv"), rows_of("asem.csv")
    lines = [f"{row['code']},{row['parent']},{row['direction']}" for row in table]
    framework = imported("\n".join(["code,parent,direction", *lines]), "ASEM")
    actor = framework.created_by
    parents = {row["parent"] for row in table}
    leaves = [row["code"] for row in table if row["code"] not in parents]
    divided = {row["code"]: row["denominator"] for row in table if row["denominator"]}
    register = create_register(RegisterWords(**said("name", "亚欧会议", "ASEM")), actor=actor)
    region = {"Europe": ("欧洲", "Europe"), "Asia": ("亚洲", "Asia")}
    cities = register_cities(
        [CityRow(row["unit"], row["unit"], *region[row["region"]] * 2, code=row["unit"]) for row in rows],
        actor=actor,
        register=register,
    )
    method = use_method(
        normalisation="minmax",
        outliers="winsorise_log",
        denominators=divided,
        leaves={code: {"imputation": "group_mean:region"} for code in leaves},
    )
    data_set = add_data_set(
        terms=EditionTerms(
            framework=framework, **said("name", "互联", "Connectivity"), year=2018, method=method
        ),
        matrix=Matrix(
            city_ids=[city.pk for city in cities],
            leaf_codes=leaves,
            values=numbers(rows, leaves),
            totals={},
            auxiliary={code: column(rows, code) for code in sorted(set(divided.values()))},
        ),
        actor=actor,
    )
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    return Run.objects.get(data_set=data_set)


def test_connectivity_comes_out_as_documented(run, client):
    sign_in_staff(client, make_account(Role.ANALYST))
    found = client.get(f"/api/v1/runs/{run.pk}/ranking/", {"limit": 6}).json()["results"]
    assert [(row["rank"], row["unit_code"]) for row in found] == list(enumerate(PRINTED, start=1))
    for at, node in enumerate(COLUMNS):
        rows = client.get(f"/api/v1/runs/{run.pk}/nodes/{node}/ranking/", {"limit": 51}).json()["results"]
        scores = {row["unit_code"]: row["score"] for row in rows}
        assert len(scores) == 51
        printed = np.array([figures[at] for figures in PRINTED.values()])
        assert np.abs(np.array([scores[unit] for unit in PRINTED]) - printed).max() <= 0.00501, node
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert page.index("CHE") < page.index("NLD") < page.index("SWE")
    assert "68.38" in page
