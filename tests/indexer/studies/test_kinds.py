"""A kind of study is one room: a new one needs nothing but its own file and a value of the enum."""

import io
import json
from zipfile import ZipFile

import numpy as np
import pytest
from django import forms
from django.urls import reverse

from indexer.enums import StudyKind, StudyStatus
from indexer.models import Study
from indexer.numeric.studies.plans import GivenVersions, RankPlan
from indexer.selectors import indices
from indexer.selectors.studies import result_of_study
from indexer.services.studies import count_waiting_parts
from indexer.studies.kind import Kind, Planned
from indexer.studies.kinds.noise import Noise
from indexer.studies.ranked import RankedKind
from indexer.studies.registry import KINDS, IncompleteRegistryError, registered
from indexer.tasks import count_study
from tests.indexer.finished_runs import random_values
from tests.indexer.studies.test_studies import QUESTIONS
from tests.indexer.study_runs import make_panel_run, make_study

pytestmark = pytest.mark.django_db


class Tilted(RankedKind):
    """What if the first member of every group weighed so many times as much?"""

    code = "tilted"
    is_paired = True
    is_repeatable = False
    draws_range = (1, 1)

    def label(self, register):
        return f"Tilted for every {register.unit}"

    def question(self, register):
        return "What if the first of each group weighed more?"

    def fields(self, register):
        return {"times": forms.CharField(label="How many times", initial="2")}

    def read(self, base, reader):
        sent = str(reader.sent.get("times"))
        if not sent.isdigit() or sent == "0":
            reader.complain("times", f"“{sent}” is not a whole number above 0.")
            return {}
        return {"times": int(sent)}

    def is_drawn(self, parameters):
        return False

    def rests_on_ballots(self, parameters):
        return False

    def plan(self, base, question):
        local = base.index.local.copy()
        for group in base.tree.groups:
            local[group[0]] *= question.parameters["times"]
            local[group] /= local[group].sum()
        return Planned(base, question, RankPlan([base.index], GivenVersions(local[:, np.newaxis])), 1)

    def parameter_words(self, parameters, units, register):
        return [("Times", str(parameters["times"]))]


@pytest.fixture
def tilted(monkeypatch):
    monkeypatch.setitem(KINDS, "tilted", Tilted())


@pytest.mark.usefixtures("tilted", "valkey")
def test_a_new_kind_is_asked_counted_shown_and_saved(analyst, run):
    here = reverse("indexer:run-studies", args=[run.pk])
    form = analyst.get(here, {"kind": "tilted"}).content.decode()
    assert "Tilted for every city" in form
    assert 'name="times"' in form
    refused = analyst.post(here, {"kind": "tilted", "times": "many"})
    assert (refused.status_code, "“many” is not a whole number" in refused.content.decode()) == (422, True)
    page = analyst.post(here, {"kind": "tilted", "times": "3"}).headers["Location"]
    study = Study.objects.get()
    assert "Counted: Draws" in analyst.get(page).content.decode()

    # The task of a real worker.
    assert count_study(study.pk) == 1
    study.refresh_from_db()
    assert (study.status, study.failure) == (StudyStatus.DONE, [])
    shown = analyst.get(page).content.decode()
    assert "Times" in shown
    for figure in ("intervals", "heat", "shifts"):
        picture = reverse("indexer:study-picture", args=[study.pk, figure, "svg"])
        assert picture in shown
        assert analyst.get(picture).content.startswith(b"<svg")
    table = json.loads(
        analyst.get(reverse("indexer:study-export", args=[study.pk]), {"format": "json"}).content
    )
    assert [row["nominal"] for row in table["rows"]] == sorted(row["nominal"] for row in table["rows"])
    archive = analyst.get(reverse("indexer:study-archive", args=[study.pk])).getvalue()
    with ZipFile(io.BytesIO(archive)) as saved:
        assert json.loads(saved.read("study.json"))["parameters"] == {"times": 3}
        assert "results/rank_intervals.csv" in saved.namelist()


@pytest.mark.usefixtures("tilted", "valkey")
def test_a_new_kind_is_asked_and_read_by_the_api(analyst, run):
    address = reverse("indexer:api-run-studies", args=[run.pk])
    body = {"kind": "tilted", "parameters": {"times": 3}}
    asked = analyst.post(address, body, content_type="application/json").json()
    assert (asked["kind"], asked["status"]) == ("tilted", "queued")
    wrong = analyst.post(address, {**body, "parameters": {"times": "x"}}, content_type="application/json")
    assert (wrong.status_code, list(wrong.json())) == (400, ["times"])

    count_study(asked["id"])
    cities = analyst.get(reverse("indexer:api-study-cities", args=[asked["id"]])).json()
    assert cities["count"] == len(run.data_set.city_ids)
    assert analyst.get(reverse("indexer:api-study-cases", args=[asked["id"]])).status_code == 404


def test_a_kind_that_is_not_registered_is_refused(analyst, run):
    """The control: without the registration the same question is none."""
    address = reverse("indexer:api-run-studies", args=[run.pk])
    body = {"kind": "tilted", "parameters": {"times": 3}}
    assert analyst.post(address, body, content_type="application/json").status_code == 400


def test_every_value_of_the_enum_has_a_kind_and_every_kind_a_value():
    assert list(KINDS) == StudyKind.values
    with pytest.raises(IncompleteRegistryError):
        registered([Noise], [StudyKind.NOISE, StudyKind.SOBOL])
    with pytest.raises(IncompleteRegistryError):
        registered([Noise, Tilted], [StudyKind.NOISE])
    with pytest.raises(IncompleteRegistryError):
        registered([Noise, Noise], [StudyKind.NOISE])


@pytest.mark.parametrize("part", sorted(Kind.__abstractmethods__))
def test_a_kind_says_every_part_itself(part):
    """Nothing defaults: a kind that leaves any part out cannot be made."""
    parts = {name: getattr(Noise, name) for name in Kind.__abstractmethods__ if name != part}
    with pytest.raises(TypeError, match=part):
        registered([type("Partial", (Kind,), parts)], [StudyKind.NOISE])


@pytest.mark.parametrize("kind", StudyKind.values)
def test_data_are_loaded_and_normalised_once_where_a_study_is_asked_and_once_where_it_is_counted(
    run, kind, monkeypatch
):
    loads = []
    normalise = indices.normalised_blocks

    def counted(*arguments):
        loads.append(arguments)
        return normalise(*arguments)

    monkeypatch.setattr(indices, "normalised_blocks", counted)
    study = make_study(run, kind, counted=False, **QUESTIONS[kind])
    assert len(loads) == 1
    # Here one worker counts all parts and merges them.
    assert count_waiting_parts(study.pk) >= 1
    assert Study.objects.get(pk=study.pk).status == StudyStatus.DONE
    assert len(loads) == 2


@pytest.mark.parametrize("output", ["rank", "score"])
def test_a_sobol_study_names_its_unit_wherever_it_is_named(analyst, output):
    # Values so near each other that any noise moves every rank.
    run = make_panel_run(values=1000 + random_values(12))
    study = make_study(run, "sobol", weights="noise", nu=1, draws=600, output=output, city="City 4")
    city = result_of_study(study).cities[3]
    assert study.parameters["city"] == city.pk
    for name, keys in (("study-detail", [study.pk]), ("run-studies", [run.pk]), ("study-list", [])):
        page = analyst.get(reverse(f"indexer:{name}", args=keys)).content.decode()
        assert city.name_en in page
        assert f"one city: {city.name_en}" in page
    assert f"{output} of {city.name_en}" in analyst.get(reverse("indexer:study-detail", args=[study.pk])).text
