"""The Sobol indices of choices of method: asked, refused, counted, shown."""

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import City
from indexer.selectors.studies import result_of_study
from indexer.services import studies
from indexer.studies.questions import BadParameters
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.enums import Role
from weighting.exceptions import Refused

pytestmark = pytest.mark.django_db


def make_run():
    values = np.random.default_rng(5).lognormal(0, 1, (12, 5))
    values[2, 1] = values[7, 3] = np.nan
    return make_panel_run(values=values, missing="mean")


ASKED = {
    "weights": "noise",
    "nu": 0.2,
    "draws": 512,
    "normalisation": ["minmax", "zscore", "rank"],
    "imputation": ["zero", "mean", "median"],
}


def test_choices_of_the_index_and_of_one_indicator_stand_beside_weights(run, client):
    code = run.data_set.leaf_codes[0]
    study = make_study(run, "choices", **ASKED, own=f"{code} transform none, ln\n")
    assert study.status == "done", study.failure
    assert study.parameters["choices"][-1] == [code, "transform", ["none", "ln"]]
    figures = result_of_study(study).figures
    assert figures["heads"].tolist()[:3] == [-1, -1, -1]
    assert figures["sizes"].tolist()[:3] == [3, 3, 2]
    assert len(figures["heads"]) > 3
    low, high = figures["total_interval"].T
    assert (low <= high).all()

    sign_in_staff(client, make_account(Role.ANALYST))
    page = client.get(reverse("indexer:study-detail", args=[study.pk])).content.decode()
    for words in ("Normalisation", "Missing values", "transform", "weights of"):
        assert words in page
    rows = client.get(reverse("indexer:api-study-cases", args=[study.pk])).json()["results"]
    assert [row["case"] for row in rows][:3] == ["normalisation", "imputation", f"{code} transform"]
    assert client.get(reverse("indexer:study-picture", args=[study.pk, "sobol", "svg"])).status_code == 200
    assert client.get(reverse("indexer:study-archive", args=[study.pk])).status_code == 200


def test_stated_bounds_keep_no_other_normalisation_from_being_tried():
    framework = make_framework()
    leaves = framework.indicators.filter(is_leaf=True).values_list("code", flat=True)
    stated = {code: {"lower": 0.0, "upper": 101.0} for code in leaves}
    run = make_panel_run(framework=framework, normalisation="goalposts", leaves=stated)
    tried = {"weights": "noise", "draws": 256, "normalisation": ["goalposts", "rank", "zscore"]}
    study = make_study(run, "choices", **tried)
    assert study.status == "done", study.failure
    assert result_of_study(study).figures["sizes"].tolist()[0] == 3
    # A bound that is itself a choice, and of no use, still says so.
    with pytest.raises(Refused, match="makes no use"):
        make_study(run, "choices", **tried, own=f"{leaves[0]} lower 0, 1\n")


def test_imputation_alone_under_the_own_weights(run):
    asked = {"weights": "none", "draws": 256, "imputation": ["zero", "mean", "reweight"]}
    study = make_study(
        run, "choices", **asked, output="rank", city=City.objects.get(pk=run.data_set.city_ids[0]).name_en
    )
    figures = result_of_study(study).figures if study.status == "done" else None
    # Where the rank of this city is the same however gaps are filled, that is said in place of shares.
    assert figures is None or figures["first"] == pytest.approx([1], abs=0.2)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "normalisation: Choose two or more values"),
        ({"normalisation": ["rank"]}, "One value is no choice"),
        ({"own": "nowhere transform none, ln"}, "not a code of this framework"),
        ({"own": "{leaf} transform ln"}, "two or more values that differ"),
        ({"own": "{leaf} transform none, wrong"}, "There is no such choice"),
        ({"own": "{inner} coverage 0.5, 0.8"}, "decides who has a rank"),
        ({"own": "{leaf} transform none, ln\n{leaf} transform none, sqrt"}, "named twice"),
        ({"own": "{leaf} lower " + ", ".join(map(str, range(300)))}, "300 combinations"),
    ],
)
def test_choices_that_are_none_are_refused_with_the_remedy(run, sent, said):
    places = {"leaf": run.data_set.leaf_codes[0], "inner": "industry"}
    sent = {name: v.format(**places) if isinstance(v, str) else v for name, v in sent.items()}
    with pytest.raises(BadParameters) as refused:
        make_study(run, "choices", weights="noise", draws=100, **sent)
    assert said in str(refused.value)


def test_combinations_that_cannot_be_computed_are_all_named(run):
    with pytest.raises(Refused) as refused:
        make_study(
            run,
            "choices",
            weights="noise",
            draws=100,
            aggregation=["arithmetic", "geometric"],
            normalisation=["minmax", "zscore"],
        )
    assert "Min-max; Geometric mean" in str(refused.value)
    assert "z-score; Geometric mean" in str(refused.value)


@pytest.mark.parametrize("kind", ["choices", "variants"])
def test_memory_is_judged_before_any_combination_is_computed(run, settings, monkeypatch, kind):
    asked = {
        "choices": ASKED,
        "variants": {
            "weights": "noise",
            "normalisations": ["minmax", "rank"],
            "missing": ["mean"],
            "aggregations": ["arithmetic"],
        },
    }[kind]
    settings.STUDY_MEMORY_MB = 100
    monkeypatch.setattr(studies, "plan_question", lambda *_: pytest.fail("planned"))
    with pytest.raises(Refused, match="GB of memory"):
        make_study(run, kind, **asked)
