"""Units with too few values: no score, no rank, the reason beside them, and every page about the others."""

import json

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from indexer.models import City, Run
from indexer.selectors.coverage import unranked_of
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.studies import result_of_study
from indexer.services.published import draft_index, publish_edition
from indexer.services.runs import compute_waiting_runs
from indexer.services.study_pairs import compare_pair
from indexer.studies.registry import KINDS
from tests.factories import make_framework
from tests.indexer.factories import make_data_set, make_version
from tests.indexer.public.human_development import TERMS
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.exceptions import Refused

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

VALUES = np.random.default_rng(11).uniform(1, 9, (9, 5))
VALUES[1, :3] = VALUES[4, :] = VALUES[7, 0] = np.nan
METHOD = {
    "missing": "reweight",
    "normalisation": "minmax",
    "coverage": 0.6,
    "scale": 10,
    "digits": 2,
    "leaves": {"p1": {"transform": "sqrt"}},
}
PAGES = [
    "run-detail",
    "run-report",
    "run-export",
    "run-places",
    "run-places-export",
    "run-leads",
    "run-leads-export",
    "run-fragility",
    "run-what-if",
    "run-what-if-export",
    "run-map",
    "run-map-export",
    "run-series",
    "run-concentration",
    "run-studies",
    "run-coherence",
    "api-run",
    "api-run-places",
    "api-run-preparation",
    "api-ranking",
    "api-run-what-if",
    "api-run-map",
    "api-run-concentration",
    "api-run-leads",
]


RANKING_PAGES = [
    "run-detail",
    "run-map",
    "run-what-if",
    "run-places",
    "run-leads",
    "run-fragility",
    "run-concentration",
    "run-report",
]


def computed(**method):
    framework = make_framework()
    codes = [node.code for node in framework.indicators.filter(is_leaf=True)]
    options = METHOD | {"leaves": {codes[0]: {"transform": "sqrt"}}} | method
    data_set = make_data_set(framework, values=VALUES, **options)
    for _number in range(2):
        make_version(framework)
    compute_waiting_runs(data_set.pk)
    return list(Run.objects.filter(data_set=data_set).select_related("data_set", "method").order_by("pk"))


@pytest.fixture
def signed_in(client):
    run = computed()[0]
    client.force_login(run.data_set.created_by)
    return client, run


def lost_of(run):
    return [lack.city.pk for lack in unranked_of(node_scores_of(run))]


def test_who_has_no_rank_and_why(signed_in):
    client, run = signed_in
    subject = node_scores_of(run)
    found = unranked_of(subject)
    assert [lack.city.pk for lack in found] == [
        city for city, score in zip(run.data_set.city_ids, subject.scores, strict=True) if np.isnan(score)
    ]
    assert run.data_set.city_ids[4] in [lack.city.pk for lack in found]
    assert all(lack.share < lack.least == 0.6 for lack in found)

    page = client.get(reverse("indexer:run-detail", args=[run.pk]), headers={"accept-language": "en"})
    text = page.content.decode()
    assert "Without a rank" in text
    assert "less than the 60 % asked for" in text
    assert "points of 10" in text
    answer = client.get(reverse("indexer:api-run-preparation", args=[run.pk])).json()
    assert [(row["unit"], row["least"]) for row in answer["unranked"]] == [
        (lack.city.name_zh, 0.6) for lack in found
    ]
    node = run.data_set.framework.indicators.filter(is_leaf=False).first()
    for name, *place in (["ranking"], ["run-map"], ["run-places"], ["run-node-ranking", node.code]):
        told = client.get(reverse(f"indexer:api-{name}", args=[run.pk, *place])).json()
        assert told["unranked"] == answer["unranked"], name
    ranked = client.get(reverse("indexer:api-ranking", args=[run.pk])).json()
    assert ranked["count"] == 9 - len(found)
    file = client.get(reverse("indexer:run-export", args=[run.pk]), {"format": "json"})
    rows = (
        json.loads(file.content)["rows"] if "rows" in json.loads(file.content) else json.loads(file.content)
    )
    assert "asked for" in json.dumps(rows, ensure_ascii=False) or "要求" in json.dumps(
        rows, ensure_ascii=False
    )


def test_pages_that_rank_the_others_say_who_is_not_among_them(signed_in):
    client, run = signed_in
    index = draft_index(slug="gaps", terms=TERMS, actor=run.data_set.created_by)
    publish_edition(index, run=run, actor=run.data_set.created_by)
    own = [reverse(f"indexer:{name}", args=[run.pk]) for name in RANKING_PAGES]
    names = [lack.city.name_en for lack in unranked_of(node_scores_of(run))]
    stranger = Client(headers={"accept-language": "en"})
    for who, address in [
        *((client, page) for page in own),
        (stranger, reverse("indexer:public-index", args=["gaps"])),
        (stranger, reverse("indexer:public-embed", args=["gaps", "ranking"])),
    ]:
        text = who.get(address, headers={"accept-language": "en"}).text.partition('<section id="unranked">')[
            2
        ]
        told = text.partition("</section>")[0]
        assert all(name in told for name in names), address
        assert told.count("less than the 60 % asked for") == len(names), address
    document = reverse("indexer:run-document", args=[run.pk])
    report = client.get(document, headers={"accept-language": "en"}).text
    assert report.count("less than the 60 % asked for") == len(names)


@pytest.mark.parametrize("method", [{}, {"nodes": {"": {"aggregation": "copeland"}}, "scale": 1}])
def test_every_page_about_the_run_stands(client, method):
    runs = computed(**method)
    run = runs[0]
    client.force_login(run.data_set.created_by)
    lost = lost_of(run)
    assert lost
    for name in PAGES:
        answer = client.get(reverse(f"indexer:{name}", args=[run.pk]))
        # Of scores below zero nothing has a concentration.
        refused = [400] if method and name == "api-run-concentration" else []
        assert answer.status_code in (200, *refused), name
    for city in (run.data_set.city_ids[0], lost[0]):
        for name in ("run-city", "run-city-export", "api-run-city"):
            assert client.get(reverse(f"indexer:{name}", args=[run.pk, city])).status_code == 200, name
    both = {"run": [run.pk for run in runs]}
    text = client.get(reverse("indexer:comparison"), both, headers={"accept-language": "en"})
    assert text.status_code == 200
    assert "by none, and" in text.content.decode()


class TestStudies:
    @pytest.fixture
    def run(self):
        framework = make_framework()
        return make_panel_run(framework=framework, values=VALUES, **METHOD | {"leaves": {}})

    def test_studies_are_about_the_ranked(self, run):
        lost = set(lost_of(run))
        study = make_study(run, "noise", draws=200)
        result = result_of_study(study)
        assert set(result.cities.ids) == set(run.data_set.city_ids) - lost
        assert result.histogram.sum() == 200 * len(result.cities)
        nominal = node_scores_of(run).ranks
        places = [run.data_set.city_ids.index(pk) for pk in result.cities.ids]
        assert result.figures["nominal"].tolist() == nominal[places].tolist()
        one, other = result.cities[0], result.cities[1]
        assert compare_pair(study, first=one.name_zh, second=other.name_zh).draws == 200
        with pytest.raises(Refused, match=r"没有排名|no rank"):
            compare_pair(study, first=one.name_zh, second=City.objects.get(pk=lost.pop()).name_zh)

    def test_every_other_kind_stands(self, run):
        asked = {
            "variants": {
                "normalisations": ["minmax"],
                "missing": ["reweight"],
                "aggregations": ["arithmetic"],
            },
            "choices": {"normalisation": ["minmax", "rank"], "missing": ["reweight"]},
        }
        for kind in KINDS:
            study = make_study(run, kind, draws=1000, **asked.get(kind, {}))
            assert study.status == "done", (kind, study.failure)
