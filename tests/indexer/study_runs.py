"""Runs of a panel's version to put questions to, and studies counted to their end."""

import numpy as np

from indexer.models import Run, Study
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import count_waiting_parts, plan_study
from tests.factories import make_framework, make_panel, make_round
from tests.indexer.factories import make_data_set
from weighting.enums import RoundState
from weighting.services.versions import aggregate_round, freeze_version


def make_panel_run(*, experts=8, cities=12, values=None, framework=None, seed=3, scores=None, **method):
    """Return a finished run of the weights of a round whose experts differ."""
    framework = framework or make_framework()
    rng = np.random.default_rng(seed)
    drawn = {}
    scores = scores or (lambda place, code: drawn.setdefault((place, code), int(rng.integers(1, 6))))
    manager = framework.created_by
    round_ = make_round(
        manager=manager,
        framework=framework,
        panel=make_panel(experts, owner=manager),
        state=RoundState.CLOSED,
        scores=scores,
    )
    version = freeze_version(aggregate_round(round_, actor=manager), actor=manager)
    data_set = make_data_set(framework, cities=cities, values=values, actor=manager, **method)
    compute_waiting_runs(data_set.pk)
    return Run.objects.select_related("weight_version__round", "method").get(
        data_set=data_set, weight_version=version
    )


def make_study(run, kind="bootstrap", *, actor=None, counted=True, **sent):
    """Plan a study, and count it here."""
    sent = {"draws": 2000, **sent}
    study = plan_study(run, kind=kind, sent=sent, actor=actor or run.data_set.created_by)
    if counted:
        count_waiting_parts(study.pk)
    return Study.objects.get(pk=study.pk)
