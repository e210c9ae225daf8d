"""Studies through the API: asked, followed, cancelled, and read in pages."""

import pytest
from django.urls import reverse

from indexer.models import Study
from indexer.selectors.studies import result_of_study
from indexer.services.studies import count_waiting_parts
from indexer.studies.registry import KINDS
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.studies.test_studies import QUESTIONS
from tests.indexer.study_runs import make_study

pytestmark = pytest.mark.django_db

# What is varied by a list has no answer that is meant where nothing is sent.
LISTS = ("variants", "choices")


def at(name, pk):
    return reverse(f"indexer:api-{name}", args=[pk])


def ask(client, run, **body):
    return client.post(at("run-studies", run.pk), body, content_type="application/json")


def test_a_study_is_asked_followed_and_read(analyst, run):
    body = {"kind": "noise", "draws": 1500, "seed": 0, "parameters": {"nu": 0.3}}
    asked = ask(analyst, run, **body).json()
    assert (asked["status"], asked["progress"], asked["seed"]) == ("queued", 0, 0)
    count_waiting_parts(asked["id"])
    done = analyst.get(at("study", asked["id"])).json()
    assert (done["status"], done["progress"], done["parameters"]) == ("done", 1, {"nu": 0.3})
    assert done["summary"]["r_s"]["mean"] >= 0
    assert ask(analyst, run, **body).json()["id"] == asked["id"]

    study = Study.objects.get()
    figures = result_of_study(study).figures
    page = analyst.get(at("study-cities", study.pk), {"limit": 5, "offset": 5}).json()
    assert (page["count"], [row["nominal"] for row in page["results"]]) == (12, [6, 7, 8, 9, 10])
    alone = analyst.get(at("study-cities", study.pk), {"unit": "City 4"}).json()["results"]
    assert [row["unit"] for row in alone] == ["城市004"]
    assert alone[0]["q95"] == figures["q95"][3]
    counts = analyst.get(at("study-histogram", study.pk), {"unit": "城市004"}).json()["results"]
    assert sum(row["count"] for row in counts) == 1500
    pair = analyst.get(at("study-pair", study.pk), {"above": "城市004", "below": "城市005"}).json()
    assert pair["above"] + pair["below"] + pair["level"] == pair["draws"] == 1500


def test_everything_wrong_is_named(analyst, run):
    answer = ask(analyst, run, kind="dirichlet", seed=0, parameters={"kappa": -1, "draws": 0})
    assert answer.status_code == 400
    assert set(answer.json()) == {"kappa", "draws"}
    assert ask(analyst, run, kind="dirichlet", draws=0).json().keys() == {"draws"}
    assert ask(analyst, run, kind="guess").json().keys() == {"kind"}
    unfinished = make_runs(random_values(3), computed=False)[0]
    refused = ask(analyst, unfinished, kind="noise")
    assert (refused.status_code, "not finished" in refused.json()["blockers"][0]) == (409, True)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in LISTS])
def test_what_is_not_said_is_what_the_page_shows_before_anybody_chooses(analyst, run, kind):
    page = analyst.get(reverse("indexer:run-studies", args=[run.pk]), {"kind": kind})
    shown = {field.name: field.value() for field in page.context["form"] if field.value() not in (None, "")}
    said = ask(analyst, run, kind=kind).json()
    assert ask(analyst, run, kind=kind, **said_again(shown)).json()["id"] == said["id"]


def said_again(shown):
    """Return what a page shows as the body of the API says it."""
    numbers = {name: shown.pop(name) for name in ("draws", "seed") if name in shown}
    return {**numbers, "parameters": shown}


def test_variance_shares_need_no_panel_unless_it_is_asked_for(analyst):
    equal = make_runs(random_values(3))[0]
    said = ask(analyst, equal, kind="sobol").json()
    assert (said["parameters"]["weights"], said["draws"]) == ("noise", 4000)
    refused = ask(analyst, equal, kind="sobol", parameters={"weights": "bootstrap"})
    assert "do not come from a panel" in refused.json()["blockers"][0]


def test_lists_are_always_said(analyst, run):
    for kind, missing in (("variants", "normalisations"), ("choices", "normalisation")):
        assert missing in ask(analyst, run, kind=kind).json()


def test_cancel_and_retry(analyst, run):
    study = make_study(run, counted=False)
    assert analyst.get(at("study-cities", study.pk)).status_code == 404
    assert analyst.post(at("study-cancel", study.pk)).json()["status"] == "cancelled"
    assert analyst.post(at("study-cancel", study.pk)).status_code == 409
    assert analyst.post(at("study-retry", study.pk)).json()["status"] == "queued"


def test_cases_and_groups(analyst, run):
    for kind, rows in (("left_out", 5), ("dropped", 12), ("sobol", 3)):
        study = make_study(run, kind, **QUESTIONS[kind])
        page = analyst.get(at("study-cases", study.pk)).json()
        assert page["count"] == rows
        filled = {name for name, value in page["results"][0].items() if value is not None}
        assert {"case", "total" if kind == "sobol" else "r_s"} <= filled
    assert analyst.get(at("study-cities", study.pk)).status_code == 404


def test_the_list_is_filtered(analyst, run):
    for seed in range(3):
        make_study(run, seed=seed, counted=False)
    make_study(run, "jackknife")
    here = reverse("indexer:api-study-list")
    assert analyst.get(here, {"kind": "bootstrap", "limit": 2}).json()["count"] == 3
    assert [row["kind"] for row in analyst.get(here, {"status": "done"}).json()["results"]] == ["jackknife"]
    assert analyst.get(here, {"run": run.pk + 1}).json()["count"] == 0
    assert analyst.get(here, {"wrong": 1}).status_code == 400


def test_strangers_ask_nothing(client, run):
    study = make_study(run)
    assert ask(client, run, kind="noise").status_code in (401, 403, 404)
    assert client.get(at("study", study.pk)).status_code == 404
    assert client.get(reverse("indexer:api-study-list")).json()["count"] == 0
