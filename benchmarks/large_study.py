"""A study of a large random data set, through the services that people use."""

import numpy as np
from django.core.management import call_command

from indexer.intake.registers import CityRow
from indexer.models import Run, Study
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.registers import register_cities
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import plan_study
from weighting.models import Account
from weighting.services.frameworks import import_framework
from weighting.services.versions import draft_equal_version, freeze_version


def make_large_study(*, cities: int, leaves: int, draws: int) -> Study:
    """Plan a study of weight noise in the benchmarks' database; nothing of it is counted."""
    call_command("migrate", verbosity=0)
    actor, _is_new = Account.objects.get_or_create(username="bench", role="administrator")
    lines = ["code,parent"] + [f"g{g}," for g in range(13)] + [f"x{k},g{k % 13}" for k in range(leaves)]
    framework = import_framework(
        source="\n".join(lines).encode(), filename="f.csv", actor=actor, name_zh="大", name_en="Large"
    )
    rows = [CityRow(f"城{n}", f"City {n}", "省", "Province", "区", "Region") for n in range(cities)]
    registered = register_cities(rows, actor=actor)
    data_set = add_data_set(
        terms=EditionTerms(
            framework=framework,
            name_zh="大",
            name_en="Large",
            year=2016,
            method=use_method(),
        ),
        matrix=Matrix(
            city_ids=[city.pk for city in registered],
            leaf_codes=[f"x{k}" for k in range(leaves)],
            values=np.random.default_rng(1).lognormal(0, 1.5, (cities, leaves)),
            totals={},
        ),
        actor=actor,
    )
    draft = draft_equal_version(framework=framework, actor=actor, label_zh="等", label_en="Equal")
    version = freeze_version(draft, actor=actor)
    compute_waiting_runs(data_set.pk)
    run = Run.objects.get(data_set=data_set, weight_version=version)
    return plan_study(run, kind="noise", sent={"draws": draws, "seed": 1, "nu": 0.2}, actor=actor)
